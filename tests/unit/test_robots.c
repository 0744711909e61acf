/* Who may ask for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/robots.h"

#define ARENA_CAP ((size_t)1 << 16)

static const struct str names[] = { STR_INIT("archiver"), STR_INIT("capsule"),
	STR_INIT("") };

static const struct {
	const char *robots, *path;
	bool allowed;
} table[] = {
	{ "", "/", true },
	{ "hello\n<html>\n", "/", true },
	{ "User-agent: *\nDisallow:\n", "/a", true },
	{ "User-agent: *\nDisallow: /\n", "/a", false },
	{ "User-agent: *\nDisallow: /", "/", false },
	{ "User-agent: *\nDisallow: /a\n", "/a", false },
	{ "User-agent: *\nDisallow: /a\n", "/abc", false },
	{ "User-agent: *\nDisallow: /a/\n", "/a", true },
	{ "User-agent: *\nDisallow: /a/\n", "/a/b", false },
	{ "User-agent: *\nDisallow: /A\n", "/a", true },
	{ "Disallow: /\n", "/a", true },
	{ "User-agent: *\r\nDisallow: /a\r\n", "/a", false },
	{ "\xef\xbb\xbfUser-agent: *\nDisallow: /a\n", "/a", false },
	{ "user-AGENT:*\nDISALLOW:/a\n", "/a", false },
	{ "  User-agent : * # all\n Disallow : /a # this\n", "/a", false },
	{ "# User-agent: *\nDisallow: /a\n", "/a", true },
	{ "User-agent: archiver\nDisallow: /a\n", "/a", false },
	{ "User-agent: Archiver\nDisallow: /a\n", "/a", false },
	{ "User-agent: archiver2\nDisallow: /a\n", "/a", true },
	{ "User-agent: indexer\nDisallow: /a\n", "/a", true },
	{ "User-agent: indexer\nUser-agent: archiver\nDisallow: /a\n", "/a",
	    false },
	{ "User-agent: archiver\nUser-agent: indexer\nDisallow: /a\n", "/a",
	    false },
	{ "User-agent: archiver\n\nDisallow: /a\n", "/a", false },
	{ "User-agent: archiver\nDisallow: /x\nUser-agent: indexer\n"
	  "Disallow: /a\n",
	    "/a", true },
	{ "User-agent: archiver\nDisallow: /x\nDisallow: /a\n", "/a", false },
	/* Who is named is not everybody, wherever the groups stand. */
	{ "User-agent: *\nDisallow: /\n\nUser-agent: archiver\nDisallow:\n",
	    "/a", true },
	{ "User-agent: archiver\nDisallow:\n\nUser-agent: *\nDisallow: /\n",
	    "/a", true },
	{ "User-agent: *\nDisallow:\n\nUser-agent: archiver\nDisallow: /\n",
	    "/a", false },
	{ "User-agent: capsule\nDisallow: /a\nUser-agent: archiver\n"
	  "Disallow: /b\n",
	    "/b", false },
	{ "User-agent: *\nAllow: /a\nDisallow: /a\n", "/a", false },
	{ "User-agent: *\nCrawl-delay: 9\nDisallow: /a\n", "/a", false },
	/* Encoded or not, it is the same path. */
	{ "User-agent: *\nDisallow: /a%20b\n", "/a b/c", false },
	{ "User-agent: *\nDisallow: /a b\n", "/a b", false },
	{ "User-agent: *\nDisallow: /%7Eann\n", "/~ann/", false },
	{ "User-agent: *\nDisallow: /100%\n", "/100%", false },
	{ "User-agent: *\nDisallow: /%\n", "/%", false },
	{ "User-agent: *\nDisallow: /a%2\n", "/a%2", false },
};

static void
allowed(void **state)
{
	struct robots robots;
	struct arena arena;

	(void)state;
	arena_init(&arena, ARENA_CAP);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct str text = str_of(table[i].robots);

		assert_int_equal(robots_read(&arena, text, names, &robots), 0);
		if (robots_allow(&robots, str_of(table[i].path)) !=
		    table[i].allowed)
			fail_msg("%s: %s", table[i].robots, table[i].path);
	}
	arena_release(&arena);
}

static void
no_memory(void **state)
{
	struct robots robots;
	struct arena arena;

	(void)state;
	arena_init(&arena, ARENA_CAP);
	arena_fail_at(&arena, 1);
	assert_int_equal(robots_read(&arena, STR(""), names, &robots), -1);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allowed),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
