#ifndef SYS_SINK_H
#define SYS_SINK_H

#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

/* A destination for bytes. */
struct sink {
	/* Takes all of the bytes; not called after -1 with errno set. */
	int (*write)(struct sink *sink, struct str bytes);
};

/* A sink that writes to the file `fd`, which is borrowed. */
struct sink_file {
	struct sink sink; /* its function is sink_file_write */
	int fd;
};

MUST_USE int sink_file_write(struct sink *sink, struct str bytes);

/* Keeps up to `most` bytes in memory from malloc; the caller frees `at`. */
struct sink_memory {
	struct sink sink;
	char *at;
	size_t len, room, most;
};

struct sink_memory sink_memory_of(size_t most);

#endif
