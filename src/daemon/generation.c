/*
 * From a configuration to what serves it: tree, user, certificate.  Knows
 * what can be wrong with each; knows nothing of processes.
 */
#include "daemon/generation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/log.h"

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
	if (!cert->covers_names)
		log_line(LOG_LEVEL_WARN,
		    "%s: not for every name of this capsule, and clients will "
		    "complain about the others; renew it for all names with "
		    "the same key, as capsuled(8) shows",
		    cert->file);
}

static int
load_certificate(struct generation *generation)
{
	const struct config *config = &generation->config;
	struct cert cert;

	if (config->gemini_count == 0 && !config->gopher_tls)
		return 0;
	if (cert_load(&cert, config->certs, config->site.names,
		config->site.name_count, generation->error,
		sizeof generation->error) == -1)
		return -1;
	generation->tls =
	    tls_context_new(&cert, generation->error, sizeof generation->error);
	if (generation->tls != NULL)
		log_certificate(&cert);
	cert_release(&cert);
	return generation->tls == NULL ? -1 : 0;
}

int
generation_init(
    struct generation *generation, struct config *config, struct media *media)
{
	generation->config = *config;
	generation->tls = NULL;
	generation->directories = (struct directory_cache){ 0 };
	generation->tree.root = -1;
	config = &generation->config;
	if (jail_init(&generation->jail, config->user, generation->error,
		sizeof generation->error) == -1)
		goto failed;
	if (tree_init(&generation->tree, config->capsule) == -1) {
		snprintf(generation->error, sizeof generation->error,
		    "%s: cannot be opened: %s; name the capsule's folder",
		    config->capsule, strerror(errno));
		goto failed;
	}
	if (load_certificate(generation) == -1)
		goto failed;
	generation->server = (struct server){
		.site = &config->site,
		.tree = &generation->tree,
		.media = media,
		.directories = &generation->directories,
	};
	return 0;
failed:
	generation_release(generation);
	return -1;
}

void
generation_release(struct generation *generation)
{
	tls_context_free(generation->tls);
	directory_cache_release(&generation->directories);
	if (generation->tree.root != -1)
		tree_release(&generation->tree);
	config_release(&generation->config);
}
