/*
 * One client's connection, step by step over a pair of sockets, without a
 * clock.  The first byte of the input tells who is asked and how; of the
 * rest, bytes below STEP_FIRST are sent, and the others are steps.  However
 * the client behaves, its connection ends and leaves nothing behind; and
 * one that listens gets what it would have got in one piece.
 */
#include <arpa/inet.h>

#include <event2/event.h>

#include "capsule.h"
#include "text/uri.h"
#include "wire/conn.h"

/* None of these bytes occurs in UTF-8. */
enum {
	STEP_FIRST = 0xf8,
	STEP_TURN = STEP_FIRST, /* the loop turns */
	STEP_TAKE, /* the client takes some of the answer */
	STEP_END, /* it will send no more */
	STEP_LEAVE, /* it closes */
	STEP_IDLE, /* the server closes who has said nothing */
	STEP_CLOSE, /* the server closes everybody */
	STEP_ROOM, /* the server looks for somebody to close */
};

enum {
	HOW_GOPHER = 1,
	HOW_REFUSED = 2,
	HOW_LATE = 4, /* every deadline has passed at once */
	HOW_OTHER = 8, /* the other server */
	HOW_NARROW = 16, /* the socket takes little at a time */
	HOW_OFTEN = 32, /* when it is refused: it came too often */
};

#define SENT_MAX 2048
#define NETWORK 7 /* by which its owner knows it */
#define SECONDS 30
#define TAKE_BYTES 700
/* More turns than any connection takes. */
#define TURNS_MAX 2000

struct client {
	struct conngroup *group;
	struct conn_kind kind;
	unsigned how;
	int fd, server_fd; /* -1: closed; -1: given away */
	bool interrupted; /* not by the client's own words */
	char sent[SENT_MAX], got[CAPSULE_ANSWER_MAX];
	size_t sent_len, got_len;
};

static size_t closed; /* how often its owner was told that it is gone */

static void
on_closed(struct conngroup *group, const struct conn_client *client)
{
	(void)group;
	CHECK(client->network == NETWORK);
	closed++;
}

static struct conngroup *
group_of(const struct capsule *capsule, unsigned how)
{
	static const struct timeval never = { .tv_sec = 100000 };
	static const struct timeval now = { 0 };
	static struct conngroup group = { .closed = on_closed };

	if (group.base == NULL) {
		group.base = event_base_new();
		conngroup_init(&group);
	}
	CHECK(group.base != NULL);
	for (size_t i = 0; i < CONN_DEADLINES; i++)
		group.deadlines[i] = how & HOW_LATE ? &now : &never;
	group.server = &capsule->servers[how & HOW_OTHER ? 1 : 0];
	return &group;
}

static void
client_open(struct client *client, const struct capsule *capsule, unsigned how)
{
	int narrow = 4096;
	int fds[2];

	client->group = group_of(capsule, how);
	client->kind = (struct conn_kind){
		.protocol = how & HOW_GOPHER ? &gopher : &gemini,
		.tls = TRANSPORT_TLS_NEVER,
	};
	client->how = how;
	client->interrupted = (how & HOW_LATE) != 0;
	client->sent_len = client->got_len = 0;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		  fds) == 0);
	if (how & HOW_NARROW)
		(void)setsockopt(
		    fds[0], SOL_SOCKET, SO_SNDBUF, &narrow, sizeof narrow);
	/* The lower one: that it leaks must show in capsule_free_fd. */
	client->server_fd = fds[0];
	client->fd = fds[1];
}

/* The server takes it, once there is something to read or not. */
static void
client_enter(struct client *client)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct conn_client accepted = { .fd = client->server_fd,
		.network = NETWORK,
		.refused = (client->how & HOW_REFUSED) != 0,
		.seconds = client->how & HOW_OFTEN ? SECONDS : 0 };

	if (client->server_fd == -1)
		return;
	client->server_fd = -1;
	memcpy(&accepted.peer.at, &address, sizeof address);
	accepted.peer.len = sizeof address;
	CHECK(conn_open(client->group, &client->kind, &accepted) == 0);
}

static void
turn(struct client *client)
{
	CHECK(event_base_loop(client->group->base, EVLOOP_NONBLOCK) != -1);
	conngroup_sweep(client->group);
	CHECK(TAILQ_EMPTY(&client->group->corpses));
}

static void
client_say(struct client *client, struct str text)
{
	ssize_t sent;

	if (client->fd == -1 || text.len == 0)
		return;
	sent = send(client->fd, text.at, text.len, MSG_NOSIGNAL);
	if (sent <= 0)
		return;
	if ((size_t)sent > SENT_MAX - client->sent_len)
		sent = (ssize_t)(SENT_MAX - client->sent_len);
	memcpy(client->sent + client->sent_len, text.at, (size_t)sent);
	client->sent_len += (size_t)sent;
}

/* Returns whether anything came. */
static bool
client_take(struct client *client, size_t most)
{
	ssize_t got;

	if (client->fd == -1)
		return false;
	CHECK(client->got_len + most <= sizeof client->got);
	got = recv(client->fd, client->got + client->got_len, most, 0);
	client->got_len += got > 0 ? (size_t)got : 0;
	return got > 0;
}

static void
client_leave(struct client *client)
{
	if (client->fd != -1)
		close(client->fd);
	client->fd = -1;
	client->interrupted = true;
}

static void
client_step(struct client *client, uint8_t step)
{
	client_enter(client);
	switch (step) {
	case STEP_TAKE: (void)client_take(client, TAKE_BYTES); break;
	case STEP_END:
		if (client->fd != -1)
			(void)shutdown(client->fd, SHUT_WR);
		break;
	case STEP_LEAVE: client_leave(client); break;
	case STEP_IDLE:
		conngroup_close_idle(client->group);
		client->interrupted = true;
		break;
	case STEP_CLOSE:
		conngroup_close_all(client->group);
		client->interrupted = true;
		break;
	case STEP_ROOM:
		if (conngroup_make_room(client->group))
			client->interrupted = true;
		break;
	default: break;
	}
	turn(client);
}

/* It says no more, and takes all there is. */
static void
client_finish(struct client *client)
{
	int turns = 0;

	client_enter(client);
	if (client->fd != -1)
		(void)shutdown(client->fd, SHUT_WR);
	do {
		CHECK(turns++ < TURNS_MAX);
		turn(client);
		while (client_take(client, 4096))
			continue;
	} while (client->group->count > 0);
	while (client_take(client, 4096))
		continue;
	for (size_t i = 0; i < CONN_STAGES; i++)
		CHECK(TAILQ_EMPTY(&client->group->open[i]));
	CHECK(closed == 1);
	if (client->fd != -1)
		close(client->fd);
	client->fd = -1;
}

/* Whether the host is an address: of these sockets there is none to compare. */
static bool
names_address(struct str request)
{
	struct arena arena;
	struct uri uri;
	const char *end =
	    request.len > 0 ? memmem(request.at, request.len, "\r\n", 2) : NULL;
	bool names = false;

	if (end == NULL)
		return false;
	arena_init(&arena, CAPSULE_ARENA);
	request = str_head(request, (size_t)(end - request.at));
	if (uri_parse(&arena, request, &uri) == 0)
		names = uri.host_is_address;
	arena_release(&arena);
	return names;
}

/* Refused, it gets these words whatever it asked. */
static struct str
refusal(const struct client *client)
{
	bool often = (client->how & HOW_OFTEN) != 0;

	if (!(client->how & HOW_GOPHER))
		return often ? STR("44 30\r\n") : STR("41 ");
	return often ? STR("3Too many requests") : STR("3");
}

/* What it would have got in one piece; valid until the next. */
static struct str
answer_of(const struct client *client)
{
	struct str sent = { client->sent, client->sent_len };
	struct capsule_request request = { .host = client->group->server->hosts,
		.protocol = client->kind.protocol,
		.input = sent,
		.ended = true };

	if (sent.len > request.protocol->request_max)
		request.input = str_head(sent, request.protocol->request_max);
	return capsule_ask(&request).text;
}

static void
check_answer(const struct client *client)
{
	struct str sent = { client->sent, client->sent_len };
	struct str got = { client->got, client->got_len };

	/* Nobody begins with that byte but one who wants TLS. */
	if (sent.len == 0 || sent.at[0] == 0x16)
		CHECK(got.len == 0);
	else if (client->how & HOW_REFUSED && got.len > 0)
		CHECK(str_starts(got, refusal(client)));
	else if (client->how & HOW_REFUSED)
		CHECK(client->interrupted);
	else if (client->how & HOW_LATE || names_address(sent))
		return;
	else if (client->interrupted)
		CHECK(str_starts(answer_of(client), got));
	else
		CHECK(str_equals(answer_of(client), got));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct client client;
	const struct capsule *capsule = capsule_open();
	struct str rest = fuzz_text(data, size);
	int fd;

	if (size == 0)
		return 0;
	(void)group_of(capsule, 0);
	closed = 0;
	fd = capsule_free_fd();
	client_open(&client, capsule, data[0]);
	rest = str_tail(rest, 1);
	while (rest.len > 0) {
		size_t run = 0;

		while (run < rest.len && (uint8_t)rest.at[run] < STEP_FIRST)
			run++;
		client_say(&client, str_head(rest, run));
		rest = str_tail(rest, run);
		if (rest.len > 0) {
			client_step(&client, (uint8_t)rest.at[0]);
			rest = str_tail(rest, 1);
		}
	}
	client_finish(&client);
	CHECK(capsule_free_fd() == fd);
	check_answer(&client);
	return 0;
}
