#ifndef DAEMON_CONFIG_VALUES_H
#define DAEMON_CONFIG_VALUES_H

#include "daemon/config_section.h"
#include "daemon/options.h"
#include "daemon/setting.h"
#include "text/arena.h"
#include "text/attribute.h"

/* The state of loading a configuration. */
struct config_loader {
	struct config *config;
	struct arena scratch;
	const char *file; /* NULL: none */
	const struct options *options;
	struct config_section top;
};

/* Each function returns -1 with config->error set. */

/* Appends a NUL-terminated value, which is borrowed. */
MUST_USE int config_values_append(struct config_loader *loader,
    struct config_values *values, const char *value);

/* Makes one list of two. The rest of `out` is that of `second`. */
MUST_USE int config_values_join(struct config_loader *loader,
    const struct config_values *first, const struct config_values *second,
    struct config_values *out);

/* The default of a key. */
MUST_USE int config_values_default(
    struct config_loader *loader, size_t key, struct config_values *out);

/* The values of a key in a section, where `outer` are those without it. */
MUST_USE int config_values_override(struct config_loader *loader,
    const struct config_section *section, const struct config_values *outer,
    struct config_values *out);

/* The object that values are read into. */
struct config_target {
	struct host_config *host;
	struct rules_part *part; /* of the host, or its `whole` */
	/* An error about a default value names this section; or NULL. */
	const struct config_section *section;
};

/* Reads the values into the configuration. */
MUST_USE int config_values_read(struct config_loader *loader,
    const struct config_values *values, const struct config_target *target);

/*
 * Adds a file and line, or a flag, to config->error: those of the values, of
 * the section, or of the file. Returns -1.
 */
int config_values_fail(struct config_loader *loader,
    const struct config_values *values, const struct config_section *section);

#endif
