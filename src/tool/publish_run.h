#ifndef TOOL_PUBLISH_RUN_H
#define TOOL_PUBLISH_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "daemon/options.h"
#include "mirror/manifest_remote.h"
#include "mirror/mirror.h"
#include "sys/tlsidentity.h"
#include "text/attribute.h"
#include "text/manifest.h"
#include "tool/publish_local.h"
#include "tool/publish_plan.h"
#include "tool/publish_record.h"
#include "tool/publish_send.h"
#include "tree/media.h"
#include "tree/tree.h"

/* One run of `capsule publish`. */
struct publish_run {
	/* From the command line. */
	const char *dir, *url;
	struct options options;
	struct tlsidentity identity;
	struct publish_plan_rules rules;
	bool is_dry;
	unsigned long limit, patience, seconds;
	/* Open during the run. */
	struct mirror mirror; /* without a folder */
	struct tree tree;
	struct media *media;
	struct media_rules types;
	struct publish_local local;
	struct publish_record record;
	struct manifest known;
	struct manifest_remote remote;
	bool has_manifest; /* the server */
	struct publish_plan plan;
	struct publish_send send;
	size_t unchanged, conflicts;
};

/*
 * Sends the files that differ, with the settings of `host`, and reports.
 * Returns the exit status.
 */
MUST_USE int
publish_run(struct publish_run *run, const struct host_config *host);

#endif
