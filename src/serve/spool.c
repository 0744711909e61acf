/*
 * Makes a body that can only be written pullable, by way of a temporary file.
 */
#include "serve/spool.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Writes the body to a temporary file and rewinds it; -1 with errno set. */
static int
spool_open(struct spool *spool)
{
	FILE *file = tmpfile();
	struct sink_file sink = { { sink_file_write }, -1 };
	int error;

	if (file == NULL)
		return -1;
	sink.fd = dup(fileno(file));
	error = errno;
	fclose(file);
	errno = error;
	if (sink.fd == -1)
		return -1;
	spool->fd = sink.fd;
	if (spool->body.write(&spool->body, &sink.sink) == -1)
		return -1;
	return lseek(sink.fd, 0, SEEK_SET) == -1 ? -1 : 0;
}

static ssize_t
spool_pull(struct body *body, char *at, size_t room)
{
	struct spool *spool = (struct spool *)body;
	ssize_t got;

	if (spool->fd == -1 && spool_open(spool) == -1)
		return -1;
	do
		got = read(spool->fd, at, room);
	while (got == -1 && errno == EINTR);
	body->ended = got == 0;
	return got;
}

void
spool_init(struct spool *spool)
{
	spool->body.pull = spool_pull;
	spool->fd = -1;
}

void
spool_release(struct spool *spool)
{
	if (spool->fd != -1)
		close(spool->fd);
	spool->fd = -1;
}
