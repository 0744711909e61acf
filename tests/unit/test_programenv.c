/* The variables of programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "serve/programenv.h"

#define MEMORY ((size_t)1 << 20)

static struct arena arena;
static struct programenv env;

static const struct str host_names[] = { STR_INIT("example.org") };
static const struct site site = { .names = host_names,
	.name_count = 1,
	.gopher_host = STR_INIT("g.example"),
	.width = 67 };

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena, MEMORY);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static const struct programenv_names names = {
	.site = &site,
	.script_name = STR_INIT("/cgi-bin/x"),
	.path_info = STR_INIT("/a/"),
	.script_filename = "/srv/cgi/x",
	.document_root = "/srv/capsule",
};

static struct programcall
gemini_call(void)
{
	return (struct programcall){
		.path = STR("/cgi-bin/x/a/"),
		.query = STR("a%20b"),
		.has_query = true,
		.url = STR("gemini://example.org/cgi-bin/x/a/?a%20b"),
		.address = STR("2001:db8::1"),
		.port = 4242,
		.server_port = 1966,
		.tls_version = STR("TLSv1.3"),
		.tls_cipher = STR("TLS_AES_128_GCM_SHA256"),
	};
}

static struct programcall
gopher_call(void)
{
	return (struct programcall){
		.is_gopher = true,
		.path = STR("/cgi-bin/x/a/"),
		.query = STR("tides%20x"),
		.has_query = true,
		.url = STR("gopher://g.example/7/cgi-bin/x/a/%3Fq"),
		.selector = STR("/cgi-bin/x/a/?q"),
		.search = STR("tides x"),
		.address = STR("192.0.2.1"),
		.server_port = 70,
	};
}

static void
make(const struct programcall *call)
{
	assert_int_equal(programenv_make(call, &names, &arena, &env), 0);
}

static const struct str *
find(const char *name)
{
	for (size_t i = 0; i < env.count; i++)
		if (str_equals(env.at[i].name, str_of(name)))
			return &env.at[i].value;
	return NULL;
}

static void
check(const char *name, struct str want)
{
	const struct str *value = find(name);

	if (value == NULL)
		fail_msg("no %s", name);
	else if (!str_equals(*value, want))
		fail_msg("%s: \"%.*s\", not \"%.*s\"", name, STR_ARG(*value),
		    STR_ARG(want));
}

/* All variables, which are these only. */
static const struct {
	const char *name, *gemini, *gopher, *client;
} table[] = {
	{ "GATEWAY_INTERFACE", "CGI/1.1", "CGI/1.1", "CGI/1.1" },
	{ "SERVER_SOFTWARE", "capsuled/" VERSION, "capsuled/" VERSION,
	    "capsuled/" VERSION },
	{ "SERVER_NAME", "example.org", "example.org", "example.org" },
	{ "SERVER_PORT", "1966", "70", "1966" },
	{ "SERVER_PROTOCOL", "GEMINI", "GOPHER", "GEMINI" },
	{ "REQUEST_METHOD", "GET", "GET", "GET" },
	{ "GEMINI_URL", "gemini://example.org/cgi-bin/x/a/?a%20b",
	    "gopher://g.example/7/cgi-bin/x/a/%3Fq",
	    "gemini://example.org/cgi-bin/x/a/?a%20b" },
	{ "GEMINI_URL_PATH", "/cgi-bin/x/a/", "/cgi-bin/x/a/",
	    "/cgi-bin/x/a/" },
	{ "GEMINI_SEARCH_STRING", "a b", "tides x", "a b" },
	{ "QUERY_STRING", "a%20b", "tides%20x", "a%20b" },
	{ "SCRIPT_NAME", "/cgi-bin/x", "/cgi-bin/x", "/cgi-bin/x" },
	{ "PATH_INFO", "/a/", "/a/", "/a/" },
	{ "PATH_TRANSLATED", "/srv/capsule/a/", "/srv/capsule/a/",
	    "/srv/capsule/a/" },
	{ "SCRIPT_FILENAME", "/srv/cgi/x", "/srv/cgi/x", "/srv/cgi/x" },
	{ "GEMINI_SCRIPT_FILENAME", "/srv/cgi/x", "/srv/cgi/x", "/srv/cgi/x" },
	{ "DOCUMENT_ROOT", "/srv/capsule", "/srv/capsule", "/srv/capsule" },
	{ "GEMINI_DOCUMENT_ROOT", "/srv/capsule", "/srv/capsule",
	    "/srv/capsule" },
	{ "REMOTE_ADDR", "2001:db8::1", "192.0.2.1", "2001:db8::1" },
	{ "REMOTE_HOST", "2001:db8::1", "192.0.2.1", "2001:db8::1" },
	{ "REMOTE_PORT", "4242", "0", "4242" },
	{ "TLS_VERSION", "TLSv1.3", "", "TLSv1.3" },
	{ "TLS_CIPHER", "TLS_AES_128_GCM_SHA256", "",
	    "TLS_AES_128_GCM_SHA256" },
	{ "AUTH_TYPE", NULL, NULL, "Certificate" },
	{ "REMOTE_USER", NULL, NULL, "alice" },
	{ "TLS_CLIENT_HASH", NULL, NULL,
	    "SHA256:FF000000000000000000000000000000"
	    "00000000000000000000000000000000" },
	{ "TLS_CLIENT_HASH_B64", NULL, NULL,
	    "/wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
	{ "TLS_CLIENT_SUBJECT", NULL, NULL, "CN=alice,O=x" },
	{ "TLS_CLIENT_SUBJECT_CN", NULL, NULL, "alice" },
	{ "TLS_CLIENT_ISSUER", NULL, NULL, "CN=ca" },
	{ "TLS_CLIENT_ISSUER_CN", NULL, NULL, "ca" },
	{ "TLS_CLIENT_SERIAL_NUMBER", NULL, NULL, "73629018972631" },
	{ "TLS_CLIENT_NOT_BEFORE", NULL, NULL, "2020-04-05T04:18:22Z" },
	{ "TLS_CLIENT_NOT_AFTER", NULL, NULL, "" },
	{ "TLS_CLIENT_AUTHORISED", NULL, NULL, "1" },
	{ "SELECTOR", NULL, "/cgi-bin/x/a/?q", NULL },
	{ "REQUEST", NULL, "/cgi-bin/x/a/", NULL },
	{ "SEARCHREQUEST", NULL, "tides x", NULL },
	{ "SERVER_HOST", NULL, "g.example", NULL },
	{ "COLUMNS", NULL, "67", NULL },
	{ "GOPHER_CHARSET", NULL, "UTF-8", NULL },
};

static const char *
wanted(size_t row, int column)
{
	if (column == 0)
		return table[row].gemini;
	return column == 1 ? table[row].gopher : table[row].client;
}

static void
all_and_no_others(void **state)
{
	struct programcall calls[] = { gemini_call(), gopher_call(),
		gemini_call() };

	(void)state;
	calls[2].has_client = calls[2].is_listed = true;
	calls[2].client.hash[0] = 0xff;
	calls[2].certificate = (struct clientcert_text){
		.subject = STR("CN=alice,O=x"),
		.subject_cn = STR("alice"),
		.issuer = STR("CN=ca"),
		.issuer_cn = STR("ca"),
		.serial = STR("73629018972631"),
		.not_before = STR("2020-04-05T04:18:22Z"),
	};
	for (int column = 0; column < 3; column++) {
		size_t count = 0;

		make(&calls[column]);
		for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
			if (wanted(i, column) == NULL)
				continue;
			check(table[i].name, str_of(wanted(i, column)));
			count++;
		}
		assert_int_equal(env.count, count);
	}
}

/* A query never becomes the name of a variable (httpoxy), nor ends a text. */
static void
queries(void **state)
{
	static const struct {
		struct str query, search;
	} rows[] = {
		{ STR_INIT(""), STR_INIT("") },
		{ STR_INIT("HTTP_PROXY=http://x"), STR_INIT("") },
		{ STR_INIT("HTTP_PROXY%3Dhttp://x"),
		    STR_INIT("HTTP_PROXY=http://x") },
		{ STR_INIT("a%0AHTTP_PROXY"), STR_INIT("a\nHTTP_PROXY") },
		{ STR_INIT("a%00b%09%0d%0A"), STR_INIT("a%00b%09%0D\n") },
		{ STR_INIT("%1b%7F%c2%9B"), STR_INIT("%1B%7F%C2%9B") },
		{ STR_INIT("\x1b%FF%c3%a4"), STR_INIT("%1B\xff\xc3\xa4") },
		{ STR_INIT("%"), STR_INIT("%") },
		{ STR_INIT("a+b"), STR_INIT("a+b") },
		{ STR_INIT("%3D="), STR_INIT("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct programcall call = gemini_call();
		size_t count;

		make(&call);
		count = env.count;
		call.query = rows[i].query;
		make(&call);
		check("QUERY_STRING", rows[i].query);
		check("GEMINI_SEARCH_STRING", rows[i].search);
		assert_int_equal(env.count, count);
		assert_null(find("HTTP_PROXY"));
	}
}

static void
without_files(void **state)
{
	struct programenv_names none = { .site = &site,
		.script_name = STR("/app"),
		.document_root = "/srv/capsule" };
	struct programcall call = gemini_call();

	(void)state;
	assert_int_equal(programenv_make(&call, &none, &arena, &env), 0);
	check("SCRIPT_FILENAME", STR(""));
	check("PATH_INFO", STR(""));
	check("PATH_TRANSLATED", STR(""));
	none.is_fastcgi = true;
	none.path_info = STR("/x.php");
	assert_int_equal(programenv_make(&call, &none, &arena, &env), 0);
	assert_null(find("SCRIPT_FILENAME"));
	assert_null(find("PATH_TRANSLATED"));
	check("PATH_INFO", STR("/x.php"));
	none.script_filename = "/srv/app.php";
	assert_int_equal(programenv_make(&call, &none, &arena, &env), 0);
	check("SCRIPT_FILENAME", STR("/srv/app.php"));
	assert_null(find("PATH_TRANSLATED"));
}

static void
strings(void **state)
{
	struct programcall call = gemini_call();
	char **list;
	size_t count = 0;

	(void)state;
	make(&call);
	list = programenv_strings(&env, &arena);
	assert_non_null(list);
	while (list[count] != NULL)
		count++;
	assert_int_equal(count, env.count + 1);
	assert_string_equal(list[0], "GATEWAY_INTERFACE=CGI/1.1");
	assert_string_equal(
	    list[count - 1], "PATH=/usr/local/bin:/usr/bin:/bin");
}

static void
without_memory(void **state)
{
	struct programcall call = gopher_call();
	struct arena other;

	(void)state;
	for (size_t n = 1;; n++) {
		int made;

		arena_init(&other, MEMORY);
		arena_fail_at(&other, n);
		made = programenv_make(&call, &names, &other, &env);
		if (made == 0 && programenv_strings(&env, &other) != NULL)
			break;
		arena_release(&other);
		assert_in_range(n, 1, 200);
	}
	arena_release(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    all_and_no_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(queries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(strings, set_up, tear_down),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
