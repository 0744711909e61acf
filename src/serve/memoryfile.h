#ifndef SERVE_MEMORYFILE_H
#define SERVE_MEMORYFILE_H

#include <stdint.h>

#include "serve/body.h"
#include "text/attribute.h"

/*
 * The files in memory that this process is sending may have MEMORYFILE_MAX
 * bytes in all, a quarter of them for one network, and three quarters for all
 * clients of unknown networks together, since clients may take long to read a
 * manifest. A single file may be larger, and files up to MEMORYFILE_SMALL are
 * not counted.
 */
#define MEMORYFILE_MAX ((uint64_t)64 << 20)
#define MEMORYFILE_SMALL ((uint64_t)64 << 10)

/*
 * A body of a regular file in memory, for a client of `network` (0: unknown).
 * Takes the entry's descriptor. Returns NULL with errno set: EAGAIN when the
 * limit is reached.
 */
MUST_USE struct body *memoryfile_body(
    struct arena *arena, const struct entry *entry, uint64_t network);

#endif
