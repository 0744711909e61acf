#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

/*
 * What each target here is: a function that takes any bytes, returns 0, and
 * aborts when something is wrong.  libFuzzer calls it with inputs of its
 * own, replay.c with those of the corpus and mutants of them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/attribute.h"
#include "text/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert, it stays whatever the flags are. */
#define CHECK(good) ((good) ? (void)0 : fuzz_fail(#good, __FILE__, __LINE__))

/* Not to standard error: that is full of the server's log, or closed. */
static inline NO_RETURN void
fuzz_fail(const char *what, const char *file, int line)
{
	printf("%s:%d: not so: %s\n", file, line, what);
	fflush(stdout);
	abort();
}

static inline struct str
fuzz_text(const uint8_t *data, size_t size)
{
	return (struct str){ (const char *)data, size };
}

static inline bool
fuzz_holds(struct str s, struct str part)
{
	return s.len > 0 && memmem(s.at, s.len, part.at, part.len) != NULL;
}

#endif
