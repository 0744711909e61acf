/*
 * Opens the trees and the certificates that a configuration names, and makes
 * the hosts of them.
 */
#include "daemon/generation.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/programcheck.h"
#include "daemon/scriptsetup.h"
#include "sys/keyprovider.h"
#include "sys/log.h"
#include "sys/signing.h"

/* The time limit of the first signature, on a busy machine. */
#define TRIAL_MAX_MS 5000

static void
log_warning(const char *text)
{
	log_line(LOG_LEVEL_WARN, "%s", text);
}

static void
log_certificate(const struct cert *cert)
{
	char text[2048];
	struct buf line = buf_over(text, sizeof text);

	buf_add(
	    &line, cert->made ? STR("made certificate") : STR("certificate"));
	log_field(&line, "file", str_of(cert->file));
	log_field(&line, "sha256", str_of(cert->fingerprint));
	log_field(&line, "key_sha256", str_of(cert->key_fingerprint));
	log_info(buf_str(&line));
	cert_warn(cert, log_warning);
}

static void
log_made_in(const char *certs)
{
	char *path = realpath(certs, NULL);

	/* Log an absolute path: the next start may have another directory. */
	log_line(LOG_LEVEL_INFO,
	    "made a new key and certificate in %s: keep a copy of both, since "
	    "clients remember them; if this capsule already has a pair "
	    "elsewhere, stop and name its directory with the key certs or -C",
	    path != NULL ? path : certs);
	free(path);
}

void
generation_log_made(const struct generation *generation)
{
	const struct config *config = &generation->config;
	const char *last = NULL;

	for (size_t i = 0; i < config->host_count; i++) {
		const char *certs = config->hosts[i].certs;

		/* Usually all hosts have the same directory: log it once. */
		if (!generation->capsules.all[i].made ||
		    (last != NULL && strcmp(certs, last) == 0))
			continue;
		log_made_in(certs);
		last = certs;
	}
}

/* Refuse a directory inside of a capsule: clients could fetch the keys. */
static int
check_certs_place(struct generation *generation, const char *certs)
{
	int inside = capsules_contain(&generation->capsules, certs);

	if (inside == 0)
		return 0;
	if (inside == 1)
		snprintf(generation->error, sizeof generation->error,
		    "%s: lies in the capsule, where clients could fetch the "
		    "key; name another directory with the key certs or -C",
		    certs);
	else
		snprintf(generation->error, sizeof generation->error,
		    "%s: %s; name a directory for certificates with the key "
		    "certs or -C",
		    certs, strerror(errno));
	return -1;
}

static int
check_certs_places(struct generation *generation)
{
	const struct config *config = &generation->config;

	for (size_t i = 0; i < config->host_count; i++) {
		const char *certs = config->hosts[i].certs;

		/* Usually all hosts have the same directory: check it once. */
		if ((i == 0 ||
			strcmp(certs, config->hosts[i - 1].certs) != 0) &&
		    check_certs_place(generation, certs) == -1)
			return -1;
	}
	return 0;
}

static int
start_keys(struct generation *generation, const struct generation_setup *setup)
{
	generation->keys.signer.config = &generation->config;
	generation->keys.signer.jail = &generation->jail;
	generation->keys.signer.missing = setup->missing;
	generation->keys.signer.known = setup->known;
	generation->keys.signer.forget = setup->forget;
	generation->keys.signer.context = setup->context;
	return keys_start(&generation->keys, generation->certs,
	    generation->error, sizeof generation->error);
}

/* Makes the TLS context, with trial signatures by the keys process. */
static struct tls_context *
make_context(struct generation *generation)
{
	size_t count = generation->config.host_count;
	struct tls_context *tls = tls_context_new(count, generation->names);

	snprintf(generation->error, sizeof generation->error, "out of memory");
	for (size_t i = 0; tls != NULL && i < count; i++)
		if (tls_context_add(tls, &generation->certs[i],
			generation->error, sizeof generation->error) == -1) {
			tls_context_free(tls);
			return NULL;
		}
	for (size_t i = 0; tls != NULL && i < count; i++)
		if (config_asks(&generation->config.hosts[i]))
			tls_context_ask(tls, i);
	return tls;
}

static struct tls_context *
try_keys(struct generation *generation)
{
	struct service *service = &generation->keys.service;
	struct signing_line line = { 0 };
	struct tls_context *tls = NULL;
	int end;

	line.fd = service_connect(service, &end);
	if (line.fd == -1) {
		snprintf(generation->error, sizeof generation->error,
		    "keys: %s", strerror(errno));
		return NULL;
	}
	signing_set_timeout(line.fd, TRIAL_MAX_MS);
	keyprovider_use(&line);
	tls = make_context(generation);
	keyprovider_use(NULL);
	close(line.fd);
	service_disconnect(service, end);
	return tls;
}

static int
load_certificates(
    struct generation *generation, const struct generation_setup *setup)
{
	const struct config *config = &generation->config;
	bool any = false;

	if (config->gemini_count == 0 && !config->gopher_tls)
		return 0;
	generation->certs =
	    calloc(config->host_count, sizeof *generation->certs);
	if (generation->certs == NULL) {
		snprintf(generation->error, sizeof generation->error,
		    "out of memory");
		return -1;
	}
	if (check_certs_places(generation) == -1 ||
	    start_keys(generation, setup) == -1)
		return -1;
	for (size_t i = 0; i < config->host_count; i++) {
		any |= generation->certs[i].leaf != NULL;
		generation->capsules.all[i].made = generation->certs[i].made;
		generation->capsules.all[i].certificate_end =
		    cert_end(&generation->certs[i]);
	}
	if (any)
		generation->tls = try_keys(generation);
	for (size_t i = 0; i < config->host_count; i++)
		cert_release(&generation->certs[i]);
	return any && generation->tls == NULL ? -1 : 0;
}

/* Refuse a directory inside of a capsule: clients could fetch it. */
static int
check_state_place(struct generation *generation)
{
	const char *path = generation->config.state;

	if (path[0] == '\0' ||
	    capsules_contain(&generation->capsules, path) != 1)
		return state_check(path, &generation->jail, generation->error,
		    sizeof generation->error);
	snprintf(generation->error, sizeof generation->error,
	    "state: %s: lies in the capsule; name another directory", path);
	return -1;
}

static bool
is_indexed(const struct config *config)
{
	for (size_t i = 0; i < config->host_count; i++)
		if (capsules_is_indexed(&config->hosts[i]))
			return true;
	return false;
}

/*
 * Opens the directory for the indices. Failure is fatal for a configured
 * directory; otherwise there is no index.
 */
static int
open_state(struct generation *generation, struct state *last)
{
	const struct config *config = &generation->config;

	if (!is_indexed(config))
		return 0;
	if (state_open(&generation->state, config->state, last,
		&generation->jail, generation->error,
		sizeof generation->error) == -1) {
		if (config->state[0] != '\0')
			return -1;
		log_line(LOG_LEVEL_ERROR, "index: %s", generation->error);
		return 0;
	}
	capsules_place(&generation->capsules, config, &generation->state);
	return 0;
}

/* A list has names, which are for the author only. */
static void
warn_of_public_lists(
    const struct generation *generation, void (*say)(const char *text))
{
	char text[PATH_MAX + 128];

	for (size_t i = 0; i < generation->readers.count; i++) {
		const struct readerlists_file *file =
		    &generation->readers.files[i];

		if (!capsules_show_file(&generation->capsules, file->path))
			continue;
		snprintf(text, sizeof text,
		    "%s: %s: lies in the capsule, where clients could read it; "
		    "move it elsewhere",
		    readerlists_kind(file), file->path);
		say(text);
	}
}

static int
open_readers(
    struct generation *generation, const struct generation_setup *setup)
{
	void (*say)(const char *text) =
	    setup->warn != NULL ? setup->warn : log_warning;
	struct buf error =
	    buf_over(generation->error, sizeof generation->error - 1);

	if (readerlists_open(
		&generation->readers, &generation->config, say, &error) == -1) {
		generation->error[error.len] = '\0';
		return -1;
	}
	warn_of_public_lists(generation, say);
	return 0;
}

static int
check_programs(struct generation *generation)
{
	struct buf error =
	    buf_over(generation->error, sizeof generation->error - 1);
	int result = scriptsetup_init(&generation->scripts, &generation->config,
	    &generation->jail, &error);

	if (result == 0)
		result = programcheck_directories(&generation->config, &error);
	if (result == -1)
		generation->error[error.len] = '\0';
	return result;
}

int
generation_load(struct generation *generation, struct config *config,
    const struct generation_setup *setup)
{
	*generation = (struct generation){ .config = *config,
		.state = { .fd = -1, .lock = -1 },
		.keys = { .service = { .line = -1 } } };
	config = &generation->config;
	generation->names = config_names(config->hosts, config->host_count);
	snprintf(generation->error, sizeof generation->error, "out of memory");
	if (generation->names != NULL &&
	    jail_init(&generation->jail, config->jail, config->user,
		generation->error, sizeof generation->error) == 0 &&
	    check_programs(generation) == 0 &&
	    capsules_open(&generation->capsules, config, &generation->jail,
		generation->error, sizeof generation->error) == 0 &&
	    check_state_place(generation) == 0 &&
	    load_certificates(generation, setup) == 0 &&
	    open_readers(generation, setup) == 0)
		return 0;
	service_stop(&generation->keys.service);
	generation_release(generation);
	return -1;
}

/* Sets generation->server; -1 without memory. */
static int
make_server(struct generation *generation, struct media *media)
{
	const struct config *config = &generation->config;

	generation->hosts =
	    calloc(config->host_count, sizeof *generation->hosts);
	snprintf(generation->error, sizeof generation->error, "out of memory");
	if (generation->hosts == NULL ||
	    capsules_count_visitors(&generation->capsules) == -1 ||
	    capsules_share_scans(&generation->capsules) == -1)
		return -1;
	generation->server = (struct server){
		.hosts = generation->hosts,
		.host_count = config->host_count,
		.names = generation->names,
		.media = media,
		.cache = &generation->cache,
		.readers = &generation->readers.set,
	};
	for (size_t i = 0; i < config->host_count; i++) {
		struct capsule *capsule = &generation->capsules.all[i];

		generation->hosts[i] = config_host(
		    &config->hosts[i], &generation->server, &capsule->tree);
		generation->hosts[i].visitors = capsule->visitors;
		if (capsule->is_indexed)
			generation->hosts[i].index = &capsule->place;
	}
	return 0;
}

int
generation_init(struct generation *generation, struct config *config,
    const struct generation_setup *setup)
{
	if (generation_load(generation, config, setup) == -1)
		return -1;
	if (open_state(generation, setup->state) == -1 ||
	    make_server(generation, setup->media) == -1) {
		service_stop(&generation->keys.service);
		generation_release(generation);
		return -1;
	}
	for (size_t i = 0;
	     generation->certs != NULL && i < generation->config.host_count;
	     i++)
		log_certificate(&generation->certs[i]);
	free(generation->certs);
	generation->certs = NULL;
	return 0;
}

unsigned
generation_grace_ms(const struct generation *generation)
{
	/* After the worker's own deadline. */
	return generation->config.shutdown_timeout_ms + 1000;
}

void
generation_release(struct generation *generation)
{
	tls_context_free(generation->tls);
	service_retire(&generation->keys.service);
	readerlists_release(&generation->readers);
	cache_release(&generation->cache);
	scriptjail_release(&generation->scripts);
	state_close(&generation->state);
	capsules_release(&generation->capsules);
	free(generation->hosts);
	free(generation->certs);
	free(generation->keys.pairs);
	hostnames_free(generation->names);
	config_release(&generation->config);
}

/* Whether the index of the host `at` of `a` is valid for `to` of `b`. */
static bool
is_alike(const struct generation *a, size_t at, const struct generation *b,
    size_t to)
{
	const struct stat *here = &a->capsules.states[at];
	const struct stat *there = &b->capsules.states[to];

	return str_lists_equal(
		   a->config.hosts[at].hide, b->config.hosts[to].hide) &&
	    here->st_dev == there->st_dev && here->st_ino == there->st_ino &&
	    site_is_english(&a->config.hosts[at].site) ==
	    site_is_english(&b->config.hosts[to].site);
}

/* The number of the host of that first name; host_count: none. */
static size_t
find_host(const struct generation *generation, struct str name)
{
	const struct config *config = &generation->config;
	size_t i = 0;

	while (i < config->host_count &&
	    !str_equals(name, config->hosts[i].site.names[0]))
		i++;
	return i;
}

void
generation_succeed(struct generation *generation, struct generation *old)
{
	for (size_t i = 0; i < generation->config.host_count; i++) {
		struct capsule *capsule = &generation->capsules.all[i];
		/* The name is that of the index, too. */
		size_t at =
		    find_host(old, generation->config.hosts[i].site.names[0]);

		capsule->is_stale = at == old->config.host_count ||
		    !is_alike(generation, i, old, at);
		if (at == old->config.host_count)
			continue;
		if (!capsule->is_stale)
			generation->capsules.scans[i].second =
			    old->capsules.scans[at].second;
		visitors_free(capsule->visitors);
		capsule->visitors = old->capsules.all[at].visitors;
		old->capsules.all[at].visitors = NULL;
		generation->hosts[i].visitors = capsule->visitors;
	}
}

void
generation_forget_index(struct generation *generation)
{
	for (size_t i = 0; i < generation->config.host_count; i++)
		generation->hosts[i].index = NULL;
	capsules_forget_scans(&generation->capsules);
}

void
generation_forget_visitors(struct generation *generation)
{
	capsules_forget_visitors(&generation->capsules);
	for (size_t i = 0; i < generation->config.host_count; i++)
		generation->hosts[i].visitors = NULL;
}

void
generation_mark_stale(struct generation *generation, bool is_stale)
{
	for (size_t i = 0; i < generation->config.host_count; i++)
		generation->capsules.all[i].is_stale = is_stale;
}

bool
generation_is_stale(const struct generation *generation)
{
	for (size_t i = 0; i < generation->config.host_count; i++)
		if (generation->capsules.all[i].is_stale)
			return true;
	return false;
}
