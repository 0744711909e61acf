/*
 * daemon/keys.c without a process: each worker has the key and signs by itself.
 * For the benchmark alone, to tell what the process costs.
 */
#include "daemon/keys.h"

#include "sys/signing.h"

int
keys_start(struct keys *keys, struct cert *cert, char *error, size_t error_size)
{
	const struct config *config = keys->signer.config;
	const struct cert_request request = {
		.dir = config->hosts->certs,
		.names = config->hosts->site.names,
		.name_count = config->hosts->site.name_count,
		.missing = keys->signer.missing,
	};

	keys->service.name = "keys";
	keys->service.pair = signing_pair;
	service_init(&keys->service);
	keys->service.is_wanted = false;
	return cert_load(cert, &request, error, error_size);
}

void
keys_listen(struct keys *keys)
{
	(void)keys;
}

bool
keys_reap(struct keys *keys, pid_t pid, int status)
{
	(void)keys;
	(void)pid;
	(void)status;
	return false;
}

void
keys_ping(struct keys *keys)
{
	(void)keys;
}

void
keys_watch(struct keys *keys)
{
	(void)keys;
}

long
keys_due_ms(const struct keys *keys, long ms)
{
	(void)keys;
	return ms;
}
