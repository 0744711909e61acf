#ifndef INDEX_SIMILAR_H
#define INDEX_SIMILAR_H

#include "index/index.h"
#include "index/want.h"
#include "text/arena.h"
#include "text/attribute.h"

/*
 * Adds terms similar to want->word, most similar first, and their rows.  A word
 * that has terms already gets related words only; all memory is from the arena.
 * -1 on failure.
 */
MUST_USE int
similar_find(const struct index *index, struct arena *arena, struct want *want);

/*
 * Adds the Arabic word with the article, which is written without a space, or
 * without the article, if a row holds it.  -1 on failure.
 */
MUST_USE int similar_add_article(
    const struct index *index, struct arena *arena, struct want *want);

#endif
