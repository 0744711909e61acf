#ifndef TOOL_LINKS_H
#define TOOL_LINKS_H

#include <stddef.h>
#include <sys/stat.h>

#include "text/arena.h"
#include "text/str.h"
#include "tool/file_set.h"
#include "tool/finding.h"
#include "tool/offline.h"

/* Where the links of a capsule lead.  The caller fills the first part. */
struct links {
	struct offline *offline;
	struct finding_writer *findings;
	struct file_set file_set; /* what they lead to */

	struct arena scratch; /* of one link */
};

/* Where a link stands. */
struct links_from {
	struct str path; /* of the page or gophermap, decoded */
	struct str base; /* its canonical URL */
	const struct stat *st; /* that file: a link to itself leads nowhere */
	size_t line;
};

void links_init(struct links *links);
void links_release(struct links *links);

/*
 * Follows a link of gemtext on both protocols, and writes a finding when it
 * leads nowhere on one of them, or out of the capsule.
 */
void links_follow(
    struct links *links, const struct links_from *from, struct str url);

/*
 * Follows an item of a menu, given as the server writes it:
 * "1Docs<TAB>/docs/<TAB>host<TAB>70".
 */
void links_follow_item(
    struct links *links, const struct links_from *from, struct str item);

/* Marks the file or directory `path`, and a directory's page, as reached. */
void links_reach(
    struct links *links, const struct links_from *from, struct str path);

#endif
