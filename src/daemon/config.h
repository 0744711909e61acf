#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/response.h"
#include "sys/jail.h"
#include "sys/limit.h"
#include "sys/net.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/site.h"

#define OPTIONS_MAX 64

/* What the command line said: every flag is a key of the configuration. */
struct options {
	const char *file; /* -c; NULL: none */
	struct option_setting {
		const char *flag; /* NULL: it stood alone */
		const char *key, *value;
	} settings[OPTIONS_MAX];
	size_t count;
	bool check; /* -t */
};

/*
 * Adds a setting; -1 when there are too many.  `flag` is what an error is to
 * name, as "-g", or NULL for an argument that stood alone; all is borrowed.
 */
MUST_USE int options_set(struct options *options, const char *flag,
    const char *key, const char *value);

/*
 * Adds "KEY=VALUE", which is altered and borrowed; -1 without a "=", or when
 * there are too many.
 */
MUST_USE int options_assign(struct options *options, char *assignment);

/* The configuration: one immutable struct, whole or not at all. */
struct config {
	struct arena arena; /* holds all that is pointed to */
	struct site site;
	const char *capsule; /* the root of the tree */
	const char *certs;
	const char *state; /* the directory for databases; empty: our own */
	enum jail_mode jail;
	struct limit_rules limits;
	const char *user; /* whom workers become; empty: who we are */
	struct net_address *gemini, *gopher; /* listeners */
	size_t gemini_count, gopher_count;
	/*
	 * A port was given without an address, and localhost is the only name:
	 * the port is opened on the loopback addresses of IPv4 and IPv6 alone.
	 */
	bool loopback;
	size_t workers; /* at least 1 */
	/*
	 * What site.gemini_ports points to.  Unless gemini_ports_given, there
	 * is one entry for each of the Gemini listeners, in their order, with
	 * its configured port: the caller replaces a 0 by what was bound.  So
	 * too site.gopher_port, unless gopher_port_given.
	 */
	uint16_t *gemini_ports;
	bool gopher_port_given, gemini_ports_given;
	bool gopher_tls; /* TLS on the Gopher port, told by its first byte */
	struct str builtins[BUILTIN_COUNT]; /* their paths; empty: off */
	bool watch; /* news of changes, or looking for them */
	unsigned archive_limit; /* MiB of files in one archive */
	bool log_addresses;
	bool verbose;
	unsigned request_timeout_ms, stall_timeout_ms, drain_timeout_ms;
	unsigned shutdown_timeout_ms;
	char error[512]; /* after -1: one line for people */
};

/*
 * Fills `config` from the defaults, then the file, then the settings of the
 * command line; a list that the command line gives replaces the file's, one
 * setting an entry, and an empty setting leaves the list empty.
 * Returns -1 with a line in config->error (`FILE:LINE: what, what to do`,
 * without the line where it has none, or `-g: what, what to do`, with the key
 * behind it for -o);
 * `config` then holds nothing to release.
 */
MUST_USE int config_load(struct config *config, const struct options *options);

void config_release(struct config *config);

#endif
