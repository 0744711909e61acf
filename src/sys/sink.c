/* Destinations for bytes. */
#include "sys/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
sink_file_write(struct sink *sink, struct str bytes)
{
	int fd = ((struct sink_file *)sink)->fd;

	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.at, bytes.len);

		if (put == -1 && errno != EINTR)
			return -1;
		if (put > 0)
			bytes = str_tail(bytes, (size_t)put);
	}
	return 0;
}

/* Fails with EFBIG beyond the limit, or without memory. */
static int
write_memory(struct sink *sink, struct str bytes)
{
	struct sink_memory *memory = (struct sink_memory *)sink;

	if (memory->room - memory->len < bytes.len) {
		size_t room = memory->room * 2 + bytes.len + 4096;
		char *larger = NULL;

		if (room > memory->most)
			room = memory->most;
		if (room - memory->len >= bytes.len)
			larger = realloc(memory->at, room);
		if (larger == NULL) {
			errno = EFBIG;
			return -1;
		}
		memory->at = larger;
		memory->room = room;
	}
	if (bytes.len > 0)
		memcpy(memory->at + memory->len, bytes.at, bytes.len);
	memory->len += bytes.len;
	return 0;
}

struct sink_memory
sink_memory_of(size_t most)
{
	return (struct sink_memory){ .sink = { write_memory }, .most = most };
}
