#ifndef TOOL_RULECHECK_H
#define TOOL_RULECHECK_H

#include "daemon/config.h"
#include "tool/finding.h"
#include "tool/offline.h"
#include "tool/survey.h"
#include "tree/tree.h"

/* The name of the check. */
#define RULECHECK_NAME "rule"

/*
 * Adds a finding, at its line of the configuration, for each rule of the host
 * that matches nothing, hides a page, or leads nowhere.
 */
void rulecheck_run(const struct host_config *host, const struct tree *tree,
    struct finding_writer *findings);

/* Reports a symbolic link that leads into a part with readers. */
void rulecheck_link(const struct offline *offline,
    const struct survey_entry *entry, struct finding_writer *findings);

#endif
