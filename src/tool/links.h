#ifndef TOOL_LINKS_H
#define TOOL_LINKS_H

#include <stddef.h>
#include <sys/stat.h>

#include "text/arena.h"
#include "text/str.h"
#include "tool/file_set.h"
#include "tool/finding.h"
#include "tool/offline.h"

/* The links of a capsule.  The caller sets the first part. */
struct links {
	struct offline *offline;
	struct finding_writer *findings;
	struct file_set file_set; /* the files that the links lead to */

	struct arena scratch; /* for one link */
};

/* The position of a link. */
struct links_from {
	struct str path; /* of the page or gophermap, decoded */
	struct str base; /* its canonical URL */
	const struct stat *st; /* a link to this file itself is ignored */
	size_t line;
	struct str label; /* of a gemtext link */
};

void links_init(struct links *links);
void links_release(struct links *links);

/*
 * Follows a gemtext link on both protocols, and reports a link that leads
 * nowhere on one of them, or out of the capsule.  An empty URL leads nowhere.
 */
void links_follow(
    struct links *links, const struct links_from *from, struct str url);

/*
 * Follows a menu item in the form that the server writes:
 * "1Docs<TAB>/docs/<TAB>host<TAB>70".
 */
void links_follow_item(
    struct links *links, const struct links_from *from, struct str item);

/* Marks the file or directory as reached, and a directory's page. */
void links_reach(
    struct links *links, const struct links_from *from, struct str path);

#endif
