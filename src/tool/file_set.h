#ifndef TOOL_FILE_SET_H
#define TOOL_FILE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Properties of a file or a directory. */
enum file_set_mark {
	FILE_SET_REACHED = 1, /* a link leads there */
	FILE_SET_LISTED, /* a directory: its listing is shown */
};

struct file_set_slot {
	dev_t device;
	ino_t inode;
	int mark; /* 0: a free slot */
};

/* A set of files by device and inode, not by name.  Zeroed: empty. */
struct file_set {
	struct file_set_slot *slots; /* their number is a power of two */
	size_t count, room;
	bool incomplete; /* memory was too short */
};

void file_set_add(
    struct file_set *file_set, const struct stat *st, enum file_set_mark mark);
bool file_set_has(const struct file_set *file_set, const struct stat *st,
    enum file_set_mark mark);
void file_set_release(struct file_set *file_set);

#endif
