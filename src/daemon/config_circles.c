/* Finds moves that lead in a circle. */
#include "daemon/config_circles.h"

#include "serve/moved.h"
#include "text/hostnames.h"
#include "text/uri.h"

/* Memory for the paths of one chain of moves. */
#define MEMORY ((size_t)1 << 20)
/* The most hosts in a chain of moves. */
#define HOSTS_MAX 10
/* The most checks of common moves at a start, one for each move and host. */
#define CHECKS_MAX ((size_t)100000)

/* A chain of moves. */
struct chain {
	const struct config *config;
	const struct hostnames *names;
	struct arena arena;
	size_t host; /* its number */
	struct str path; /* decoded */
	struct str encoded;
	const struct rules_move *last; /* the last rule */
};

/* Goes on at a URL; false when it is not one of this server. */
static bool
enter(struct chain *chain, struct str url)
{
	struct hostnames_found found;
	struct uri uri;

	if (uri_parse(&chain->arena, url, &uri) == -1 ||
	    !str_equals_nocase(uri.scheme, STR("gemini")) ||
	    !site_has_port(&chain->config->hosts->site, &uri))
		return false;
	found = hostnames_find(chain->names, &chain->arena, uri.host);
	if (found.host == HOSTNAMES_NONE ||
	    uri_path_decode(&chain->arena, uri.path, &chain->path) !=
		URI_PATH_NORMAL)
		return false;
	chain->host = found.host;
	chain->encoded = uri.path.len > 0 ? uri.path : STR("/");
	return true;
}

/* Whether the moves from a path on have no end. */
static bool
is_circle(struct chain *chain)
{
	for (int i = 0; i < HOSTS_MAX; i++) {
		const struct rules *rules =
		    &chain->config->hosts[chain->host].rules;
		struct moved moved = moved_follow(
		    rules, &chain->arena, chain->path, chain->encoded);

		if (moved.last != NULL)
			chain->last = moved.last;
		if (moved.status == STATUS_FAILURE)
			return true;
		if (moved.status != STATUS_MOVED ||
		    str_starts(moved.target, STR("/")) ||
		    !enter(chain, moved.target))
			return false;
	}
	return true;
}

/*
 * Checks the moves `from` of a host, each from its own path. That finds every
 * circle: every path in a circle is the path of a rule and a rest, and without
 * the shortest of these rests the paths are a circle, too.
 */
static int
check_from(struct config_loader *loader, struct chain *chain, size_t host,
    const struct rules *from)
{
	for (size_t i = 0; i < from->move_count; i++) {
		const struct rules_place *place = &from->moves[i].place;
		struct buf path, encoded;

		arena_reset(&chain->arena);
		path = buf_in(&chain->arena, place->path.len + 1);
		buf_add(&path, place->path);
		buf_add(&path, place->is_folder ? STR("/") : STR(""));
		encoded = buf_in(&chain->arena, path.len * 3);
		uri_encode(&encoded, buf_str(&path));
		chain->host = host;
		chain->path = buf_str(&path);
		chain->encoded = buf_str(&encoded);
		if (is_circle(chain))
			return config_section_fail(loader->config,
			    (struct config_place){ place->file, place->line },
			    "moved leads in a circle, or over too many moves, "
			    "by way of %.128s:%d; change one of them",
			    chain->last->place.file, chain->last->place.line);
	}
	return 0;
}

/* Whether this host is not checked for circles of common moves. */
static bool
is_unchecked(const struct config *config, size_t host)
{
	const struct rules *rules = &config->hosts[host].rules;

	return host > 0 && rules->move_count > 0 && rules->common != NULL &&
	    rules->common->move_count * config->host_count > CHECKS_MAX;
}

bool
config_circles_is_partial(const struct config *config)
{
	size_t i = 0;

	while (i < config->host_count && !is_unchecked(config, i))
		i++;
	return i < config->host_count;
}

/*
 * Checks the moves of the host, and the moves of all hosts if the host has
 * moves of its own. Beyond CHECKS_MAX a circle is not found at the start: a
 * request in it is answered by a failure.
 */
static int
check_host(struct config_loader *loader, struct chain *chain, size_t host)
{
	const struct config *config = loader->config;
	const struct rules *rules = &config->hosts[host].rules;

	if (check_from(loader, chain, host, rules) == -1)
		return -1;
	if (rules->common == NULL || (host > 0 && rules->move_count == 0) ||
	    is_unchecked(config, host))
		return 0;
	return check_from(loader, chain, host, rules->common);
}

int
config_circles_check(struct config_loader *loader)
{
	const struct config *config = loader->config;
	struct hostnames *names =
	    config_names(config->hosts, config->host_count);
	struct chain chain = { .config = config, .names = names };
	int result = 0;

	if (names == NULL)
		return config_section_fail_memory(loader->config);
	arena_init(&chain.arena, MEMORY);
	for (size_t i = 0; result == 0 && i < config->host_count; i++)
		result = check_host(loader, &chain, i);
	arena_release(&chain.arena);
	hostnames_free(names);
	return result;
}
