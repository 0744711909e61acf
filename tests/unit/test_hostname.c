#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/hostname.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define CAP ((size_t)1 << 16)
#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const char *const names[][2] = {
	{ "example.org", "example.org" },
	{ "Example.ORG", "example.org" },
	{ "example.org.", "example.org" },
	{ "localhost", "localhost" },
	{ "a", "a" },
	{ "3com.example", "3com.example" },
	{ "a-b--c.example", "a-b--c.example" },
	{ "_gemini._tcp.example", "_gemini._tcp.example" },
	{ "1.2.3.4.example", "1.2.3.4.example" },
	{ "1.2.3", "1.2.3" },
	{ "xn--BCHER-kva.example", "xn--bcher-kva.example" },
	{ SIXTY "abc", SIXTY "abc" },
	{ SIXTY "." SIXTY "." SIXTY "." SIXTY ".abcdefghi.",
	    SIXTY "." SIXTY "." SIXTY "." SIXTY ".abcdefghi" },
	/* U-labels, raw and percent-encoded, in any case and composition. */
	{ "b\xc3\xbc\x63her.example", "xn--bcher-kva.example" },
	{ "B\xc3\x9c\x43HER.Example.", "xn--bcher-kva.example" },
	{ "bu\xcc\x88\x63her.example", "xn--bcher-kva.example" },
	{ "b%C3%BCcher.example", "xn--bcher-kva.example" },
	{ "b%c3%bccher%2Eexample", "xn--bcher-kva.example" },
	{ "fa\xc3\x9f.example", "xn--fa-hia.example" },
	{ "\xe4\xb8\x96\xe7\x95\x8c\xe3\x80\x82test", "xn--rhqv96g.test" },
	{ "%65xample.org", "example.org" },
	/* Addresses. */
	{ "127.0.0.1", "127.0.0.1" },
	{ "%3127.0.0.1", "127.0.0.1" },
	{ "::1", "::1" },
	{ "0:0:0:0:0:0:0:1", "::1" },
	{ "2001:DB8::00A", "2001:db8::a" },
	{ "::ffff:10.0.0.1", "::ffff:10.0.0.1" },
	{ "0000:0000:0000:0000:0000:ffff:255.255.255.255",
	    "::ffff:255.255.255.255" },
	/* Neither name nor address. */
	{ "", NULL },
	{ ".", NULL },
	{ "..", NULL },
	{ ".example", NULL },
	{ "a..b", NULL },
	{ "example.org..", NULL },
	{ "-a.example", NULL },
	{ "a-.example", NULL },
	{ "a.-", NULL },
	{ "a b", NULL },
	{ "a/b", NULL },
	{ "a:b", NULL },
	{ "a@b", NULL },
	{ "a%", NULL },
	{ "a%00b", NULL },
	{ "a%20b", NULL },
	{ "%2e", NULL },
	{ "[::1]", NULL },
	{ "[v1.a]", NULL },
	{ "::1%25eth0", NULL },
	{ "1::2::3", NULL },
	{ "127.0.0.1.", NULL },
	{ "\xef\xbc\x91.2.3.4", NULL },
	{ "\xff", NULL },
	{ "\xc3", NULL },
	{ "\xe2\x80\x8b", NULL },
	{ "\xe2\x98\x83.\xcc\x88", NULL },
	{ SIXTY "abcd", NULL },
	{ SIXTY "." SIXTY "." SIXTY "." SIXTY ".abcdefghij", NULL },
};

static void
every_name_has_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *in = names[i][0], *want = names[i][1];
		struct arena arena;
		struct str got, again;
		int status;

		arena_init(&arena, CAP);
		status = hostname_normal(&arena, str_of(in), &got);
		if ((status == -1) != (want == NULL))
			fail_msg("%s: %s", in, want ? "refused" : "taken");
		if (status == 0) {
			if (!str_equals(got, str_of(want)))
				fail_msg("%s: got '%.*s'", in, STR_ARG(got));
			assert_int_equal(
			    hostname_normal(&arena, got, &again), 0);
			assert_true(str_equals(got, again));
		}
		arena_release(&arena);
	}
}

static void
any_bytes_are_survived(void **state)
{
	static char text[4096];
	struct arena arena;
	struct str got;

	(void)state;
	arena_init(&arena, CAP);
	for (size_t len = 0; len < sizeof text; len += 97) {
		memset(text, 'a', sizeof text);
		if (len > 253)
			assert_int_equal(hostname_normal(&arena,
					     (struct str){ text, len }, &got),
			    -1);
		memset(text, 0xc3, sizeof text);
		assert_int_equal(
		    hostname_normal(&arena, (struct str){ text, len }, &got),
		    -1);
		arena_reset(&arena);
	}
	for (int c = 0; c < 256; c++) {
		text[1] = (char)c;
		if (hostname_normal(
			&arena, (struct str){ text + 1, 1 }, &got) == 0)
			assert_int_equal(got.len, 1);
	}
	assert_int_equal(hostname_normal(&arena, STR("a\0b"), &got), -1);
	assert_int_equal(hostname_normal(&arena, STR("\xc3\xbc\0b"), &got), -1);
	assert_int_equal(
	    hostname_normal(&arena, STR("127.0.0.1\0b"), &got), -1);
	assert_int_equal(hostname_normal(&arena, (struct str){ 0 }, &got), -1);
	arena_release(&arena);
}

static void
addresses_are_known(void **state)
{
	(void)state;
	assert_true(hostname_is_address(STR("127.0.0.1")));
	assert_true(hostname_is_address(STR("::1")));
	assert_false(hostname_is_address(STR("")));
	assert_false(hostname_is_address((struct str){ 0 }));
	assert_false(hostname_is_address(STR("localhost")));
	assert_false(hostname_is_address(STR("1.2.3")));
	assert_false(hostname_is_address(STR("256.1.1.1")));
	assert_false(hostname_is_address(STR("127.0.0.1.example")));
	assert_false(hostname_is_address(STR(SIXTY)));
}

static void
want_of_memory_is_no_crash(void **state)
{
	static const char *const in[] = { "a", "127.0.0.1",
		"b%C3%BCcher.example" };
	static const size_t allocations[] = { 1, 1, 4 };

	(void)state;
	for (size_t i = 0; i < COUNT(in); i++) {
		for (size_t n = 1; n <= allocations[i] + 1; n++) {
			struct arena arena;
			struct str got;

			arena_init(&arena, CAP);
			arena_fail_at(&arena, n);
			assert_int_equal(
			    hostname_normal(&arena, str_of(in[i]), &got),
			    n <= allocations[i] ? -1 : 0);
			arena_release(&arena);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_has_one_form),
		cmocka_unit_test(any_bytes_are_survived),
		cmocka_unit_test(addresses_are_known),
		cmocka_unit_test(want_of_memory_is_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
