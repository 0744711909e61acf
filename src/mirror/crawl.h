#ifndef MIRROR_CRAWL_H
#define MIRROR_CRAWL_H

#include "mirror/mirror.h"
#include "text/attribute.h"

/*
 * Copies everything that links lead to, from the server's base on: Gemini's
 * pages, or Gopher's menus, which become gophermaps.  Makes one request at a
 * time, none to another server, none that robots.txt forbids an archiver, and
 * keeps to the limits.  Files that are no longer linked are removed if
 * everything else was fetched.  Returns 0 when done, with the failures of
 * single files in the report, or -1 with origin.error set.
 */
MUST_USE int crawl_run(struct mirror *mirror);

#endif
