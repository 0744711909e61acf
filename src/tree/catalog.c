/*
 * The index where it is read.  Knows which one is the last, and who still
 * uses another; knows nothing of what it holds.
 */
#include "tree/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* KiB of the file that a process keeps; the system has it all the same. */
#define CACHE "PRAGMA cache_size = -1024"

int
catalog_put(struct catalog_shelf *shelf, int fd)
{
	struct catalog *catalog = calloc(1, sizeof *catalog);

	if (catalog == NULL) {
		close(fd);
		errno = ENOMEM;
		return -1;
	}
	catalog->fd = fd;
	catalog->users = 1;
	catalog_shelf_release(shelf);
	shelf->current = catalog;
	return 0;
}

static void
close_db(struct catalog *catalog)
{
	sqlite3_close(catalog->db);
	catalogwords_close(catalog->words);
	catalog->db = NULL;
	catalog->words = NULL;
	catalog->ranks = false;
}

static int
open_db(struct catalog *catalog)
{
	int english;

	catalog->db = catalogdb_open(catalog->fd, false);
	if (catalog->db == NULL || catalogdb_run(catalog->db, CACHE) == -1)
		return -1;
	english = catalogdb_is_english(catalog->db);
	if (english == -1)
		return -1;
	catalog->words = catalogwords_open(catalog->db, english == 1);
	return catalog->words == NULL ? -1 : 0;
}

struct catalog *
catalog_take(struct catalog_shelf *shelf)
{
	struct catalog *catalog = shelf->current;

	if (catalog == NULL)
		return NULL;
	if (catalog->db == NULL && open_db(catalog) == -1) {
		close_db(catalog);
		return NULL;
	}
	catalog->users++;
	return catalog;
}

void
catalog_give_back(struct catalog *catalog)
{
	if (--catalog->users > 0)
		return;
	close_db(catalog);
	close(catalog->fd);
	free(catalog);
}

void
catalog_shelf_release(struct catalog_shelf *shelf)
{
	if (shelf->current != NULL)
		catalog_give_back(shelf->current);
	shelf->current = NULL;
}
