#ifndef TOOL_PUBLISH_SEND_H
#define TOOL_PUBLISH_SEND_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "mirror/mirror.h"
#include "sys/tlsidentity.h"
#include "text/attribute.h"
#include "tool/publish_plan.h"
#include "tree/media.h"
#include "tree/tree.h"

/* Requests to a Titan server, one after the other. */
struct publish_send {
	/* Set by the caller; borrowed. `mirror` has no folder. */
	struct mirror *mirror;
	const struct tree *tree;
	struct media *media;
	const struct media_rules *types;
	const struct tlsidentity *identity; /* no certificate: NULL */
	const volatile sig_atomic_t *interrupted;
	uint64_t bytes; /* sent */
	unsigned delays; /* files in a row that the server may take later */
};

/*
 * These functions return -1 when no further request makes sense: the origin's
 * `error` has the reason. A failure of one file is reported and marks its item.
 */

/* Asks for the server's versions of the items, by ";edit". */
MUST_USE int publish_send_ask(struct publish_send *send,
    struct publish_plan_item *const *items, size_t count);

/*
 * Sends the files, or deletes them on the server, in the order of the list. The
 * server refuses that if its version is not the one of the item.
 */
MUST_USE int publish_send_files(struct publish_send *send,
    struct publish_plan_item *const *items, size_t count);
MUST_USE int publish_send_deletes(struct publish_send *send,
    struct publish_plan_item *const *items, size_t count);

/* Reports a version that is not overwritten, and marks the item. */
void publish_send_conflict(
    struct publish_send *send, struct publish_plan_item *item);

#endif
