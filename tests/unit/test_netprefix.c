/* Address prefixes: parsing, and the addresses that match. */
#include "sys/netprefix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct net_address
address_of(const char *text)
{
	struct net_address address;

	if (net_address_parse(text, &address) == -1)
		fail_msg("%s", text);
	return address;
}

static void
test_membership(void **state)
{
	static const struct {
		const char *prefix, *address;
		bool in;
	} table[] = {
		{ "10.0.0.9", "10.0.0.9:1", true },
		{ "10.0.0.9", "10.0.0.8:1", false },
		{ "10.0.0.9", "[::ffff:10.0.0.9]:1", true },
		{ "10.0.0.9/24", "10.0.0.255:1", true },
		{ "10.0.0.9/24", "10.0.1.0:1", false },
		{ "10.0.0.128/25", "10.0.0.127:1", false },
		{ "0.0.0.0/0", "192.0.2.1:1", true },
		{ "0.0.0.0/0", "[::ffff:192.0.2.1]:1", true },
		{ "0.0.0.0/0", "[2001:db8::1]:1", false },
		{ "::/0", "[2001:db8::1]:1", true },
		{ "::/0", "10.0.0.9:1", false },
		{ "2001:db8::/32", "[2001:db8:ffff::1]:1", true },
		{ "2001:db8::/32", "[2001:db9::1]:1", false },
		{ "::1", "[::1]:1", true },
		{ "::1", "[::2]:1", false },
		{ "::ffff:10.0.0.9", "10.0.0.9:1", true },
		{ "::ffff:10.0.0.0/120", "10.0.0.7:1", true },
		{ "::ffff:10.0.0.0/120", "10.0.1.7:1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct net_address address = address_of(table[i].address);
		struct netprefix prefix;

		assert_int_equal(
		    netprefix_parse(str_of(table[i].prefix), &prefix), 0);
		if (netprefix_has(&prefix, &address) != table[i].in)
			fail_msg("%s in %s", table[i].address, table[i].prefix);
	}
}

static void
test_malformed(void **state)
{
	static const char too_long[] = "1111:2222:3333:4444:5555:6666:7777:8888"
				       ":9999:1111:2222:3333:4444:5555:6666";
	static const char *const table[] = { "", "/", "/8", "10.0.0.9/",
		"10.0.0.9/33", "10.0.0.9/-1", "10.0.0.9/8/8", "10.0.0", "10.1",
		"010.0.0.9", "10.0.0.9:80", "[::1]", "::1/129", "::g",
		"::ffff:10.0.0.9/95", "example.org", " 10.0.0.9", "10.0.0.9 ",
		too_long };
	struct netprefix prefix;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (netprefix_parse(str_of(table[i]), &prefix) != -1)
			fail_msg("\"%s\"", table[i]);
	assert_int_equal(netprefix_parse(STR("10.0.0.9\0"), &prefix), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_membership),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
