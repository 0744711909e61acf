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
	char error[512]; /* of config_load */
};

void config_release(struct config *config);

#endif
