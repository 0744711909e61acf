#ifndef TREE_CATALOG_H
#define TREE_CATALOG_H

#include <stdbool.h>

#include "text/attribute.h"
#include "tree/catalogdb.h"
#include "tree/catalogwords.h"

/* An index that questions are put to, open. */
struct catalog {
	sqlite3 *db;
	struct catalogwords *words;
	bool ranks; /* search has told FTS5 how */
};

/*
 * Opens an index, only to be read, as it is from the first that is read on.  A process that writes one, or has had one
 * open when it was forked, must not.  Returns NULL with errno set: EAGAIN when
 * there is none yet, EIO when it cannot be read, or ENOMEM.
 */
MUST_USE struct catalog *catalog_open(const struct catalogdb_place *place);
void catalog_close(struct catalog *catalog);

#endif
