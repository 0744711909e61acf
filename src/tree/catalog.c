/* Opens an index for reading. */
#include "tree/catalog.h"

#include <errno.h>
#include <stdlib.h>

static int
open_db(struct catalog *catalog, const struct catalogdb_place *place)
{
	int english;

	catalog->db = catalogdb_open(place, CATALOGDB_READ);
	if (catalog->db == NULL)
		return -1;
	english = catalogdb_is_english(catalog->db);
	if (english == -1)
		return -1;
	catalog->words = catalogwords_open(catalog->db, english == 1);
	/* One transaction: all queries see the same state of the index. */
	return catalog->words == NULL ? -1
				      : catalogdb_run(catalog->db, "BEGIN");
}

struct catalog *
catalog_open(const struct catalogdb_place *place)
{
	struct catalog *catalog;
	int error;

	if (!catalogdb_exists(place)) {
		errno = EAGAIN;
		return NULL;
	}
	catalog = calloc(1, sizeof *catalog);
	if (catalog == NULL || open_db(catalog, place) == 0)
		return catalog;
	error = catalog->db != NULL ? catalogdb_errno(catalog->db) : errno;
	catalog_close(catalog);
	errno = error;
	return NULL;
}

void
catalog_close(struct catalog *catalog)
{
	if (catalog == NULL)
		return;
	sqlite3_close(catalog->db);
	catalogwords_close(catalog->words);
	free(catalog);
}
