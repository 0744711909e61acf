/* Destinations for bytes. */
#include "sys/sink.h"

#include <errno.h>
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
