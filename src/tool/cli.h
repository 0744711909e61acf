#ifndef TOOL_CLI_H
#define TOOL_CLI_H

#include "daemon/config.h"
#include "daemon/options.h"
#include "text/attribute.h"
#include "text/buf.h"
#include "text/str.h"

/*
 * Messages, options and arguments that the verbs of `capsule` share.  The first
 * three functions always return -1.
 */

/*
 * Writes the line "capsule VERB: MESSAGE" to standard error, with the message
 * escaped (utf8_escape).
 */
int cli_say(const char *verb, const char *format, ...) PRINTF_LIKE(2, 3);

/* Reports wrong usage: the fault, the argument, and a hint at --help. */
int cli_misused(const char *verb, const char *what, const char *argument);

/* Reports the option that getopt(3) has just refused. */
int cli_refuse_option(const char *verb, char **argv);

/*
 * Applies the option that getopt(3) has just read: -c FILE, -d DIR, -n NAME, or
 * -o KEY=VALUE.  Returns -1 for another option or an invalid value, which is
 * reported.
 */
MUST_USE int
cli_set(const char *verb, struct options *options, int option, char **argv);

/* The options of the verbs that take a capsule, for getopt(3). */
#define CLI_CAPSULE_FLAGS "c:d:n:o:"

/*
 * Applies the operand DIR, the folder of the capsule; without it, the capsule
 * is that of the configuration.  Returns -1 for an empty name, which is
 * reported.
 */
MUST_USE int
cli_capsule(const char *verb, struct options *options, const char *dir);

/* The folder that the command line names; NULL: none. */
const char *cli_folder(const struct options *options);

/*
 * Loads the configuration, with the capsule of the options as its first host.
 * Returns -1 when it cannot be loaded, or when it has sections for hosts and
 * none of them has this capsule; reported.
 */
MUST_USE int cli_load(
    const char *verb, const struct options *options, struct config *config);

/* Exchanges the host with this number and the first one. */
void cli_choose(struct config *config, size_t host);

/*
 * Reads a title: trims it, and reports one that article_is_title refuses, with
 * the name of the argument and -1.  `out` is a view of `title`.
 */
MUST_USE int cli_title(
    const char *verb, const char *argument, const char *title, struct str *out);

/* Removes the final slashes of a path, in place, but not that of "/". */
const char *cli_trim_slashes(char *path);

/*
 * Appends the path of a place in a capsule, as the author writes it, without
 * leading slash, "." and empty components: "/a//b/" is "a/b", and "/" is empty.
 * Returns -1 for a path with ".." and one that does not fit.
 */
MUST_USE int cli_place(struct buf *out, const char *path);

#endif
