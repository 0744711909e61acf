/* One client over a pair of sockets: what it gets when things run out. */
#include "serving.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/socket.h>

#include "fakeclock.h"
#include "scarce.h"
#include "serve/remote.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "wire/conn.h"
#include "wire/gopher.h"

#define PAGE "iHome\tTITLE\tnull.host\t1\r\ni====\t\tnull.host\t1\r\n.\r\n"
#define ERROR_LINE \
	"3Something failed here, please try again later\t\terror.host\t1\r\n"
#define FAILED ERROR_LINE "1Home\t/\tg.example\t70\r\n.\r\n"
#define NO_MEMORY ERROR_LINE ".\r\n"
#define NETWORK 7 /* by which its owner knows it */
#define LARGE ((size_t)600000) /* more than sockets hold */
#define MIDDLE ((size_t)160000) /* less */
#define SOON_US 20000

static struct conngroup group;
static size_t closed;

static const struct conn_kind kind = { .protocol = &gopher,
	.tls = TRANSPORT_TLS_NEVER };

/* A connection through a proxy. */
static const struct conn_kind behind = {
	.protocol = &gopher, .tls = TRANSPORT_TLS_NEVER, .proxied = true
};

#define HEADER "PROXY TCP4 192.0.2.1 192.0.2.2 4000 70\r\n"

static bool admits = true;

static bool
on_visitor(struct conngroup *named_in, struct conn_client *client)
{
	char text[NET_TEXT_MAX];

	assert_ptr_equal(named_in, &group);
	net_host_format(&client->peer, text);
	assert_string_equal(text, "192.0.2.1");
	return admits;
}

static unsigned malformed;

static void
on_malformed(struct conngroup *malformed_in)
{
	assert_ptr_equal(malformed_in, &group);
	malformed++;
}

static void
on_closed(struct conngroup *closed_in, const struct conn_client *client)
{
	assert_ptr_equal(closed_in, &group);
	assert_int_equal(client->network, NETWORK);
	closed++;
}

/* No two parts of it are the same. */
static char large[LARGE + 1];

static void
make_files(void)
{
	for (size_t i = 0; i < LARGE; i += 8)
		snprintf(large + i, 9, "%07zu\n", i % 10000000);
	temporary_file(&serving.folder, "large.txt", large);
	/* A line of eight bytes is one of 24 in its projection. */
	temporary_file(
	    &serving.folder, "middle.gmi", large + LARGE - MIDDLE / 3);
}

static void
set_deadlines(const struct timeval *length)
{
	for (size_t i = 0; i < CONN_DEADLINES; i++)
		group.deadlines[i] = length;
}

static const struct timeval never = { .tv_sec = 100000 };

static int
set_up(void **state)
{
	(void)state;
	/* The rooms' own: what the loop allocates may fail too. */
	event_set_mem_functions(malloc, realloc, free);
	serving_begin(&serving);
	temporary_file(&serving.folder, "index.gmi", "# Home\n");
	make_files();
	group.base = event_base_new();
	group.server = &serving.server;
	group.closed = on_closed;
	group.admit = on_visitor;
	group.malformed = on_malformed;
	conngroup_init(&group);
	set_deadlines(&never);
	return group.base == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	event_base_free(group.base);
	serving_end(&serving);
	return 0;
}

/* The client's end; the server's is in `accepted`. */
static int
make_client(struct conn_client *accepted, struct str words)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	*accepted = (struct conn_client){ .fd = fds[0], .network = NETWORK };
	if (words.len > 0)
		assert_int_equal(
		    send(fds[1], words.at, words.len, 0), words.len);
	return fds[1];
}

static int
enter_as(const struct conn_kind *what, struct str words)
{
	struct conn_client accepted;
	int fd = make_client(&accepted, words);

	assert_int_equal(conn_open(&group, what, &accepted), 0);
	return fd;
}

/* A client that has entered and said these words. */
static int
enter(struct str words)
{
	return enter_as(&kind, words);
}

static void
turn(void)
{
	assert_int_not_equal(event_base_loop(group.base, EVLOOP_NONBLOCK), -1);
	conngroup_sweep(&group);
}

/* Sends what is given, takes all until the end; then nobody is left. */
static size_t
take_all(int fd, char *at, size_t room)
{
	size_t len = 0;

	shutdown(fd, SHUT_WR);
	for (int turns = 0; turns < 10000 && group.count > 0; turns++) {
		ssize_t got;

		while ((got = recv(fd, at + len, room - len, 0)) > 0)
			len += (size_t)got;
		turn();
	}
	while (true) {
		ssize_t got = recv(fd, at + len, room - len, 0);

		if (got <= 0)
			break;
		len += (size_t)got;
	}
	assert_int_equal(group.count, 0);
	close(fd);
	return len;
}

static int
lowest_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

/*
 * One whole visit in which the nth allocation and all later ones fail.
 * Whatever happens, nothing is left of it.
 */
static struct str
visit(const struct conn_kind *what, struct str words, size_t n)
{
	static char answer[LARGE];
	int lowest = lowest_descriptor();
	struct conn_client accepted;
	int fd = make_client(&accepted, words);
	size_t len;
	int opened;

	closed = 0;
	scarce_memory(n);
	opened = conn_open(&group, what, &accepted);
	len = take_all(fd, answer, sizeof answer);
	scarce_memory(0);
	assert_int_equal(closed, opened == 0 ? 1 : 0);
	assert_int_equal(lowest_descriptor(), lowest);
	return (struct str){ answer, len };
}

static void
lack_of_memory_ends_one_client(void **state)
{
	static const struct {
		const struct conn_kind *what;
		struct str words, whole;
	} table[] = {
		{ &kind, STR_INIT("/\r\n"), STR_INIT(PAGE) },
		{ &kind, STR_INIT("/large.txt\r\n"), { large, LARGE } },
		{ &behind, STR_INIT(HEADER "/\r\n"), STR_INIT(PAGE) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t n;

		for (n = 1; n < 40; n++) {
			struct str answer =
			    visit(table[i].what, table[i].words, n);

			if (str_equals(answer, table[i].whole))
				break;
			assert_true(str_starts(table[i].whole, answer) ||
			    str_equals(answer, STR(FAILED)) ||
			    str_equals(answer, STR(NO_MEMORY)));
			/* The next one finds nothing amiss. */
			assert_true(str_equals(
			    visit(&kind, STR("/\r\n"), 0), STR(PAGE)));
		}
		assert_in_range(n, 3, 39);
	}
}

/* It goes while it is served; the rest of the answer is nobody's. */
static void
a_client_may_leave(void **state)
{
	int fd = enter(STR("/large.txt\r\n"));

	(void)state;
	turn();
	assert_int_equal(group.count, 1);
	close(fd);
	for (int turns = 0; turns < 100 && group.count > 0; turns++)
		turn();
	assert_int_equal(group.count, 0);
}

/* What comes after the request is taken, up to a point. */
static void
a_client_may_talk_on(void **state)
{
	static char words[80 << 10];
	int fd;

	(void)state;
	memset(words, 'x', sizeof words);
	memcpy(words, "/\r\n", 3);
	fd = enter((struct str){ words, sizeof words });
	turn();
	assert_int_equal(group.count, 0);
	close(fd);
}

/* Waits for the deadlines, and nothing else. */
static void
let_time_pass(void)
{
	assert_int_not_equal(event_base_loop(group.base, EVLOOP_ONCE), -1);
	conngroup_sweep(&group);
}

/*
 * All of the answer is on its way, and the client takes it slowly: as long
 * as it takes any, it may.  What the kernel sends from a file would wait in
 * one piece here, and not become less with each part that is taken.
 */
static void
a_slow_client_gets_all(void **state)
{
	static const struct timeval soon = { .tv_usec = SOON_US };
	static char answer[MIDDLE];
	size_t len = 0;
	int fd;

	(void)state;
	set_deadlines(&soon);
	fd = enter(STR("/middle.gmi\r\n"));
	while (len + EXCHANGE_ROOM < MIDDLE) {
		ssize_t got = recv(fd, answer, EXCHANGE_ROOM, 0);

		assert_true(got > 0);
		len += (size_t)got;
		let_time_pass();
		assert_int_equal(group.count, 1);
	}
	/* It takes no more. */
	for (int i = 0; i < 3; i++)
		if (group.count > 0)
			let_time_pass();
	assert_int_equal(group.count, 0);
	set_deadlines(&never);
	close(fd);
}

/* The process for slow pages: its end of the line, and of one answer. */
struct answers {
	int line, worker_line, fd;
};

static void
answers_begin(struct answers *answers, const struct timeval *length)
{
	static const struct str builtins[BUILTIN_COUNT] = {
		[BUILTIN_ASK] = STR_INIT("/ask"),
		[BUILTIN_TAR] = STR_INIT("/all.tar.gz"),
	};
	int line[2];

	assert_int_equal(fdpass_pair(line), 0);
	answers->line = line[0];
	answers->worker_line = line[1];
	answers->fd = -1;
	serving.server.answers = &answers->worker_line;
	serving.host.builtins = builtins;
	set_deadlines(length);
}

static void
answers_end(struct answers *answers)
{
	serving.server.answers = NULL;
	set_deadlines(&never);
	close(answers->line);
	close(answers->worker_line);
	if (answers->fd != -1)
		close(answers->fd);
}

/* Takes a request, and sends that many bytes of an answer. */
static void
answers_take(struct answers *answers, const char *head, size_t len)
{
	char bytes[REMOTE_REQUEST_MAX];
	struct request request;
	ssize_t got = fdpass_receive_message(
	    answers->line, bytes, sizeof bytes, &answers->fd);

	assert_true(got > 0);
	assert_true(remote_read((struct str){ bytes, (size_t)got }, &request));
	assert_int_equal(request.network, NETWORK);
	if (len > 0)
		assert_int_equal(send(answers->fd, head, len, 0), len);
}

static void
take_text(int fd, const char *text)
{
	char got[256];
	ssize_t len = recv(fd, got, sizeof got, 0);

	if (len != (ssize_t)strlen(text) ||
	    memcmp(got, text, strlen(text)) != 0)
		fail_msg("%.*s", len > 0 ? (int)len : 0, got);
}

static void
silence_before_the_head(void **state)
{
	static const struct timeval soon = { .tv_usec = SOON_US };
	struct answers answers;
	int fd;

	(void)state;
	answers_begin(&answers, &soon);
	fd = enter(STR("/ask\therring\r\n"));
	answers_take(&answers, "", 0);
	assert_int_equal(group.count, 1);
	let_time_pass();
	take_text(fd, FAILED);
	/* The worker has hung up. */
	assert_int_equal(send(answers.fd, "e", 1, MSG_NOSIGNAL), -1);
	close(fd);
	conngroup_close_all(&group);
	conngroup_sweep(&group);
	answers_end(&answers);
}

#define ARCHIVE "h\x14\0application/gzip"

static void
silence_in_the_middle(void **state)
{
	static const struct timeval soon = { .tv_usec = SOON_US };
	struct answers answers;
	int fd;

	(void)state;
	answers_begin(&answers, &soon);
	fd = enter(STR("/all.tar.gz\r\n"));
	answers_take(&answers, ARCHIVE, sizeof ARCHIVE - 1);
	assert_int_equal(send(answers.fd, "dabc", 4, 0), 4);
	while (group.count > 0)
		let_time_pass();
	take_text(fd, "abc");
	assert_int_equal(send(answers.fd, "e", 1, MSG_NOSIGNAL), -1);
	close(fd);
	answers_end(&answers);
}

/* Whether it took long, without a pause that was long itself. */
static bool
trickle(const struct answers *answers, int fd, long deadline_ms)
{
	const struct timespec began = clock_now();
	bool paused = false;

	while (clock_since_ms(&began) < 3 * deadline_ms) {
		const struct timespec last = clock_now();
		char byte;

		if (send(answers->fd, "da", 2, MSG_NOSIGNAL) != 2)
			break;
		while (group.count > 0 && recv(fd, &byte, 1, 0) != 1)
			turn();
		paused |= clock_since_ms(&last) > deadline_ms / 2;
	}
	return !paused;
}

/* Bytes that arrive renew the deadline, on a machine with time for this. */
static void
a_slow_process_ends_its_answer(void **state)
{
	static const struct timeval soon = { .tv_usec = 5L * SOON_US };
	bool tried = false;

	(void)state;
	for (int i = 0; i < 50 && !tried; i++) {
		struct answers answers;
		int fd;

		answers_begin(&answers, &soon);
		fd = enter(STR("/all.tar.gz\r\n"));
		answers_take(&answers, ARCHIVE, sizeof ARCHIVE - 1);
		tried = trickle(&answers, fd, 5 * SOON_US / 1000);
		if (tried)
			assert_int_equal(group.count, 1);
		close(fd);
		conngroup_close_all(&group);
		conngroup_sweep(&group);
		answers_end(&answers);
	}
	assert_true(tried);
}

static void
on_time(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	*(bool *)context = true;
}

/* No turn of the loop is spent on an answer that has not come. */
static void
waiting_costs_nothing(void **state)
{
	static const struct timeval soon = { .tv_usec = SOON_US };
	bool passed = false;
	struct answers answers;
	int fd;

	(void)state;
	answers_begin(&answers, &never);
	fd = enter(STR("/all.tar.gz\r\n"));
	answers_take(&answers, ARCHIVE, sizeof ARCHIVE - 1);
	turn();
	/* A client that only listens is no reason for one either. */
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	turn();
	assert_int_equal(event_base_once(group.base, -1, EV_TIMEOUT, on_time,
			     &passed, &soon),
	    0);
	/* Returns after the first event: no other has come. */
	assert_int_not_equal(event_base_loop(group.base, EVLOOP_ONCE), -1);
	assert_true(passed);
	assert_int_equal(group.count, 1);
	assert_int_equal(send(answers.fd, "dabc", 4, 0), 4);
	assert_int_equal(send(answers.fd, "e", 1, 0), 1);
	turn();
	turn();
	take_text(fd, "abc");
	assert_int_equal(group.count, 0);
	close(fd);
	answers_end(&answers);
}

/* At the server's end, who has said nothing goes at once. */
static void
idle_clients_are_closed(void **state)
{
	int silent = enter(STR("")), half = enter(STR("/"));
	char byte;

	(void)state;
	turn();
	assert_int_equal(group.count, 2);
	conngroup_close_idle(&group);
	conngroup_sweep(&group);
	assert_int_equal(group.count, 1);
	assert_int_equal(recv(silent, &byte, 1, 0), 0);
	assert_int_equal(recv(half, &byte, 1, 0), -1);
	conngroup_close_all(&group);
	conngroup_sweep(&group);
	close(silent);
	close(half);
}

/* Whether the server has closed the connection without a word. */
static bool
is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) == 0;
}

/* A connection with a part of the header is not idle. */
static void
visitors_behind_a_proxy_are_not_idle(void **state)
{
	const struct str words[] = { STR(""), STR("PRO"), STR(HEADER),
		STR("PROXY UNKNOWN\r\n"), STR(HEADER "/") };
	enum {
		COUNT = sizeof words / sizeof *words
	};
	int fds[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		fds[i] = enter_as(&behind, words[i]);
	conngroup_close_idle(&group);
	conngroup_sweep(&group);
	assert_int_equal(group.count, COUNT - 1);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(is_closed(fds[i]), i == 0);
	conngroup_close_all(&group);
	conngroup_sweep(&group);
	for (size_t i = 0; i < COUNT; i++)
		close(fds[i]);
}

/* The owner may refuse a visitor, but not a health check. */
static void
a_visitor_may_be_turned_away(void **state)
{
	(void)state;
	admits = false;
	assert_int_equal(visit(&behind, STR(HEADER "/\r\n"), 0).len, 0);
	assert_true(str_equals(
	    visit(&behind, STR("PROXY UNKNOWN\r\n/\r\n"), 0), STR(PAGE)));
	admits = true;
	assert_int_equal(malformed, 0);
	assert_int_equal(visit(&behind, STR("/\r\n"), 0).len, 0);
	assert_int_equal(malformed, 1);
	assert_true(
	    str_equals(visit(&behind, STR(HEADER "/\r\n"), 0), STR(PAGE)));
}

/* No byte after the header is lost when it comes in two parts. */
static void
a_header_may_come_in_parts(void **state)
{
	char answer[sizeof PAGE];
	struct str rest = STR("NOWN\r\n/\r\n");
	int fd = enter_as(&behind, STR("PROXY UNK"));

	(void)state;
	turn();
	assert_int_equal(group.count, 1);
	assert_int_equal(send(fd, rest.at, rest.len, 0), rest.len);
	assert_int_equal(take_all(fd, answer, sizeof answer), sizeof PAGE - 1);
	assert_memory_equal(answer, PAGE, sizeof PAGE - 1);
}

#define SERVED 100

/*
 * Without a whole ClientHello a client goes at once, the first one first;
 * without a request, after 0.8 s; and none goes that is served.
 */
static void
room_is_made_by_who_does_not_ask(void **state)
{
	static const struct conn_kind secure = { .protocol = &gopher,
		.tls = TRANSPORT_TLS_DETECT };
	int served[SERVED], asking[2], half[3];

	(void)state;
	fakeclock_stop();
	asking[0] = enter(STR("/"));
	for (size_t i = 0; i < SERVED; i++)
		served[i] = enter(STR("/large.txt\r\n"));
	asking[1] = enter_as(&secure, STR("/page"));
	half[0] = enter_as(&secure, STR("\x16"));
	half[1] = enter(STR(""));
	half[2] = enter_as(&secure, STR("\x16\x03\x01\x40\0\x01\0"));
	assert_int_equal(group.count, SERVED + 5);
	for (size_t i = 0; i < 3; i++) {
		assert_false(is_closed(half[i]));
		assert_true(conngroup_make_room(&group));
		assert_true(is_closed(half[i]));
	}
	fakeclock_forward_ms(799);
	assert_false(conngroup_make_room(&group));
	fakeclock_forward_ms(1);
	for (size_t i = 0; i < 2; i++) {
		assert_false(is_closed(asking[i]));
		assert_true(conngroup_make_room(&group));
		assert_true(is_closed(asking[i]));
	}
	assert_int_equal(group.count, SERVED);
	assert_false(conngroup_make_room(&group));
	fakeclock_run();
	conngroup_close_all(&group);
	conngroup_sweep(&group);
	for (size_t i = 0; i < SERVED; i++)
		close(served[i]);
	for (size_t i = 0; i < 3; i++)
		close(half[i]);
	close(asking[0]);
	close(asking[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lack_of_memory_ends_one_client),
		cmocka_unit_test(a_client_may_leave),
		cmocka_unit_test(a_client_may_talk_on),
		cmocka_unit_test(a_slow_client_gets_all),
		cmocka_unit_test(silence_before_the_head),
		cmocka_unit_test(silence_in_the_middle),
		cmocka_unit_test(a_slow_process_ends_its_answer),
		cmocka_unit_test(waiting_costs_nothing),
		cmocka_unit_test(idle_clients_are_closed),
		cmocka_unit_test(visitors_behind_a_proxy_are_not_idle),
		cmocka_unit_test(a_visitor_may_be_turned_away),
		cmocka_unit_test(a_header_may_come_in_parts),
		cmocka_unit_test(room_is_made_by_who_does_not_ask),
	};

	/* As the master does: that a client has gone is an errno. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
