#ifndef SERVE_PROGRAMSCRIPT_H
#define SERVE_PROGRAMSCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/host.h"
#include "text/str.h"

/*
 * Whether a program may get the path, which begins with a slash: without
 * control bytes, at which servers of programs have split paths wrongly
 * (CVE-2019-11043), and without empty segments and dot segments, by which it
 * could lead out of the part.
 */
bool programscript_is_clean(struct str path);

/*
 * The length of the first part of `path`, as requested, that a rule with the
 * path `rule` stands for: as many segments, since letters may be composed in
 * the one and not in the other. The rest is empty or begins with a slash.
 */
size_t programscript_prefix(struct str path, struct str rule);

/*
 * The length of the PHP script that a path names: the shortest first part that
 * is a regular file in the tree of `host`, by a name that ends in ".php"; 0:
 * there is none. Of the tree's rules only those about names apply: the files of
 * the zone are hidden from visitors, but the worker has admitted this one.
 */
size_t programscript_php(const struct host *host, struct str path);

#endif
