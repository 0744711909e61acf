#ifndef TOOL_CLI_H
#define TOOL_CLI_H

#include "daemon/config.h"
#include "text/attribute.h"

/*
 * What the verbs of `capsule` share.  All of these but cli_set return -1,
 * always.
 */

/* Says "capsule VERB: " and the rest, a line, on standard error. */
int cli_say(const char *verb, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Says that a call makes no sense: what does not, the argument that it was,
 * and where to read how it is done.
 */
int cli_misused(const char *verb, const char *what, const char *argument);

/* The same of what getopt(3) has just refused. */
int cli_refuse_option(const char *verb, char **argv);

/*
 * Takes what getopt(3) has just read: -c FILE, -d DIR, -n NAME, or -o
 * KEY=VALUE; -1 for another, and for one that makes no sense, which is said.
 */
MUST_USE int
cli_set(const char *verb, struct options *options, int option, char **argv);

#endif
