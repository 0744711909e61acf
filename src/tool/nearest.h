#ifndef TOOL_NEAREST_H
#define TOOL_NEAREST_H

#include "text/arena.h"
#include "text/str.h"
#include "tool/offline.h"

/*
 * What the author may have meant by `path`, decoded and absolute, which is
 * not there: the path, encoded, that differs from it by the case of letters
 * alone.  In the arena; empty when there is none.
 */
struct str
nearest_path(struct offline *offline, struct arena *arena, struct str path);

#endif
