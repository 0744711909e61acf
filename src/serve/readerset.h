#ifndef SERVE_READERSET_H
#define SERVE_READERSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/attribute.h"
#include "text/identity.h"
#include "text/str.h"

/* The name that stands for all clients with a certificate. */
#define READERSET_ANY "any"

/*
 * All lists of readers, in sealed memory that the master gives to the workers:
 * no process can change it. Zeroed: no list.
 */
struct readerset {
	unsigned char *at;
	size_t size;
};

/* One list, to be written. */
struct readerset_list {
	const char *name;
	const unsigned char
	    *hashes; /* IDENTITY_SIZE each, in order, no doubles */
	size_t count;
};

/*
 * Writes lists, in the order of strcmp of their names. Returns a descriptor,
 * or -1 with errno set.
 */
MUST_USE int readerset_write(const struct readerset_list *lists, size_t count);

/*
 * Maps what readerset_write has written, from `fd`, borrowed, and releases the
 * last map. -1 with errno set and nothing changed.
 */
MUST_USE int readerset_map(struct readerset *set, int fd);
void readerset_release(struct readerset *set);

/* Whether the list `name` has the hash; false for a list that is unknown. */
bool readerset_has(const struct readerset *set, const char *name,
    const unsigned char hash[IDENTITY_SIZE]);

/*
 * Whether one of the lists has the hash; READERSET_ANY has all. `names` ends
 * with NULL; it and `set` may be NULL: no lists.
 */
bool readerset_has_any(const struct readerset *set, const char *const *names,
    const unsigned char hash[IDENTITY_SIZE]);

#endif
