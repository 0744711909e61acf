/* Titan requests before their body: refusals, sources, and the call. */
#include "serving.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/uploadline.h"
#include "serve/uploads.h"
#include "sys/fdpass.h"

#define PAGE "# Old\n"

static const char *const any[] = { "any", NULL }, *const none[] = { NULL };
static struct rules_part parts[4];
static struct rules rules;
static int line[2]; /* the writer's end is the first */

static struct rules_part
part(const char *path, const char *const *writers)
{
	return (struct rules_part){
		.place = { .path = str_of(path), .is_folder = true },
		.upload = { .writers = writers, .limit_mib = 1 },
	};
}

static int
set_up(void **state)
{
	(void)state;
	serving_begin(&serving);
	temporary_folder(&serving.folder, "notes");
	temporary_file(&serving.folder, "notes/index.gmi", PAGE);
	temporary_folder(&serving.folder, "notes/d");
	parts[0] = part("/cgi", any);
	parts[0].program.kind = RULES_CGI;
	parts[1] = part("/closed", none);
	parts[2] = part("/del", any);
	parts[2].upload.deletes = true;
	parts[3] = part("/notes", any);
	rules = (struct rules){ .parts = parts, .part_count = 4 };
	serving.host.rules = &rules;
	assert_int_equal(fdpass_pair(line), 0);
	serving.server.writer = &line[1];
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

static bool surplus;

static const struct identity valid = { .state = IDENTITY_VALID };
static const struct identity expired = { .state = IDENTITY_EXPIRED };
static const struct identity early = { .state = IDENTITY_EARLY };

static void
ask(const struct identity *client, const char *path, struct titan *titan,
    struct response *response)
{
	const struct uploads upload = { titan, STR("gemini://example.org"),
		surplus };
	struct request request = { .arena = &serving.arena,
		.network = 7,
		.client = client,
		.path = str_of(path) };

	titan->mime = STR("text/gemini");
	*response = (struct response){ 0 };
	uploads_answer(&serving.host, &request, &upload, response);
}

static void
refusals(void **state)
{
	static const struct {
		const struct identity *client;
		const char *path;
		uint64_t size;
		bool edits;
		enum status status;
		const char *meta; /* its start */
	} table[] = {
		{ NULL, "/notes/a.gmi", 5, false, STATUS_CERTIFICATE_REQUIRED,
		    "Writing" },
		{ NULL, "/notes/a.gmi", 0, true, STATUS_CERTIFICATE_REQUIRED,
		    "Writing" },
		{ NULL, "/notes", 5, false, STATUS_CERTIFICATE_REQUIRED, "" },
		{ &expired, "/notes/a.gmi", 5, false,
		    STATUS_CERTIFICATE_INVALID, "This certificate has" },
		{ &early, "/notes/a.gmi", 5, false, STATUS_CERTIFICATE_INVALID,
		    "This certificate is not valid yet" },
		{ &valid, "/a.gmi", 5, false, STATUS_BAD_REQUEST, "Nothing" },
		{ NULL, "/a.gmi", 5, false, STATUS_BAD_REQUEST, "Nothing" },
		{ &valid, "/notesx/a.gmi", 5, false, STATUS_BAD_REQUEST,
		    "Nothing" },
		{ &valid, "/closed/a.gmi", 5, false, STATUS_BAD_REQUEST,
		    "Nothing" },
		{ &valid, "/cgi/a.gmi", 5, false, STATUS_BAD_REQUEST,
		    "Nothing" },
		{ &valid, "/closed/a.gmi", 0, true, STATUS_BAD_REQUEST,
		    "Nothing" },
		{ &valid, "/notes/a.gmi", ((uint64_t)1 << 20) + 1, false,
		    STATUS_TOO_LARGE, "An upload has at most 1 MiB" },
		{ &valid, "/notes/a.gmi", UINT64_MAX, false, STATUS_TOO_LARGE,
		    "An upload has at most 1 MiB" },
		{ &valid, "/notes/a.gmi", 0, false, STATUS_TOO_LARGE,
		    "Nothing can be deleted" },
		{ &valid, "/notes/d", 0, true, STATUS_BAD_REQUEST,
		    "This is a directory" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct titan titan = { .size = table[i].size,
			.edits = table[i].edits };
		struct response response;
		char byte;

		ask(table[i].client, table[i].path, &titan, &response);
		if (response.status != table[i].status ||
		    !str_starts(response.meta, str_of(table[i].meta)))
			fail_msg("%zu: %s: %d %.*s", i, table[i].path,
			    (int)response.status, STR_ARG(response.meta));
		assert_null(response.remote);
		/* The writer is not disturbed. */
		assert_int_equal(
		    recv(line[0], &byte, 1, MSG_DONTWAIT | MSG_PEEK), -1);
		arena_release(&serving.arena);
	}
}

static void
sources(void **state)
{
	static const struct {
		const char *path, *text;
	} table[] = {
		{ "/notes/", PAGE },
		{ "/notes/index.gmi", PAGE },
		{ "/notes/new.gmi", "" },
		{ "/notes/d/", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct titan titan = { .edits = true };
		struct response response;
		char text[BODY_ROOM];
		ssize_t got = 0;

		ask(&valid, table[i].path, &titan, &response);
		assert_int_equal(response.status, STATUS_SUCCESS);
		assert_true(str_equals(response.meta, STR("text/gemini")));
		assert_non_null(response.body);
		if (!response.body->ended)
			got = body_pull(response.body, text, sizeof text);
		assert_int_equal(got, strlen(table[i].text));
		assert_memory_equal(text, table[i].text, (size_t)got);
		body_release(response.body);
		arena_release(&serving.arena);
	}
}

/* The writer's end of the pair of an upload, and its call. */
static int
take_call(struct uploadcall *call)
{
	static char bytes[UPLOADCALL_MAX];
	int fd;
	ssize_t got = fdpass_receive_message(line[0], bytes, sizeof bytes, &fd);

	assert_true(got > 0);
	assert_true(uploadcall_read((struct str){ bytes, (size_t)got }, call));
	return fd;
}

static void
calls(void **state)
{
	struct titan titan = { .size = 5, .has_base = true, .base = { 1 } };
	struct response response;
	struct uploadcall call;
	int fd;

	(void)state;
	ask(&valid, "/notes/", &titan, &response);
	assert_non_null(response.remote);
	fd = take_call(&call);
	assert_int_equal(call.host, 0);
	assert_int_equal(call.network, 7);
	assert_true(str_equals(call.path, STR("/notes/index.gmi")));
	assert_true(str_equals(call.mime, STR("text/gemini")));
	assert_int_equal(call.size, 5);
	assert_true(call.has_base && call.base[0] == 1);
	remote_release(response.remote);
	close(fd);
}

static void
answers(void **state)
{
	static const struct {
		const char *path;
		uint64_t size;
		struct str answer;
		enum status status;
		const char *meta;
	} table[] = {
		{ "/notes/a b.gmi", 5, STR_INIT("h\x1e\0x"), STATUS_REDIRECT,
		    "gemini://example.org/notes/a%20b.gmi" },
		{ "/notes/", 5, STR_INIT("h\x1e\0x"), STATUS_REDIRECT,
		    "gemini://example.org/notes/" },
		{ "/del/a.gmi", 0, STR_INIT("h\x1e\0x"), STATUS_REDIRECT,
		    "gemini://example.org/del/" },
		{ "/del/b/", 0, STR_INIT("h\x1e\0x"), STATUS_REDIRECT,
		    "gemini://example.org/del/b/" },
		{ "/notes/a.gmi", 5, STR_INIT("h\x3b\0No"), STATUS_BAD_REQUEST,
		    "No" },
		{ "/notes/a.gmi", 5,
		    STR_INIT("h\x28\0"
			     "Full"),
		    STATUS_FAILURE, "Full" },
		/* What no writer says. */
		{ "/notes/a.gmi", 5, STR_INIT("h\x14\0text/gemini"),
		    STATUS_FAILURE, "Something" },
		{ "/notes/a.gmi", 5, STR_INIT("h\x3b\0a\nb"), STATUS_FAILURE,
		    "Something" },
		{ "/notes/a.gmi", 5, STR_INIT("h\x3b\0"), STATUS_FAILURE,
		    "Something" },
		{ "/notes/a.gmi", 5, STR_INIT("h\x1f\0x"), STATUS_FAILURE,
		    "Something" },
		{ "/notes/a.gmi", 5, STR_INIT("x"), STATUS_FAILURE,
		    "Something" },
		{ "/notes/a.gmi", 5, STR_INIT(""), STATUS_FAILURE,
		    "The upload was not confirmed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct titan titan = { .size = table[i].size };
		struct response response;
		struct uploadcall call;
		struct remote *remote;
		int fd;

		ask(&valid, table[i].path, &titan, &response);
		remote = response.remote;
		assert_non_null(remote);
		fd = take_call(&call);
		assert_int_equal(
		    remote_take(remote, &serving.arena, &response), 0);
		if (table[i].answer.len > 0)
			assert_int_equal(send(fd, table[i].answer.at,
					     table[i].answer.len, 0),
			    table[i].answer.len);
		close(fd);
		assert_int_equal(
		    remote_take(remote, &serving.arena, &response), 1);
		if (response.status != table[i].status ||
		    !str_starts(response.meta, str_of(table[i].meta)))
			fail_msg("%zu: %d %.*s", i, (int)response.status,
			    STR_ARG(response.meta));
		remote_release(remote);
		arena_release(&serving.arena);
	}
}

static void
no_writer(void **state)
{
	struct titan titan = { .size = 5 };
	struct response response;

	(void)state;
	close(line[0]);
	ask(&valid, "/notes/a.gmi", &titan, &response);
	assert_int_equal(response.status, STATUS_FAILURE);
	serving.server.writer = NULL;
	ask(&valid, "/notes/a.gmi", &titan, &response);
	assert_int_equal(response.status, STATUS_FAILURE);
	assert_int_equal(fdpass_pair(line), 0);
}

static void
writable_hosts(void **state)
{
	(void)state;
	assert_non_null(rules_first_writable(serving.host.rules));
	rules.part_count = 2;
	assert_null(rules_first_writable(serving.host.rules));
	serving.host.rules = NULL;
	assert_null(rules_first_writable(serving.host.rules));
}

/* The first bytes of a body are judged after the rights. */
static void
surplus_is_refused(void **state)
{
	struct titan titan = { .size = 0 };
	struct response response;

	(void)state;
	surplus = true;
	ask(NULL, "/del/a.gmi", &titan, &response);
	assert_int_equal(response.status, STATUS_CERTIFICATE_REQUIRED);
	ask(&valid, "/del/a.gmi", &titan, &response);
	assert_int_equal(response.status, STATUS_BAD_REQUEST);
	assert_true(str_equals(response.meta, UPLOADLINE_SURPLUS_META));
	assert_null(response.remote);
	surplus = false;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refusals),
		TEST(sources),
		TEST(calls),
		TEST(answers),
		TEST(surplus_is_refused),
		TEST(no_writer),
		TEST(writable_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
