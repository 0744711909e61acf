#ifndef INDEX_PASSAGE_H
#define INDEX_PASSAGE_H

#include "index/plan.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * Finds the sentence of `text` that matches `plan` best, on one line of limited
 * length, with the matching words between "*".  Without a match it is a
 * sentence without marks.  `worth` has the worth of each word of the plan.  -1
 * without memory.
 */
MUST_USE int passage_find(const struct plan *plan, const double *worth,
    struct str text, struct str *out);

#endif
