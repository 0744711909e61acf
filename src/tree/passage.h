#ifndef TREE_PASSAGE_H
#define TREE_PASSAGE_H

#include "text/arena.h"
#include "text/attribute.h"
#include "text/str.h"
#include "tree/searchplan.h"

/*
 * The sentence of `text` that holds most of what `plan` looks for, with
 * those words between "*", on one line and not too long; a sentence without
 * any, unmarked, when there is no better one.  `worth` is what each want of
 * the plan is worth.  -1 without memory.
 */
MUST_USE int passage_find(const struct searchplan *plan, const double *worth,
    struct str text, struct str *out);

#endif
