#ifndef DAEMON_SETTING_H
#define DAEMON_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "text/attribute.h"
#include "text/str.h"

/* A key and what was given for it, on its way into the configuration. */
struct setting {
	struct config *config;
	const struct setting_key *key;
	const struct str *values; /* each NUL-terminated as well */
	size_t count; /* 1 unless the key takes a list */
};

struct setting_key {
	const char *name;
	const char *fallback; /* NULL: an empty list */
	bool list;
	/*
	 * Reads what was given; -1 with a message in config->error, which
	 * says what is wrong and what to do, but not where.
	 */
	MUST_USE int (*read)(struct setting *setting);
	size_t at; /* in struct config, for the simple kinds */
	unsigned least, most; /* of numbers */
};

/* To be read in this order: a key may build on those before it. */
extern const struct setting_key setting_keys[];
extern const size_t setting_key_count;

/* The key with the spelling closest to `name`; NULL when none is close. */
MUST_USE const char *setting_nearest(struct str name);

/* What readers share.  Leaves a message in the configuration; returns -1. */
int setting_fail(struct setting *s, const char *format, ...) PRINTF_LIKE(2, 3);
int setting_fail_memory(struct setting *s);

/* A number from key->least to key->most; -1 with a message for all else. */
MUST_USE int setting_number(struct setting *s, unsigned long *out);

/* Where key->at leads. */
MUST_USE void *setting_field(struct setting *s);

/* Room for `count` objects and one more, so that none is still an array. */
MUST_USE void *setting_array(struct setting *s, size_t count, size_t size);

#endif
