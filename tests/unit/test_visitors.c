/* Visitors: how many there are, whoever counts and whatever the key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "sys/visitors.h"

#define NOON 100000u

static struct net_address
address_of(const char *text)
{
	struct net_address address;

	assert_int_equal(net_address_parse(text, &address), 0);
	return address;
}

/* The `n`th of many visitors. */
static struct net_address
somebody(size_t n)
{
	struct sockaddr_in four = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x0a000000u + (uint32_t)n * 7),
	};
	struct net_address address = { .len = sizeof four };

	memcpy(&address.at, &four, sizeof four);
	return address;
}

static void
enter(struct visitors *visitors, size_t from, size_t to, uint32_t now)
{
	for (size_t i = from; i < to; i++) {
		struct net_address peer = somebody(i);

		visitors_enter(visitors, &peer, now);
	}
}

/*
 * Within 3 %, or 6 of few that are not counted exactly: keys are random, and
 * of 129 visitors 4 share a cell in one of 8,000 runs.
 */
static void
assert_nearly(size_t got, size_t want)
{
	size_t most = want * 3 / 100;

	if (most < 6 && want > VISITORS_EXACT)
		most = 6;
	assert_in_range(got, want - most, want + most);
}

static void
few_are_counted_exactly(void **state)
{
	struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);

	(void)state;
	assert_non_null(visitors);
	assert_int_equal(visitors_count(NULL, NOON), 0);
	for (size_t i = 0; i < VISITORS_EXACT; i++) {
		assert_int_equal(visitors_count(visitors, NOON), i);
		enter(visitors, i, i + 1, NOON);
		enter(visitors, i / 2, i + 1, NOON);
	}
	assert_int_equal(visitors_count(visitors, NOON), VISITORS_EXACT);
	visitors_free(visitors);
}

static void
many_are_nearly_right(void **state)
{
	static const size_t counts[] = { 129, 200, 1000, 5000, 8394, 20000 };

	(void)state;
	for (size_t i = 0; i < 3 * sizeof counts / sizeof *counts; i++) {
		struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);
		size_t count = counts[i / 3];

		assert_non_null(visitors);
		enter(visitors, 0, count, NOON);
		enter(visitors, 0, count / 2, NOON + 1);
		assert_nearly(visitors_count(visitors, NOON + 2), count);
		if (count == 8394)
			print_message("8394 are %zu\n",
			    visitors_count(visitors, NOON + 2));
		visitors_free(visitors);
	}
}

/* Far more than was planned for: a large number, and no end. */
static void
too_many_are_many(void **state)
{
	struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);

	(void)state;
	assert_non_null(visitors);
	enter(visitors, 0, 1000000, NOON);
	assert_in_range(visitors_count(visitors, NOON), 200000, 1000000);
	visitors_free(visitors);
}

static void
they_leave_after_a_while(void **state)
{
	static const struct {
		size_t first, second;
	} rows[] = { { 20, 30 }, { 3000, 4000 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);
		size_t first = rows[i].first, all = first + rows[i].second;

		assert_non_null(visitors);
		enter(visitors, 0, first, NOON);
		enter(visitors, first, all, NOON + 200);
		assert_nearly(visitors_count(visitors, NOON + 299), all);
		assert_nearly(
		    visitors_count(visitors, NOON + 300), all - first);
		enter(visitors, 0, first, NOON + 400);
		assert_nearly(visitors_count(visitors, NOON + 499), all);
		assert_nearly(visitors_count(visitors, NOON + 500), first);
		assert_int_equal(visitors_count(visitors, NOON + 700), 0);
		visitors_free(visitors);
	}
}

/* After a crowd few are counted exactly again. */
static void
crowds_pass(void **state)
{
	struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);

	(void)state;
	assert_non_null(visitors);
	enter(visitors, 0, 10000, NOON);
	enter(visitors, 0, 40, NOON + 299);
	assert_nearly(visitors_count(visitors, NOON + 299), 10000);
	assert_int_equal(visitors_count(visitors, NOON + 300), 40);
	visitors_free(visitors);
}

/* Two days, in which each comes again every four minutes, in turns. */
static void
no_key_counts_twice(void **state)
{
	static const size_t counts[] = { 45, 1000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);
		uint32_t now = visitors_time(visitors);

		assert_non_null(visitors);
		for (size_t step = 0; step < 2 * 86400 / 30; step++) {
			assert_int_equal(visitors_keep(visitors, now), 0);
			for (size_t n = step % 8; n < counts[i]; n += 8)
				enter(visitors, n, n + 1, now);
			if (step >= 8 && i == 0)
				assert_int_equal(
				    visitors_count(visitors, now), counts[i]);
			else if (step >= 8)
				assert_nearly(
				    visitors_count(visitors, now), counts[i]);
			now += 30;
		}
		visitors_free(visitors);
	}
}

/* Who keeps a key's table away from its time sees that it is forgotten. */
static void
keys_change(void **state)
{
	struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);
	uint32_t now = visitors_time(visitors);

	(void)state;
	assert_non_null(visitors);
	enter(visitors, 0, 10, now);
	now += VISITORS_KEY_SECONDS - VISITORS_SECONDS;
	assert_int_equal(visitors_keep(visitors, now), 0);
	enter(visitors, 10, 14, now);
	assert_int_equal(visitors_count(visitors, now), 4);
	/* Only with the new table is anybody in both times at once. */
	assert_int_equal(visitors_keep(visitors, now + 60), 0);
	now += VISITORS_SECONDS + 60;
	assert_int_equal(visitors_keep(visitors, now), 0);
	enter(visitors, 12, 17, now);
	assert_int_equal(visitors_count(visitors, now), 5);
	visitors_free(visitors);
}

static void
what_a_visitor_is(void **state)
{
	static const struct {
		const char *address;
		size_t count; /* with those before it */
	} rows[] = {
		{ "192.0.2.1:1", 1 },
		{ "192.0.2.1:2", 1 },
		{ "192.0.2.2:1", 2 },
		{ "[::ffff:192.0.2.1]:1", 2 },
		{ "[2001:db8:0:1::1]:1", 3 },
		{ "[2001:db8:0:1:ffff::2]:1", 3 },
		{ "[2001:db8:0:2::1]:1", 4 },
		{ "127.0.0.1:1", 5 },
		{ "[::1]:1", 6 },
		{ "[::2]:1", 6 },
	};
	struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);

	(void)state;
	assert_non_null(visitors);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct net_address peer = address_of(rows[i].address);

		visitors_enter(visitors, &peer, NOON);
		assert_int_equal(visitors_count(visitors, NOON), rows[i].count);
	}
	visitors_free(visitors);
}

/* Processes that all meet the same people, and one that is killed. */
static void
workers_count_together(void **state)
{
	struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);
	pid_t killed, pid;
	int status;

	(void)state;
	assert_non_null(visitors);
	killed = fork();
	if (killed == 0)
		for (size_t i = 0;; i++)
			enter(visitors, i % 100, i % 100 + 1, NOON);
	for (size_t i = 0; i < 4; i++) {
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid != 0)
			continue;
		for (size_t n = 0; n < 50; n++)
			enter(visitors, 0, 100, NOON);
		_exit(0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_not_equal(waitpid(-1, &status, 0), -1);
		assert_int_equal(status, 0);
	}
	kill(killed, SIGKILL);
	assert_int_equal(waitpid(killed, &status, 0), killed);
	assert_int_equal(visitors_count(visitors, NOON), 100);
	visitors_free(visitors);
}

/* The memory that `visitors` shares: the only shared mapping so large. */
static unsigned char *
find_shared(size_t *size)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512], *end;
	unsigned char *found = NULL;

	assert_non_null(maps);
	*size = 0;
	while (fgets(line, sizeof line, maps) != NULL) {
		from = strtoul(line, &end, 16);
		to = strtoul(end + 1, &end, 16);
		if (strncmp(end, " rw-s ", 6) == 0 && to - from > 1 << 17) {
			found = (unsigned char *)from;
			*size = to - from;
		}
	}
	fclose(maps);
	assert_non_null(found);
	return found;
}

/* A worker that was taken over writes anything; the master goes on. */
static void
shared_memory_is_not_trusted(void **state)
{
	static const int bytes[] = { 0xff, 0x80, 0x7f, 0x01 };

	(void)state;
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		struct visitors *visitors = visitors_new(VISITORS_CELLS_MANY);
		uint32_t start = visitors_time(visitors), now = start;
		size_t size;
		unsigned char *shared = find_shared(&size);

		for (int step = 0; step < 8; step++) {
			memset(shared, bytes[i], size);
			assert_in_range(
			    visitors_time(visitors), start, start + 3600);
			enter(visitors, 0, 10, now);
			(void)visitors_count(visitors, now);
			now += VISITORS_KEY_SECONDS;
			assert_int_equal(visitors_keep(visitors, now), 0);
		}
		/* One key later all that was written is gone. */
		now += VISITORS_KEY_SECONDS;
		assert_int_equal(visitors_keep(visitors, now), 0);
		now += VISITORS_KEY_SECONDS;
		assert_int_equal(visitors_keep(visitors, now), 0);
		enter(visitors, 0, 10, now);
		assert_int_equal(visitors_count(visitors, now), 10);
		visitors_free(visitors);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_counted_exactly),
		cmocka_unit_test(many_are_nearly_right),
		cmocka_unit_test(too_many_are_many),
		cmocka_unit_test(they_leave_after_a_while),
		cmocka_unit_test(crowds_pass),
		cmocka_unit_test(no_key_counts_twice),
		cmocka_unit_test(keys_change),
		cmocka_unit_test(what_a_visitor_is),
		cmocka_unit_test(workers_count_together),
		cmocka_unit_test(shared_memory_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
