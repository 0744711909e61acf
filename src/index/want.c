/* Counts the rows of an index that hold a term. */
#include "index/want.h"

static int64_t
count_rows(const struct index *index, const char *sql, struct str term)
{
	sqlite3_stmt *statement = db_prepare(index->db, sql);
	int64_t rows = -1;

	if (statement == NULL)
		return -1;
	db_bind_text(statement, 1, term);
	if (sqlite3_step(statement) == SQLITE_ROW)
		rows = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return rows;
}

int64_t
want_rows(const struct index *index, struct str term)
{
	return count_rows(
	    index, "SELECT sum(doc) FROM vocabulary WHERE term = ?1", term);
}

int64_t
want_rows_from(const struct index *index, struct str start)
{
	return count_rows(index,
	    "SELECT sum(doc) FROM vocabulary"
	    " WHERE term >= ?1 AND term < ?1 || char(0x10ffff)",
	    start);
}
