#ifndef TOOL_NEAREST_H
#define TOOL_NEAREST_H

#include "text/arena.h"
#include "text/str.h"
#include "tool/offline.h"

/*
 * Finds the file that the author may have meant by `path`, which is decoded,
 * absolute, and missing: its encoded path differs from `path` only in case.  In
 * the arena; empty when there is none.
 */
struct str
nearest_path(struct offline *offline, struct arena *arena, struct str path);

/*
 * The encoded path of the file that the author may have meant by `path`, which
 * ends at a space: its name continues with the first words of `label`.  In the
 * arena; empty when there is none.
 */
struct str nearest_spaced(struct offline *offline, struct arena *arena,
    struct str path, struct str label);

#endif
