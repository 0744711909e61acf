/* The SQL statements that change an index. */
#include "tree/catalogsql.h"

const char *const catalogsql_text[DRAFT_STATEMENTS] = {
	[DRAFT_FIND] = "SELECT id, size, mtime, ctime, inode, hash, due"
		       " FROM file WHERE path = ?1",
	[DRAFT_LIST] = "SELECT id FROM file",
	/* '0' is the byte after '/': this range has all paths beneath ?1. */
	[DRAFT_LIST_BENEATH] = "SELECT id FROM file WHERE path = ?1"
			       " OR (path > CAST(?1 || '/' AS BLOB)"
			       " AND path < CAST(?1 || '0' AS BLOB))",
	[DRAFT_LIST_INODE] = "SELECT id, path FROM file WHERE inode = ?1",
	[DRAFT_LIST_UNSETTLED] = "SELECT id, path FROM file WHERE ctime = 0",
	[DRAFT_DUE] = "SELECT id, size, mtime, ctime, inode, NULL, due, path"
		      " FROM file WHERE due > 0 ORDER BY due DESC, id LIMIT 1",
	[DRAFT_ADD_FILE] = "INSERT INTO file VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
			   " ?8, ?9)",
	[DRAFT_KEEP_FILE] = "UPDATE file SET mtime = ?2, ctime = ?3, inode = ?4"
			    " WHERE id = ?1",
	[DRAFT_ADD_SECTION] = "INSERT INTO words(rowid, title, heading, text,"
			      " links) VALUES(?1, ?2, ?3, ?4, ?5)",
	[DRAFT_ADD_FORM] = "INSERT OR IGNORE INTO form VALUES(?1, ?2)",
	[DRAFT_ADD_TERM] = "INSERT INTO term VALUES(?1, ?2) ON CONFLICT(term)"
			   " DO UPDATE SET rows = rows + excluded.rows",
	[DRAFT_DROP_TERM] = "DELETE FROM term WHERE term = ?1 AND rows <= 0",
	[DRAFT_DROP_SECTION] = "DELETE FROM words WHERE rowid = ?1",
	[DRAFT_DROP_FILE] = "DELETE FROM file WHERE id = ?1 RETURNING size",
	[DRAFT_NOTE_GONE] = "INSERT OR REPLACE INTO gone"
			    " SELECT path, ?2 FROM file WHERE id = ?1",
	[DRAFT_FORGET_GONE] = "DELETE FROM gone WHERE path = ?1",
	[DRAFT_SET_HASH] = "UPDATE file SET hash = ?2, due = 0,"
			   " inode = iif(?2 IS NULL, -1, inode),"
			   " ctime = iif(?2 IS NULL, 0, ctime) WHERE id = ?1",
};
