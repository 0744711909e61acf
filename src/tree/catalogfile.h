#ifndef TREE_CATALOGFILE_H
#define TREE_CATALOGFILE_H

/*
 * Makes known to SQLite, and makes its default, a file system in which a name
 * is the number of an open descriptor: no path is looked up, and no other
 * file is ever made.  Returns its name, or NULL without memory.
 */
const char *catalogfile_vfs(void);

#endif
