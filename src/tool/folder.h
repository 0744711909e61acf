#ifndef TOOL_FOLDER_H
#define TOOL_FOLDER_H

#include <stddef.h>
#include <stdio.h>

#include "text/attribute.h"

/* Something to be made in a folder. */
struct folder_file {
	const char *path; /* a final "/": a folder, before what is in it */
	void (*write)(FILE *out, const void *context);
	const void *context;
};

/*
 * Makes `count` files, in their order, all or none: in a new folder, which
 * appears whole and whose parent has to exist, or in one that is there and
 * empty.  Nothing is ever written over.  Returns -1 with a line for people in
 * `error`, of `path`, what is wrong and what to do.
 */
struct folder {
	const char *path; /* without a final slash, but for "/" */
	const struct folder_file *files;
	size_t count;
	char error[1024];
};

MUST_USE int folder_fill(struct folder *folder);

#endif
