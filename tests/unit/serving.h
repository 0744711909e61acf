#ifndef UNIT_SERVING_H
#define UNIT_SERVING_H

/*
 * A site, a tree and a server for tests of the wire's rooms: what a request
 * is answered with, head and body in one text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "temporary.h"
#include "serve/response.h"
#include "text/hostnames.h"
#include "tree/media.h"
#include "wire/protocol.h"

#define SERVING_ANSWER_MAX ((size_t)1 << 20)

struct serving {
	struct temporary folder;
	struct tree tree;
	struct cache cache;
	struct site site;
	struct server server;
	struct hostnames *names;
	struct host host;
	struct arena arena;
	char answer[SERVING_ANSWER_MAX];
	size_t len;
	enum status status;
};

static inline void
serving_begin(struct serving *serving)
{
	static const struct str names[] = { STR_INIT("example.org"),
		STR_INIT("xn--grn-ioa.example"), STR_INIT("127.0.0.1") };
	static const uint16_t ports[] = { 1965, 11965 };
	static const struct str builtins[BUILTIN_COUNT] = { STR_INIT("/ask") };
	char error[256];

	temporary_make(&serving->folder);
	serving->site = (struct site){
		.names = names,
		.name_count = 3,
		.gemini_ports = ports,
		.gemini_port_count = 2,
		.gopher_host = STR("g.example"),
		.gopher_port = 70,
		.width = 67,
		.listing = true,
	};
	assert_int_equal(
	    tree_init(&serving->tree, serving->folder.path, NULL), 0);
	serving->host = (struct host){
		.server = &serving->server,
		.site = &serving->site,
		.builtins = builtins,
		.tree = &serving->tree,
	};
	serving->server = (struct server){
		.hosts = &serving->host,
		.host_count = 1,
		.cache = &serving->cache,
		.media = media_new(error, sizeof error),
	};
	assert_non_null(serving->server.media);
	serving->names = hostnames_new(3);
	for (size_t i = 0; i < 3; i++)
		hostnames_add(serving->names, names[i], 0);
	serving->server.names = serving->names;
	arena_init(&serving->arena, (size_t)256 << 10);
}

static inline void
serving_end(struct serving *serving)
{
	arena_release(&serving->arena);
	cache_release(&serving->cache);
	media_free(serving->server.media);
	hostnames_free(serving->names);
	tree_release(&serving->tree);
	temporary_remove(&serving->folder);
}

/* Asks, and keeps the answer; what `parse` said. */
static inline enum parse
serving_ask(struct serving *serving, const struct protocol *protocol,
    struct str request, bool ended)
{
	struct exchange exchange = {
		.host = &serving->host, .arena = &serving->arena, .fd = -1
	};
	enum parse parse = protocol->answer(&exchange, request, ended);

	serving->len = 0;
	serving->status = exchange.status;
	while (parse == PARSE_DONE && !exchange_ended(&exchange)) {
		ssize_t got = exchange_read(
		    &exchange, serving->answer + serving->len, BODY_ROOM);

		if (got == -1)
			break;
		serving->len += (size_t)got;
		assert_in_range(
		    serving->len, 0, SERVING_ANSWER_MAX - BODY_ROOM);
	}
	exchange_release(&exchange);
	arena_release(&serving->arena);
	return parse;
}

static inline struct str
serving_answer(const struct serving *serving)
{
	return (struct str){ serving->answer, serving->len };
}

/* That of the tests in a file. */
static struct serving serving;

static inline int
serving_set_up(void **state)
{
	(void)state;
	serving_begin(&serving);
	return 0;
}

static inline int
serving_tear_down(void **state)
{
	(void)state;
	serving_end(&serving);
	return 0;
}

#endif
