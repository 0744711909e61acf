/*
 * The state machine of one connection, from accept to close, with its deadlines
 * and backpressure.
 */
#include "wire/conn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "wire/hello.h"
#include "wire/receiver.h"
#include "wire/proxied.h"
#include "wire/upload.h"
#include "wire/waiting.h"

/* The memory limit of one request, except for a large listing's names. */
#define REQUEST_MEMORY ((size_t)256 << 10)
/* Bytes that a draining client must send between two deadlines. */
#define DRAIN_STEP ((size_t)16 << 10)

/* The state of a connection. */
enum conn_state {
	CONN_PROXIED, /* before the end of the PROXY header */
	CONN_START, /* too few bytes to detect TLS */
	CONN_HANDSHAKE,
	CONN_REQUEST,
	CONN_UPLOAD, /* passes on the body of an upload */
	CONN_ANSWER, /* waits for another process */
	CONN_RESPONSE,
	CONN_DRAIN, /* all is sent; reads until the client closes */
	CONN_CLOSED,
};

/* The next step, as returned by a state's function. */
enum step {
	STEP_AGAIN, /* go on at once, perhaps in another state */
	STEP_READ, /* when the client has sent bytes */
	STEP_WRITE, /* when the client can take bytes */
	STEP_REMOTE, /* when another process, or the client, has sent bytes */
	STEP_YIELD, /* after a turn of the others */
	STEP_CLOSE,
};

struct conn {
	struct conn_member member; /* must be first */
	const struct conn_kind *kind;
	enum conn_state state;
	bool cut_off; /* answered before all of the client's input had come */
	bool lingering; /* in CONN_DRAIN, with its own deadline */
	enum conn_deadline due; /* the next deadline */
	struct waiting waiting;
	struct hello hello;
	struct transport transport;
	struct arena arena;
	struct exchange exchange;
	struct receiver receiver; /* protocol->request_max bytes at most */
	struct conn_client client;
};

/* A client that sends little must cost little; malloc adds 32 bytes. */
static_assert(sizeof(struct conn) + HELLO_KEPT + 32 <= 4096,
    "more than 4 KiB for a client without a whole ClientHello");

/* Logs one line for each answer; a client without a request is not logged. */
static void
log_access(struct conn *conn, bool cut)
{
	const struct net_address *peer =
	    conn->member.group->log_addresses ? &conn->client.peer : NULL;

	exchange_log(
	    &conn->exchange, peer, clock_since_ms(&conn->member.opened), cut);
}

static void
conn_close(struct conn *conn)
{
	struct conngroup *group = conn->member.group;

	transport_unfinished(&conn->transport, conn->state == CONN_RESPONSE);
	log_access(conn, true);
	waiting_stop(&conn->waiting);
	hello_release(&conn->hello);
	transport_release(&conn->transport);
	exchange_release(&conn->exchange);
	arena_release(&conn->arena);
	close(conn->client.fd);
	conn->state = CONN_CLOSED;
	conngroup_leave(&conn->member);
	group->closed(group, &conn->client);
}

/*
 * Sets the deadline for the next wait. Most clients are served without a wait,
 * so the timer is armed only when a wait begins.
 */
static void
set_deadline(struct conn *conn, enum conn_deadline kind)
{
	conn->due = kind;
	waiting_renew(&conn->waiting);
}

static enum step
step_of(ssize_t io)
{
	if (io == IO_WANT_READ)
		return STEP_READ;
	return io == IO_WANT_WRITE ? STEP_WRITE : STEP_CLOSE;
}

static enum step
conn_proxied(struct conn *conn)
{
	ssize_t done = proxied_receive(
	    &conn->hello, conn->member.group, &conn->exchange, &conn->client);

	if (done != IO_DONE)
		return step_of(done);
	conn->state = CONN_START;
	set_deadline(conn, CONN_DEADLINE_REQUEST);
	return STEP_AGAIN;
}

static enum step
conn_start(struct conn *conn)
{
	struct str early;
	ssize_t done = hello_receive(
	    &conn->hello, conn->client.fd, conn->member.group->scratch, &early);

	if (done != IO_DONE)
		return step_of(done);
	if (transport_open(&conn->transport, conn->kind->tls,
		conn->member.group->tls, conn->client.fd, early) == -1)
		return STEP_CLOSE;
	conn->state = CONN_HANDSHAKE;
	conngroup_enter_stage(&conn->member, CONN_STAGE_REQUEST);
	return STEP_AGAIN;
}

static enum step
conn_handshake(struct conn *conn)
{
	ssize_t done = transport_handshake(&conn->transport);

	/* The next connection overwrites the scratch. */
	if (conn->transport.tls.early.len > 0)
		return STEP_CLOSE;
	/* The network pays even for a bad certificate. */
	if (done != IO_WANT_READ && done != IO_WANT_WRITE &&
	    exchange_take_client(&conn->exchange))
		conn->member.group->shown(conn->member.group, &conn->client);
	if (done != IO_DONE)
		return step_of(done);
	conn->state = CONN_REQUEST;
	return STEP_AGAIN;
}

static void
begin_response(struct conn *conn)
{
	conngroup_count(&conn->member,
	    conn->kind->protocol->counts + (unsigned)conn->exchange.status);
	conn->cut_off |= conn->exchange.unread > 0 ||
	    conn->receiver.len == conn->kind->protocol->request_max;
	conn->state = CONN_RESPONSE;
	conngroup_enter_stage(&conn->member, CONN_STAGE_RESPONSE);
	set_deadline(conn, CONN_DEADLINE_STALL);
}

static void
begin_wait(struct conn *conn)
{
	conn->state = conn->exchange.upload != NULL ? CONN_UPLOAD : CONN_ANSWER;
	set_deadline(conn, CONN_DEADLINE_STALL);
	/* Unlike a slow request, an upload is not closed to make room. */
	if (conn->state == CONN_UPLOAD)
		conngroup_enter_stage(&conn->member, CONN_STAGE_RESPONSE);
}

static enum step
conn_request(struct conn *conn)
{
	const struct protocol *protocol = conn->kind->protocol;
	struct exchange *exchange = &conn->exchange;
	ssize_t got;

	if (conn->client.refused) {
		protocol->refuse(exchange, conn->client.seconds);
		conn->cut_off = true;
		begin_response(conn);
		return STEP_AGAIN;
	}
	got = receiver_read(&conn->receiver, &conn->transport, &conn->arena,
	    protocol->request_max);
	if (got == IO_CLOSED)
		conn->receiver.ended = true;
	else if (got < 0)
		return step_of(got);
	switch (protocol->answer(exchange,
	    (struct str){ conn->receiver.at, conn->receiver.len },
	    conn->receiver.ended)) {
	case PARSE_MORE: return STEP_AGAIN;
	case PARSE_CLOSE: return STEP_CLOSE;
	case PARSE_WAIT: begin_wait(conn); return STEP_AGAIN;
	case PARSE_DONE: break;
	}
	begin_response(conn);
	return STEP_AGAIN;
}

static bool
is_client_here(struct conn *conn)
{
	return receiver_is_open(
	    &conn->receiver, &conn->transport, conn->member.group->scratch);
}

static enum step
conn_answer(struct conn *conn, bool gives_up)
{
	struct exchange *exchange = &conn->exchange;
	const struct remote *remote = exchange->remote;

	if (!is_client_here(conn))
		return STEP_CLOSE;
	/* The event must be deleted before its descriptor is closed. */
	waiting_leave_remote(&conn->waiting);
	if (conn->kind->protocol->resume(exchange, gives_up) == PARSE_WAIT) {
		if (exchange->remote != remote)
			waiting_renew(&conn->waiting);
		return STEP_REMOTE;
	}
	begin_response(conn);
	return STEP_AGAIN;
}

static enum step
conn_upload(struct conn *conn)
{
	struct upload *upload = conn->exchange.upload;
	const uint64_t left = upload->left;
	const short events = upload->events;
	enum upload_step step =
	    upload_run(upload, &conn->arena, &conn->transport);

	conn->exchange.unread = upload_unread(upload);
	conn->member.group->uploaded(
	    conn->member.group, &conn->client, upload_cost_ms(upload));
	if (upload->left != left || upload->events != events)
		waiting_renew(&conn->waiting);
	switch (step) {
	case UPLOAD_WAIT: return STEP_REMOTE;
	case UPLOAD_TURN: return STEP_YIELD;
	case UPLOAD_BROKEN: return STEP_CLOSE;
	case UPLOAD_SENT: break;
	case UPLOAD_ANSWERED: return conn_answer(conn, false);
	case UPLOAD_SURPLUS: return conn_answer(conn, true);
	}
	conn->state = CONN_ANSWER;
	set_deadline(conn, CONN_DEADLINE_STALL);
	return STEP_AGAIN;
}

static enum step
conn_response(struct conn *conn)
{
	struct exchange *exchange = &conn->exchange;
	bool moved;
	ssize_t sent;

	waiting_leave_remote(&conn->waiting);
	sent =
	    exchange_send_turn(exchange, conn->member.group->scratch, &moved);
	if (sent == IO_FAILED)
		return STEP_CLOSE;
	if (moved && (sent != IO_DONE || !exchange->finished)) {
		set_deadline(conn, CONN_DEADLINE_STALL);
		(void)exchange_unsent(exchange);
		transport_unfinished(&conn->transport, true);
	}
	if (sent != IO_DONE)
		return STEP_WRITE;
	if (!exchange->finished && exchange_waits_for(exchange) != -1)
		return is_client_here(conn) ? STEP_REMOTE : STEP_CLOSE;
	if (!exchange->finished)
		return STEP_YIELD;
	transport_unfinished(&conn->transport, false);
	log_access(conn, false);
	if (shutdown(conn->client.fd, SHUT_WR) == -1)
		return STEP_CLOSE;
	conn->state = CONN_DRAIN;
	return STEP_AGAIN;
}

/*
 * Closing with unread input, or before more of it comes, resets the connection,
 * and the client loses the bytes that it has not yet read. So wait until the
 * client closes, unless it has read all and sends no more.
 */
static enum step
conn_drain(struct conn *conn)
{
	const size_t unread = conn->exchange.unread;
	const size_t before = conn->receiver.drained;
	/* Allow for the bytes that TLS adds. */
	ssize_t got = receiver_discard(&conn->receiver, &conn->transport,
	    conn->member.group->scratch,
	    RECEIVER_DRAIN_BYTES + unread + unread / 8);

	if (got == IO_WANT_READ && !conn->lingering) {
		if (exchange_unsent(&conn->exchange) == 0 &&
		    conn->receiver.drained == 0 && !conn->cut_off)
			return STEP_CLOSE;
		conn->lingering = true;
		conngroup_enter_stage(&conn->member, CONN_STAGE_DRAIN);
		set_deadline(conn, CONN_DEADLINE_DRAIN);
	} else if (unread > 0 &&
	    conn->receiver.drained / DRAIN_STEP > before / DRAIN_STEP) {
		waiting_renew(&conn->waiting);
	}
	return step_of(got);
}

static enum step
conn_step(struct conn *conn)
{
	switch (conn->state) {
	case CONN_PROXIED: return conn_proxied(conn);
	case CONN_START: return conn_start(conn);
	case CONN_HANDSHAKE: return conn_handshake(conn);
	case CONN_REQUEST: return conn_request(conn);
	case CONN_UPLOAD: return conn_upload(conn);
	case CONN_ANSWER: return conn_answer(conn, false);
	case CONN_RESPONSE: return conn_response(conn);
	case CONN_DRAIN: return conn_drain(conn);
	case CONN_CLOSED: break;
	}
	return STEP_CLOSE;
}

/* The events to wait for beside another process: see waiting_for_remote. */
static short
events_of(const struct conn *conn)
{
	if (conn->state == CONN_UPLOAD)
		return conn->exchange.upload->events;
	return (short)(conn->receiver.ended ? 0 : EV_READ);
}

static void
conn_run(struct conn *conn)
{
	const struct timeval *length;
	enum step step;
	int waits = -1;

	do
		step = conn_step(conn);
	while (step == STEP_AGAIN);
	length = conn->member.group->deadlines[conn->due];
	switch (step) {
	case STEP_READ:
		waits = waiting_for_client(&conn->waiting, EV_READ, length);
		break;
	case STEP_REMOTE:
		conn->waiting.remote_ms = exchange_wait_ms(&conn->exchange);
		waits = waiting_for_remote(&conn->waiting,
		    exchange_waits_for(&conn->exchange), events_of(conn),
		    length);
		break;
	case STEP_WRITE:
	case STEP_YIELD:
		/* The socket has room: the next turn calls again. */
		waits = waiting_for_client(&conn->waiting, EV_WRITE, length);
		break;
	case STEP_AGAIN:
	case STEP_CLOSE: break;
	}
	if (waits == -1)
		conn_close(conn);
}

static void
on_client(evutil_socket_t fd, short what, void *context)
{
	struct conn *conn = context;

	(void)fd;
	if (what & EV_READ)
		transport_wake(&conn->transport);
	conn_run(conn);
}

static void
on_remote(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	conn_run(context);
}

static void
on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct conn *conn = context;

	(void)fd;
	(void)what;
	if (conn->state == CONN_REQUEST &&
	    conn->kind->protocol->expire(&conn->exchange) == PARSE_DONE) {
		conn->cut_off = true;
		conngroup_count_late(&conn->member);
		begin_response(conn);
		conn_run(conn);
		return;
	}
	if ((conn->state == CONN_ANSWER ||
		(conn->state == CONN_UPLOAD && events_of(conn) != EV_READ)) &&
	    conn_answer(conn, true) != STEP_CLOSE) {
		conn_run(conn);
		return;
	}
	/* Rearm the deadline as long as the client takes the answer. */
	waiting_renew(&conn->waiting);
	if ((conn->state != CONN_RESPONSE && conn->state != CONN_DRAIN) ||
	    conn->waiting.remote_fd != -1 ||
	    !exchange_is_taken(&conn->exchange) ||
	    waiting_for_client(&conn->waiting, conn->waiting.what,
		conn->member.group->deadlines[conn->due]) == -1)
		conngroup_close_late(&conn->member);
}

static void
close_member(struct conn_member *member)
{
	conn_close((struct conn *)member);
}

static bool
is_idle(const struct conn_member *member)
{
	const struct conn *conn = (const struct conn *)member;

	/* A connection with a PROXY header has a visitor: it is not idle. */
	return hello_is_empty(&conn->hello) &&
	    (conn->state == CONN_PROXIED || !conn->kind->proxied);
}

static const struct waiting_calls calls = {
	.client = on_client,
	.remote = on_remote,
	.deadline = on_deadline,
};

int
conn_open(struct conngroup *group, const struct conn_kind *kind,
    const struct conn_client *client)
{
	/* calloc of glibc does not take the chunk that was freed last. */
	struct conn *conn = malloc(sizeof *conn);

	if (conn == NULL)
		goto failed;
	*conn = (struct conn){
		.member = { .group = group },
		.kind = kind,
		.state = kind->proxied ? CONN_PROXIED : CONN_START,
		.client = *client,
		.hello = { .waits = kind->tls != TRANSPORT_TLS_NEVER },
		.exchange = { .host = &group->server->hosts[kind->host],
		    .arena = &conn->arena,
		    .fd = client->fd,
		    .network = client->network,
		    .peer = &conn->client.peer,
		    .protocol = kind->protocol->name,
		    .transport = &conn->transport },
	};
	if (waiting_init(
		&conn->waiting, group->base, client->fd, &calls, conn) == -1)
		goto failed;
	arena_init(&conn->arena, REQUEST_MEMORY);
	group->close = close_member;
	group->is_idle = is_idle;
	conngroup_enter(&conn->member);
	set_deadline(
	    conn, kind->proxied ? CONN_DEADLINE_PROXY : CONN_DEADLINE_REQUEST);
	/* TCP_DEFER_ACCEPT has held the connection back until input came. */
	conn_run(conn);
	return 0;
failed:
	free(conn);
	close(client->fd);
	return -1;
}
