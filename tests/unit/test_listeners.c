/* Listening sockets that a program hands over to its successor. */
#include "daemon/listeners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT_MAX 1024

static struct net_address any_port;
static struct host_config host = { .gopher_port_given = true };
static size_t number; /* of the host */
static bool proxied;
static struct config config = { .hosts = &host,
	.host_count = 1,
	.gopher = &any_port,
	.gopher_count = 1,
	.gopher_hosts = &number,
	.gopher_proxied = &proxied,
	.workers = 2 };

static int
set_up(void **state)
{
	(void)state;
	return net_address_parse("127.0.0.1:0", &any_port);
}

static struct listeners
open_listeners(const struct listeners *old)
{
	struct listeners listeners;
	char error[256] = "";

	if (listeners_open(&listeners, &config, old, error, sizeof error) == -1)
		fail_msg("%s", error);
	return listeners;
}

/* What is handed over, with an end, and without the name of the word. */
static const char *
describe(const struct listeners *listeners, char text[TEXT_MAX])
{
	struct buf out = buf_over(text, TEXT_MAX - 1);

	listeners_describe(listeners, &out);
	assert_false(out.overflow);
	text[out.len] = '\0';
	assert_int_equal(strncmp(text, " listeners=", 11), 0);
	return text + 11;
}

/* The descriptors at the end of a description. */
static void
sockets_of(const char *described, int sockets[2])
{
	const char *last = strrchr(described, ',');
	const char *first = last;

	do
		first--;
	while (*first != ',');
	sockets[0] = (int)strtol(first + 1, NULL, 10);
	sockets[1] = (int)strtol(last + 1, NULL, 10);
}

static struct listeners
adopt(const char *word)
{
	struct listeners listeners = { 0 };

	listeners_adopt(&listeners, str_of(word), NULL);
	return listeners;
}

static void
all_are_kept(void **state)
{
	struct listeners first = open_listeners(NULL);
	char text[TEXT_MAX], again[TEXT_MAX];
	const char *word = describe(&first, text);
	struct listeners adopted = adopt(word);
	struct listeners second;

	(void)state;
	assert_int_equal(adopted.count, 1);
	assert_int_equal(adopted.sockets_each, 2);
	second = open_listeners(&adopted);
	assert_string_equal(describe(&second, again), word);
	/* Which leaves them open. */
	listeners_close(&adopted, &second);
	listeners_close(&second, NULL);
	free(first.addresses);
}

/* A process that has a socket can shut it down for all. */
static void
the_deaf_are_opened_anew(void **state)
{
	struct listeners first = open_listeners(NULL);
	char before[TEXT_MAX], after[TEXT_MAX];
	int old[2], new[2];
	struct net_address at = { .len = sizeof at.at };
	struct listeners adopted;

	(void)state;
	sockets_of(describe(&first, before), old);
	assert_int_equal(
	    getsockname(old[0], (struct sockaddr *)&at.at, &at.len), 0);
	assert_true(net_listens_on(old[0], &at));
	assert_int_equal(shutdown(old[0], SHUT_RD), 0);
	assert_false(net_listens_on(old[0], &at));
	listeners_mend(&first);
	sockets_of(describe(&first, after), new);
	assert_true(net_listens_on(new[0], &at));
	/* The other one is as it was. */
	assert_int_equal(new[1], old[1]);
	assert_int_equal(shutdown(new[0], SHUT_RD), 0);
	assert_int_equal(shutdown(new[1], SHUT_RD), 0);
	adopted = adopt(describe(&first, before));
	assert_int_equal(adopted.count, 1);
	sockets_of(describe(&adopted, after), new);
	assert_true(net_listens_on(new[0], &at));
	assert_true(net_listens_on(new[1], &at));
	listeners_close(&adopted, NULL);
	free(first.addresses);
}

static bool
lingers(int fd)
{
	struct linger linger;
	socklen_t len = sizeof linger;

	assert_int_equal(
	    getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len), 0);
	return linger.l_onoff != 0;
}

/* Whatever a worker made of the option, its successor's clients are spared. */
static void
none_lingers(void **state)
{
	const struct linger frozen = { .l_onoff = 1, .l_linger = 60 };
	struct listeners first = open_listeners(NULL), adopted;
	char text[TEXT_MAX];
	const char *word = describe(&first, text);
	int sockets[2];

	(void)state;
	sockets_of(word, sockets);
	assert_int_equal(setsockopt(sockets[1], SOL_SOCKET, SO_LINGER, &frozen,
			     sizeof frozen),
	    0);
	assert_true(lingers(sockets[1]));
	listeners_mend(&first);
	assert_false(lingers(sockets[1]));
	assert_int_equal(setsockopt(sockets[0], SOL_SOCKET, SO_LINGER, &frozen,
			     sizeof frozen),
	    0);
	adopted = adopt(word);
	assert_false(lingers(sockets[0]));
	listeners_close(&adopted, NULL);
	free(first.addresses);
}

static void
other_words(void **state)
{
	static const char *const words[] = { "", ",", "127.0.0.1:0",
		"127.0.0.1:0,127.0.0.1:1", "127.0.0.1:0,127.0.0.1:1,x",
		"127.0.0.1:0,127.0.0.1:1,-3", "x,127.0.0.1:1,3",
		"127.0.0.1:0,x,3", "127.0.0.1:0,127.0.0.1:1,99999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct listeners adopted = adopt(words[i]);

		if (adopted.count != 0)
			fail_msg("'%s' is taken", words[i]);
		free(adopted.addresses);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_kept),
		cmocka_unit_test(the_deaf_are_opened_anew),
		cmocka_unit_test(none_lingers),
		cmocka_unit_test(other_words),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
