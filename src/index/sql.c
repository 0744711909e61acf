/* The SQL statements that change an index. */
#include "index/sql.h"

const char *const sql_text[SQL_STATEMENTS] = {
	[SQL_FIND] = "SELECT id, size, mtime, ctime, inode, hash, due,"
		     " title IS NOT NULL FROM file WHERE path = ?1",
	[SQL_LIST] = "SELECT id FROM file",
	/* '0' is the byte after '/': this range has all paths beneath ?1. */
	[SQL_LIST_BENEATH] = "SELECT id FROM file WHERE path = ?1"
			     " OR (path > CAST(?1 || '/' AS BLOB)"
			     " AND path < CAST(?1 || '0' AS BLOB))",
	[SQL_LIST_INODE] = "SELECT id, path FROM file WHERE inode = ?1",
	[SQL_LIST_UNSETTLED] = "SELECT id, path FROM file WHERE ctime = 0",
	[SQL_DUE] = "SELECT id, size, mtime, ctime, inode, NULL, due, path"
		    " FROM file WHERE due > 0 ORDER BY due DESC, id LIMIT 1",
	[SQL_ADD_FILE] = "INSERT INTO file VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7,"
			 " ?8, ?9)",
	[SQL_KEEP_FILE] = "UPDATE file SET mtime = ?2, ctime = ?3, inode = ?4"
			  " WHERE id = ?1",
	[SQL_ADD_SECTION] = "INSERT INTO words(rowid, title, heading, text,"
			    " links) VALUES(?1, ?2, ?3, ?4, ?5)",
	[SQL_ADD_FORM] = "INSERT OR IGNORE INTO form VALUES(?1, ?2)",
	[SQL_DROP_SECTIONS] = "DELETE FROM words WHERE rowid >= ?1"
			      " AND rowid < ?2",
	[SQL_DROP_FILE] = "DELETE FROM file WHERE id = ?1 RETURNING size",
	[SQL_NOTE_GONE] = "INSERT OR REPLACE INTO gone"
			  " SELECT path, ?2 FROM file WHERE id = ?1",
	[SQL_FORGET_GONE] = "DELETE FROM gone WHERE path = ?1",
	[SQL_SET_HASH] = "UPDATE file SET hash = ?5, due = 0,"
			 " inode = iif(?5 IS NULL, -1, inode),"
			 " ctime = iif(?5 IS NULL, 0, ctime)"
			 " WHERE path = ?1 AND size = ?2 AND mtime = ?3"
			 " AND inode = ?4",
};
