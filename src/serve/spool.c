/*
 * A body that can only be written, made pullable by way of a temporary file.
 */
#include "serve/spool.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "sys/process.h"

struct spool {
	struct body body;
	struct spool_source source;
	int fd; /* of the temporary file; -1: not yet */
};

static int
spool_write(struct body *body, struct sink *sink)
{
	const struct spool_source *source = &((struct spool *)body)->source;

	return source->write(source->context, sink);
}

/* Writes the body to a temporary file and rewinds it; -1 with errno set. */
static int
fill(struct spool *spool)
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
	if (spool_write(&spool->body, &sink.sink) == -1)
		return -1;
	return lseek(sink.fd, 0, SEEK_SET) == -1 ? -1 : 0;
}

static ssize_t
spool_pull(struct body *body, char *at, size_t room)
{
	struct spool *spool = (struct spool *)body;
	ssize_t got;

	if (spool->fd == -1 && fill(spool) == -1)
		return -1;
	do
		got = read(spool->fd, at, room);
	while (got == -1 && errno == EINTR);
	body->ended = got == 0;
	return got;
}

static void
close_source(const struct spool_source *source)
{
	if (source->close != NULL)
		source->close(source->context);
}

static void
spool_release(struct body *body)
{
	struct spool *spool = (struct spool *)body;

	process_close(spool->fd);
	close_source(&spool->source);
}

struct body *
spool_open(struct arena *arena, const struct spool_source *source)
{
	struct spool *spool = arena_alloc(arena, sizeof *spool);

	if (spool == NULL) {
		close_source(source);
		errno = ENOMEM;
		return NULL;
	}
	spool->body = (struct body){ .pull = spool_pull,
		.write = spool_write,
		.release = spool_release };
	spool->source = *source;
	spool->fd = -1;
	return &spool->body;
}
