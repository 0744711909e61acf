#ifndef DAEMON_CONFIG_SECTION_H
#define DAEMON_CONFIG_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "text/attribute.h"
#include "text/str.h"

/* The values that one section has for one key. */
struct config_values {
	struct config_values *next;
	size_t key; /* index in setting_keys */
	const struct str *values; /* each is NUL-terminated as well */
	size_t count; /* 0: an empty list */
	bool appends; /* "+=": to the values that apply without the section */
	struct config_place
	    place; /* of the last value; line 0: an empty list */
	bool is_of_options; /* from the command line, with this flag or NULL */
	const char *flag;
	bool is_default; /* nothing sets the key */
};

/* A moved page or folder, as it is written. */
struct config_move {
	struct config_move *next;
	struct config_place place;
	struct str path;
	struct str target;
	bool is_gone; /* there is no target */
};

/* The kinds of sections, each within those before it. */
enum config_kind {
	CONFIG_TOP, /* outside of all sections */
	CONFIG_HOST,
	CONFIG_PATH,
};

/*
 * The text of a configuration as sections. The hosts are in the order of the
 * files; the order of paths and moves has no meaning.
 */
struct config_section {
	enum config_kind kind;
	struct config_section *next; /* of the same kind */
	struct str title; /* NUL-terminated; empty for the outermost section */
	struct config_place place; /* of the title */
	struct config_values *values;
	struct config_section *hosts; /* of the outermost section */
	struct config_section *paths; /* of that one, and of a host */
	struct config_move *moves; /* of both, too */
};

/* The values of a key in a section; NULL when the section does not set it. */
struct config_values *
config_section_find(const struct config_section *section, size_t key);

/*
 * Formats config->error, as one line; returns -1. With a place, the message
 * begins with it.
 */
int config_section_fail(struct config *config, struct config_place place,
    const char *format, ...) PRINTF_LIKE(3, 4);

/* The same for a configuration for which there is no memory. */
int config_section_fail_memory(struct config *config);

#endif
