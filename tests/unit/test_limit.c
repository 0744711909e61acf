/* Fairness: who is let in, who waits, and who is never counted. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "fakeclock.h"
#include "sys/limit.h"

static const struct limit_rules rules = {
	.mode = LIMIT_ON,
	.open = 8,
	.rate = 1,
	.burst = 20,
	.ipv4_bits = 32,
	.ipv6_bits = 64,
	.room = 10000,
};

static struct net_address
address_of(const char *text)
{
	struct net_address address;

	assert_int_equal(net_address_parse(text, &address), 0);
	return address;
}

/* A table with one worker, which is number 0. */
static struct limit_table *
new_table(void)
{
	struct limit_table *table = limit_new();

	assert_non_null(table);
	assert_int_equal(limit_worker_begin(table), 0);
	return table;
}

/* Lets a client in and out again. */
static enum limit_verdict
visit(struct limit_table *table, const struct limit_rules *by, const char *text)
{
	struct net_address peer = address_of(text);
	struct limit_answer answer = limit_enter(table, by, 0, &peer);

	limit_leave(table, 0, &answer.entries);
	return answer.verdict;
}

/* What an answer cost of the processor counts as connections. */
static void
time_is_charged(void **state)
{
	static const uint64_t odd[] = { 0, 1 << 20, UINT64_MAX };
	struct limit_table *table = new_table();
	struct net_address peer = address_of("192.0.2.1:9");
	struct limit_answer answer;

	(void)state;
	answer = limit_enter(table, &rules, 0, &peer);
	limit_leave(table, 0, &answer.entries);
	/* As many as a worker that was taken over may say. */
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		limit_charge(table, &rules, odd[i], 1000);
	limit_charge(table, &rules, answer.network, -1);
	/* It has 19 left, and is charged for 17. */
	limit_charge(table, &rules, answer.network, 17L * LIMIT_CPU_MS);
	assert_int_equal(visit(table, &rules, "192.0.2.1:9"), LIMIT_PASS);
	assert_int_equal(visit(table, &rules, "192.0.2.1:9"), LIMIT_PASS);
	assert_int_equal(visit(table, &rules, "192.0.2.1:9"), LIMIT_SLOW);
	assert_int_equal(visit(table, &rules, "192.0.2.2:9"), LIMIT_PASS);
	/* No charge, however large, becomes a debt. */
	limit_charge(table, &rules, answer.network, LONG_MAX);
	limit_charge(table, &rules, answer.network, LONG_MAX);
	fakeclock_forward_ms(2000);
	assert_int_equal(visit(table, &rules, "192.0.2.1:9"), LIMIT_PASS);
	limit_free(table);
}

static void
bursts_end(void **state)
{
	struct limit_table *table = new_table();
	size_t passed = 0, slowed = 0, dropped = 0;

	(void)state;
	for (size_t i = 0; i < 120; i++)
		switch (visit(table, &rules, "192.0.2.1:1")) {
		case LIMIT_PASS: passed++; break;
		case LIMIT_SLOW: slowed++; break;
		case LIMIT_DROP: dropped++; break;
		}
	assert_int_equal(passed, 20);
	assert_int_equal(slowed, 41);
	assert_int_equal(dropped, 120 - passed - slowed);
	/* Whoever else comes is another. */
	assert_int_equal(visit(table, &rules, "192.0.2.2:1"), LIMIT_PASS);
	limit_free(table);
}

/* Who asks again now and then is let in again. */
static void
waiting_helps(void **state)
{
	struct limit_table *table = new_table();

	(void)state;
	for (size_t i = 0; i < 120; i++)
		visit(table, &rules, "192.0.2.1:1");
	/* A second pays one token, and as many as the burst are owed. */
	fakeclock_forward_ms(20000);
	assert_int_equal(visit(table, &rules, "192.0.2.1:1"), LIMIT_SLOW);
	fakeclock_forward_ms(1500);
	assert_int_equal(visit(table, &rules, "192.0.2.1:1"), LIMIT_PASS);
	limit_free(table);
}

/* Workers read the clock one after the other, and change a bucket in between.
 */
static void
a_time_before_the_last_change(void **state)
{
	struct limit_table *table;

	(void)state;
	fakeclock_stop();
	table = new_table();
	fakeclock_forward_ms(10000);
	for (size_t i = 0; i < 120; i++)
		visit(table, &rules, "192.0.2.1:1");
	/* Back by those ten seconds. */
	fakeclock_stop();
	assert_int_equal(visit(table, &rules, "192.0.2.1:1"), LIMIT_DROP);
	limit_free(table);
}

static void
networks(void **state)
{
	static const struct {
		const char *flood, *other;
		enum limit_verdict verdict; /* on the other */
	} table[] = {
		{ "192.0.2.1:1", "192.0.2.1:2", LIMIT_DROP },
		{ "192.0.2.1:1", "192.0.2.0:1", LIMIT_PASS },
		{ "192.0.2.1:1", "[::ffff:192.0.2.1]:1", LIMIT_DROP },
		{ "[2001:db8::1]:1", "[2001:db8::ffff:1]:1", LIMIT_DROP },
		{ "[2001:db8::1]:1", "[2001:db8:0:1::1]:1", LIMIT_PASS },
		{ "127.0.0.1:1", "127.0.0.1:1", LIMIT_PASS },
		{ "[::1]:1", "[::1]:1", LIMIT_PASS },
		{ "[::ffff:127.0.0.1]:1", "127.0.0.1:1", LIMIT_PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct limit_table *limits = new_table();

		for (size_t j = 0; j < 120; j++)
			visit(limits, &rules, table[i].flood);
		assert_int_equal(
		    visit(limits, &rules, table[i].other), table[i].verdict);
		limit_free(limits);
	}
}

/* However much of an address the operator takes for one host. */
static void
prefixes(void **state)
{
	static const struct {
		unsigned ipv4_bits, ipv6_bits;
		const char *flood, *other;
		enum limit_verdict verdict; /* on the other */
	} table[] = {
		{ 24, 64, "192.0.2.1:1", "192.0.2.255:1", LIMIT_DROP },
		{ 24, 64, "192.0.2.1:1", "192.0.3.1:1", LIMIT_PASS },
		{ 25, 64, "192.0.2.1:1", "192.0.2.127:1", LIMIT_DROP },
		{ 25, 64, "192.0.2.1:1", "192.0.2.128:1", LIMIT_PASS },
		{ 8, 64, "192.0.2.1:1", "[::ffff:192.9.9.9]:1", LIMIT_DROP },
		{ 32, 48, "[2001:db8::1]:1", "[2001:db8:0:1::]:1", LIMIT_DROP },
		{ 32, 48, "[2001:db8::1]:1", "[2001:db8:1::1]:1", LIMIT_PASS },
		{ 32, 49, "[2001:db8::1]:1", "[2001:db8:0:8000::]:1",
		    LIMIT_PASS },
		{ 32, 128, "[2001:db8::1]:1", "[2001:db8::2]:1", LIMIT_PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct limit_table *limits = new_table();
		struct limit_rules by = rules;

		by.ipv4_bits = table[i].ipv4_bits;
		by.ipv6_bits = table[i].ipv6_bits;
		for (size_t j = 0; j < 120; j++)
			visit(limits, &by, table[i].flood);
		if (visit(limits, &by, table[i].other) != table[i].verdict)
			fail_msg("%s: %s", table[i].flood, table[i].other);
		limit_free(limits);
	}
}

static void
modes(void **state)
{
	struct limit_rules all = rules, off = rules;
	struct limit_table *table = new_table();

	(void)state;
	all.mode = LIMIT_ALL;
	off.mode = LIMIT_OFF;
	for (size_t i = 0; i < 120; i++)
		visit(table, &all, "127.0.0.1:1");
	assert_int_equal(visit(table, &all, "127.0.0.1:1"), LIMIT_DROP);
	assert_int_equal(visit(table, &off, "127.0.0.1:1"), LIMIT_PASS);
	limit_free(table);
}

static void
open_ones_are_counted(void **state)
{
	struct limit_table *table = limit_new();
	struct net_address peer = address_of("192.0.2.1:1");
	struct limit_answer answers[8];
	size_t first, second;

	(void)state;
	assert_non_null(table);
	first = limit_worker_begin(table);
	second = limit_worker_begin(table);
	assert_int_not_equal(first, second);
	for (size_t i = 0; i < 8; i++) {
		answers[i] = limit_enter(
		    table, &rules, i % 2 == 0 ? first : second, &peer);
		assert_int_equal(answers[i].verdict, LIMIT_PASS);
	}
	assert_int_equal(
	    limit_enter(table, &rules, first, &peer).verdict, LIMIT_SLOW);
	/* A worker that is gone has nothing open any more. */
	limit_worker_end(table, first);
	assert_int_equal(limit_worker_begin(table), first);
	assert_int_equal(
	    limit_enter(table, &rules, first, &peer).verdict, LIMIT_PASS);
	for (size_t i = 1; i < 8; i += 2)
		limit_leave(table, second, &answers[i].entries);
	limit_free(table);
}

/* One child's clients count for the other, whatever becomes of it. */
static void
children_share(void **state)
{
	struct limit_table *table = new_table();
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < 120; i++)
			visit(table, &rules, "192.0.2.1:1");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(visit(table, &rules, "192.0.2.1:1"), LIMIT_DROP);
	limit_free(table);
}

/* The address 2001:db8:XXXX:XXYY::1, where the digits are those of `i`. */
static struct net_address
ipv6_of(uint32_t i)
{
	struct net_address peer = address_of("[2001:db8::1]:1");
	struct sockaddr_in6 six;

	memcpy(&six, &peer.at, sizeof six);
	for (size_t at = 0; at < 4; at++)
		six.sin6_addr.s6_addr[4 + at] = (uint8_t)(i >> 8 * (3 - at));
	memcpy(&peer.at, &six, sizeof six);
	return peer;
}

/* A client from the /48 of that number comes to stay. */
static enum limit_verdict
stay(struct limit_table *table, const struct limit_rules *by, uint32_t number)
{
	struct net_address peer = ipv6_of(number << 16);

	return limit_enter(table, by, 0, &peer).verdict;
}

/* What is let in of a flood in which each client is of another /64. */
static void
larger_networks(void **state)
{
	static const struct {
		const char *what;
		unsigned ipv6_bits, open, burst;
		uint32_t networks, step;
		bool leave;
		size_t passes;
	} table[] = {
		{ "burst of a /56", 64, 5000, 20, 256, 1, true, 80 },
		{ "burst of a /48", 64, 5000, 20, 2000, 1, true, 320 },
		{ "a /56 is the network", 56, 5000, 20, 256, 1, true, 20 },
		{ "and its /48", 56, 5000, 5, 256, 256, true, 80 },
		{ "a /52 is the network", 52, 5000, 20, 256, 1, true, 20 },
		{ "a /48 is the network", 48, 5000, 20, 2000, 1, true, 20 },
		{ "a /47 is the network", 47, 5000, 20, 2000, 1, true, 20 },
		{ "open of a /56", 64, 8, 9000, 256, 1, false, 32 },
		{ "open of a /48", 64, 8, 9000, 256, 256, false, 128 },
		{ "open of a worker", 64, 500, 9000, 8000, 8, false, 2500 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct limit_table *limits = new_table();
		struct limit_rules by = rules;
		size_t passed = 0;

		by.ipv6_bits = table[i].ipv6_bits;
		by.open = table[i].open;
		by.burst = table[i].burst;
		for (uint32_t j = 0; j < table[i].networks; j++) {
			struct net_address peer = ipv6_of(j * table[i].step);
			struct limit_answer answer =
			    limit_enter(limits, &by, 0, &peer);

			passed += answer.verdict == LIMIT_PASS;
			if (table[i].leave)
				limit_leave(limits, 0, &answer.entries);
		}
		if (passed != table[i].passes)
			fail_msg("%s: %zu", table[i].what, passed);
		limit_free(limits);
	}
}

/* A flood of one network uses up nothing of its neighbours. */
static void
neighbours_of_a_flood(void **state)
{
	struct limit_table *table = new_table();

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		visit(table, &rules, "[2001:db8::1]:1");
	assert_int_equal(visit(table, &rules, "[2001:db8::1]:1"), LIMIT_DROP);
	assert_int_equal(
	    visit(table, &rules, "[2001:db8:0:1::1]:1"), LIMIT_PASS);
	limit_free(table);
}

/* A table full of others shuts nobody out, however many they are. */
static void
crowds_shut_nobody_out(void **state)
{
	struct limit_table *table = new_table();

	(void)state;
	/* Each from a /48 of its own, and they stay. */
	for (uint32_t i = 0; i < 65536; i++)
		assert_int_equal(stay(table, &rules, i), LIMIT_PASS);
	assert_int_equal(visit(table, &rules, "192.0.2.1:1"), LIMIT_PASS);
	limit_free(table);
}

/* Those for whom there is no room share what they may do. */
static void
crowds_are_counted(void **state)
{
	struct limit_table *table = new_table();
	struct limit_rules by = rules;
	size_t passed = 0;

	(void)state;
	by.open = 1;
	for (uint32_t i = 0; i < 65536; i++)
		passed += stay(table, &by, i) == LIMIT_PASS;
	/* 2048 sets of four, and 16 more for each. */
	assert_in_range(passed, 20000, 2048 * (4 + 16));
	/* One address, when all of the table is taken by others. */
	passed = 0;
	for (size_t i = 0; i < 1000; i++) {
		struct net_address peer = address_of("192.0.2.1:1");

		passed +=
		    limit_enter(table, &rules, 0, &peer).verdict == LIMIT_PASS;
	}
	assert_in_range(passed, 1, 16 * 8);
	limit_free(table);
}

/* One client each from 65536 networks, which does not stay. */
static void
pass_by(struct limit_table *table, const struct limit_rules *by)
{
	for (uint32_t i = 0; i < 65536; i++) {
		struct net_address peer = ipv6_of(i << 16);
		struct limit_answer answer = limit_enter(table, by, 0, &peer);

		assert_int_equal(answer.verdict, LIMIT_PASS);
		limit_leave(table, 0, &answer.entries);
	}
}

/* However many others come, a debt is not forgotten. */
static void
crowds_cancel_no_debt(void **state)
{
	struct limit_table *table = new_table();
	struct limit_rules slow = rules;

	(void)state;
	/* It is paid back in minutes. */
	slow.burst = 600;
	for (size_t i = 0; i < 3600; i++)
		visit(table, &slow, "192.0.2.1:1");
	pass_by(table, &slow);
	assert_int_equal(visit(table, &slow, "192.0.2.1:1"), LIMIT_DROP);
	limit_free(table);
}

/* Nor are connections, when all tokens have long come back. */
static void
crowds_hide_no_connections(void **state)
{
	struct limit_table *table = new_table();
	struct net_address peer = address_of("192.0.2.1:1");
	struct limit_rules quick = rules;

	(void)state;
	quick.rate = 10000;
	for (size_t i = 0; i < quick.open; i++)
		assert_int_equal(
		    limit_enter(table, &quick, 0, &peer).verdict, LIMIT_PASS);
	fakeclock_forward_ms(1000);
	pass_by(table, &quick);
	assert_int_equal(
	    limit_enter(table, &quick, 0, &peer).verdict, LIMIT_SLOW);
	limit_free(table);
}

/* Every number is counted, and there are enough of them for all reloads. */
static void
workers_are_numbered(void **state)
{
	struct limit_table *table = limit_new();
	struct net_address peer = address_of("192.0.2.1:1");

	(void)state;
	assert_non_null(table);
	for (size_t i = 0; i < LIMIT_WORKERS; i++)
		assert_int_equal(limit_worker_begin(table), i);
	assert_int_equal(limit_worker_begin(table), LIMIT_NONE);
	limit_worker_end(table, LIMIT_NONE);
	for (size_t i = 0; i < rules.open; i++)
		assert_int_equal(
		    limit_enter(table, &rules, LIMIT_WORKERS - 1 - i, &peer)
			.verdict,
		    LIMIT_PASS);
	for (size_t i = 0; i < LIMIT_WORKERS; i += 250)
		assert_int_equal(
		    limit_enter(table, &rules, i, &peer).verdict, LIMIT_SLOW);
	/* What they had open is forgotten with them. */
	for (size_t i = 0; i < LIMIT_WORKERS; i++)
		limit_worker_end(table, i);
	assert_int_equal(limit_worker_begin(table), 0);
	assert_int_equal(
	    limit_enter(table, &rules, 0, &peer).verdict, LIMIT_PASS);
	limit_free(table);
}

/* The memory that workers share lies there under this name. */
static void *
find_shared(size_t *size)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], *rest;
	uintptr_t begin = 0;
	int found = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof line, maps) != NULL) {
		if (strstr(line, "rw-s") == NULL ||
		    strstr(line, "/dev/zero") == NULL)
			continue;
		begin = strtoul(line, &rest, 16);
		*size = strtoul(rest + 1, NULL, 16) - begin;
		found++;
	}
	fclose(maps);
	assert_int_equal(found, 1);
	return (void *)begin;
}

static void
fill_shared(int byte)
{
	size_t size = 0;
	void *shared = find_shared(&size);

	memset(shared, byte, size);
}

/* How many workers there are is at the start of what they share. */
static void
workers_are_not_asked_how_many_they_are(void **state)
{
	struct net_address peer = address_of("192.0.2.1:1");
	struct limit_table *table = new_table();
	size_t size;

	(void)state;
	assert_int_equal(limit_worker_begin(table), 1);
	for (unsigned i = 0; i < rules.open; i++)
		assert_int_equal(
		    limit_enter(table, &rules, 1, &peer).verdict, LIMIT_PASS);
	*(size_t *)find_shared(&size) = 0;
	limit_worker_end(table, 0);
	assert_int_equal(limit_worker_begin(table), 0);
	assert_int_equal(
	    limit_enter(table, &rules, 0, &peer).verdict, LIMIT_SLOW);
	limit_free(table);
}

/* Those that a worker knew of when it began are counted whatever is there. */
static void
workers_are_not_hidden(void **state)
{
	struct net_address peer = address_of("192.0.2.1:1");
	struct limit_table *table = new_table();
	size_t size;

	(void)state;
	assert_int_equal(limit_worker_begin(table), 1);
	for (unsigned i = 0; i < rules.open; i++)
		assert_int_equal(
		    limit_enter(table, &rules, 1, &peer).verdict, LIMIT_PASS);
	for (size_t hidden = 0; hidden < 2; hidden++) {
		*(size_t *)find_shared(&size) = hidden;
		assert_int_equal(
		    limit_enter(table, &rules, 0, &peer).verdict, LIMIT_SLOW);
	}
	limit_free(table);
}

/* A worker that was led astray does not take the others with it. */
static void
others_may_write_anything(void **state)
{
	static const int bytes[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct net_address peer = address_of("192.0.2.1:1");

	(void)state;
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		struct limit_table *table = limit_new();
		struct limit_answer answer;

		assert_non_null(table);
		fill_shared(bytes[i]);
		answer = limit_enter(table, &rules, 0, &peer);
		limit_leave(table, 0, &answer.entries);
		limit_worker_end(table, limit_worker_begin(table));
		limit_free(table);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_charged),
		cmocka_unit_test(bursts_end),
		cmocka_unit_test(waiting_helps),
		cmocka_unit_test(a_time_before_the_last_change),
		cmocka_unit_test(networks),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(modes),
		cmocka_unit_test(larger_networks),
		cmocka_unit_test(neighbours_of_a_flood),
		cmocka_unit_test(open_ones_are_counted),
		cmocka_unit_test(children_share),
		cmocka_unit_test(crowds_shut_nobody_out),
		cmocka_unit_test(crowds_are_counted),
		cmocka_unit_test(crowds_cancel_no_debt),
		cmocka_unit_test(crowds_hide_no_connections),
		cmocka_unit_test(workers_are_numbered),
		cmocka_unit_test(others_may_write_anything),
		cmocka_unit_test(workers_are_not_asked_how_many_they_are),
		cmocka_unit_test(workers_are_not_hidden),
	};

	/* No token comes back but in time that a test lets pass. */
	fakeclock_stop();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
