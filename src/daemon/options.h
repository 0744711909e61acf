#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/net.h"
#include "text/attribute.h"

#define OPTIONS_MAX 64
#define OPTIONS_SOCKETS_MAX 64

/* The command line: every flag is a key of the configuration. */
struct options {
	const char *file; /* -c; NULL: none */
	struct option_setting {
		const char *flag; /* NULL: an argument without a flag */
		const char *key, *value;
	} settings[OPTIONS_MAX];
	size_t count;
	bool check; /* -t */
	/*
	 * The sockets of a service manager. If there are any, they are the
	 * defaults of the keys gemini and gopher.
	 */
	struct options_socket {
		const char *key; /* "gemini" or "gopher" */
		char text[NET_TEXT_MAX]; /* its address */
	} sockets[OPTIONS_SOCKETS_MAX];
	size_t socket_count;
};

/*
 * Adds a setting; -1 when there are too many. `flag` is the flag for error
 * messages, as "-g", or NULL for an argument without one. Borrows all.
 */
MUST_USE int options_set(struct options *options, const char *flag,
    const char *key, const char *value);

/*
 * Adds "KEY=VALUE", which is changed and borrowed; -1 without a "=", or when
 * there are too many.
 */
MUST_USE int options_assign(struct options *options, char *assignment);

#endif
