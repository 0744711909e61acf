/*
 * The end of a configuration.
 */
#include "daemon/config.h"

void
config_release(struct config *config)
{
	arena_release(&config->arena);
}
