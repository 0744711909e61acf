/* Programs, as a worker sees them: the test is the runner. */
#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/menu.h"
#include "serve/program.h"
#include "serve/programcall.h"
#include "serve/remote.h"
#include "serve/resource.h"
#include "serve/serve.h"
#include "serve/visitor.h"
#include "sys/fdpass.h"
#include "sys/log.h"

#define NETWORK 77

static int line[2]; /* the runner's end, and the worker's */

static struct rules_part parts[] = {
	{ .place = { .path = STR_INIT("/cgi"), .is_folder = true },
	    .program = { .kind = RULES_CGI,
		.path = STR_INIT("/cgi"),
		.target = "/nowhere",
		.timeout_ms = 4321 } },
	{ .place = { .path = STR_INIT("/fast"), .is_folder = true },
	    .program = { .kind = RULES_FASTCGI,
		.path = STR_INIT("/fast"),
		.target = "/nowhere",
		.timeout_ms = 1 } },
	{ .place = { .path = STR_INIT("/scgi"), .is_folder = true },
	    .program = { .kind = RULES_SCGI,
		.path = STR_INIT("/scgi"),
		.target = "/nowhere",
		.timeout_ms = 1 } },
};
static const struct rules rules = { .parts = parts, .part_count = 3 };

static int
set_up(void **state)
{
	(void)state;
	serving_begin(&serving);
	log_mute(true);
	assert_int_equal(fdpass_pair(line), 0);
	serving.host.rules = &rules;
	serving.server.runner = &line[1];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(line[0]);
	close(line[1]);
	serving_end(&serving);
	return 0;
}

static size_t
count_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* A request that is answered by a program; the runner's end of its pair. */
struct visit {
	struct request request;
	struct response response;
	int pair;
	int output; /* the end that the program writes to; -1: none */
	char text[8192];
	size_t len;
};

/* Takes the call that the worker has sent. */
static struct programcall
take_call(struct visit *visit)
{
	static char bytes[PROGRAMCALL_MAX];
	struct programcall call;
	ssize_t got =
	    fdpass_receive_message(line[0], bytes, sizeof bytes, &visit->pair);

	assert_true(got > 0);
	assert_int_not_equal(visit->pair, -1);
	assert_true(
	    programcall_read((struct str){ bytes, (size_t)got }, &call));
	return call;
}

static void
enter(struct visit *visit, const char *path)
{
	*visit = (struct visit){
		.request = { .arena = &serving.arena,
		    .path = str_of(path),
		    .network = NETWORK },
		.pair = -1,
		.output = -1,
	};
	serve(&serving.host, &visit->request, &visit->response);
	assert_int_equal(visit->response.status, 0);
	assert_non_null(visit->response.remote);
	(void)take_call(visit);
}

static int
take(struct visit *visit)
{
	return remote_take(
	    visit->response.remote, visit->request.arena, &visit->response);
}

/* Passes the output: a pipe, or with another kind a socket. */
static void
start(struct visit *visit, char kind)
{
	const char word[] = { 'o', kind };
	int ends[2];

	if (str_starts(visit->request.path, STR("/cgi"))) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	} else {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	}
	assert_int_equal(fdpass_send_message(visit->pair,
			     (struct str){ word, sizeof word }, ends[0]),
	    0);
	close(ends[0]);
	visit->output = ends[1];
}

static void
put(struct visit *visit, struct str text)
{
	assert_int_equal(
	    write(visit->output, text.at, text.len), (ssize_t)text.len);
}

static void
end_output(struct visit *visit)
{
	close(visit->output);
	visit->output = -1;
}

static void
say(struct visit *visit, const char *word)
{
	assert_int_equal(send(visit->pair, word, strlen(word), MSG_NOSIGNAL),
	    (ssize_t)strlen(word));
}

/* Ends the visit as a connection does. */
static void
leave(struct visit *visit, struct remote *remote)
{
	remote_release(remote);
	body_release(visit->response.body);
	if (visit->output != -1)
		close(visit->output);
	/* The runner is told. */
	assert_int_equal(send(visit->pair, "e", 1, MSG_NOSIGNAL), -1);
	close(visit->pair);
	arena_reset(&serving.arena);
}

/* Pulls until there is no more, or no more yet; -1: the body failed. */
static int
pull(struct visit *visit)
{
	struct body *body = visit->response.body;
	ssize_t got = 1;

	while (got > 0 && !body->ended) {
		assert_true(sizeof visit->text - visit->len >= BODY_ROOM);
		got = body_pull(body, visit->text + visit->len, BODY_ROOM);
		if (got == -1)
			return -1;
		visit->len += (size_t)got;
		assert_true(got > 0 || body->ended || body->waits_for != NULL);
	}
	return 0;
}

static bool
holds(const struct visit *visit, const char *text)
{
	return visit->len == strlen(text) &&
	    memcmp(visit->text, text, visit->len) == 0;
}

/* The bytes arrive as the script writes them. */
static void
a_script_streams(void **state)
{
	size_t before = count_descriptors();
	struct visit visit;
	struct remote *remote;

	(void)state;
	enter(&visit, "/cgi/x");
	remote = visit.response.remote;
	assert_int_equal(remote->wait_ms, 4321);
	assert_int_equal(take(&visit), 0);
	start(&visit, 'r');
	assert_int_equal(take(&visit), 0);
	put(&visit, STR("20 text/ge"));
	assert_int_equal(take(&visit), 0);
	put(&visit, STR("mini\r\nfirst"));
	assert_int_equal(take(&visit), 1);
	assert_int_equal(visit.response.status, STATUS_SUCCESS);
	assert_true(str_equals(visit.response.meta, STR("text/gemini")));
	assert_int_equal(visit.response.body->wait_ms, 4321);
	remote_release(remote);
	assert_int_equal(pull(&visit), 0);
	assert_true(holds(&visit, "first"));
	assert_false(visit.response.body->ended);
	put(&visit, STR(", second"));
	assert_int_equal(pull(&visit), 0);
	assert_true(holds(&visit, "first, second"));
	end_output(&visit);
	/* The end of the output is not yet that of the script. */
	assert_int_equal(pull(&visit), 0);
	assert_false(visit.response.body->ended);
	say(&visit, "e");
	assert_int_equal(pull(&visit), 0);
	assert_true(visit.response.body->ended);
	assert_true(holds(&visit, "first, second"));
	leave(&visit, remote);
	assert_int_equal(count_descriptors(), before);
}

/* The client gets the first bytes, and can tell that it did not get all. */
static void
a_cut_is_a_failure(void **state)
{
	static const char *const words[] = { "f", "x", "ee", "", NULL };

	(void)state;
	for (size_t i = 0; words[i] != NULL; i++) {
		struct visit visit;
		struct remote *remote;

		enter(&visit, "/cgi/x");
		remote = visit.response.remote;
		start(&visit, 'r');
		put(&visit, STR("20 text/plain\nabc"));
		end_output(&visit);
		assert_int_equal(take(&visit), 1);
		remote_release(remote);
		if (words[i][0] != '\0')
			say(&visit, words[i]);
		else
			shutdown(visit.pair, SHUT_RDWR);
		assert_int_equal(pull(&visit), -1);
		assert_true(holds(&visit, "abc"));
		leave(&visit, remote);
	}
}

static void
faults_before_the_end_of_the_header(void **state)
{
	static const struct {
		const char *path;
		char kind;
		struct str output;
		const char *word; /* NULL: the output does not end */
		enum status status;
	} table[] = {
		{ "/cgi/x", 'r', STR_INIT(""), "e", STATUS_PROGRAM },
		{ "/cgi/x", 'r', STR_INIT(""), "f", STATUS_PROGRAM },
		{ "/cgi/x", 'r', STR_INIT("20 text/gemini"), "e",
		    STATUS_PROGRAM },
		{ "/cgi/x", 'r', STR_INIT("20 text/gemini"), "f",
		    STATUS_PROGRAM },
		{ "/cgi/x", 'r', STR_INIT("99 x\r\n"), NULL, STATUS_PROGRAM },
		{ "/cgi/x", 'r', STR_INIT("20 a\rb\r\n"), NULL,
		    STATUS_PROGRAM },
		{ "/cgi/x", 'r', STR_INIT("20 a\0b\r\n"), NULL,
		    STATUS_PROGRAM },
		{ "/cgi/x", 'f', STR_INIT(""), NULL, STATUS_PROGRAM },
		{ "/fast/x", 'r', STR_INIT(""), NULL, STATUS_PROGRAM },
		{ "/fast/x", 'f', STR_INIT("20 text/plain\r\n"), NULL,
		    STATUS_PROGRAM },
		{ "/fast/x", 'f', STR_INIT("\1\3\0\1\0\10\0\0\0\0\0\0\2\0\0\0"),
		    NULL, STATUS_PROGRAM },
		/* An answer without a body waits for the end. */
		{ "/cgi/x", 'r', STR_INIT("30 /y\nignored"), "e",
		    STATUS_REDIRECT },
		{ "/cgi/x", 'r', STR_INIT("51 No\n"), "f", STATUS_NOT_FOUND },
		{ "/fast/x", 'f',
		    STR_INIT("\1\6\0\1\0\6\0\0"
			     "10 Hi\n"
			     "\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0\0"),
		    NULL, STATUS_INPUT },
	};
	size_t before = count_descriptors();

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct visit visit;
		struct remote *remote;

		enter(&visit, table[i].path);
		remote = visit.response.remote;
		start(&visit, table[i].kind);
		put(&visit, table[i].output);
		if (table[i].word != NULL) {
			end_output(&visit);
			assert_int_equal(take(&visit), 0);
			say(&visit, table[i].word);
		}
		if (take(&visit) != 1 ||
		    visit.response.status != table[i].status)
			fail_msg("row %zu: %d", i, (int)visit.response.status);
		leave(&visit, remote);
	}
	assert_int_equal(count_descriptors(), before);
}

static void
refusals(void **state)
{
	static const struct {
		struct str word;
		enum status status;
		const char *meta; /* NULL: any */
	} table[] = {
		{ STR_INIT("x\x29\0Too many"), STATUS_UNAVAILABLE, "Too many" },
		{ STR_INIT("x\x2c\0"
			   "12"),
		    STATUS_SLOW_DOWN, "12" },
		{ STR_INIT("x\x33\0"), STATUS_NOT_FOUND,
		    "There is no page at this address" },
		{ STR_INIT("x\x3b\0No"), STATUS_BAD_REQUEST, "No" },
		{ STR_INIT("x\x2a\0No"), STATUS_PROGRAM, "No" },
		{ STR_INIT("x\x14\0text/gemini"), STATUS_PROGRAM, NULL },
		{ STR_INIT("x\x33\0a\nb"), STATUS_PROGRAM, NULL },
		{ STR_INIT("x"), STATUS_PROGRAM, NULL },
		{ STR_INIT("e"), STATUS_PROGRAM, NULL },
		{ STR_INIT("or"), STATUS_PROGRAM, NULL }, /* no descriptor */
		{ STR_INIT("orr"), STATUS_PROGRAM, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct visit visit;
		struct remote *remote;

		enter(&visit, "/cgi/x");
		remote = visit.response.remote;
		assert_int_equal(
		    fdpass_send_message(visit.pair, table[i].word, -1), 0);
		if (take(&visit) != 1 ||
		    visit.response.status != table[i].status ||
		    (table[i].meta != NULL &&
			!str_equals(
			    visit.response.meta, str_of(table[i].meta))))
			fail_msg("row %zu: %d %.*s", i,
			    (int)visit.response.status,
			    STR_ARG(visit.response.meta));
		leave(&visit, remote);
	}
}

/* Only a pipe that does not block is read. */
static void
descriptors(void **state)
{
	size_t before = count_descriptors();
	int blocks[2], file = open("/dev/zero", O_RDONLY);

	(void)state;
	assert_int_equal(pipe(blocks), 0);
	for (int i = 0; i < 2; i++) {
		struct visit visit;
		struct remote *remote;

		enter(&visit, "/cgi/x");
		remote = visit.response.remote;
		assert_int_equal(fdpass_send_message(visit.pair, STR("or"),
				     i == 0 ? file : blocks[0]),
		    0);
		assert_int_equal(take(&visit), 1);
		assert_int_equal(visit.response.status, STATUS_PROGRAM);
		leave(&visit, remote);
	}
	close(file);
	close(blocks[0]);
	close(blocks[1]);
	assert_int_equal(count_descriptors(), before);
}

static void
no_header_in_time(void **state)
{
	struct visit visit;
	struct remote *remote;

	(void)state;
	enter(&visit, "/cgi/x");
	remote = visit.response.remote;
	remote_expire(remote, &visit.response);
	assert_int_equal(visit.response.status, STATUS_PROGRAM);
	leave(&visit, remote);

	/* The header came, and then the program did not end. */
	enter(&visit, "/cgi/x");
	remote = visit.response.remote;
	start(&visit, 'r');
	put(&visit, STR("51 Not here\n"));
	assert_int_equal(take(&visit), 0);
	remote_expire(remote, &visit.response);
	assert_int_equal(visit.response.status, STATUS_NOT_FOUND);
	assert_true(str_equals(visit.response.meta, STR("Not here")));
	leave(&visit, remote);
}

/* Bodies of the other protocols, and their ends. */
static void
servers(void **state)
{
	static const struct {
		const char *path;
		char kind;
		struct str output;
		int failed;
	} table[] = {
		{ "/scgi/x", 'r', STR_INIT("20 text/plain\r\nabc"), 0 },
		{ "/fast/x", 'f',
		    STR_INIT("\1\6\0\1\0\24\1\0"
			     "20 text/plain\r\nabcde."
			     "\1\7\0\1\0\3\0\0oh!"
			     "\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0\0"),
		    0 },
		{ "/fast/x", 'f',
		    STR_INIT("\1\6\0\1\0\22\1\0"
			     "20 text/plain\r\nabc."),
		    -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct visit visit;
		struct remote *remote;

		enter(&visit, table[i].path);
		remote = visit.response.remote;
		start(&visit, table[i].kind);
		put(&visit, table[i].output);
		end_output(&visit);
		assert_int_equal(take(&visit), 1);
		assert_int_equal(visit.response.status, STATUS_SUCCESS);
		remote_release(remote);
		if (pull(&visit) != table[i].failed || visit.len < 3 ||
		    memcmp(visit.text, "abc", 3) != 0)
			fail_msg(
			    "row %zu: %.*s", i, (int)visit.len, visit.text);
		leave(&visit, remote);
	}
}

/* A menu grows with the script's lines. */
static void
a_projection_streams(void **state)
{
	struct visit visit;
	struct remote *remote;

	(void)state;
	enter(&visit, "/cgi/x");
	remote = visit.response.remote;
	visit.request.form = FORM_MENU;
	start(&visit, 'r');
	put(&visit, STR("20 text/gemini\n"));
	assert_int_equal(take(&visit), 1);
	remote_release(remote);
	menu_project(&serving.host, &visit.request, &visit.response);
	assert_int_equal(visit.response.body->wait_ms, 4321);
	assert_int_equal(pull(&visit), 0);
	assert_int_equal(visit.len, 0);
	assert_false(visit.response.body->ended);
	put(&visit, STR("one\n=> y Why\ntw"));
	assert_int_equal(pull(&visit), 0);
	assert_true(holds(&visit,
	    "ione\t\tnull.host\t1\r\n"
	    "1Why\t/cgi/y\tg.example\t70\r\n"));
	put(&visit, STR("o"));
	end_output(&visit);
	say(&visit, "e");
	assert_int_equal(pull(&visit), 0);
	assert_true(visit.response.body->ended);
	assert_true(holds(&visit,
	    "ione\t\tnull.host\t1\r\n"
	    "1Why\t/cgi/y\tg.example\t70\r\n"
	    "itwo\t\tnull.host\t1\r\n.\r\n"));
	leave(&visit, remote);
}

/* Gopher follows a redirect; the client's words were for the first page. */
static void
redirects_are_followed(void **state)
{
	static const struct {
		const char *from, *meta, *path, *query;
	} table[] = {
		{ "/cgi/a/b", "30 c?d=e", "/cgi/a/c", "d=e" },
		{ "/cgi/a/b", "31 ./", "/cgi/a/", "" },
		{ "/cgi/a/b", "30 /cgi/z", "/cgi/z", "" },
		{ "/cgi/a/b", "30 /cgi/z?1#part", "/cgi/z", "1" },
		{ "/cgi/a/b", "30 ?q", "/cgi/a/b", "q" },
		{ "/cgi/a/b", "30 gemini://EXAMPLE.org/cgi/z", "/cgi/z", "" },
		{ "/cgi/a/b", "30 //example.org:1965/cgi/z", "/cgi/z", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct visitor visitor = { .is_gopher = true };
		struct programcall call;
		struct visit visit;
		struct remote *remote;

		enter(&visit, table[i].from);
		visit.request.follows_moves = true;
		visit.request.visitor = &visitor;
		visit.request.search = STR("words");
		remote = visit.response.remote;
		start(&visit, 'r');
		put(&visit, str_of(table[i].meta));
		put(&visit, STR("\n"));
		end_output(&visit);
		say(&visit, "e");
		assert_int_equal(take(&visit), 1);
		remote_release(remote);
		close(visit.pair);
		serve_taken(&serving.host, &visit.request, &visit.response);
		remote = visit.response.remote;
		assert_non_null(remote);
		call = take_call(&visit);
		if (!str_equals(call.path, str_of(table[i].path)) ||
		    !str_equals(call.query, str_of(table[i].query)) ||
		    call.search.len != 0)
			fail_msg("row %zu: %.*s ? %.*s", i, STR_ARG(call.path),
			    STR_ARG(call.query));
		leave(&visit, remote);
	}
}

/* What serve_taken makes of a redirect that leads out, or nowhere. */
static void
redirects_elsewhere(void **state)
{
	static const struct {
		const char *meta;
		enum status status;
		const char *want;
	} table[] = {
		{ "gemini://far.example/x", STATUS_REDIRECT,
		    "gemini://far.example/x" },
		{ "//far.example/x", STATUS_REDIRECT,
		    "gemini://far.example/x" },
		{ "gemini://example.org:7/x", STATUS_REDIRECT,
		    "gemini://example.org:7/x" },
		{ "https://example.org/", STATUS_REDIRECT,
		    "https://example.org/" },
		{ "/a%2fb", STATUS_FAILURE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct request request = { .arena = &serving.arena,
			.path = STR("/cgi/x"),
			.follows_moves = true };
		struct response response;

		response_set(&response, STATUS_REDIRECT, str_of(table[i].meta));
		serve_taken(&serving.host, &request, &response);
		if (response.status != table[i].status ||
		    (table[i].want != NULL &&
			!str_equals(response.meta, str_of(table[i].want))))
			fail_msg("row %zu: %d %.*s", i, (int)response.status,
			    STR_ARG(response.meta));
		arena_reset(&serving.arena);
	}
}

static void
no_endless_redirects(void **state)
{
	struct visit visit;
	int runs = 1;

	(void)state;
	enter(&visit, "/cgi/x");
	visit.request.follows_moves = true;
	for (;; runs++) {
		struct remote *remote = visit.response.remote;

		start(&visit, 'r');
		put(&visit, STR("30 x\n"));
		end_output(&visit);
		say(&visit, "e");
		assert_int_equal(take(&visit), 1);
		remote_release(remote);
		close(visit.pair);
		serve_taken(&serving.host, &visit.request, &visit.response);
		if (visit.response.remote == NULL)
			break;
		(void)take_call(&visit);
	}
	assert_int_equal(runs, 5);
	assert_int_equal(visit.response.status, STATUS_FAILURE);
	arena_reset(&serving.arena);
}

/* Nothing is started. */
static void
answered_by_the_worker(void **state)
{
	static const struct {
		const char *path, *encoded;
		bool runs;
		enum status status;
		const char *meta; /* NULL: any */
	} table[] = {
		{ "/cgi/x", "/cgi//x", true, STATUS_MOVED, "/cgi/x?q" },
		{ "/cgi/x", "/cgi/y/../x", true, STATUS_MOVED, "/cgi/x?q" },
		{ "/cgi/x\n", "/cgi/x%0a", true, STATUS_BAD_REQUEST, NULL },
		{ "/cgi/x", "/cgi/x", false, STATUS_PROGRAM, NULL },
		{ "/other", "/other", true, STATUS_NOT_FOUND, NULL },
		{ "/cgix", "/cgix", true, STATUS_NOT_FOUND, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct request request = { .arena = &serving.arena,
			.path = str_of(table[i].path),
			.encoded = str_of(table[i].encoded),
			.query = STR("q"),
			.has_query = true };
		struct response response;
		char byte;

		serving.server.runner = table[i].runs ? &line[1] : NULL;
		serve(&serving.host, &request, &response);
		assert_null(response.remote);
		if (response.status != table[i].status ||
		    (table[i].meta != NULL &&
			!str_equals(response.meta, str_of(table[i].meta))))
			fail_msg("row %zu: %d %.*s", i, (int)response.status,
			    STR_ARG(response.meta));
		assert_int_equal(recv(line[0], &byte, 1, MSG_DONTWAIT), -1);
		arena_reset(&serving.arena);
	}
}

/* A link to a program leads to a menu. */
static void
types_of_links(void **state)
{
	(void)state;
	assert_true(program_is_at(&serving.host, STR("/cgi")));
	assert_true(program_is_at(&serving.host, STR("/cgi/x.png")));
	assert_false(program_is_at(&serving.host, STR("/")));
	assert_true(str_equals(resource_type(&serving.host, STR("/cgi/x.png")),
	    STR("text/gemini")));
	serving.host.rules = NULL;
	assert_false(program_is_at(&serving.host, STR("/cgi/x")));
}

static void
a_runner_that_is_gone_or_busy(void **state)
{
	struct request request = { .arena = &serving.arena,
		.path = STR("/cgi/x") };
	struct response response;

	(void)state;
	close(line[0]);
	line[0] = open("/dev/null", O_RDONLY);
	serve(&serving.host, &request, &response);
	assert_int_equal(response.status, STATUS_UNAVAILABLE);
	assert_null(response.remote);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_script_streams, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_cut_is_a_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    faults_before_the_end_of_the_header, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(descriptors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    no_header_in_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(servers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_projection_streams, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    redirects_are_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    redirects_elsewhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    no_endless_redirects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    answered_by_the_worker, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    types_of_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_runner_that_is_gone_or_busy, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
