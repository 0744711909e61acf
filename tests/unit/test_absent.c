/* Files that a server says it does not have, and since when. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mirror/absent.h"
#include "temporary.h"

#define DAY ABSENT_LONG
#define NOON ((int64_t)1700000000)

static struct temporary temporary;
static struct replica replica;
static struct arena arena;

static int
set_up(void **state)
{
	static char path[4096];

	(void)state;
	temporary_make(&temporary);
	snprintf(path, sizeof path, "%s", temporary_path(&temporary, "copy"));
	arena_init(&arena, (size_t)1 << 20);
	return replica_open(&replica, path);
}

static int
tear_down(void **state)
{
	(void)state;
	replica_close(&replica);
	arena_release(&arena);
	temporary_remove(&temporary);
	return 0;
}

static struct absent
begin(int64_t now)
{
	struct absent absent = { .arena = &arena, .now = now };

	assert_int_equal(absent_read(&absent, &replica), 0);
	return absent;
}

static void
end(struct absent *absent)
{
	assert_int_equal(absent_write(absent, &replica), 0);
	absent_release(absent);
}

/* A run at that time, in which the request is answered so. */
static int
run(int64_t now, const char *request)
{
	struct absent absent = begin(now);
	int result = absent_add(&absent, str_of(request));

	end(&absent);
	return result;
}

static void
a_day_later(void **state)
{
	static const struct {
		int64_t now;
		int want;
	} table[] = {
		{ NOON, 0 },
		{ NOON, 0 },
		{ NOON + DAY - 1, 0 },
		{ NOON + DAY, 1 },
		{ NOON + 9 * DAY, 1 },
		/* The clock was ahead: from now on. */
		{ NOON - DAY, 0 },
		{ NOON - 1, 0 },
		{ NOON, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (run(table[i].now, "/dead.txt") != table[i].want)
			fail_msg("row %zu", i);
	assert_int_equal(run(NOON + DAY, "/other.txt"), 0);
}

static void
once_it_was_there(void **state)
{
	struct absent absent;

	(void)state;
	assert_int_equal(run(NOON, "/a"), 0);
	absent = begin(NOON + 1);
	absent_end(&absent, STR("/a"));
	absent_end(&absent, STR("/never"));
	end(&absent);
	assert_int_equal(run(NOON + DAY, "/a"), 0);
	assert_int_equal(run(NOON + 2 * DAY, "/a"), 1);
}

/* What was not asked for in a run stays as it was. */
static void
many(void **state)
{
	struct absent absent = begin(NOON);
	char requests[1000][16];

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		snprintf(requests[i], sizeof *requests, "/%zu", i * 7 % 1000);
		assert_int_equal(absent_add(&absent, str_of(requests[i])), 0);
	}
	end(&absent);
	assert_int_equal(run(NOON + DAY, "/new"), 0);
	absent = begin(NOON + DAY);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(absent_add(&absent, str_of(requests[i])), 1);
	assert_int_equal(absent_add(&absent, STR("/new")), 0);
	for (size_t i = 0; i < 1000; i++)
		absent_end(&absent, str_of(requests[i]));
	absent_end(&absent, STR("/new"));
	end(&absent);
	/* Nothing is left to be known. */
	assert_int_equal(replica_erase(&replica, REPLICA_OWN, "absent"), 0);
	absent = begin(NOON + DAY);
	assert_int_equal(absent.count, 0);
	absent_release(&absent);
}

/* Whatever is in the file. */
static void
spoilt(void **state)
{
	static const char text[] = "\n"
				   "garbage\n"
				   "2023-11-14T22:13:20Z\n"
				   "2023-11-14T22:13:20Z/a\n"
				   "2023-13-14T22:13:20Z /a\n"
				   "2023-11-14T22:13:20Z /b\n"
				   "2023-11-14T22:13:20Z /b c\r\n"
				   "2023-11-14T22:13:20Z /cut";
	struct absent absent;

	(void)state;
	assert_int_equal(
	    replica_write(&replica, REPLICA_OWN, "absent", str_of(text)), 0);
	absent = begin(NOON + DAY);
	assert_int_equal(absent.count, 2);
	assert_int_equal(absent_add(&absent, STR("/b")), 1);
	assert_int_equal(absent_add(&absent, STR("/b c\r")), 1);
	assert_int_equal(absent_add(&absent, STR("/a")), 0);
	assert_int_equal(absent_add(&absent, STR("/cut")), 0);
	absent_release(&absent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_day_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    once_it_was_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(spoilt, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
