/* The host of a name: exact names, wildcards, and other spellings. */
#include "text/hostnames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct hostnames_found
look_up(const struct hostnames *names, struct str name)
{
	struct arena arena;
	struct hostnames_found found;

	arena_init(&arena, 4096);
	found = hostnames_find(names, &arena, name);
	arena_release(&arena);
	return found;
}

static void
names_of_all_forms(void **state)
{
	static const struct {
		const char *name;
		size_t host;
		bool by_wildcard;
	} table[] = {
		{ "open.example", 0, false },
		{ "Open.EXAMPLE", 0, false },
		{ "open.example.", 0, false },
		{ "open.example..", HOSTNAMES_NONE, false },
		{ "www.example.org", 1, false },
		{ "WWW.example.org.", 1, false },
		{ "example.org", HOSTNAMES_NONE, false },
		{ "evilexample.org", HOSTNAMES_NONE, false },
		{ "x.example.org", 2, true },
		{ "X.Example.Org.", 2, true },
		{ "a.b.example.org", HOSTNAMES_NONE, false },
		{ "a.deep.example.org", 3, true },
		{ "deep.example.org", 2, true },
		{ "*.example.org", HOSTNAMES_NONE, false },
		{ "*", HOSTNAMES_NONE, false },
		{ ".example.org", HOSTNAMES_NONE, false },
		{ "caf\xc3\xa9.example", 4, false },
		{ "xn--caf-dma.example", 4, false },
		{ "caf\xc3\xa9.example.org", 2, true },
		{ "192.0.2.1", 5, false },
		{ "1.0.2.1", HOSTNAMES_NONE, false },
		{ "x.0.2.1", 6, true },
		{ "2001:db8::1", 7, false },
		{ "2001:DB8:0::1", 7, false },
		{ "", HOSTNAMES_NONE, false },
		{ "open", HOSTNAMES_NONE, false },
	};
	static const char *const known[] = { "open.example", "www.example.org",
		"*.example.org", "*.deep.example.org", "xn--caf-dma.example",
		"192.0.2.1", "*.0.2.1", "2001:db8::1" };
	struct hostnames *names = hostnames_new(9);

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		hostnames_add(names, str_of(known[i]), i);
	/* The first host keeps it. */
	hostnames_add(names, STR("open.example"), 9);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct hostnames_found found =
		    look_up(names, str_of(table[i].name));

		if (found.host != table[i].host ||
		    found.by_wildcard != table[i].by_wildcard)
			fail_msg("%s: %zu", table[i].name, found.host);
	}
	assert_int_equal(
	    look_up(names, (struct str){ "open.example\0", 13 }).host,
	    HOSTNAMES_NONE);
	hostnames_free(names);
}

/* A table that is as full as it may be. */
static void
many_names(void **state)
{
	static char text[500][16];
	struct hostnames *names = hostnames_new(500);

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		snprintf(text[i], sizeof text[i], "h%zu.example", i);
		hostnames_add(names, str_of(text[i]), i);
	}
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(look_up(names, str_of(text[i])).host, i);
	assert_int_equal(
	    look_up(names, STR("h500.example")).host, HOSTNAMES_NONE);
	hostnames_free(names);
}

static void
empty_table(void **state)
{
	struct hostnames *names = hostnames_new(0);

	(void)state;
	assert_int_equal(look_up(names, STR("a.example")).host, HOSTNAMES_NONE);
	hostnames_free(names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_all_forms),
		cmocka_unit_test(many_names),
		cmocka_unit_test(empty_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
