#ifndef SERVE_SPOOL_H
#define SERVE_SPOOL_H

#include "serve/body.h"
#include "sys/sink.h"
#include "text/arena.h"
#include "text/attribute.h"

/* Code that writes all bytes of a body, and its context. */
struct spool_source {
	int (*write)(void *context, struct sink *sink); /* -1 with errno set */
	void (*close)(void *context); /* NULL: nothing to close */
	void *context;
};

/*
 * A body that `source` writes.  Where it is pulled, it is first written to a
 * temporary file.  Takes the context, even when it returns NULL, with
 * errno set, without memory.
 */
MUST_USE struct body *
spool_open(struct arena *arena, const struct spool_source *source);

#endif
