#ifndef UNIT_SOURCE_H
#define UNIT_SOURCE_H

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "text/str.h"

/* Text that is read in parts of at most `chunk` bytes. */
struct source {
	struct str text;
	size_t chunk;
	int error; /* at the end; 0: none */
};

/* For struct lines, gophermenu_open and the like; `context` is a source. */
static inline ssize_t
source_read(void *context, char *at, size_t room)
{
	struct source *source = context;
	size_t len = source->text.len;

	if (len == 0 && source->error != 0) {
		errno = source->error;
		return -1;
	}
	if (len > source->chunk)
		len = source->chunk;
	if (len > room)
		len = room;
	if (len > 0)
		memcpy(at, source->text.at, len);
	source->text = str_tail(source->text, len);
	return (ssize_t)len;
}

#endif
