#ifndef TEXT_STR_H
#define TEXT_STR_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A view of borrowed text: `len` bytes from `at`, any bytes, not
 * NUL-terminated.  It can be copied freely, and is valid as long as the owner
 * keeps the memory.  An empty view may have a NULL `at`.  Functions that run
 * for every line of every page are inline.
 */
struct str {
	const char *at;
	size_t len;
};

/* The view of a string literal. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })

/* The same for the initializer of a static object. */
#define STR_INIT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}

/* For printf's "%.*s": a length and a pointer. */
#define STR_ARG(s) (int)(s).len, (s).len > 0 ? (s).at : ""

/* The view of a NUL-terminated string; NULL gives the empty view. */
struct str str_of(const char *string);

/* Whether both hold the same bytes. */
static inline bool
str_equals(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The order of the bytes: negative, 0 or positive. */
int str_compare(struct str a, struct str b);

/* Compares without regard to the case of ASCII letters. */
bool str_equals_nocase(struct str a, struct str b);

/* The first `n` bytes of `s`, or those after them; `n` <= s.len. */
static inline struct str
str_head(struct str s, size_t n)
{
	assert(n <= s.len);
	return (struct str){ s.at, n };
}

static inline struct str
str_tail(struct str s, size_t n)
{
	assert(n <= s.len);
	/* NULL + 0 is undefined: leave the empty view unchanged. */
	return n == 0 ? s : (struct str){ s.at + n, s.len - n };
}

/* Whether `s` begins, or ends, with `part`. */
static inline bool
str_starts(struct str s, struct str part)
{
	return s.len >= part.len && str_equals(str_head(s, part.len), part);
}

static inline bool
str_ends(struct str s, struct str part)
{
	return s.len >= part.len &&
	    str_equals(str_tail(s, s.len - part.len), part);
}

/* The offset of the first `c` in `s`, or s.len when there is none. */
size_t str_find(struct str s, char c);

/*
 * Removes the part before the first `separator`, and the separator, from
 * `rest`, and returns it.  Without a separator it returns all of `rest`, and
 * leaves it empty.
 */
struct str str_cut(struct str *rest, char separator);

/* `s` without the spaces, tabs and carriage returns at its start or end. */
struct str str_trim_start(struct str s);
struct str str_trim_end(struct str s);

/* Whether no byte is above 0x7f. */
bool str_is_ascii(struct str s);

/* Whether two arrays of strings, which end with NULL, are equal. */
bool str_lists_equal(const char *const *a, const char *const *b);

/*
 * A hash, FNV-1a (Fowler, Noll, Vo) of 64 bits.  It has no key: use it only
 * where collisions do no harm.
 */
uint64_t str_hash(struct str s);

/*
 * Parses a decimal number, digits only, at most `most`.  Returns false, and
 * leaves `out` unchanged, for anything else.
 */
bool str_number(struct str s, unsigned long most, unsigned long *out);

#endif
