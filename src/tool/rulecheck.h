#ifndef TOOL_RULECHECK_H
#define TOOL_RULECHECK_H

#include "daemon/rules_audit.h"
#include "tool/finding.h"
#include "tool/offline.h"
#include "tool/survey.h"

/* The name of the check. */
#define RULECHECK_NAME "rule"

/*
 * Makes rules_audit_host and rules_audit_end add a finding, at its line of the
 * configuration, for each rule that matches nothing, hides a page, or leads
 * nowhere.
 */
struct rules_audit rulecheck_begin(struct finding_writer *findings);

/* Reports a symbolic link that leads into a part with readers. */
void rulecheck_link(const struct offline *offline,
    const struct survey_entry *entry, struct finding_writer *findings);

#endif
