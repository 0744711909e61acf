/* Addresses as people write them, and sockets on them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/net.h"
#include "sys/net_out.h"

static void
addresses(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
		const char *host;
	} table[] = {
		{ "1965", "[::]:1965", "::" },
		{ "0", "[::]:0", "::" },
		{ "65535", "[::]:65535", "::" },
		{ "127.0.0.1:70", "127.0.0.1:70", "127.0.0.1" },
		{ "[::1]:7070", "[::1]:7070", "::1" },
		{ "[0:0::1]:1", "[::1]:1", "::1" },
		{ "[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1", "127.0.0.1" },
		{ "", NULL, NULL },
		{ ":", NULL, NULL },
		{ ":70", NULL, NULL },
		{ "65536", NULL, NULL },
		{ "-1", NULL, NULL },
		{ "70 ", NULL, NULL },
		{ "0x10", NULL, NULL },
		{ "localhost:70", NULL, NULL },
		{ "::1:70", NULL, NULL },
		{ "[::1]", NULL, NULL },
		{ "[::1]:", NULL, NULL },
		{ "[]:70", NULL, NULL },
		{ "[::1:70", NULL, NULL },
		{ "127.0.0.256:70", NULL, NULL },
		{ "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]:1",
		    NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct net_address address;
		char text[NET_TEXT_MAX];
		int parsed = net_address_parse(table[i].in, &address);

		if ((parsed == 0) != (table[i].out != NULL))
			fail_msg("%s: %d", table[i].in, parsed);
		if (parsed == -1)
			continue;
		net_address_format(&address, text);
		assert_string_equal(text, table[i].out);
		net_host_format(&address, text);
		assert_string_equal(text, table[i].host);
	}
}

static void
listening_is_exclusive(void **state)
{
	struct net_address address, again;
	int sockets[3], other[1];

	(void)state;
	assert_int_equal(net_address_parse("127.0.0.1:0", &address), 0);
	assert_int_equal(net_listen(&address, sockets, 3, false), 0);
	assert_int_not_equal(net_port(&address), 0);
	/* Ours alone, though our own three share it. */
	again = address;
	assert_int_equal(net_listen(&again, other, 1, false), -1);
	assert_int_equal(errno, EADDRINUSE);
	for (size_t i = 0; i < 3; i++)
		close(sockets[i]);
	assert_int_equal(net_listen(&again, other, 1, false), 0);
	assert_true(net_equals(&again, &address));
	close(other[0]);
}

static void
overlaps(void **state)
{
	static const struct {
		const char *a, *b;
		bool want;
	} table[] = {
		{ "0.0.0.0:70", "[::]:70", true },
		{ "70", "127.0.0.1:70", true },
		{ "70", "[::1]:70", true },
		{ "70", "[::ffff:127.0.0.1]:70", true },
		{ "0.0.0.0:70", "127.0.0.1:70", true },
		{ "0.0.0.0:70", "[::ffff:127.0.0.1]:70", true },
		{ "0.0.0.0:70", "[::1]:70", false },
		{ "127.0.0.1:70", "127.0.0.2:70", false },
		{ "127.0.0.1:70", "[::1]:70", false },
		{ "70", "127.0.0.1:71", false },
		{ "0", "127.0.0.1:0", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct net_address a, b;

		assert_int_equal(net_address_parse(table[i].a, &a), 0);
		assert_int_equal(net_address_parse(table[i].b, &b), 0);
		if (net_overlaps(&a, &b) != table[i].want ||
		    net_overlaps(&b, &a) != table[i].want)
			fail_msg("%s, %s", table[i].a, table[i].b);
	}
}

static void
output_waits_for_room(void **state)
{
	static char bytes[NET_OUT_SIZE], taken[NET_OUT_SIZE];
	struct net_out out = { 0 };
	size_t sent = 0, got = 0;
	int pair[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	out.fd = pair[0];
	assert_int_equal(net_out_flush(&out), IO_DONE);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i % 100);
	/* As much as the socket takes, and once the buffer. */
	while (net_out_flush(&out) == IO_DONE) {
		ssize_t added = net_out_add(&out, bytes, sizeof bytes);

		assert_int_equal(added, sizeof bytes);
		sent += (size_t)added;
	}
	assert_true(net_out_waits(&out));
	assert_int_equal(net_out_flush(&out), IO_WANT_WRITE);
	while (got < sent) {
		ssize_t more = net_receive(pair[1], taken, sizeof taken);

		if (more == IO_WANT_READ) {
			assert_int_equal(net_out_flush(&out), IO_DONE);
			continue;
		}
		assert_true(more > 0);
		for (ssize_t i = 0; i < more; i++)
			assert_int_equal(
			    taken[i], bytes[(got + (size_t)i) % sizeof bytes]);
		got += (size_t)more;
	}
	assert_null(out.at);
	close(pair[1]);
	assert_int_equal(net_out_add(&out, bytes, 1), 1);
	assert_int_equal(net_out_flush(&out), IO_FAILED);
	net_out_release(&out);
	close(pair[0]);
}

/* Sends from a borrowed buffer, and keeps bytes that the socket does not take.
 */
static void
output_is_lent_a_buffer(void **state)
{
	static char borrowed[4 * NET_OUT_SIZE], taken[NET_OUT_SIZE];
	struct net_out out = { 0 };
	size_t sent = 0, got = 0;
	int pair[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	out.fd = pair[0];
	while (!net_out_waits(&out)) {
		net_out_borrow(&out, borrowed, sizeof borrowed);
		for (size_t i = 0; i < sizeof borrowed; i++, sent++) {
			char c = (char)(sent % 100);

			assert_int_equal(net_out_add(&out, &c, 1), 1);
		}
		assert_int_equal(net_out_add(&out, "x", 1), 0);
		assert_int_not_equal(net_out_flush(&out), IO_FAILED);
		assert_int_equal(net_out_return(&out), 0);
		/* Another connection uses the buffer. */
		memset(borrowed, 'x', sizeof borrowed);
	}
	while (got < sent) {
		ssize_t more = net_receive(pair[1], taken, sizeof taken);

		if (more == IO_WANT_READ) {
			assert_int_not_equal(net_out_flush(&out), IO_FAILED);
			continue;
		}
		assert_true(more > 0);
		for (ssize_t i = 0; i < more; i++)
			assert_int_equal(
			    taken[i], (char)((got + (size_t)i) % 100));
		got += (size_t)more;
	}
	assert_int_equal(net_out_flush(&out), IO_DONE);
	assert_null(out.at);
	/* Unsent bytes are at the front, and more can follow. */
	net_out_borrow(&out, borrowed, sizeof borrowed);
	assert_int_equal(net_out_add(&out, "abc", 3), 3);
	assert_int_equal(net_out_return(&out), 0);
	borrowed[0] = 'x';
	assert_int_equal(net_out_add(&out, "def", 3), 3);
	assert_int_equal(net_out_flush(&out), IO_DONE);
	assert_int_equal(net_receive(pair[1], taken, sizeof taken), 6);
	assert_memory_equal(taken, "abcdef", 6);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(listening_is_exclusive),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(output_waits_for_room),
		cmocka_unit_test(output_is_lent_a_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
