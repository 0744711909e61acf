#ifndef DAEMON_SCRIPTLOOKUP_H
#define DAEMON_SCRIPTLOOKUP_H

#include <limits.h>

#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"

/* A script beneath the directory of its program. */
struct scriptlookup {
	char file[PATH_MAX]; /* relative to the directory */
	struct str info; /* the rest of the path: empty, or with a slash */
};

/*
 * Finds the script that answers a path: the shortest leading part that is an
 * executable regular file beneath the open `directory`. `path` is decoded and
 * normal, without the part that belongs to the program's rule; empty, or with a
 * leading slash. In a folder, after a final slash, the script is index.gmi or
 * index.cgi. No dotfile is a script. Returns STATUS_SUCCESS,
 * STATUS_NOT_FOUND, or STATUS_UNAVAILABLE with errno set if the file system
 * failed. out->info borrows from `path`.
 */
MUST_USE enum status
scriptlookup_find(int directory, struct str path, struct scriptlookup *out);

#endif
