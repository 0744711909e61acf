#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/host.h"
#include "sys/jail.h"
#include "sys/limit.h"
#include "sys/net.h"
#include "sys/netprefix.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/hostnames.h"
#include "text/site.h"
#include "tree/zones.h"

#define CONFIG_WORKERS_MAX 256

/* A line of a configuration file. */
struct config_place {
	const char *file; /* NULL: none */
	int line; /* from 1; 0: unknown */
};

/* The settings of one capsule. */
struct host_config {
	struct config_place place; /* of its section */
	struct site site;
	const char *capsule; /* the root of the tree */
	const char *certs;
	const char *const *hide; /* see struct tree */
	struct str builtins[BUILTIN_COUNT]; /* their paths; empty: off */
	struct rules_part whole; /* the settings without a path's rule */
	struct rules rules;
	struct zones zones; /* without readers and programs: none */
	unsigned archive_limit; /* MiB of files in one archive */
	struct net_address *gopher; /* its listeners */
	bool *gopher_proxied; /* of each: see struct config */
	size_t gopher_count;
	bool gopher_port_given; /* for site.gopher_port; see gemini_ports */
};

/* The processes send the number of a host in 16 bits. */
#define CONFIG_HOSTS_MAX ((size_t)1 << 16)

/* A complete, immutable configuration. */
struct config {
	struct arena arena; /* holds everything that is pointed to */
	struct host_config *hosts; /* the first is the default */
	size_t host_count; /* 1 to CONFIG_HOSTS_MAX */
	const char *status; /* path of a socket; empty: none */
	const char *state; /* directory for databases; empty: temporary */
	enum jail_mode jail;
	struct limit_rules limits;
	const char *user; /* the workers' user; empty: the current one */
	const char *cgi_user; /* of CGI scripts; empty: not set */
	unsigned script_limit; /* of programs at once */
	unsigned script_memory; /* MiB for one CGI script */
	struct net_address *gemini, *gopher; /* listeners */
	size_t gemini_count, gopher_count;
	size_t *gopher_hosts; /* of each in `gopher`, its number in `hosts` */
	/* Of each: whether a proxy connects, which sends the PROXY header. */
	bool *gemini_proxied, *gopher_proxied;
	struct netprefix *proxies; /* the peers of these listeners */
	size_t proxy_count; /* 0: no such listener */
	/*
	 * A port has no address, and localhost is the only name: the port is
	 * opened on the loopback addresses of IPv4 and IPv6 only.
	 */
	bool loopback;
	unsigned workers; /* 1 to CONFIG_WORKERS_MAX */
	/*
	 * The target of each site's gemini_ports. Unless gemini_ports_given,
	 * there is one entry for each Gemini listener, in the same order, with
	 * its configured port; the caller replaces a 0 by the bound port. The
	 * same goes for site.gopher_port, unless gopher_port_given.
	 */
	uint16_t *gemini_ports;
	bool gemini_ports_given;
	bool gopher_tls; /* TLS, detected by the first byte */
	bool watch; /* use change notifications instead of polling */
	bool log_addresses;
	bool verbose;
	unsigned request_timeout_ms, stall_timeout_ms, drain_timeout_ms;
	unsigned shutdown_timeout_ms;
	char error[512]; /* of config_load */
};

/* The host with these settings, without an index. Borrows its arguments. */
struct host config_host(const struct host_config *config,
    const struct server *server, const struct tree *tree);

/* The parts of the capsule with readers or a program; NULL: none. */
const struct zones *config_zones(const struct host_config *config);

/*
 * Whether any part has a program, one of these kinds (a bit for each of enum
 * rules_program_kind), or writers.
 */
bool config_has_program(const struct config *config, unsigned kinds);
bool config_has_writers(const struct config *config);

/*
 * Whether clients of the host are asked for a certificate: a part has readers
 * or writers, or a program, which may need the certificate.
 */
bool config_asks(const struct host_config *config);

/* The table of the names of `count` hosts; NULL without memory. */
MUST_USE struct hostnames *
config_names(const struct host_config *hosts, size_t count);

void config_release(struct config *config);

#endif
