#ifndef TOOL_IDENTITIES_H
#define TOOL_IDENTITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* What is known of a file or a directory. */
enum identity_mark {
	IDENTITY_REACHED = 1, /* a link leads there */
	IDENTITY_LISTED, /* a directory: its listing is shown */
};

struct identity {
	dev_t device;
	ino_t inode;
	int mark; /* 0: nobody's slot */
};

/* Files by what they are and not by their names.  Zeroed: none. */
struct identities {
	struct identity *slots; /* a power of two of them */
	size_t count, room;
	bool incomplete; /* for want of memory */
};

void identities_add(struct identities *identities, const struct stat *st,
    enum identity_mark mark);
bool identities_hold(const struct identities *identities, const struct stat *st,
    enum identity_mark mark);
void identities_release(struct identities *identities);

#endif
