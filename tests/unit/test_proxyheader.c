/* Headers of the PROXY protocol: their length, and the visitor's address. */
#include "wire/proxyheader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IPV4 "\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x0f\xa0\x07\xad"
#define BEGINS(literal) STR_INIT(SIGNATURE literal)

struct row {
	struct str in;
	ssize_t len;
	const char *from; /* NULL: no visitor */
};

/* "ADDR PORT" of both ends. */
static void
describe(const struct proxyheader *header, char *out, size_t size)
{
	char from[NET_TEXT_MAX], to[NET_TEXT_MAX];

	net_host_format(&header->from, from);
	net_host_format(&header->to, to);
	snprintf(out, size, "%s %u to %s %u", from, net_port(&header->from), to,
	    net_port(&header->to));
}

static void
check(const struct row *row)
{
	struct proxyheader header;
	char text[4 * NET_TEXT_MAX];

	if (proxyheader_parse(row->in, &header) != row->len)
		fail_msg("the length of \"%.*s\"", STR_ARG(row->in));
	if (row->len <= 0)
		return;
	assert_int_equal(header.has_addresses, row->from != NULL);
	if (row->from == NULL)
		return;
	describe(&header, text, sizeof text);
	assert_string_equal(text, row->from);
}

static void
test_version1(void **state)
{
	static const struct row table[] = {
		{ STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 4000 1965\r\nrest"),
		    42, "192.0.2.1 4000 to 192.0.2.2 1965" },
		{ STR_INIT("PROXY TCP6 2001:DB8::1 ::2 0 65535\r\n"), 36,
		    "2001:db8::1 0 to ::2 65535" },
		{ STR_INIT("PROXY UNKNOWN\r\n"), 15, NULL },
		{ STR_INIT("PROXY UNKNOWN a b c d e f\r\n\r\n"), 27, NULL },
		{ STR_INIT(""), 0, NULL },
		{ STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 4000 1965\r"), 0,
		    NULL },
		{ STR_INIT("PROXY UNKNOWN\n"), -1, NULL },
		{ STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 04000 1965\r\n"), -1,
		    NULL },
		{ STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 4000 65536\r\n"), -1,
		    NULL },
		{ STR_INIT("PROXY TCP6 192.0.2.1 192.0.2.2 4000 1965\r\n"), -1,
		    NULL },
		{ STR_INIT("PROXX"), -1, NULL },
		{ STR_INIT("\x16\3\1"), -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check(&table[i]);
}

static void
test_version2(void **state)
{
	static const struct row table[] = {
		{ BEGINS(IPV4), 28, "192.0.2.1 4000 to 192.0.2.2 1965" },
		{ BEGINS(IPV4 "rest"), 28, "192.0.2.1 4000 to 192.0.2.2 1965" },
		{ BEGINS("\x20\0\0\0"), 16, NULL },
		{ BEGINS("\x20\x11\0\3abc"), 19, NULL },
		{ BEGINS("\x21\0\0\3abc"), 19, NULL },
		{ BEGINS("\x21\x11\0\x0c\xc0"), 0, NULL },
		{ BEGINS("\x20\0\3\xf0"), 0, NULL },
		{ BEGINS("\x20\0\3\xf1"), -1, NULL },
		{ BEGINS("\x22\0\0\0"), -1, NULL },
		{ BEGINS("\x11\0\0\0"), -1, NULL },
		{ BEGINS("\x21\x41\0\0"), -1, NULL },
		{ BEGINS("\x21\x13\0\0"), -1, NULL },
		{ BEGINS("\x21\x11\0\0"), -1, NULL },
		{ STR_INIT("\r\n\r\n\0\r\nQUIT\r"), -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check(&table[i]);
}

/* The checksum of this header was computed by another program. */
static void
test_checksum(void **state)
{
	char bytes[] =
	    SIGNATURE "\x21\x11\0\x13\xc0\0\2\1\xc0\0\2\2\x0f\xa0\x07\xad"
		      "\3\0\4\340\155\074\324";
	const struct row good = { { bytes, sizeof bytes - 1 }, 35,
		"192.0.2.1 4000 to 192.0.2.2 1965" };
	const struct row bad = { good.in, -1, NULL };

	(void)state;
	check(&good);
	for (size_t i = 16; i < good.in.len; i++) {
		/* Another type is no checksum. */
		if (i == 28)
			continue;
		bytes[i] ^= 1;
		check(&bad);
		bytes[i] ^= 1;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version1),
		cmocka_unit_test(test_version2),
		cmocka_unit_test(test_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
