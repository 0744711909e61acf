#ifndef TEXT_BUF_H
#define TEXT_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * A text under construction in borrowed memory of fixed size.  An addition that
 * does not fit is dropped whole and sets `overflow`, which stays set: a caller
 * checks once, at the end.
 */
struct buf {
	char *at;
	size_t len, cap;
	bool overflow;
};

/* An empty buffer over `cap` bytes at `at`, borrowed. */
struct buf buf_over(char *at, size_t cap);

/*
 * An empty buffer over `cap` bytes of the arena.  Without memory its capacity
 * is 0 and `overflow` is set from the start.
 */
struct buf buf_in(struct arena *arena, size_t cap);

/* Appends text, one byte, or a decimal number. */
void buf_add(struct buf *buf, struct str s);
void buf_char(struct buf *buf, char c);
void buf_number(struct buf *buf, unsigned long long number);

/* Appends formatted text. */
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* The text so far, valid as long as the memory under it. */
struct str buf_str(const struct buf *buf);

/* The number of bytes that still fit. */
size_t buf_room(const struct buf *buf);

#endif
