/* The parameters of Titan URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "text/titan.h"

#define BASE "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define GEMINI "text/gemini"

static struct arena arena;

static struct str
read_url(const char *rest, struct titan *out)
{
	static char url[2048];
	struct uri uri;

	snprintf(url, sizeof url, "titan://example.org%s", rest);
	assert_int_equal(uri_parse(&arena, str_of(url), &uri), 0);
	return titan_read(&arena, &uri, out);
}

static void
good(void **state)
{
	static const struct {
		const char *rest, *path;
		uint64_t size;
		const char *mime;
		bool edits, has_base;
	} table[] = {
		{ "/a.gmi;size=5", "/a.gmi", 5, GEMINI, false, false },
		{ "/a;mime=text/plain;size=0010;token=hello", "/a", 10,
		    "text/plain", false, false },
		{ "/a;mime=text%2Fplain%3B%20charset=utf-8;size=0", "/a", 0,
		    "text/plain; charset=utf-8", false, false },
		{ "/a;token=a/b;size=1", "/a", 1, GEMINI, false, false },
		{ "/a;token=;size=1", "/a", 1, GEMINI, false, false },
		{ "/d/;size=1", "/d/", 1, GEMINI, false, false },
		{ "/;size=1", "/", 1, GEMINI, false, false },
		{ "/a;b/c;size=1", "/a;b/c", 1, GEMINI, false, false },
		{ "/a%3Bsize=2;size=1", "/a%3Bsize=2", 1, GEMINI, false,
		    false },
		{ "/a;size=18446744073709551615", "/a", UINT64_MAX, GEMINI,
		    false, false },
		{ "/a;size=18446744073709551616", "/a", UINT64_MAX, GEMINI,
		    false, false },
		{ "/a;size=99999999999999999999999", "/a", UINT64_MAX, GEMINI,
		    false, false },
		{ "/a;size=1;base=" BASE, "/a", 1, GEMINI, false, true },
		{ "/a;edit", "/a", 0, GEMINI, true, false },
		{ "/a;b/c;edit", "/a;b/c", 0, GEMINI, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct titan titan;
		struct str defect = read_url(table[i].rest, &titan);

		if (defect.len > 0)
			fail_msg("%s: %.*s", table[i].rest, STR_ARG(defect));
		assert_true(str_equals(titan.path, str_of(table[i].path)));
		assert_int_equal(titan.edits, table[i].edits);
		assert_true(titan.size == table[i].size);
		assert_true(str_equals(titan.mime, str_of(table[i].mime)));
		assert_int_equal(titan.has_base, table[i].has_base);
		if (titan.has_base) {
			assert_int_equal(titan.base[1], 0x11);
			assert_int_equal(titan.base[31], 0xff);
		}
	}
}

static void
bad(void **state)
{
	static const struct {
		const char *rest, *words; /* a part of the defect */
	} table[] = {
		{ "/a", "no size" },
		{ "", "no size" },
		{ "/a;mime=text/plain", "no size" },
		{ "/a;size=1/b", "no size" },
		{ "/a;size", "parameters" },
		{ "/a;size=", "number" },
		{ "/a;size=-1", "number" },
		{ "/a;size=+1", "number" },
		{ "/a;size=1.0", "number" },
		{ "/a;size=0x1", "number" },
		{ "/a;size=%31", "number" },
		{ "/a;size=1%20", "number" },
		{ "/a;size=1;size=1", "twice" },
		{ "/a;size=1;mime=a/b;mime=a/b", "twice" },
		{ "/a;size=1;token=x;token=x", "twice" },
		{ "/a;SIZE=1", "parameters" },
		{ "/a;s%69ze=1", "parameters" },
		{ "/a;size=1;", "parameters" },
		{ "/a;;size=1", "parameters" },
		{ "/a;", "parameters" },
		{ "/a;size=1;x=2", "parameters" },
		{ "/a;size=1;edit", "parameters" },
		{ "/a;edit;size=1", "parameters" },
		{ "/a;edit;edit", "parameters" },
		{ "/a;edit=", "parameters" },
		{ "/a;size=1;mime=", "MIME" },
		{ "/a;size=1;mime=text%0Aplain", "MIME" },
		{ "/a;size=1;mime=text/%C3%BC", "MIME" },
		{ "/a;size=1;mime=%00", "MIME" },
		{ "/a;size=1;base=", "SHA-256" },
		{ "/a;size=1;base=" BASE "0", "SHA-256" },
		{ "/a;size=1;base=x" BASE, "SHA-256" },
		{ "/a;size=1;base="
		  "g0112233445566778899aabbccddeeff"
		  "00112233445566778899aabbccddeeff",
		    "SHA-256" },
		{ "/a;size=1?", "query" },
		{ "/a;edit?x", "query" },
		{ "/a?b;size=1", "query" },
		{ "/a;size=1#x", "fragment" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct titan titan;
		struct str defect = read_url(table[i].rest, &titan);
		struct str words = str_of(table[i].words);

		if (defect.len == 0 ||
		    memmem(defect.at, defect.len, words.at, words.len) == NULL)
			fail_msg("%s: %.*s", table[i].rest, STR_ARG(defect));
	}
}

static void
types_are_limited(void **state)
{
	char rest[512] = "/a;size=1;mime=";
	struct titan titan;

	(void)state;
	memset(rest + strlen(rest), 'x', TITAN_MIME_MAX);
	assert_int_equal(read_url(rest, &titan).len, 0);
	assert_int_equal(titan.mime.len, TITAN_MIME_MAX);
	rest[strlen(rest)] = 'x';
	assert_true(read_url(rest, &titan).len > 0);
}

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena, (size_t)64 << 10);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    types_are_limited, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
