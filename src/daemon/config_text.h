#ifndef DAEMON_CONFIG_TEXT_H
#define DAEMON_CONFIG_TEXT_H

#include <stddef.h>
#include <sys/stat.h>

#include "daemon/config.h"
#include "text/arena.h"
#include "text/attribute.h"

/* The most bytes that all files of a configuration may have. */
#define CONFIG_TEXT_MAX ((size_t)1 << 20)

/* A file to be read. */
struct config_text {
	const char *name;
	struct config_place named; /* of "include"; no file: command line */
	size_t most; /* the most bytes that it may have */
	struct stat st; /* its state, afterwards */
	char *at; /* its text, NUL-terminated, without comments */
	size_t len;
};

/*
 * The path of the file `name` that the file `base` names: relative to the
 * directory of `base`. Lives in the arena; NULL without memory.
 */
const char *
config_text_path(struct arena *arena, const char *base, const char *name);

/*
 * Reads text->name into the arena. Spaces replace comments and a byte order
 * mark, so that each line keeps its number. Returns -1 with config->error set.
 */
MUST_USE int config_text_read(
    struct config_text *text, struct arena *arena, struct config *config);

#endif
