#ifndef FUZZ_CAPSULE_H
#define FUZZ_CAPSULE_H

/*
 * A small capsule, made once and removed at exit, two servers of it, and
 * what a request is answered with.  Beside it, and hidden in it, lies what
 * no answer may hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "../unit/temporary.h"
#include "fuzz.h"
#include "serve/response.h"
#include "text/hostnames.h"
#include "tree/media.h"
#include "wire/protocol.h"

#define CAPSULE_SECRET "kept-from-all"
#define CAPSULE_SERVERS 2
#define CAPSULE_ARENA ((size_t)256 << 10)
#define CAPSULE_ANSWER_MAX ((size_t)1 << 20)

struct capsule {
	struct temporary folder;
	struct tree tree;
	struct cache cache;
	struct site sites[CAPSULE_SERVERS];
	struct server servers[CAPSULE_SERVERS];
	struct host hosts[CAPSULE_SERVERS]; /* one of each server */
	struct hostnames *names;
};

static inline struct capsule *
capsule_of(void)
{
	static struct capsule capsule;

	return &capsule;
}

static inline void
capsule_remove(void)
{
	struct capsule *capsule = capsule_of();

	cache_release(&capsule->cache);
	media_free(capsule->servers[0].media);
	hostnames_free(capsule->names);
	tree_release(&capsule->tree);
	temporary_remove(&capsule->folder);
}

static inline void
capsule_fill(const struct temporary *folder)
{
	static const char *const folders[] = { "root", "root/docs", "root/map",
		"root/list", "root/a b%", "root/.git", "root/empty" };
	static const char *const files[][2] = {
		{ "secret.txt", CAPSULE_SECRET },
		{ "root/.git/config", CAPSULE_SECRET },
		{ "root/.hidden", CAPSULE_SECRET },
		{ "root/index.gmi", "# Home\n=> docs/ Docs\n=> a%20b%25/ A\n" },
		{ "root/caps.gmi",
		    "## Caps\n```\n\tart\n```\n> quote\n* it\n" },
		{ "root/robots.txt", "User-agent: *\n.\n" },
		{ "root/docs/page.gmi", "# Page\r\n=> ../x X\r\n" },
		{ "root/log.gmi",
		    "# Log\n=> a 2026-11-24 A\n=> log.gmi?atom\n" },
		{ "root/docs/100%", "all\n" },
		{ "root/docs/\xff", "bytes\n" },
		{ "root/a b%/index.gemini", "text\n" },
		{ "root/map/gophermap", "!Map\n0Text\tx.txt\nhello\n" },
		{ "root/list/gophermap", "above\n*\n" },
		{ "root/list/1.gmi", "# Titled\n" },
		{ "root/list/picture.png", "\x89PNG\r\n\x1a\n" },
	};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		temporary_folder(folder, folders[i]);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		temporary_file(folder, files[i][0], files[i][1]);
	temporary_link(folder, "root/out.txt", "../secret.txt");
	temporary_link(folder, "root/up", "..");
	temporary_link(folder, "root/in.gmi", "docs/page.gmi");
}

/* Enough to fill a socket several times over. */
static inline void
capsule_fill_large(const struct temporary *folder)
{
	static char page[60000];

	for (size_t i = 0; i + 1 < sizeof page; i++)
		page[i] = i % 71 == 70 ? '\n' : (char)('a' + i % 23);
	temporary_file(folder, "root/large.gmi", page);
}

static inline struct capsule *
capsule_open(void)
{
	static const struct str names[] = { STR_INIT("example.org"),
		STR_INIT("xn--grn-ioa.example"), STR_INIT("127.0.0.1") };
	static const uint16_t ports[] = { 1965, 11965 };
	static const struct str builtins[BUILTIN_COUNT] = { STR_INIT("/ask") };
	struct capsule *capsule = capsule_of();
	struct site site = { .names = names,
		.name_count = sizeof names / sizeof *names,
		.gemini_ports = ports,
		.gemini_port_count = sizeof ports / sizeof *ports,
		.gopher_host = STR("g.example"),
		.gopher_port = 70,
		.width = 67,
		.listing = true };
	char error[256];

	if (capsule->servers[0].media != NULL)
		return capsule;
	capsule->names = hostnames_new(site.name_count);
	for (size_t i = 0; i < site.name_count; i++)
		hostnames_add(capsule->names, names[i], 0);
	temporary_make(&capsule->folder);
	capsule_fill(&capsule->folder);
	capsule_fill_large(&capsule->folder);
	CHECK(tree_init(&capsule->tree,
		  temporary_path(&capsule->folder, "root"), NULL) == 0);
	capsule->sites[0] = capsule->sites[1] = site;
	capsule->sites[1].lang = STR("en,fr");
	capsule->sites[1].alt_text = capsule->sites[1].strict_text = true;
	capsule->sites[1].listing = false;
	capsule->servers[0].media = media_new(error, sizeof error);
	CHECK(capsule->servers[0].media != NULL);
	for (size_t i = 0; i < CAPSULE_SERVERS; i++) {
		capsule->hosts[i] = (struct host){
			.server = &capsule->servers[i],
			.site = &capsule->sites[i],
			.builtins = i > 0 ? builtins : NULL,
			.tree = &capsule->tree,
		};
		capsule->servers[i] = (struct server){
			.hosts = &capsule->hosts[i],
			.host_count = 1,
			.names = capsule->names,
			.cache = &capsule->cache,
			.media = capsule->servers[0].media,
		};
	}
	atexit(capsule_remove);
	return capsule;
}

/* The lowest free descriptor: another one afterwards, and one has leaked. */
static inline int
capsule_free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK(fd != -1);
	close(fd);
	return fd;
}

struct capsule_answer {
	enum parse parse;
	enum status status;
	struct str text; /* head and body; valid until the next */
	size_t head; /* how much of it is head */
	bool cut;
};

struct capsule_request {
	const struct host *host;
	const struct protocol *protocol;
	struct str input;
	bool ended;
	size_t fail_at; /* allocation that fails, or 0 */
};

static inline void
capsule_read(struct exchange *exchange, struct capsule_answer *answer)
{
	static char text[CAPSULE_ANSWER_MAX];
	unsigned idle = 0;

	answer->head = exchange->head.len;
	answer->text.at = text;
	while (!answer->cut && !exchange_ended(exchange)) {
		ssize_t got;

		CHECK(answer->text.len + BODY_ROOM <= sizeof text);
		got =
		    exchange_read(exchange, text + answer->text.len, BODY_ROOM);
		answer->cut = got == -1;
		CHECK(got > 0 || answer->cut || ++idle < 1000);
		answer->text.len += got > 0 ? (size_t)got : 0;
	}
}

static inline struct capsule_answer
capsule_ask(const struct capsule_request *request)
{
	struct capsule_answer answer = { 0 };
	struct arena arena;
	struct exchange exchange = {
		.host = request->host, .arena = &arena, .fd = -1
	};
	int fd = capsule_free_fd();

	arena_init(&arena, CAPSULE_ARENA);
	arena_fail_at(&arena, request->fail_at);
	answer.parse = request->protocol->answer(
	    &exchange, request->input, request->ended);
	answer.status = exchange.status;
	if (answer.parse == PARSE_DONE)
		capsule_read(&exchange, &answer);
	exchange_release(&exchange);
	arena_release(&arena);
	CHECK(capsule_free_fd() == fd);
	CHECK(!answer.cut || request->fail_at > 0);
	CHECK(fuzz_holds(request->input, STR(CAPSULE_SECRET)) ||
	    !fuzz_holds(answer.text, STR(CAPSULE_SECRET)));
	return answer;
}

/* The first `end` bytes are a request, not less, and what follows is not it. */
static inline void
capsule_check_end(struct capsule_request request, size_t end)
{
	struct str input = request.input;
	struct capsule_answer whole, part;

	request.input = str_head(input, end - 1);
	CHECK(capsule_ask(&request).parse == PARSE_MORE);
	request.input = input;
	whole = capsule_ask(&request);
	request.input = str_head(input, end);
	part = capsule_ask(&request);
	CHECK(whole.status == part.status);
	CHECK(whole.text.len == part.text.len);
}

/* What is asked of a protocol, and what has to be true of each answer. */
struct capsule_fuzz {
	const struct protocol *protocol;
	void (*check_answer)(const struct capsule_answer *answer);
	/* How long a whole request is that the input begins with, or 0. */
	size_t (*length)(struct str input);
};

static inline void
capsule_fuzz(const struct capsule_fuzz *fuzz, struct str input)
{
	struct capsule *capsule = capsule_open();
	size_t most = fuzz->protocol->request_max;
	struct capsule_request request = { .protocol = fuzz->protocol,
		.input = str_head(input, input.len < most ? input.len : most) };
	struct capsule_answer answer;
	size_t end = fuzz->length(request.input);

	for (size_t i = 0; i < CAPSULE_SERVERS; i++) {
		request.host = &capsule->hosts[i];
		request.ended = i == 1;
		answer = capsule_ask(&request);
		CHECK(!request.ended || answer.parse != PARSE_MORE);
		fuzz->check_answer(&answer);
	}
	request.ended = false;
	if (end > 0)
		capsule_check_end(request, end);
	request.fail_at = 1 + input.len % 23;
	answer = capsule_ask(&request);
	fuzz->check_answer(&answer);
}

#endif
