#ifndef TEXT_IDENTITY_H
#define TEXT_IDENTITY_H

#include <stdbool.h>

#include "text/attribute.h"
#include "text/str.h"

/* Bytes of a SHA-256, and of its text with NUL. */
#define IDENTITY_SIZE 32
#define IDENTITY_TEXT 72
/* The longest line of a list of readers. */
#define IDENTITY_LINE_MAX ((size_t)1024)

enum identity_state {
	IDENTITY_VALID,
	IDENTITY_EXPIRED,
	IDENTITY_EARLY, /* not valid yet */
};

/* A client's certificate: the SHA-256 of all of it, in DER. */
struct identity {
	unsigned char hash[IDENTITY_SIZE];
	enum identity_state state;
};

/*
 * Reads a fingerprint: 64 hexadecimal digits of any case, perhaps with colons
 * between the bytes, perhaps behind "SHA256:" of any case. False for other
 * text.
 */
bool identity_read(struct str text, unsigned char hash[IDENTITY_SIZE]);

/* Writes "SHA256:" and upper-case digits. */
void identity_format(
    const unsigned char hash[IDENTITY_SIZE], char out[IDENTITY_TEXT]);

enum identity_line {
	IDENTITY_LINE_BLANK, /* or a comment */
	IDENTITY_LINE_GOOD,
	IDENTITY_LINE_BAD,
};

/*
 * Reads a line of a list of readers, without its line feed: a fingerprint,
 * blanks, and a name, which may be empty; "#" begins a comment.
 */
enum identity_line
identity_read_line(struct str line, unsigned char hash[IDENTITY_SIZE]);

#endif
