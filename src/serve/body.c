/*
 * Bodies of text, of files, and of lines in Gopher's strict form.
 */
#include "serve/body.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

ssize_t
body_pull(struct body *body, char *at, size_t room)
{
	return body->pull(body, at, room);
}

int
body_write(struct body *body, struct sink *sink)
{
	char bytes[16384];

	if (body->write != NULL)
		return body->write(body, sink);
	while (!body->ended) {
		ssize_t got = body_pull(body, bytes, sizeof bytes);

		if (got == -1)
			return -1;
		if (got > 0 &&
		    sink->write(sink, (struct str){ bytes, (size_t)got }) == -1)
			return -1;
	}
	return 0;
}

void
body_release(struct body *body)
{
	if (body != NULL && body->release != NULL)
		body->release(body);
}

struct text_body {
	struct body body;
	struct str rest;
};

static ssize_t
text_pull(struct body *body, char *at, size_t room)
{
	struct text_body *self = (struct text_body *)body;
	size_t len = self->rest.len < room ? self->rest.len : room;

	if (len > 0)
		memcpy(at, self->rest.at, len);
	self->rest = str_tail(self->rest, len);
	body->ended = self->rest.len == 0;
	return (ssize_t)len;
}

struct body *
body_of_text(struct arena *arena, struct str text)
{
	struct text_body *self = arena_alloc(arena, sizeof *self);

	if (self == NULL)
		return NULL;
	*self = (struct text_body){
		.body = { .pull = text_pull, .ended = text.len == 0 },
		.rest = text,
	};
	return &self->body;
}

struct file_body {
	struct body body;
	struct body_file file;
};

static ssize_t
file_pull(struct body *body, char *at, size_t room)
{
	struct file_body *self = (struct file_body *)body;
	ssize_t got;

	if (self->file.left == 0)
		return 0;
	if ((uintmax_t)self->file.left < room)
		room = (size_t)self->file.left;
	do
		got = read(self->file.fd, at, room);
	while (got == -1 && errno == EINTR);
	if (got == 0) {
		/* The file became shorter than the promised size. */
		errno = EIO;
		return -1;
	}
	if (got > 0)
		self->file.left -= got;
	body->ended = self->file.left == 0;
	return got;
}

static void
file_release(struct body *body)
{
	close(((struct file_body *)body)->file.fd);
}

struct body *
body_of_file(struct arena *arena, const struct entry *entry)
{
	struct file_body *self = arena_alloc(arena, sizeof *self);

	if (self == NULL) {
		close(entry->fd);
		return NULL;
	}
	*self = (struct file_body){
		.body = {
			.pull = file_pull,
			.release = file_release,
			.ended = entry->st.st_size == 0,
			.file = &self->file,
		},
		.file = { entry->fd, entry->st.st_size },
	};
	return &self->body;
}

/* The most pulls in one turn, in case the source returns little each time. */
#define PULLS_MAX 16

struct lines_body {
	struct body body;
	struct body *text;
	size_t len, off; /* of `pulled` */
	bool within_line;
	char pulled[BODY_ROOM];
};

/* Writes one byte, which becomes at most three, or none. */
static size_t
put_byte(struct lines_body *self, char c, char *at)
{
	size_t len = 0;

	if (c == '\r')
		return 0;
	if (c == '.' && !self->within_line)
		at[len++] = '.';
	if (c == '\n')
		at[len++] = '\r';
	at[len++] = c;
	self->within_line = c != '\n';
	return len;
}

/* Writes the end, at most five bytes. */
static size_t
put_end(struct lines_body *self, char *at)
{
	struct str end = self->within_line ? STR("\r\n.\r\n") : STR(".\r\n");

	memcpy(at, end.at, end.len);
	self->body.ended = true;
	return end.len;
}

static ssize_t
lines_pull(struct body *body, char *at, size_t room)
{
	struct lines_body *self = (struct lines_body *)body;
	size_t len = 0;
	ssize_t got = 1;

	for (int pulls = 0; pulls < PULLS_MAX && got > 0; pulls++) {
		while (self->off < self->len && len + 8 <= room)
			len +=
			    put_byte(self, self->pulled[self->off++], at + len);
		if (self->off < self->len || self->text->ended)
			break;
		got = body_pull(self->text, self->pulled, sizeof self->pulled);
		if (got == -1)
			return -1;
		self->off = 0;
		self->len = (size_t)got;
	}
	if (self->off == self->len && self->text->ended && len + 5 <= room)
		len += put_end(self, at + len);
	body->waits_for = self->text->waits_for;
	return (ssize_t)len;
}

static void
lines_release(struct body *body)
{
	body_release(((struct lines_body *)body)->text);
}

struct body *
body_of_lines(struct arena *arena, struct body *text)
{
	struct lines_body *self = arena_alloc(arena, sizeof *self);

	if (self == NULL) {
		body_release(text);
		return NULL;
	}
	self->body =
	    (struct body){ .pull = lines_pull, .release = lines_release };
	self->body.wait_ms = text->wait_ms;
	self->text = text;
	return &self->body;
}
