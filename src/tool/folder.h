#ifndef TOOL_FOLDER_H
#define TOOL_FOLDER_H

#include <stddef.h>
#include <stdio.h>

#include "text/attribute.h"

/* A file or folder to be made in a folder. */
struct folder_file {
	const char *path; /* a final "/": a folder, before its files */
	void (*write)(FILE *out, const void *context);
	const void *context;
};

/*
 * Makes all of `count` files, in their order, or none: in a new folder, which
 * appears complete and whose parent must exist, or in an empty one.  No file is
 * ever overwritten.  Returns -1 with a message in `error` that names `path`,
 * the fault, and the remedy.
 */
struct folder {
	const char *path; /* without a final slash, except "/" */
	const struct folder_file *files;
	size_t count;
	char error[1024];
};

MUST_USE int folder_fill(struct folder *folder);

/* For folder_file: writes a robots.txt that allows every robot. */
void folder_write_robots(FILE *out, const void *context);

/* Lists the files on standard output, and the command that serves them. */
void folder_list(const struct folder *folder);

#endif
