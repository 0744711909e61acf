/*
 * A worker: one process that accepts and serves clients, with one thread and
 * one event base.
 */
#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "daemon/admission.h"
#include "daemon/workers.h"
#include "daemon/room.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "sys/keyprovider.h"

/* The interval between two reports of a silent keys process. */
#define KEYS_SILENT_MS 2000
/* The pause of all listeners when the system is out of resources. */
#define PAUSE_MS 100
/* The most clients accepted before the others have their turn. */
#define CLIENTS_A_TURN ((size_t)16)
/* The delay of log lines, to write several at once; too short to notice. */
#define LOG_MS 10
/* The time for a PROXY header, which a proxy sends with the first bytes. */
#define PROXY_MS 3000
/* The most clients accepted from each queue when the worker stops. */
#define LAST_CLIENTS 4096

struct worker;

struct listener {
	struct worker *worker;
	struct worker_socket socket;
	struct event readable;
};

struct worker {
	const struct worker_setup *setup;
	struct event_base *base;
	struct conngroup group;
	struct listener *listeners;
	struct event stop, line, resume, shutdown, log;
	bool stopping;
	bool paused;
	bool deaf; /* another process has shut down a listener */
	struct room room; /* the limits of clients; more are refused */
	struct admission admission;
	struct signing_line keys;
	struct timespec keys_word_at; /* when to report them again */
	int spare; /* descriptor for refusing clients without any other */
};

static void
open_spare(struct worker *worker)
{
	if (worker->spare == -1)
		worker->spare = fcntl(worker->setup->line, F_DUPFD_CLOEXEC, 0);
}

static void
listen_again(struct worker *worker)
{
	open_spare(worker);
	if (worker->stopping || !worker->paused || worker->spare == -1)
		return;
	worker->paused = false;
	for (size_t i = 0; i < worker->setup->socket_count; i++)
		event_add(&worker->listeners[i].readable, NULL);
}

static void
pause_listening(struct worker *worker)
{
	struct timeval wait = clock_timeval(PAUSE_MS);

	worker->paused = true;
	for (size_t i = 0; i < worker->setup->socket_count; i++)
		event_del(&worker->listeners[i].readable);
	evtimer_add(&worker->resume, &wait);
}

static void
on_resume(evutil_socket_t fd, short what, void *context)
{
	struct worker *worker = context;
	struct timeval wait = clock_timeval(PAUSE_MS);

	(void)fd;
	(void)what;
	listen_again(worker);
	/* Closing a client resumes listening, too: see on_closed. */
	if (worker->paused && !worker->stopping)
		(void)conngroup_make_room(&worker->group);
	if (worker->paused && !worker->stopping)
		evtimer_add(&worker->resume, &wait);
}

/* Whether there is room for a client, if necessary by closing an idle one. */
static bool
has_room(struct worker *worker)
{
	return worker->group.count < worker->room.most ||
	    conngroup_make_room(&worker->group);
}

/*
 * Accepts one client; -1 with errno set when the queue is empty. Drops floods
 * before the costly handshake.
 */
static int
accept_one(struct listener *listener, bool refused)
{
	struct worker *worker = listener->worker;
	struct conn_client client = { .refused = refused };

	client.fd = net_accept(listener->socket.fd, &client.peer);
	if (client.fd == -1)
		return -1;
	if (!admission_enter(
		&worker->admission, &client, listener->socket.kind.proxied)) {
		net_reset_on_close(client.fd, true);
		close(client.fd);
		return 0;
	}
	/*
	 * Reset the option, inherited from a listener that a hijacked process
	 * may have changed.
	 */
	net_reset_on_close(client.fd, false);
	if (!client.refused && !has_room(worker)) {
		counts_add(worker->setup->counts, COUNTS_REFUSED_ROOM, 1);
		client.refused = true;
	}
	if (conn_open(&worker->group, &listener->socket.kind, &client) == -1) {
		admission_leave(&worker->admission, &client);
		admission_complain(&worker->admission, ENOMEM);
	}
	return 0;
}

/*
 * Without descriptors: uses the spare one to refuse a client, then pauses
 * listening until there is a spare one again.
 */
static void
accept_with_spare(struct listener *listener)
{
	struct worker *worker = listener->worker;

	close(worker->spare);
	worker->spare = -1;
	pause_listening(worker);
	if (accept_one(listener, true) == 0)
		counts_add(worker->setup->counts, COUNTS_REFUSED_FILES, 1);
}

static void
cannot_accept(struct listener *listener, int error)
{
	struct worker *worker = listener->worker;

	/* The socket no longer listens: the master has to reopen it. */
	if (error == EINVAL) {
		worker->deaf = true;
		event_base_loopbreak(worker->base);
		return;
	}
	/* The queue is empty, or the client has closed the connection. */
	if (error != EMFILE && error != ENFILE && error != ENOBUFS &&
	    error != ENOMEM)
		return;
	admission_complain(&worker->admission, error);
	/* The listening socket is still readable: accept in the next turn. */
	if (conngroup_make_room(&worker->group))
		return;
	if ((error == EMFILE || error == ENFILE) && worker->spare != -1)
		accept_with_spare(listener);
	else
		pause_listening(worker);
}

/*
 * The number of clients to accept at once. The loop comes back at once for the
 * rest of the queue, so accepting one at a time saves the call that finds the
 * queue empty. But between two turns all present clients are served, and new
 * clients must not wait for that one by one.
 */
static size_t
clients_a_turn(const struct worker *worker)
{
	size_t count = 1 + worker->group.count / 4;

	return count < CLIENTS_A_TURN ? count : CLIENTS_A_TURN;
}

static void
on_client(evutil_socket_t fd, short what, void *context)
{
	struct listener *listener = context;

	(void)fd;
	(void)what;
	for (size_t left = clients_a_turn(listener->worker); left > 0; left--)
		if (accept_one(listener, false) == -1) {
			cannot_accept(listener, errno);
			break;
		}
}

static void
end_when_idle(struct worker *worker)
{
	if (worker->stopping && worker->group.count == 0)
		event_base_loopbreak(worker->base);
}

static void
on_closed(struct conngroup *group, const struct conn_client *client)
{
	struct worker *worker = group->owner;

	admission_leave(&worker->admission, client);
	if (worker->paused)
		listen_again(worker);
	end_when_idle(worker);
}

static void
on_shown(struct conngroup *group, const struct conn_client *client)
{
	struct worker *worker = group->owner;

	admission_charge_certificate(&worker->admission, client);
}

static void
on_uploaded(
    struct conngroup *group, const struct conn_client *client, unsigned ms)
{
	struct worker *worker = group->owner;

	admission_charge_upload(&worker->admission, client, ms);
}

static bool
on_visitor(struct conngroup *group, struct conn_client *client)
{
	struct worker *worker = group->owner;

	return admission_enter_visitor(&worker->admission, client);
}

static void
on_malformed(struct conngroup *group)
{
	struct worker *worker = group->owner;

	admission_report_malformed(&worker->admission);
}

static void
stop(struct worker *worker)
{
	static const char word = WORKERS_STOPPED;
	struct timeval wait =
	    clock_timeval(worker->setup->config->shutdown_timeout_ms);

	if (worker->stopping)
		return;
	worker->stopping = true;
	for (size_t i = 0; i < worker->setup->socket_count; i++) {
		/* Drain the accept queue before closing the listener. */
		for (int n = 0; n < LAST_CLIENTS; n++)
			if (accept_one(&worker->listeners[i], false) == -1)
				break;
		event_del(&worker->listeners[i].readable);
		close(worker->setup->sockets[i].fd);
	}
	(void)!send(worker->setup->line, &word, 1, MSG_NOSIGNAL);
	evtimer_add(&worker->shutdown, &wait);
	conngroup_close_idle(&worker->group);
	end_when_idle(worker);
}

static void
on_stop(evutil_socket_t signal, short what, void *context)
{
	(void)signal;
	(void)what;
	stop(context);
}

/* Without the master the worker could not be replaced or stopped: stop. */
static void
on_line(evutil_socket_t fd, short what, void *context)
{
	static const char pong = SERVICE_PING;
	struct worker *worker = context;
	char word;
	int given;

	(void)what;
	if (fdpass_receive(fd, &word, &given) == 1) {
		if (word == WORKERS_END)
			stop(worker);
		if (word == SERVICE_PING)
			(void)!send(fd, &pong, 1, MSG_NOSIGNAL);
		if (word == WORKERS_READERS && given != -1 &&
		    readerset_map(worker->setup->readers, given) == -1)
			log_line(LOG_LEVEL_ERROR,
			    "worker: no memory for the lists of readers");
		fdpass_close(given);
		return;
	}
	event_del(&worker->line);
	if (!worker->stopping)
		log_line(LOG_LEVEL_WARN, "worker: lost the master, exiting");
	stop(worker);
}

static void
on_shutdown(evutil_socket_t fd, short what, void *context)
{
	struct worker *worker = context;

	(void)fd;
	(void)what;
	log_line(LOG_LEVEL_WARN, "worker: closed %zu unfinished connections",
	    worker->group.count);
	conngroup_close_all(&worker->group);
	event_base_loopbreak(worker->base);
}

static void
on_log(evutil_socket_t fd, short what, void *context)
{
	struct worker *worker = context;

	(void)fd;
	(void)what;
	log_store_write(worker->setup->held);
}

/* Delays log lines: writing one costs more than sending its answer. */
static void
write_log_soon(struct worker *worker)
{
	struct timeval wait = clock_timeval(LOG_MS);

	if (!log_store_is_empty(worker->setup->held) &&
	    !evtimer_pending(&worker->log, NULL) &&
	    evtimer_add(&worker->log, &wait) == -1)
		log_store_write(worker->setup->held);
}

/*
 * Reports a keys process that does not answer, to have it replaced. The
 * successor may hang, too: the report is repeated while the connection is down.
 */
static void
watch_keys(struct worker *worker)
{
	static const char word = WORKER_KEYS_SILENT;

	if (worker->keys.is_down &&
	    clock_until_ms(&worker->keys_word_at) == 0 &&
	    send(worker->setup->line, &word, 1, MSG_NOSIGNAL) == 1)
		worker->keys_word_at = clock_in(KEYS_SILENT_MS);
}

static int
set_deadlines(struct worker *worker)
{
	const struct config *config = worker->setup->config;
	const unsigned lengths_ms[CONN_DEADLINES] = {
		[CONN_DEADLINE_PROXY] = PROXY_MS,
		[CONN_DEADLINE_REQUEST] = config->request_timeout_ms,
		[CONN_DEADLINE_STALL] = config->stall_timeout_ms,
		[CONN_DEADLINE_DRAIN] = config->drain_timeout_ms,
	};

	return conngroup_set_deadlines(&worker->group, lengths_ms);
}

static int
set_events(struct worker *worker)
{
	const struct worker_setup *setup = worker->setup;
	struct event_base *base = worker->base;

	evtimer_assign(&worker->resume, base, on_resume, worker);
	evtimer_assign(&worker->shutdown, base, on_shutdown, worker);
	evtimer_assign(&worker->log, base, on_log, worker);
	evsignal_assign(&worker->stop, base, SIGTERM, on_stop, worker);
	event_assign(&worker->line, base, setup->line, EV_READ | EV_PERSIST,
	    on_line, worker);
	if (event_add(&worker->stop, NULL) == -1 ||
	    event_add(&worker->line, NULL) == -1)
		return -1;
	for (size_t i = 0; i < setup->socket_count; i++) {
		struct listener *listener = &worker->listeners[i];

		listener->worker = worker;
		listener->socket = setup->sockets[i];
		event_assign(&listener->readable, base, listener->socket.fd,
		    EV_READ | EV_PERSIST, on_client, listener);
		if (event_add(&listener->readable, NULL) == -1)
			return -1;
	}
	return 0;
}

static int
serve_clients(struct worker *worker)
{
	const struct worker_setup *setup = worker->setup;
	const int lines[] = { setup->answers, setup->runner, setup->writer };
	const struct jail_access access = { .role = JAIL_WORKER,
		.roots = setup->roots,
		.state = -1,
		.lines = lines,
		.line_count = sizeof lines / sizeof *lines };

	room_init(&worker->room, setup->roots->count);
	worker->base = event_base_new();
	worker->listeners =
	    calloc(setup->socket_count, sizeof *worker->listeners);
	if (worker->base == NULL || worker->listeners == NULL)
		return -1;
	worker->group.base = worker->base;
	worker->group.server = setup->server;
	worker->group.tls = setup->tls;
	worker->group.log_addresses = setup->config->log_addresses;
	worker->group.counts = setup->counts;
	worker->group.closed = on_closed;
	worker->group.shown = on_shown;
	worker->group.uploaded = on_uploaded;
	worker->group.admit = on_visitor;
	worker->group.malformed = on_malformed;
	worker->group.owner = worker;
	conngroup_init(&worker->group);
	worker->admission = (struct admission){ .config = setup->config,
		.limits = setup->limits,
		.number = setup->number,
		.counts = setup->counts,
		.rules = setup->config->limits };
	worker->admission.rules.room = worker->room.most;
	open_spare(worker);
	if (set_deadlines(worker) == -1 || set_events(worker) == -1 ||
	    jail_enter(setup->jail, &access) == -1)
		return -1;
	log_hold(setup->held);
	while (
	    !worker->deaf && (!worker->stopping || worker->group.count > 0)) {
		if (event_base_loop(worker->base, EVLOOP_ONCE) == -1)
			return -1;
		conngroup_sweep(&worker->group);
		room_clients(&worker->room, worker->group.count);
		write_log_soon(worker);
		watch_keys(worker);
	}
	if (worker->deaf) {
		conngroup_close_all(&worker->group);
		conngroup_sweep(&worker->group);
	}
	log_store_write(setup->held);
	return worker->deaf ? -1 : 0;
}

int
worker_run(const struct worker_setup *setup)
{
	static struct worker worker;
	int status = EXIT_SUCCESS;

	worker.setup = setup;
	worker.spare = -1;
	worker.keys.fd = setup->keys;
	keyprovider_use(&worker.keys);
	if (serve_clients(&worker) == -1) {
		log_line(LOG_LEVEL_ERROR, "worker: cannot go on: %s",
		    worker.deaf ? "a listening socket was shut down"
				: strerror(errno));
		status = EXIT_FAILURE;
	}
	if (worker.base != NULL)
		event_base_free(worker.base);
	free(worker.listeners);
	return status;
}
