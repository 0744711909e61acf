/* Opens an index for reading. */
#include "index/index.h"

#include <errno.h>

static int
open_db(struct index *index, const struct db_place *place)
{
	int english;

	index->db = db_open(place, DB_READ);
	if (index->db == NULL)
		return -1;
	english = db_is_english(index->db, place);
	if (english == -1) {
		/* Of another version, or other settings: see builder.c. */
		errno = EAGAIN;
		return -1;
	}
	index->tokenizer = tokenizer_open(index->db, english == 1);
	/* One transaction: all queries see the same state of the index. */
	return index->tokenizer == NULL ? -1 : db_run(index->db, "BEGIN");
}

int
index_open(struct index *index, const struct db_place *place)
{
	int error;

	*index = (struct index){ 0 };
	if (!db_exists(place)) {
		errno = EAGAIN;
		return -1;
	}
	if (open_db(index, place) == 0)
		return 0;
	error = errno;
	if (index->db != NULL && sqlite3_errcode(index->db) != SQLITE_OK)
		error = db_errno(index->db);
	index_close(index);
	errno = error;
	return -1;
}

void
index_close(struct index *index)
{
	sqlite3_close(index->db);
	tokenizer_close(index->tokenizer);
	*index = (struct index){ 0 };
}
