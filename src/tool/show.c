/*
 * The verb `show`: makes a request line of an address, and writes the server's
 * answer to it.
 */
#include "tool/show.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/readerlists.h"
#include "text/buf.h"
#include "text/hostnames.h"
#include "text/uri.h"
#include "tool/cli.h"
#include "tool/offline.h"
#include "wire/protocol.h"

#define MEMORY ((size_t)256 << 10)

/* Makes a request line for Gemini: the URL, or a path of this capsule. */
static struct str
gemini_line(const struct site *site, struct arena *arena, struct str address)
{
	struct buf line = buf_in(arena, address.len + 512);
	struct str root = { 0 };
	bool is_url = memmem(address.at, address.len, "://", 3) != NULL;

	if (!is_url && site_url(site, arena, STR("/"), &root) == 0) {
		if (str_starts(address, STR("/")))
			address = str_tail(address, 1);
		buf_add(&line, root);
	}
	buf_add(&line, address);
	buf_add(&line, STR("\r\n"));
	return line.overflow ? (struct str){ 0 } : buf_str(&line);
}

/*
 * Makes a request line for Gopher: the selector of a gopher URL (RFC 4266), the
 * path and query of a gemini URL, or a plain selector.
 */
static struct str
gopher_line(struct arena *arena, struct str address)
{
	struct buf line = buf_in(arena, address.len + 2);
	struct uri uri = { 0 };

	if (uri_parse(arena, address, &uri) == -1 || !uri.has_authority) {
		buf_add(&line, address);
		uri.has_query = false;
	} else if (str_equals_nocase(uri.scheme, STR("gopher"))) {
		/* The first character of the path is the item type. */
		uri_decode(&line,
		    str_tail(uri.path, uri.path.len < 2 ? uri.path.len : 2));
	} else {
		buf_add(&line, uri.path);
	}
	if (uri.has_query) {
		buf_char(&line, '?');
		buf_add(&line, uri.query);
	}
	buf_add(&line, STR("\r\n"));
	return line.overflow ? (struct str){ 0 } : buf_str(&line);
}

static int
write_answer(struct exchange *exchange)
{
	char bytes[16384];

	while (!exchange_ended(exchange)) {
		ssize_t len = exchange_read(exchange, bytes, sizeof bytes);

		if (len == -1 ||
		    fwrite(bytes, 1, (size_t)len, stdout) != (size_t)len)
			return -1;
	}
	return fflush(stdout) == 0 ? 0 : -1;
}

/* Whether the answer may need an index. */
static bool
asks_pages(const struct host *host, struct str line)
{
	struct str ask = host->builtins[BUILTIN_ASK];

	return ask.len > 0 && line.len > 0 &&
	    memmem(line.at, line.len, ask.at, ask.len) != NULL &&
	    (str_find(line, '?') < line.len || str_find(line, '\t') < line.len);
}

/* Makes an index.  Without one, the answer is that there is none yet. */
static void
read_pages(struct offline *offline)
{
	if (offline_index(offline) == -1)
		cli_say("show",
		    "the pages cannot be searched: %s; free space in /tmp",
		    strerror(errno));
}

/* The command line. */
struct showing {
	const struct protocol *protocol;
	const char *address;
	struct identity client;
	bool has_client; /* it has a certificate */
};

/* Writes the capsule's answer to a request. */
static int
show(struct offline *offline, const struct showing *showing)
{
	const struct protocol *protocol = showing->protocol;
	const char *address = showing->address;
	struct arena arena;
	struct exchange exchange = { .host = &offline->host,
		.arena = &arena,
		.fd = -1,
		.client = showing->has_client ? &showing->client : NULL };
	struct str line;
	int status = 1;

	arena_init(&arena, MEMORY);
	line = protocol == &gemini
	    ? gemini_line(offline->host.site, &arena, str_of(address))
	    : gopher_line(&arena, str_of(address));
	if (asks_pages(&offline->host, line))
		read_pages(offline);
	if (line.len == 0 ||
	    protocol->answer(&exchange, line, true) != PARSE_DONE)
		cli_say("show", "%s: the server would not answer", address);
	else if (write_answer(&exchange) == -1)
		cli_say("show", "%s: incomplete: %s", address, strerror(errno));
	else if (exchange.status == STATUS_BAD_REQUEST)
		cli_say("show",
		    "%s: cannot be requested; give a URL like "
		    "gemini://example.org/a%%20page.gmi, or a path",
		    address);
	else if (exchange.status < STATUS_FAILURE)
		status = 0;
	exchange_release(&exchange);
	arena_release(&arena);
	return status;
}

static void
warn_of_line(const char *text)
{
	cli_say("show", "%s", text);
}

/* Hides the parts with readers, unless the client is one of them. */
static int
show_guarded(struct offline *offline, const struct config *config,
    const struct showing *showing)
{
	struct readerlists lists;
	char text[1024];
	struct buf error = buf_over(text, sizeof text);
	int status;

	if (readerlists_open(&lists, config, warn_of_line, &error) == -1) {
		cli_say("show", "%.*s", STR_ARG(buf_str(&error)));
		return 2;
	}
	offline_hide(offline);
	offline->server.readers = &lists.set;
	status = show(offline, showing);
	readerlists_release(&lists);
	return status;
}

static int
show_with(const struct config *config, const struct showing *showing)
{
	struct offline offline;
	char error[512];
	int status;

	if (offline_open(&offline, config->hosts, error, sizeof error) == -1) {
		cli_say("show", "%s", error);
		return 1;
	}
	status = show_guarded(&offline, config, showing);
	offline_release(&offline);
	return status;
}

/* Makes the host that a URL names the first one; a path names none. */
static void
choose_host(struct config *config, struct str address)
{
	struct hostnames *names =
	    config_names(config->hosts, config->host_count);
	size_t host = HOSTNAMES_NONE;
	struct arena arena;
	struct uri uri;

	arena_init(&arena, MEMORY);
	if (names != NULL && uri_parse(&arena, address, &uri) == 0)
		host = hostnames_find(names, &arena, uri.host).host;
	if (host != HOSTNAMES_NONE)
		cli_choose(config, host);
	arena_release(&arena);
	hostnames_free(names);
}

/* Whether a name cannot be meant for a folder. */
static bool
is_url(const char *name)
{
	return strstr(name, "://") != NULL || strchr(name, '?') != NULL;
}

static int
read_flag(
    int flag, char **argv, struct options *options, struct showing *showing)
{
	if (flag == 'G') {
		showing->protocol = &gopher;
		return 0;
	}
	if (flag != 'a')
		return cli_set("show", options, flag, argv);
	showing->has_client = true;
	if (identity_read(str_of(optarg), showing->client.hash))
		return 0;
	return cli_misused("show",
	    "--as: give a SHA-256 fingerprint of 64 hexadecimal digits", "");
}

static int
read_flags(
    int argc, char **argv, struct options *options, struct showing *showing)
{
	static const struct option names[] = {
		{ "as", required_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	int flag;

	*options = (struct options){ 0 };
	*showing = (struct showing){ .protocol = &gemini };
	optind = 1;
	opterr = 0;
	while ((flag = getopt_long(
		    argc, argv, "G" CLI_CAPSULE_FLAGS, names, NULL)) != -1)
		if (read_flag(flag, argv, options, showing) == -1)
			return -1;
	if (argc - optind < 1 || argc - optind > 2 ||
	    (argc - optind == 2 && is_url(argv[optind])))
		return cli_misused("show",
		    "name one URL, with each space written as %20, or a folder "
		    "and a URL",
		    "");
	showing->address = argv[argc - 1];
	return argc - optind == 2 ? cli_capsule("show", options, argv[optind])
				  : 0;
}

int
show_main(int argc, char **argv)
{
	struct showing showing;
	struct options options;
	struct config config;
	int status;

	if (read_flags(argc, argv, &options, &showing) == -1)
		return 2;
	if (cli_load("show", &options, &config) == -1)
		return 2;
	if (cli_folder(&options) == NULL)
		choose_host(&config, str_of(showing.address));
	status = show_with(&config, &showing);
	config_release(&config);
	return status;
}
