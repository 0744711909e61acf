/* The check of the rules for paths, and of moved and deleted pages. */
#include "tool/rulecheck.h"

#include "tree/zones.h"

static void
add_fault(void *context, const struct rules_place *place, const char *text)
{
	struct finding_writer *findings = context;
	const struct finding finding = { .check = RULECHECK_NAME,
		.path = str_of(place->file),
		.line = (size_t)place->line };
	const char *root = findings->root;

	/* The file of the configuration is not in the capsule. */
	findings->root = "";
	finding_add(findings, &finding, "%s", text);
	findings->root = root;
}

struct rules_audit
rulecheck_begin(struct finding_writer *findings)
{
	return (struct rules_audit){ .say = add_fault, .context = findings };
}

void
rulecheck_link(const struct offline *offline, const struct survey_entry *entry,
    struct finding_writer *findings)
{
	const struct finding finding = { .check = "not-served",
		.path = entry->path };
	struct tree guarded = offline->tree;

	guarded.zones = offline->zones;
	if (zones_show(guarded.zones, NULL, entry->path) &&
	    tree_status(&guarded, entry->path) == STATUS_NOT_FOUND)
		finding_add(findings, &finding,
		    "not served: the symbolic link leads into a part with "
		    "readers; remove it");
}
