#ifndef TOOL_FILE_SET_H
#define TOOL_FILE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* What is known of a file or a directory. */
enum file_set_mark {
	FILE_SET_REACHED = 1, /* a link leads there */
	FILE_SET_LISTED, /* a directory: its listing is shown */
};

struct file_set_slot {
	dev_t device;
	ino_t inode;
	int mark; /* 0: nobody's slot */
};

/* Files by what they are and not by their names.  Zeroed: none. */
struct file_set {
	struct file_set_slot *slots; /* a power of two of them */
	size_t count, room;
	bool incomplete; /* for want of memory */
};

void file_set_add(
    struct file_set *file_set, const struct stat *st, enum file_set_mark mark);
bool file_set_has(const struct file_set *file_set, const struct stat *st,
    enum file_set_mark mark);
void file_set_release(struct file_set *file_set);

#endif
