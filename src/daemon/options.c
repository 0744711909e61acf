/*
 * The command line as settings.
 */
#include "daemon/options.h"

#include <string.h>

int
options_set(struct options *options, const char *flag, const char *key,
    const char *value)
{
	if (options->count == OPTIONS_MAX)
		return -1;
	options->settings[options->count++] =
	    (struct option_setting){ flag, key, value };
	return 0;
}

int
options_assign(struct options *options, char *assignment)
{
	char *equals = strchr(assignment, '=');

	if (equals == NULL || options->count == OPTIONS_MAX)
		return -1;
	*equals = '\0';
	return options_set(options, "-o", assignment, equals + 1);
}
