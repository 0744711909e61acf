/*
 * Checks a configuration for -t, and prints its hosts and warnings.
 */
#include "daemon/generation_check.h"

#include <stdio.h>

#include "daemon/config_circles.h"
#include "daemon/generation.h"
#include "daemon/programcheck.h"
#include "daemon/rules_audit.h"
#include "daemon/statussocket.h"

static void
print_warning(const char *text)
{
	printf("warning: %s\n", text);
}

static void
print_names(const struct site *site)
{
	for (size_t i = 0; i < site->name_count; i++)
		printf("%s%.*s", i == 0 ? "names: " : ", ",
		    STR_ARG(site->names[i]));
	printf("\n");
}

static void
print_certificate(const struct cert *cert)
{
	if (cert->fingerprint[0] == '\0')
		printf("certificate: %s would be made\n", cert->file);
	else
		printf("certificate: %s\nsha256: %s\nkey_sha256: %s\n",
		    cert->file, cert->fingerprint, cert->key_fingerprint);
}

static void
print_lists(const struct readerlists *lists)
{
	for (size_t i = 0; i < lists->count; i++) {
		const struct readerlists_file *file = &lists->files[i];

		if (file->has_readers)
			printf("readers: %s: %zu\n", file->path, file->count);
		if (file->has_writers)
			printf("writers: %s: %zu\n", file->path, file->count);
	}
}

/* Prints the certificate of each host, for -t. */
static void
print_hosts(const struct generation *generation)
{
	const struct config *config = &generation->config;

	for (size_t i = 0; i < config->host_count; i++) {
		print_names(&config->hosts[i].site);
		if (config->host_count > 1)
			printf("capsule: %s\n", config->hosts[i].capsule);
		if (generation->certs != NULL)
			print_certificate(&generation->certs[i]);
		rules_audit_print(&config->hosts[i]);
	}
	print_lists(&generation->readers);
	if (generation->certs == NULL)
		printf("certificate: none, no listener uses TLS\n");
	for (size_t i = 0; generation->certs != NULL && i < config->host_count;
	     i++)
		cert_warn(&generation->certs[i], print_warning);
}

static void
print_fault(void *context, const struct rules_place *place, const char *text)
{
	char line[1024];

	(void)context;
	if (place->file == NULL) {
		print_warning(text);
		return;
	}
	snprintf(
	    line, sizeof line, "%.128s:%d: %s", place->file, place->line, text);
	print_warning(line);
}

/* A host without a listener is not found by its visitors of Gopher. */
static void
warn_of_gopher(const struct config *config)
{
	char text[512];

	for (size_t i = 0; i < config->host_count; i++) {
		const struct host_config *host = &config->hosts[i];

		if (config->gopher_count == 0 || host->gopher_count > 0)
			continue;
		snprintf(text, sizeof text,
		    "host \"%.*s\" is not served over Gopher; give it a "
		    "gopher address or port of its own",
		    STR_ARG(host->site.names[0]));
		print_warning(text);
	}
}

/* The listeners of one protocol. */
struct check_listeners {
	const char *protocol;
	const struct net_address *all;
	const bool *proxied;
	size_t count;
};

/* Prints the listeners for proxies, and warns of other loopback listeners. */
static void
print_proxied(
    const struct config *config, const struct check_listeners *listeners)
{
	char address[NET_TEXT_MAX], text[512];

	for (size_t i = 0; i < listeners->count; i++) {
		net_address_format(&listeners->all[i], address);
		if (listeners->proxied[i])
			printf(
			    "proxied: %s %s\n", listeners->protocol, address);
		if (listeners->proxied[i] || config->loopback ||
		    !net_is_loopback(&listeners->all[i]))
			continue;
		snprintf(text, sizeof text,
		    "%s %s accepts only clients of this machine; if a proxy "
		    "forwards visitors to it, they are one network for the "
		    "limits and one visitor, unless the listener is \"%s "
		    "proxy\"",
		    listeners->protocol, address, address);
		print_warning(text);
	}
}

static void
print_proxies(const struct config *config)
{
	const struct check_listeners of_gemini = { "gemini", config->gemini,
		config->gemini_proxied, config->gemini_count };
	const struct check_listeners of_gopher = { "gopher", config->gopher,
		config->gopher_proxied, config->gopher_count };

	print_proxied(config, &of_gemini);
	print_proxied(config, &of_gopher);
	if (config->proxy_count > 0)
		printf("proxies: %zu\n", config->proxy_count);
	for (size_t i = 0; i < config->proxy_count; i++)
		if (config->proxies[i].bits == 0)
			print_warning("proxies has a network of all addresses: "
				      "any client can claim another address");
}

static void
warn_of_circles(const struct config *config)
{
	if (config_circles_is_partial(config))
		print_warning("there are too many moves outside of hosts to "
			      "check them for circles with the moves of each "
			      "host; remove some, or put them into the hosts");
}

int
generation_check(struct config *config, enum cert_missing missing, char *error,
    size_t error_size)
{
	struct generation generation;
	const struct generation_setup setup = { .missing = missing,
		.warn = print_warning };
	struct rules_audit rules = { .say = print_fault };

	if (statussocket_check(config->status, error, error_size) == -1) {
		config_release(config);
		return -1;
	}
	if (generation_load(&generation, config, &setup) == -1) {
		snprintf(error, error_size, "%s", generation.error);
		return -1;
	}
	print_hosts(&generation);
	print_proxies(&generation.config);
	capsules_warn(&generation.capsules, &generation.config, print_warning);
	for (size_t i = 0; i < generation.config.host_count; i++) {
		const struct host_config *host = &generation.config.hosts[i];
		const struct tree *tree = &generation.capsules.all[i].tree;

		rules_audit_host(&rules, host, tree);
		programcheck_warn(host, tree, print_fault, NULL);
	}
	rules_audit_end(&rules);
	warn_of_circles(&generation.config);
	warn_of_gopher(&generation.config);
	jail_warn(&generation.jail, print_warning);
	service_stop(&generation.keys.service);
	generation_release(&generation);
	return 0;
}
