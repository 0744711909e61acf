/* Which zone a path is in, however it is spelled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tree/zones.h"

static const char *const friends[] = { "friends", NULL };
static const char *const others[] = { "friends", "others", NULL };
static const char *const open_to_all[] = { NULL };

static const struct zone all[] = {
	{ STR_INIT("/a"), friends, false },
	{ STR_INIT("/a/b"), open_to_all, false },
	{ STR_INIT("/a/b/c.gmi"), others, false },
	{ STR_INIT("/a/like"), friends, false },
	{ STR_INIT("/caf\xc3\xa9"), friends, false },
	{ STR_INIT("/run"), open_to_all, true },
	{ STR_INIT("/run/friends"), friends, true },
	{ STR_INIT("/run/open"), open_to_all, false },
};
static const struct zones zones = { all, sizeof all / sizeof *all };

static const struct {
	const char *path;
	int zone; /* -1: open */
} table[] = {
	{ "/", -1 },
	{ "/a", 0 },
	{ "/a/", 0 },
	{ "/a/x", 0 },
	{ "/ab", -1 },
	{ "/a.gmi", -1 },
	{ "/A/", -1 },
	{ "/x/a", -1 },
	{ "/a/b", -1 },
	{ "/a/b/", -1 },
	{ "/a/b/c", -1 },
	{ "/a/b/c.gmi", 2 },
	{ "/a/bc", 0 },
	{ "/caf\xc3\xa9/x", 4 },
	{ "/cafe\xcc\x81/x", 4 },
	{ "/cafe\xcc\x81/\xff", 4 },
	{ "/cafe\xcc\x81", 4 },
	{ "/cafe/x", -1 },
	{ "/caf\xe9/x", -1 },
	{ "/run", 5 },
	{ "/run/", 5 },
	{ "/run/x", 5 },
	{ "/run/friends/x", 6 },
	{ "/run/open/x", -1 },
	{ "/runs", -1 },
};

static void
test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct zone *zone;
		struct arena arena;
		struct str path;

		arena_init(&arena, 4096);
		assert_int_equal(
		    zones_path(&arena, str_of(table[i].path), &path), 0);
		zone = zones_find(&zones, path);
		if ((zone == NULL ? -1 : (int)(zone - all)) != table[i].zone)
			fail_msg("%s", table[i].path);
		assert_int_equal(
		    zones_show(&zones, NULL, str_of(table[i].path)),
		    table[i].zone == -1);
		arena_release(&arena);
	}
}

/* Parts of equal readers show each other, others do not. */
static void
test_show(void **state)
{
	(void)state;
	assert_true(zones_show(&zones, &all[0], STR("/a/x")));
	assert_true(zones_show(&zones, &all[3], STR("/a/x")));
	assert_true(zones_show(&zones, &all[0], STR("/caf\xc3\xa9/")));
	assert_true(zones_show(&zones, &all[0], STR("/")));
	assert_false(zones_show(&zones, &all[0], STR("/a/b/c.gmi")));
	assert_false(zones_show(&zones, &all[2], STR("/a/x")));
	assert_true(zones_show(NULL, NULL, STR("/a/x")));
	/* A hidden part is shown to no visitor. */
	assert_false(zones_show(&zones, &all[5], STR("/run/x")));
	assert_false(zones_show(&zones, &all[6], STR("/run/friends/x")));
	assert_false(zones_show(&zones, &all[0], STR("/run/friends/x")));
	assert_true(zones_show(&zones, &all[5], STR("/run/open/x")));
}

static void
test_whole(void **state)
{
	static const struct zone whole[] = {
		{ STR_INIT(""), friends, false },
		{ STR_INIT("/open"), open_to_all, false },
	};
	static const struct zones of_whole = { whole, 2 };

	(void)state;
	assert_ptr_equal(zones_find(&of_whole, STR("/")), &whole[0]);
	assert_ptr_equal(zones_find(&of_whole, STR("/x/y")), &whole[0]);
	assert_null(zones_find(&of_whole, STR("/open/x")));
}

static void
test_number(void **state)
{
	const struct zone other[] = { { STR("/a"), open_to_all, false } };
	const struct zone hidden[] = { { STR("/a"), open_to_all, true } };
	const struct zones fewer = { all, 1 }, opened = { other, 1 },
			   closed = { hidden, 1 };

	(void)state;
	assert_int_equal(zones_number(NULL), 0);
	assert_int_not_equal(zones_number(&zones), 0);
	assert_int_not_equal(zones_number(&fewer), zones_number(&zones));
	assert_int_not_equal(zones_number(&fewer), zones_number(&opened));
	assert_int_not_equal(zones_number(&closed), zones_number(&opened));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
