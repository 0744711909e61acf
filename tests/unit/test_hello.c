/* A ClientHello that comes in pieces: when there is enough to begin with. */
#include "wire/hello.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/transport.h"

#define ROOM 20000

/* What a client sends: a message in records of `size` bytes. */
static size_t
records(char *at, struct str message, size_t size)
{
	size_t len = 0;

	while (message.len > 0) {
		struct str part =
		    str_head(message, message.len < size ? message.len : size);

		at[len++] = HELLO_FIRST_BYTE;
		at[len++] = 3;
		at[len++] = 1;
		at[len++] = (char)(part.len >> 8);
		at[len++] = (char)part.len;
		memcpy(at + len, part.at, part.len);
		len += part.len;
		message = str_tail(message, part.len);
	}
	return len;
}

/* A ClientHello of that length, with its header, as a message. */
static struct str
message_of(size_t len)
{
	static char bytes[ROOM];

	memset(bytes, 'x', sizeof bytes);
	bytes[0] = 1;
	bytes[1] = (char)((len - 4) >> 16);
	bytes[2] = (char)((len - 4) >> 8);
	bytes[3] = (char)(len - 4);
	return (struct str){ bytes, len };
}

/*
 * Sends `step` bytes at a time until there is enough; how many that were.  All
 * of them are there then, and nothing is kept.
 */
static size_t
enough(struct str bytes, size_t step, bool waits)
{
	static char scratch[HELLO_ROOM];
	struct hello hello = { .waits = waits };
	ssize_t done = IO_WANT_READ;
	struct str early;
	size_t sent = 0;
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	while (sent < bytes.len && done == IO_WANT_READ) {
		struct str part = str_tail(bytes, sent);

		if (part.len > step)
			part.len = step;
		assert_int_equal(send(fds[1], part.at, part.len, 0), part.len);
		sent += part.len;
		done = hello_receive(&hello, fds[0], scratch, &early);
		assert_in_range(hello.len, 0, HELLO_KEPT);
		assert_int_equal(
		    hello_is_empty(&hello), done == IO_WANT_READ ? 0 : 1);
		/* The scratch is for others meanwhile. */
		if (done == IO_WANT_READ)
			memset(scratch, 'y', sizeof scratch);
	}
	if (done == IO_DONE)
		assert_true(str_equals(early, str_head(bytes, sent)));
	else
		sent = 0;
	hello_release(&hello);
	close(fds[0]);
	close(fds[1]);
	return sent;
}

static void
check(struct str bytes, bool waits, size_t want)
{
	static const size_t steps[] = { 1, 2, 3, 7, 100, 4000 };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		size_t step = steps[i], got = enough(bytes, step, waits);
		/* In whole steps, or all there is. */
		size_t rounded = (want + step - 1) / step * step;

		if (rounded > bytes.len)
			rounded = bytes.len;
		if (got != (want == 0 ? 0 : rounded))
			fail_msg("%zu bytes, want %zu, %zu at a time: %zu",
			    bytes.len, want, step, got);
	}
}

static void
whole_messages(void **state)
{
	static const struct {
		size_t len, record;
		bool all; /* it is waited for */
	} table[] = {
		{ 4, 100, true },
		{ 5, 100, true },
		{ 200, 16384, true },
		{ 200, 100, true },
		{ 200, 3, true },
		{ 300, 1, true },
		{ 517, 16384, true },
		{ HELLO_KEPT - 5, 16384, true },
		{ HELLO_KEPT, 16384, false },
		{ 5000, 1000, false },
		{ 10000, 16384, false },
	};
	static char bytes[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t len =
		    records(bytes, message_of(table[i].len), table[i].record);

		check((struct str){ bytes, len }, true,
		    table[i].all ? len : HELLO_KEPT + 1);
	}
}

/* It goes to OpenSSL, which says what is wrong with it. */
static void
what_is_no_hello_is_not_waited_for(void **state)
{
	static const struct {
		struct str bytes;
		bool waits;
		size_t want; /* bytes; 0: more are waited for */
	} table[] = {
		{ STR_INIT("\x16"), true, 0 },
		{ STR_INIT("\x16\3\1\x40\0\1\0\0"), true, 0 },
		{ STR_INIT("\x16\3\1\x40\0\1\0\xff\xff"), true, 0 },
		{ STR_INIT("\x16\3\1\x40\0\1\xff\xff\xffx"), true, 0 },
		/* Another message, or none. */
		{ STR_INIT("\x16\3\1\0\x50\2\0\0\x20xxxx"), true, 9 },
		{ STR_INIT("\x16\3\1\0\x50\1\0\0\0xxxx"), true, 9 },
		/* No such record. */
		{ STR_INIT("\x16\2\1\0\x50\1xxxx"), true, 2 },
		{ STR_INIT("\x16\3\1\0\0\1xxxx"), true, 5 },
		{ STR_INIT("\x16\3\1\x40\1\1xxxx"), true, 5 },
		{ STR_INIT("\x16\3\1\xff\xff\1xxxx"), true, 5 },
		/* Another one in the middle of a message. */
		{ STR_INIT("\x16\3\1\0\2\1\0\x15\3\1\0\2\2\1"), true, 8 },
		{ STR_INIT("\x16\3\1\0\2\1\0\x17\3\1\0\2\2\1"), true, 8 },
		/* No TLS. */
		{ STR_INIT("\x80\x2e\1\0\2"), true, 1 },
		{ STR_INIT("/page\r\n"), true, 1 },
		{ STR_INIT("\0\0\0\0"), true, 1 },
		{ STR_INIT("/page\r\n"), false, 1 },
		{ STR_INIT("\x16\3\1\x40\0\1\0\0"), false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		check(table[i].bytes, table[i].waits, table[i].want);
}

/* A client that ends, before or after it has said something. */
static void
clients_end(void **state)
{
	static char scratch[HELLO_ROOM];
	struct str early;

	(void)state;
	for (size_t said = 0; said < 3; said++) {
		struct hello hello = { .waits = true };
		int fds[2];

		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
		    0);
		assert_int_equal(hello_receive(&hello, fds[0], scratch, &early),
		    IO_WANT_READ);
		if (said > 0)
			assert_int_equal(send(fds[1], "\x16\3", said, 0), said);
		close(fds[1]);
		if (said > 0)
			assert_int_equal(
			    hello_receive(&hello, fds[0], scratch, &early),
			    IO_WANT_READ);
		assert_int_equal(
		    hello_receive(&hello, fds[0], scratch, &early), IO_CLOSED);
		hello_release(&hello);
		close(fds[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_messages),
		cmocka_unit_test(what_is_no_hello_is_not_waited_for),
		cmocka_unit_test(clients_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
