#ifndef TREE_CATALOG_H
#define TREE_CATALOG_H

#include <stdbool.h>

#include "text/attribute.h"
#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

/* An index that is open for queries. */
struct catalog {
	sqlite3 *db;
	struct catalogwords *words;
	bool ranks; /* search has registered its ranking function */
};

/*
 * Opens an index for reading.  All queries see the state at the first query.  A
 * process that writes an index, or had one open when it was forked, must not
 * call it.  Returns NULL with errno set: EAGAIN when there is no index yet,
 * EBADMSG when it is damaged, EIO when it cannot be read, or ENOMEM.
 */
MUST_USE struct catalog *catalog_open(const struct catalogdb_place *place);
void catalog_close(struct catalog *catalog);

#endif
