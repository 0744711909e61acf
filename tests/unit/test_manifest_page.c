/* The manifest as a page: what it lists, whole and since a time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "folder.h"
#include "index/db.h"
#include "serve/manifest_page.h"
#include "sys/sha256.h"
#include "text/manifest.h"

#define SIZE ((size_t)1 << 20)
/* After the files' times. */
#define LATER "since=2100-01-01T00:00:00Z"

static char text[SIZE];
static const struct server server;
static const struct host host = { .server = &server, .tree = &tree };

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	temporary_file(&folder, "index.gmi", "# Home\n");
	temporary_file(&folder, "manifest.sig", "not listed");
	temporary_folder(&folder, "qa");
	temporary_file(&folder, "qa/new\nline", "odd");
	temporary_file(&folder, ".hidden", "hidden");
	arena_init(&arena, (size_t)8 << 20);
	return tree_init(&tree, folder.path, NULL);
}

static struct response
ask(const char *query)
{
	const struct request request = { .arena = &arena,
		.path = STR("/manifest"),
		.query = str_of(query),
		.has_query = query[0] != '\0' };
	struct response response;

	manifest_page_answer(&host, &request, &response);
	return response;
}

static size_t text_len;

static int
keep_bytes(struct sink *sink, struct str bytes)
{
	(void)sink;
	assert_true(bytes.len < SIZE - text_len);
	memcpy(text + text_len, bytes.at, bytes.len);
	text_len += bytes.len;
	return 0;
}

/* What was asked for, read. */
static struct manifest
get(const char *query)
{
	struct response response = ask(query);
	unsigned char hash[SHA256_SIZE];
	struct manifest manifest;
	struct sink sink = { keep_bytes };

	assert_int_equal(response.status, STATUS_SUCCESS);
	assert_true(str_equals(response.meta, STR("text/plain")));
	text_len = 0;
	assert_int_equal(body_write(response.body, &sink), 0);
	body_release(response.body);
	assert_int_equal(
	    manifest_parse(&arena, (struct str){ text, text_len }, &manifest),
	    0);
	assert_int_equal(
	    sha256_of((struct str){ text, manifest.hashed }, hash), 0);
	assert_memory_equal(manifest.total.hash, hash, sizeof hash);
	return manifest;
}

static void
it_lists_what_is_served(void **state)
{
	struct manifest manifest = get("");
	unsigned char hash[SHA256_SIZE];

	(void)state;
	assert_false(manifest.is_changes);
	assert_int_equal(manifest.count, 2);
	assert_true(str_equals(manifest.files[0].path, STR("index.gmi")));
	assert_true(str_equals(manifest.files[1].path, STR("qa/new\nline")));
	assert_int_equal(manifest.files[0].size, 7);
	assert_int_equal(sha256_of(STR("# Home\n"), hash), 0);
	assert_memory_equal(manifest.files[0].hash, hash, sizeof hash);
	assert_int_equal(manifest.total.bytes, 10);
}

static void
changes_say_how_the_whole_ends(void **state)
{
	static const struct {
		const char *query;
		size_t count;
	} table[] = {
		{ LATER, 0 },
		{ "since=2100-01-01T00%3A00%3a00Z", 0 },
		{ "since=2001-01-01T00:00:00Z", 2 },
	};
	const struct manifest whole = get("");

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct manifest changes = get(table[i].query);

		assert_true(changes.is_changes);
		assert_int_equal(changes.count, table[i].count);
		assert_int_equal(changes.whole.files, whole.total.files);
		assert_memory_equal(changes.whole.hash, whole.total.hash,
		    sizeof whole.total.hash);
	}
}

static void
a_time_has_one_form(void **state)
{
	static const char *const queries[] = { "since", "since=", "since=now",
		"x", "since=2001-01-01", "since=2001-01-01T00:00:00Z&x" };

	(void)state;
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
		assert_int_equal(ask(queries[i]).status, STATUS_BAD_REQUEST);
}

/* Lines longer than the room of a pull, and more than one pull passes on. */
static void
long_lines_are_whole(void **state)
{
	enum {
		COUNT = 100,
		DEPTH = 12
	};
	char name[4000] = "";
	size_t len = 0;

	(void)state;
	for (int i = 0; i < DEPTH; i++) {
		memset(name + len, '\\', 250);
		len += 250;
		temporary_folder(&folder, name);
		name[len++] = '/';
	}
	for (int i = 0; i < COUNT; i++) {
		snprintf(name + len, sizeof name - len, "%03d", i);
		temporary_file(&folder, name, "x");
	}
	/* Escaped, each is twice as long. */
	assert_int_equal(get("").count, 2 + COUNT);
	assert_int_equal(get("since=2001-01-01T00:00:00Z").count, 2 + COUNT);
}

/* A server waits for the index; it has no time to read every file. */
static void
without_an_index_it_is_later(void **state)
{
	const struct db_place none = { open("/", O_RDONLY), "none.db", false,
		0 };
	const struct host waiting = {
		.server = &server, .tree = &tree, .index = &none
	};
	const struct request request = { .arena = &arena,
		.path = STR("/manifest") };
	struct response response;

	(void)state;
	manifest_page_answer(&waiting, &request, &response);
	assert_int_equal(response.status, STATUS_UNAVAILABLE);
	assert_null(response.body);
}

static void
lack_of_memory_leaks_nothing(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct response response;

		arena_fail_at(&arena, n);
		response = ask(LATER);
		arena_fail_at(&arena, 0);
		body_release(response.body);
		if (response.status == STATUS_SUCCESS)
			break;
		assert_true(n < 10);
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, folder_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_lists_what_is_served),
		TEST(changes_say_how_the_whole_ends),
		TEST(a_time_has_one_form),
		TEST(long_lines_are_whole),
		TEST(without_an_index_it_is_later),
		TEST(lack_of_memory_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
