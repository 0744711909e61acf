/* Answers requests with the server's code, without a server process. */
#include "tool/offline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/capsules.h"
#include "index/builder.h"
#include "sys/archive.h"
#include "tree/media.h"
#include "tree/tree.h"

#define MEMORY ((size_t)256 << 10)

int
offline_open(struct offline *offline, const struct host_config *host,
    char *error, size_t error_size)
{
	struct media *media;

	*offline = (struct offline){ .state = { .fd = -1 } };
	if (tree_init(&offline->tree, host->capsule, host->hide) == -1) {
		struct buf text = buf_over(error, error_size - 1);

		capsules_describe(host, &text);
		error[text.len] = '\0';
		return -1;
	}
	archive_prepare();
	offline->names = config_names(host, 1);
	snprintf(error, error_size, "out of memory");
	media = offline->names != NULL ? media_new(error, error_size) : NULL;
	if (media == NULL) {
		hostnames_free(offline->names);
		tree_release(&offline->tree);
		return -1;
	}
	offline->server = (struct server){
		.hosts = &offline->host,
		.host_count = 1,
		.names = offline->names,
		.media = media,
		.cache = &offline->cache,
	};
	offline->host = config_host(host, &offline->server, &offline->tree);
	offline->zones = config_zones(host);
	offline->has_gopher = host->gopher_count > 0;
	arena_init(&offline->arena, MEMORY);
	return 0;
}

void
offline_release(struct offline *offline)
{
	arena_release(&offline->arena);
	state_close(&offline->state);
	cache_release(&offline->cache);
	media_free(offline->server.media);
	hostnames_free(offline->names);
	tree_release(&offline->tree);
}

void
offline_hide(struct offline *offline)
{
	offline->tree.zones = offline->zones;
}

int
offline_index(struct offline *offline)
{
	const struct jail nobody = { .mode = JAIL_OFF };
	const struct builder_setup setup = {
		.tree = &offline->tree,
		.media = offline->server.media,
		.english = site_is_english(offline->host.site),
		.place = &offline->place,
	};
	struct builder *build = NULL;
	char error[512];
	int result = -1;

	if (state_open(
		&offline->state, "", NULL, &nobody, error, sizeof error) == -1)
		return -1;
	offline->place = (struct db_place){ .directory = offline->state.fd,
		.name = "index.db" };
	build = builder_new(&setup);
	if (build != NULL)
		result = builder_update(build, NULL);
	builder_free(build);
	if (result == -1)
		return -1;
	offline->host.index = &offline->place;
	return 0;
}

/* The META of a Gemini header: "31 /docs/\r\n". */
static struct str
meta_of(struct str head)
{
	return head.len > 5 ? str_head(str_tail(head, 3), head.len - 5)
			    : (struct str){ 0 };
}

struct offline_answer
offline_ask(
    struct offline *offline, const struct protocol *protocol, struct str line)
{
	struct offline_answer answer = { 0 };
	struct exchange exchange = {
		.host = &offline->host, .arena = &offline->arena, .fd = -1
	};

	arena_reset(&offline->arena);
	if (protocol->answer(&exchange, line, true) == PARSE_DONE) {
		answer.status = exchange.status;
		/* The server's program may answer any path of its part. */
		if (answer.status == STATUS_PROGRAM)
			answer.status = STATUS_SUCCESS;
		else if (protocol == &gemini)
			answer.meta = meta_of(exchange.head);
		else if (exchange.body != NULL)
			answer.meta = exchange.body->type;
	}
	exchange_release(&exchange);
	return answer;
}
