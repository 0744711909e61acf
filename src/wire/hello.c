/*
 * Collects a ClientHello before the handshake, so that a waiting client costs
 * no more memory than its bytes.
 */
#include "wire/hello.h"

#include <stdlib.h>
#include <string.h>

/* The initial size of the buffer. */
#define ROOM_FIRST 64
/* The type and length of a handshake message, before its content. */
#define MESSAGE_HEADER 4
/* The largest content of a record before encryption (RFC 8446, 5.1). */
#define RECORD_MAX 16384
#define CLIENT_HELLO 1
#define VERSION_MAJOR 3

/* Reads a byte of a record's header; false when the header is invalid. */
static bool
scan_header(struct hello *hello, unsigned char byte)
{
	switch (hello->header++) {
	case 0: return byte == HELLO_FIRST_BYTE;
	case 1: return byte == VERSION_MAJOR;
	case 2: return true;
	case 3: hello->left = (size_t)byte << 8; return true;
	default: break;
	}
	hello->header = 0;
	hello->left |= byte;
	return hello->left > 0 && hello->left <= RECORD_MAX;
}

/* Parses content of a record; false at the end, or at any other message. */
static bool
scan_content(struct hello *hello, struct str content)
{
	size_t i = 0;

	for (; i < content.len && hello->message < MESSAGE_HEADER; i++) {
		hello->head = hello->head << 8 | (unsigned char)content.at[i];
		hello->message++;
	}
	hello->message += content.len - i;
	return hello->message < MESSAGE_HEADER ||
	    (hello->head >> 24 == CLIENT_HELLO &&
		hello->message - MESSAGE_HEADER < (hello->head & 0xffffff));
}

/* Parses bytes; true when more of the ClientHello has to come. */
static bool
wants_more(struct hello *hello, struct str bytes)
{
	while (bytes.len > 0) {
		size_t len = 1;
		bool more;

		if (hello->header > 0 || hello->left == 0) {
			more = scan_header(hello, (unsigned char)bytes.at[0]);
		} else {
			len = hello->left < bytes.len ? hello->left : bytes.len;
			hello->left -= len;
			more = scan_content(hello, str_head(bytes, len));
		}
		if (!more)
			return false;
		bytes = str_tail(bytes, len);
	}
	return true;
}

int
hello_keep(struct hello *hello, struct str bytes)
{
	size_t room = hello->room > 0 ? hello->room : ROOM_FIRST;
	char *larger;

	while (room < hello->len + bytes.len)
		room *= 2;
	if (room > HELLO_KEPT)
		room = HELLO_KEPT;
	if (room > hello->room) {
		larger = realloc(hello->at, room);
		if (larger == NULL)
			return -1;
		hello->at = larger;
		hello->room = room;
	}
	memcpy(hello->at + hello->len, bytes.at, bytes.len);
	hello->len += bytes.len;
	return 0;
}

ssize_t
hello_receive(struct hello *hello, int fd, char *scratch, struct str *early)
{
	struct str bytes = { scratch + hello->len, 0 };
	ssize_t got = net_receive(fd, scratch + hello->len, HELLO_PART);

	if (got < 0)
		return got;
	bytes.len = (size_t)got;
	if (hello->waits && wants_more(hello, bytes) &&
	    hello->len + bytes.len <= HELLO_KEPT) {
		if (hello_keep(hello, bytes) == -1)
			return IO_FAILED;
		/* Nagle's algorithm holds the rest back until then. */
		net_acknowledge(fd);
		return IO_WANT_READ;
	}
	if (hello->len > 0)
		memcpy(scratch, hello->at, hello->len);
	*early = (struct str){ scratch, hello->len + bytes.len };
	hello_release(hello);
	return IO_DONE;
}

bool
hello_is_empty(const struct hello *hello)
{
	return hello->at == NULL;
}

void
hello_release(struct hello *hello)
{
	free(hello->at);
	hello->at = NULL;
	hello->len = hello->room = 0;
}
