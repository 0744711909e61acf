#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include <stdbool.h>

#include "index/db.h"
#include "index/tokenizer.h"
#include "text/attribute.h"

/* An index that is open for queries. */
struct index {
	sqlite3 *db;
	struct tokenizer *tokenizer;
};

/*
 * Opens an index for reading.  All queries see the state at the first query.  A
 * process that writes an index, or had one open when it was forked, must not
 * call it.  Returns -1 with errno set: EAGAIN when there is no index yet,
 * EBADMSG when it is damaged, EIO when it cannot be read, or ENOMEM.
 */
MUST_USE int index_open(struct index *index, const struct db_place *place);

/* Closes the index, once or more. */
void index_close(struct index *index);

#endif
