/* Opens an index for reading. */
#include "index/index.h"

#include <errno.h>
#include <stdlib.h>

static int
open_db(struct index *index, const struct db_place *place)
{
	int english;

	index->db = db_open(place, DB_READ);
	if (index->db == NULL)
		return -1;
	english = db_is_english(index->db);
	if (english == -1)
		return -1;
	index->tokenizer = tokenizer_open(index->db, english == 1);
	/* One transaction: all queries see the same state of the index. */
	return index->tokenizer == NULL ? -1 : db_run(index->db, "BEGIN");
}

struct index *
index_open(const struct db_place *place)
{
	struct index *index;
	int error;

	if (!db_exists(place)) {
		errno = EAGAIN;
		return NULL;
	}
	index = calloc(1, sizeof *index);
	if (index == NULL || open_db(index, place) == 0)
		return index;
	error = index->db != NULL ? db_errno(index->db) : errno;
	index_close(index);
	errno = error;
	return NULL;
}

void
index_close(struct index *index)
{
	if (index == NULL)
		return;
	sqlite3_close(index->db);
	tokenizer_close(index->tokenizer);
	free(index);
}
