/*
 * The choice of a host.
 */
#include "serve/host.h"

const struct host *
host_for_name(const struct server *server, struct arena *arena, struct str name)
{
	for (size_t i = 0; i < server->host_count; i++)
		if (site_has_name(server->hosts[i].site, arena, name))
			return &server->hosts[i];
	return NULL;
}

uint64_t
host_key(const struct host *host, struct str path)
{
	return str_hash(path) +
	    (uint64_t)(host - host->server->hosts) * 0x9e3779b97f4a7c15u;
}
