/*
 * The index where it is read.  Knows which one is the last, and who still
 * uses another; knows nothing of what it holds.
 */
#include "tree/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Questions under way in one process; each holds some memory. */
#define ASKERS_MAX 64
/* Of them, what one network may have. */
#define ASKERS_OF_ONE 16
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

bool
catalog_may_ask(const struct catalog_shelf *shelf, uint64_t network)
{
	size_t all = 0, same = 0;

	for (const struct catalog_asker *asker = shelf->askers; asker != NULL;
	     asker = asker->next) {
		all++;
		same += network != 0 && asker->network == network;
	}
	return all < ASKERS_MAX && same < ASKERS_OF_ONE;
}

void
catalog_ask(struct catalog_shelf *shelf, struct catalog_asker *asker)
{
	asker->next = shelf->askers;
	shelf->askers = asker;
}

void
catalog_asked(struct catalog_shelf *shelf, struct catalog_asker *asker)
{
	struct catalog_asker **link = &shelf->askers;

	while (*link != asker)
		link = &(*link)->next;
	*link = asker->next;
}

void
catalog_shelf_release(struct catalog_shelf *shelf)
{
	if (shelf->current != NULL)
		catalog_give_back(shelf->current);
	shelf->current = NULL;
}
