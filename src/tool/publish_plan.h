#ifndef TOOL_PUBLISH_PLAN_H
#define TOOL_PUBLISH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/arena.h"
#include "text/attribute.h"
#include "text/manifest.h"
#include "text/str.h"

/*
 * The files to send to a server and to delete there. Three versions of each
 * file decide: that of the author's folder, that of the server, and the one
 * that both had after the last run.
 */
enum publish_plan_side {
	PUBLISH_PLAN_LOCAL,
	PUBLISH_PLAN_SERVER,
	PUBLISH_PLAN_KNOWN, /* after the last run */
	PUBLISH_PLAN_SIDES
};

struct publish_plan_version {
	bool exists;
	unsigned char hash[MANIFEST_HASH];
};

enum publish_plan_step {
	PUBLISH_PLAN_NOTHING, /* both have the same */
	PUBLISH_PLAN_SEND,
	PUBLISH_PLAN_DELETE,
	PUBLISH_PLAN_KEEP, /* only the server has it, and keeps it */
	PUBLISH_PLAN_CONFLICT, /* the server's version is not from here */
};

struct publish_plan_rules {
	bool deletes; /* files that the folder no longer has */
	bool forces; /* the folder's version is the right one */
};

struct publish_plan_item {
	struct str path; /* relative to the base, decoded */
	struct publish_plan_version versions[PUBLISH_PLAN_SIDES];
	uint64_t size; /* of the folder's file */
	bool failed; /* no further step */
	/* For publish_send.h: the base of a request, and its refusal. */
	struct publish_plan_version base;
	struct str refusal;
};

struct publish_plan {
	struct publish_plan_item *items; /* sorted by path */
	size_t count;
};

/*
 * Merges the files of the three sides, each sorted by path; borrows their
 * paths. Leaves out gophermaps, which no server takes or deletes. A file of the
 * folder that is marked `removed` cannot be sent: its item has failed. Returns
 * -1 without memory.
 */
MUST_USE int publish_plan_merge(struct arena *arena,
    const struct manifest *const sides[PUBLISH_PLAN_SIDES],
    struct publish_plan *out);

/* Whether two versions, or those of two sides, are the same, or both absent. */
bool publish_plan_same(
    const struct publish_plan_version *a, const struct publish_plan_version *b);
bool publish_plan_agrees(const struct publish_plan_item *item,
    enum publish_plan_side a, enum publish_plan_side b);

enum publish_plan_step publish_plan_step(const struct publish_plan_item *item,
    const struct publish_plan_rules *rules);

/*
 * Whether the server's version has to be asked for: its manifest may be some
 * seconds older than the last run, and a version that is not known from then
 * decides.
 */
bool publish_plan_doubts(const struct publish_plan_item *item,
    const struct publish_plan_rules *rules);

/*
 * Lists the items with this step, not failed, in the order of the work. A
 * server makes one folder for an upload, so the first file of a new folder
 * precedes the files of the folders in it. Otherwise, pages follow the files
 * that they show, and index pages follow the pages that they link to, the first
 * page last. The caller frees the list. NULL without memory.
 */
MUST_USE struct publish_plan_item **publish_plan_list(
    const struct publish_plan *plan, const struct publish_plan_rules *rules,
    enum publish_plan_step step, size_t *count);

#endif
