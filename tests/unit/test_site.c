#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/site.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define CAP ((size_t)1 << 16)

static struct site
site_of(const struct str *name, const uint16_t *port)
{
	return (struct site){
		.names = name,
		.name_count = 1,
		.gemini_ports = port,
		.gemini_port_count = 1,
	};
}

static void
names_are_known_in_any_form(void **state)
{
	const struct str names[] = { STR("example.org"),
		STR("xn--bcher-kva.example"), STR("::1"), STR("10.0.0.1") };
	static const char *const ours[] = { "example.org", "EXAMPLE.org.",
		"ex%61mple.org", "b\xc3\xbc\x63her.example",
		"B%C3%9Ccher.example", "xn--BCHER-kva.example.", "::1", "0::01",
		"10.0.0.1" };
	static const char *const others[] = { "", ".", "org", "example.or",
		"example.orgs", "www.example.org", "bucher.example", "::2",
		"10.0.0.1.", "10.0.0.01", "example.org\x01", "\xff" };
	struct site site = { .names = names, .name_count = COUNT(names) };
	struct arena arena;

	(void)state;
	arena_init(&arena, CAP);
	for (size_t i = 0; i < COUNT(ours); i++) {
		if (!site_has_name(&site, &arena, str_of(ours[i])))
			fail_msg("'%s' is not ours", ours[i]);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		if (site_has_name(&site, &arena, str_of(others[i])))
			fail_msg("'%s' is ours", others[i]);
	}
	assert_false(site_has_name(&site, &arena, (struct str){ 0 }));
	arena_fail_at(&arena, 1);
	assert_true(site_has_name(&site, &arena, STR("EXAMPLE.org")));
	assert_false(site_has_name(&site, &arena, STR("example.org.")));
	arena_release(&arena);
}

static void
ports_are_numbers(void **state)
{
	static const uint16_t ports[] = { 1966, 1965, 65535 };
	static const struct {
		const char *url;
		bool ours, ours_alone;
	} table[] = {
		{ "gemini://h/", true, false },
		{ "gemini://h:/", true, false },
		{ "gemini://h:1965/", true, false },
		{ "gemini://h:01966", true, true },
		{ "gemini://h:1966/", true, true },
		{ "gemini://h:65535/", true, false },
		{ "gemini://h:1967/", false, false },
		{ "gemini://h:0/", false, false },
		{ "gemini://h:67502/", false, false },
		{ "gemini://h:18446744073709553581/", false, false },
	};
	struct site site = { .gemini_ports = ports, .gemini_port_count = 3 };
	struct site alone = { .gemini_ports = ports, .gemini_port_count = 1 };
	struct arena arena;
	struct uri uri;

	(void)state;
	arena_init(&arena, CAP);
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(
		    uri_parse(&arena, str_of(table[i].url), &uri), 0);
		if (site_has_port(&site, &uri) != table[i].ours ||
		    site_has_port(&alone, &uri) != table[i].ours_alone)
			fail_msg("%s", table[i].url);
	}
	arena_release(&arena);
}

static void
urls_are_canonical(void **state)
{
	static const struct {
		const char *name;
		uint16_t port;
		const char *path, *want;
	} table[] = {
		{ "h", 1965, "/", "gemini://h/" },
		{ "h", 65535, "/", "gemini://h:65535/" },
		{ "h", 70, "/docs/a.gmi", "gemini://h:70/docs/a.gmi" },
		{ "::1", 1965, "/", "gemini://[::1]/" },
		{ "::1", 65535, "/  ", "gemini://[::1]:65535/%20%20" },
		{ "10.0.0.1", 1965, "/", "gemini://10.0.0.1/" },
		{ "h", 1965, "/a b/%2f?#\xff.gmi",
		    "gemini://h/a%20b/%252f%3F%23%FF.gmi" },
	};
	struct arena arena;
	struct str got;

	(void)state;
	arena_init(&arena, CAP);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct str name = str_of(table[i].name);
		struct site site = site_of(&name, &table[i].port);

		assert_int_equal(
		    site_url(&site, &arena, str_of(table[i].path), &got), 0);
		if (!str_equals(got, str_of(table[i].want)))
			fail_msg("got '%.*s', want '%s'", STR_ARG(got),
			    table[i].want);
		arena_fail_at(&arena, 1);
		assert_int_equal(
		    site_url(&site, &arena, str_of(table[i].path), &got), -1);
		arena_fail_at(&arena, 0);
	}
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_known_in_any_form),
		cmocka_unit_test(ports_are_numbers),
		cmocka_unit_test(urls_are_canonical),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
