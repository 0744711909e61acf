/* Who may ask for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/robots.h"

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
	const struct str names[] = { STR("archiver"), STR("capsule") };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (robots_allow(str_of(table[i].robots), names, 2,
			str_of(table[i].path)) != table[i].allowed)
			fail_msg("%s: %s", table[i].robots, table[i].path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
