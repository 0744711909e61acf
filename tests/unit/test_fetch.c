/*
 * One request: which of a host's addresses it goes to.  What is made of
 * answers is tested over the wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mirror/fetch.h"

#define LIMIT_MS 30000

/* A server of Gopher at two addresses, and a request to it. */
struct two {
	int listeners[2], client;
	struct origin origin;
	struct fetch fetch;
};

static void
begin(struct two *two, unsigned patience_ms)
{
	*two = (struct two){ .client = -1 };
	two->origin.is_gopher = true;
	two->origin.address_count = 2;
	for (size_t i = 0; i < 2; i++) {
		struct net_address *address = &two->origin.addresses[i];

		assert_int_equal(net_address_parse("127.0.0.1:0", address), 0);
		assert_int_equal(
		    net_listen(address, &two->listeners[i], 1, false), 0);
	}
	two->fetch.origin = &two->origin;
	two->fetch.fd = -1;
	two->fetch.limit = 100;
	two->fetch.body = open("/dev/null", O_WRONLY | O_CLOEXEC);
	two->fetch.patience_ms = patience_ms;
	snprintf(two->fetch.request, sizeof two->fetch.request, "/x");
	fetch_begin(&two->fetch);
}

static void
end(struct two *two)
{
	fetch_release(&two->fetch);
	close(two->fetch.body);
	close(two->listeners[0]);
	close(two->listeners[1]);
	if (two->client != -1)
		close(two->client);
}

/* A client of the second listener gets an answer. */
static void
answer(struct two *two)
{
	struct net_address peer;

	two->client = net_accept(two->listeners[1], &peer);
	assert_int_not_equal(two->client, -1);
	assert_int_equal(write(two->client, "hello", 5), 5);
	assert_int_equal(shutdown(two->client, SHUT_WR), 0);
}

/* Goes on to its end, with an answer from the second address. */
static void
go_on(struct two *two)
{
	while (two->fetch.end == FETCH_PENDING) {
		struct pollfd polled[] = { { .fd = two->fetch.fd,
					       .events = two->fetch.events },
			{ .fd = two->client != -1 ? -1 : two->listeners[1],
			    .events = POLLIN } };

		assert_true(poll(polled, 2, LIMIT_MS) > 0);
		if (polled[1].revents != 0)
			answer(two);
		if (polled[0].revents != 0)
			fetch_continue(&two->fetch);
	}
}

/* The first address takes longer than there is patience: the other one may. */
static void
the_next_address(void **state)
{
	struct two two;

	(void)state;
	begin(&two, 0);
	two.fetch.patience_ms = LIMIT_MS;
	fetch_continue(&two.fetch);
	assert_int_equal(two.fetch.end, FETCH_PENDING);
	go_on(&two);
	assert_int_equal(two.fetch.end, FETCH_ANSWERED);
	assert_int_equal(two.fetch.size, 5);
	assert_int_equal(two.origin.working, 1);
	end(&two);
}

static void
no_next_address(void **state)
{
	struct two two;

	(void)state;
	begin(&two, 0);
	fetch_continue(&two.fetch);
	assert_int_equal(two.fetch.end, FETCH_PENDING);
	fetch_continue(&two.fetch);
	assert_int_equal(two.fetch.end, FETCH_FAILED);
	assert_string_equal(two.fetch.why, "timed out");
	end(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_address),
		cmocka_unit_test(no_next_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
