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

/* The command line: every flag is a key of the configuration. */
struct options {
	const char *file; /* -c; NULL: none */
	struct option_setting {
		const char *flag; /* NULL: an argument without a flag */
		const char *key, *value;
	} settings[OPTIONS_MAX];
	size_t count;
	bool check; /* -t */
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

/* A complete, immutable configuration. */
struct config {
	struct arena arena; /* holds everything that is pointed to */
	struct site site;
	const char *capsule; /* the root of the tree */
	const char *certs;
	const char *state; /* directory for databases; empty: temporary */
	enum jail_mode jail;
	struct limit_rules limits;
	const char *user; /* the workers' user; empty: the current one */
	struct net_address *gemini, *gopher; /* listeners */
	size_t gemini_count, gopher_count;
	/*
	 * A port has no address, and localhost is the only name: the port is
	 * opened on the loopback addresses of IPv4 and IPv6 only.
	 */
	bool loopback;
	size_t workers; /* at least 1 */
	/*
	 * The target of site.gemini_ports. Unless gemini_ports_given, there is
	 * one entry for each Gemini listener, in the same order, with its
	 * configured port; the caller replaces a 0 by the bound port. The same
	 * goes for site.gopher_port, unless gopher_port_given.
	 */
	uint16_t *gemini_ports;
	bool gopher_port_given, gemini_ports_given;
	bool gopher_tls; /* TLS, detected by the first byte */
	struct str builtins[BUILTIN_COUNT]; /* their paths; empty: off */
	bool watch; /* use change notifications instead of polling */
	unsigned archive_limit; /* MiB of files in one archive */
	bool log_addresses;
	bool verbose;
	unsigned request_timeout_ms, stall_timeout_ms, drain_timeout_ms;
	unsigned shutdown_timeout_ms;
	char error[512]; /* after -1: an error message of one line */
};

/*
 * Fills `config` from the defaults, then the file, then the settings of the
 * command line. A list from the command line, one entry for each setting,
 * replaces the file's; an empty setting makes the list empty. Returns -1 with a
 * line in config->error: `FILE:LINE: problem, remedy`, without the line if
 * there is none, or `-g: problem, remedy`, with the key after the flag for -o.
 * Then `config` holds nothing to release.
 */
MUST_USE int config_load(struct config *config, const struct options *options);

void config_release(struct config *config);

#endif
