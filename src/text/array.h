#ifndef TEXT_ARRAY_H
#define TEXT_ARRAY_H

#include <stddef.h>

#include "text/attribute.h"

/*
 * Makes room for another item in `items`, an array of malloc with `count` items
 * of `size` bytes and room for `room`, which may be NULL and 0.  Returns the
 * array, perhaps moved, or NULL without memory; then the old one is unchanged.
 */
MUST_USE void *array_grow(void *items, size_t count, size_t *room, size_t size);

#endif
