#ifndef MIRROR_CRAWL_H
#define MIRROR_CRAWL_H

#include "mirror/mirror.h"
#include "text/attribute.h"

/*
 * Brings to the folder what the links lead to that begin at the server's
 * base: Gemini's pages, or Gopher's menus, which become gophermaps.  One
 * request at a time, none to another server, none that robots.txt forbids an
 * archiver, and no more than the limits say.  What is linked no more is
 * removed, if all of the rest could be had.  Returns 0 when it was done, as
 * far as the report says, -1 with origin.error set.
 */
MUST_USE int crawl_run(struct mirror *mirror);

#endif
