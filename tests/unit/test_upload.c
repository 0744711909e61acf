/* The body of an upload, from a client to a writer that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fakeclock.h"
#include "sys/fdpass.h"
#include "wire/upload.h"

#define LARGE ((size_t)1 << 20)
#define EVENTS_FOR_ROOM (EV_READ | EV_WRITE)

static struct arena arena;
static struct transport transport;
static int client, writer; /* the other ends */
static struct upload *upload;

/* Begins an upload, of which `early` came with the request. */
static void
begin(uint64_t size, struct str early)
{
	const struct uploadcall call = { .path = STR("/a"), .size = size };
	char bytes[UPLOADCALL_MAX];
	struct uploadline *line;
	int sockets[2], to_writer[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
	client = sockets[0];
	assert_int_equal(transport_open(&transport, TRANSPORT_TLS_NEVER, NULL,
			     sockets[1], STR("x")),
	    0);
	transport.early = (struct str){ 0 };
	assert_int_equal(fdpass_pair(to_writer), 0);
	arena_init(&arena, (size_t)256 << 10);
	line = uploadline_open(&arena, &to_writer[1], &call, STR("x"));
	assert_non_null(line);
	assert_true(fdpass_receive_message(
			to_writer[0], bytes, sizeof bytes, &writer) > 0);
	close(to_writer[0]);
	close(to_writer[1]);
	upload = upload_new(&arena, line, early);
	assert_non_null(upload);
}

static void
end(void)
{
	remote_release(&upload->line->remote);
	close(transport.out.fd);
	transport_release(&transport);
	close(client);
	close(writer);
	arena_release(&arena);
}

static enum upload_step
run(void)
{
	transport_wake(&transport);
	return upload_run(upload, &arena, &transport);
}

static void
go_on(void)
{
	assert_int_equal(send(writer, "g", 1, 0), 1);
}

static void
say(const char *text)
{
	assert_int_equal(send(client, text, strlen(text), 0), strlen(text));
}

/* The next message to the writer; empty: none. */
static void
take(const char *text)
{
	char got[1 + REMOTE_PART];
	ssize_t len = recv(writer, got, sizeof got, MSG_DONTWAIT);

	if (len == -1)
		len = 0;
	assert_int_equal(len, strlen(text));
	assert_memory_equal(got, text, (size_t)len);
}

static void
whole(void **state)
{
	(void)state;
	begin(10, STR("abc"));
	say("def");
	/* Nothing is passed on before the writer agrees. */
	assert_int_equal(run(), UPLOAD_WAIT);
	assert_int_equal(upload->events, 0);
	take("");
	go_on();
	assert_int_equal(run(), UPLOAD_WAIT);
	assert_int_equal(upload->events, EV_READ);
	take("dabcdef");
	take("");
	say("ghij");
	assert_int_equal(run(), UPLOAD_SENT);
	take("dghij");
	take("e");
	assert_int_equal(upload_unread(upload), 0);
	end();
}

static void
whole_before_the_writer_agrees(void **state)
{
	(void)state;
	begin(3, STR("abc"));
	assert_int_equal(run(), UPLOAD_WAIT);
	take("");
	go_on();
	assert_int_equal(run(), UPLOAD_SENT);
	take("dabc");
	take("e");
	end();
}

static void
too_much(void **state)
{
	static const struct {
		struct str early;
		const char *later;
	} table[] = {
		{ STR_INIT("abcd"), "" },
		{ STR_INIT("abc"), "d" },
		{ STR_INIT(""), "abcd" },
		{ STR_INIT("a"), "bcd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char byte;

		begin(3, table[i].early);
		say(table[i].later);
		go_on();
		assert_int_equal(run(), UPLOAD_SURPLUS);
		assert_true(upload->line->surplus);
		take("dabc");
		/* Without its end, nothing is kept. */
		remote_release(&upload->line->remote);
		assert_int_equal(recv(writer, &byte, 1, 0), 0);
		end();
	}
}

static void
too_little(void **state)
{
	char byte;

	(void)state;
	begin(10, STR("abc"));
	go_on();
	say("def");
	shutdown(client, SHUT_WR);
	assert_int_equal(run(), UPLOAD_WAIT);
	assert_int_equal(run(), UPLOAD_BROKEN);
	remote_release(&upload->line->remote);
	while (recv(writer, &byte, 1, MSG_DONTWAIT) > 0)
		assert_int_equal(byte, 'd');
	end();
}

static void
refused(void **state)
{
	(void)state;
	/* Before the body, and in it. */
	for (int i = 0; i < 2; i++) {
		begin(LARGE * 2, STR("abc"));
		if (i == 1) {
			go_on();
			assert_int_equal(run(), UPLOAD_WAIT);
		}
		assert_int_equal(send(writer, "h\x3b\0No", 5, 0), 5);
		close(writer);
		assert_int_equal(run(), UPLOAD_ANSWERED);
		assert_int_equal(upload->line->head_len, 5);
		assert_int_equal(upload_unread(upload), UPLOAD_UNREAD_MAX);
		writer = dup(0);
		end();
	}
}

static void
writer_dies(void **state)
{
	(void)state;
	begin(10, STR("abc"));
	go_on();
	assert_int_equal(run(), UPLOAD_WAIT);
	close(writer);
	say("d");
	assert_int_equal(run(), UPLOAD_ANSWERED);
	assert_int_equal(upload->line->head_len, 0);
	writer = dup(0);
	end();
}

/* The client is not read while the pair is full. */
static void
backpressure(void **state)
{
	static char bytes[LARGE];
	static char message[1 + REMOTE_PART];
	size_t sent = 0, got = 0;
	bool was_full = false;
	enum upload_step step = UPLOAD_WAIT;

	(void)state;
	for (size_t i = 0; i < LARGE; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	begin(LARGE, STR(""));
	go_on();
	while (step != UPLOAD_SENT) {
		ssize_t more =
		    send(client, bytes + sent, LARGE - sent, MSG_NOSIGNAL);

		if (more > 0)
			sent += (size_t)more;
		step = run();
		assert_true(step == UPLOAD_WAIT || step == UPLOAD_TURN ||
		    step == UPLOAD_SENT);
		if (step == UPLOAD_SENT || upload->events != EVENTS_FOR_ROOM)
			continue;
		was_full = true;
		/* Again without room: no byte is read. */
		assert_int_equal(run(), UPLOAD_WAIT);
		while ((more = recv(writer, message, sizeof message,
			    MSG_DONTWAIT)) > 0) {
			assert_int_equal(message[0], 'd');
			assert_memory_equal(
			    message + 1, bytes + got, (size_t)more - 1);
			got += (size_t)more - 1;
		}
	}
	assert_true(was_full);
	while (got < LARGE) {
		ssize_t more = recv(writer, message, sizeof message, 0);

		assert_true(more > 1);
		assert_memory_equal(message + 1, bytes + got, (size_t)more - 1);
		got += (size_t)more - 1;
	}
	take("e");
	end();
}

static void
slow_clients(void **state)
{
	(void)state;
	fakeclock_stop();
	begin(LARGE, STR(""));
	go_on();
	assert_int_equal(run(), UPLOAD_WAIT);
	fakeclock_forward_ms(UPLOAD_GRACE_MS);
	say("a");
	assert_int_equal(run(), UPLOAD_WAIT);
	/* Two bytes are worth no more than two milliseconds. */
	fakeclock_forward_ms(3);
	say("b");
	assert_int_equal(run(), UPLOAD_BROKEN);
	end();
	fakeclock_run();
}

/* Time without a wait for the client is not the client's. */
static void
slow_writers(void **state)
{
	(void)state;
	fakeclock_stop();
	begin(LARGE, STR(""));
	assert_int_equal(run(), UPLOAD_WAIT);
	fakeclock_forward_ms(100 * UPLOAD_GRACE_MS);
	go_on();
	say("a");
	assert_int_equal(run(), UPLOAD_WAIT);
	assert_int_equal(upload->events, EV_READ);
	end();
	fakeclock_run();
}

static void
costs(void **state)
{
	static char bytes[13 << 10];

	(void)state;
	begin(LARGE, (struct str){ bytes, sizeof bytes });
	go_on();
	assert_int_equal(run(), UPLOAD_WAIT);
	/* Of 64 KiB in 10 ms, 13 KiB are 2 ms; the rest is counted later. */
	assert_int_equal(upload_cost_ms(upload), 2);
	assert_int_equal(upload_cost_ms(upload), 0);
	assert_in_range(upload->uncharged, 1, 6553);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(whole_before_the_writer_agrees),
		cmocka_unit_test(too_much),
		cmocka_unit_test(too_little),
		cmocka_unit_test(refused),
		cmocka_unit_test(writer_dies),
		cmocka_unit_test(backpressure),
		cmocka_unit_test(slow_clients),
		cmocka_unit_test(slow_writers),
		cmocka_unit_test(costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
