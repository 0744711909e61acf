#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "serve/host.h"

static void
by_name(void **state)
{
	static const struct str first[] = { STR_INIT("example.org"),
		STR_INIT("www.example.org") };
	static const struct str second[] = { STR_INIT("xn--caf-dma.example") };
	static const struct site sites[] = {
		{ .names = first, .name_count = 2 },
		{ .names = second, .name_count = 1 },
	};
	const struct host hosts[] = { { .site = &sites[0] },
		{ .site = &sites[1] } };
	const struct server server = { .hosts = hosts, .host_count = 2 };
	const struct {
		const char *name;
		const struct host *host;
	} table[] = {
		{ "example.org", &hosts[0] },
		{ "WWW.Example.org.", &hosts[0] },
		{ "xn--caf-dma.example", &hosts[1] },
		{ "caf\xc3\xa9.example", &hosts[1] },
		{ "example.com", NULL },
		{ "", NULL },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_ptr_equal(
		    host_for_name(&server, &arena, str_of(table[i].name)),
		    table[i].host);
	arena_release(&arena);
}

/* Two hosts have no cached answer in common. */
static void
keys(void **state)
{
	struct host hosts[2];
	const struct server server = { .hosts = hosts, .host_count = 2 };

	(void)state;
	hosts[0] = hosts[1] = (struct host){ .server = &server };
	assert_true(
	    host_key(&hosts[0], STR("/a")) == host_key(&hosts[0], STR("/a")));
	assert_true(
	    host_key(&hosts[0], STR("/a")) != host_key(&hosts[0], STR("/b")));
	assert_true(
	    host_key(&hosts[0], STR("/a")) != host_key(&hosts[1], STR("/a")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
