#ifndef SERVE_SPOOL_H
#define SERVE_SPOOL_H

#include <sys/types.h>

#include "serve/body.h"
#include "text/attribute.h"

/*
 * A body that is written at once but can be pulled, too: the first pull writes
 * it to a temporary file without a name. A kind of body embeds this as its
 * first member and sets body.write; spool_init sets body.pull.
 */
struct spool {
	struct body body;
	int fd; /* -1: before the first pull */
};

void spool_init(struct spool *spool);
void spool_release(struct spool *spool);

#endif
