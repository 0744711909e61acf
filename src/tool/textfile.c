/* Reads the author's files whole. */
#include "tool/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/sink.h"

#define TEXT_MAX ((size_t)64 << 20)
#define PIECE ((size_t)16 << 10)

/* Reads to the end of `fd`. */
static int
read_all(int fd, struct sink_memory *memory)
{
	char piece[PIECE];
	ssize_t got;

	while ((got = read(fd, piece, sizeof piece)) > 0) {
		struct str bytes = { piece, (size_t)got };

		if (memory->sink.write(&memory->sink, bytes) == -1)
			return -1;
	}
	return got == -1 ? -1 : 0;
}

int
textfile_read(const char *path, struct str *out)
{
	struct sink_memory memory = sink_memory_of(TEXT_MAX);
	/* Opening a FIFO must not block. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int result = -1, error;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		result = read_all(fd, &memory);
	else
		errno = EINVAL;
	error = errno;
	close(fd);
	if (result == -1) {
		free(memory.at);
		errno = error;
		return -1;
	}
	*out = (struct str){ memory.at, memory.len };
	return 0;
}
