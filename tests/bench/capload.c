/*
 * capload - a closed-loop load for a Gemini or Gopher server on this machine.
 *
 * One request is one new connection, timed from before connect() to the end
 * of the answer: close_notify, or on Gopher the end of file.  Requests take
 * the targets in turn, and every answer of a target has to be as long as its
 * first.  Certificates are not verified: that is the client's cost.
 *
 * The last line, RESULT and key=value, is for scripts.  The exit status is 0
 * when every counted request succeeded; a missing close_notify is no error.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"
#include "load.h"
#include "usage.h"

#define EVENTS 256
/* How often timeouts are looked for. */
#define SCAN_US 200000
#define IDLE_LIMIT_US (60 * INT64_C(1000000))
/* For the server to end what it does after an answer. */
#define SETTLE_US 150000

/* Before or after what counts. */
struct moment {
	int64_t us;
	double client_s;
	struct usage usage;
	struct machine machine;
};

struct idleness {
	size_t opened, left;
	struct moment before, after;
};

static const char *const failure_names[FAILURES] = {
	[FAILURE_CONNECT] = "connect",
	[FAILURE_HANDSHAKE] = "handshake",
	[FAILURE_WRITE] = "write",
	[FAILURE_RESET] = "reset",
	[FAILURE_TLS] = "tls",
	[FAILURE_STATUS] = "status",
	[FAILURE_HEADER] = "header",
	[FAILURE_EMPTY] = "empty",
	[FAILURE_LENGTH] = "length",
	[FAILURE_GOPHER] = "gopher-error",
	[FAILURE_TIMEOUT] = "timeout",
};

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static double
seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void
now(const struct load *load, struct moment *moment)
{
	const struct options *options = &load->options;
	struct rusage own;

	if (!usage_with_memory(options->pid, options->cgroup, &moment->usage))
		die("no process %d", (int)options->pid);
	machine_now(&moment->machine);
	getrusage(RUSAGE_SELF, &own);
	moment->client_s =
	    seconds_of(&own.ru_utime) + seconds_of(&own.ru_stime);
	moment->us = now_us();
}

static void
wait_and_drive(struct load *load)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(load->epoll, events, EVENTS, 100);

	if (count == -1 && errno != EINTR)
		die("epoll_wait: %s", strerror(errno));
	for (int i = 0; i < count; i++)
		client_drive(load, events[i].data.ptr);
}

static void
give_up_late_ones(struct load *load)
{
	int64_t patience_us = (int64_t)(load->options.patience_s * 1e6);

	for (size_t i = 0; i < load->options.concurrency; i++) {
		struct client *client = &load->clients[i];

		if (client->state == CLIENT_FREE ||
		    now_us() - client->started_us <= patience_us)
			continue;
		complain(load, "timeout in state %d after %" PRId64 " bytes",
		    (int)client->state, client->body);
		client_fail(load, client, FAILURE_TIMEOUT);
	}
}

/* Begins what may begin; how many are under way. */
static size_t
begin_requests(struct load *load, size_t count, bool late)
{
	size_t busy = 0;

	for (size_t i = 0; i < load->options.concurrency; i++) {
		struct client *client = &load->clients[i];

		if (client->state == CLIENT_FREE && !late &&
		    load->outcome.started < count &&
		    !client_start(load, client, false))
			interrupted = 1;
		busy += client->state != CLIENT_FREE;
	}
	return busy;
}

static void
run_phase(struct load *load, size_t count, bool counting)
{
	struct outcome *outcome = &load->outcome;
	int64_t end = now_us() + (int64_t)(load->options.seconds * 1e6);
	int64_t scanned = now_us();

	free(outcome->latencies_us);
	memset(outcome, 0, sizeof *outcome);
	if (counting) {
		outcome->latencies_us =
		    must_calloc(count, sizeof *outcome->latencies_us);
		outcome->most = count;
	}
	while (!interrupted && outcome->done < count) {
		if (begin_requests(load, count, now_us() >= end) == 0 &&
		    now_us() >= end)
			break;
		wait_and_drive(load);
		if (now_us() - scanned > SCAN_US) {
			scanned = now_us();
			give_up_late_ones(load);
		}
	}
	for (size_t i = 0; i < load->options.concurrency; i++)
		if (load->clients[i].state != CLIENT_FREE)
			client_close(load, &load->clients[i], true);
}

/* Opens silent connections, as many at once as requests would be. */
static size_t
open_idle(struct load *load, struct client *clients)
{
	size_t wanted = load->options.idle, next = 0, up = 0;
	int64_t end = now_us() + IDLE_LIMIT_US;

	memset(&load->outcome, 0, sizeof load->outcome);
	while (!interrupted && up < wanted && now_us() < end) {
		size_t pending = 0;

		up = 0;
		for (size_t i = 0; i < next; i++) {
			up += clients[i].state == CLIENT_IDLE;
			pending += clients[i].state != CLIENT_IDLE &&
			    clients[i].state != CLIENT_FREE;
		}
		if (next == wanted && pending == 0)
			break;
		for (; next < wanted && pending < load->options.concurrency;
		     next++, pending++)
			if (!client_start(load, &clients[next], true))
				return up;
		wait_and_drive(load);
	}
	return up;
}

/* How many of them the server has not closed. */
static size_t
still_open(const struct client *clients, size_t count)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		struct pollfd poller = { .fd = clients[i].fd,
			.events = POLLRDHUP };

		if (clients[i].state == CLIENT_IDLE)
			open += poll(&poller, 1, 0) == 0;
	}
	return open;
}

static struct client *
be_idle(struct load *load, struct idleness *idleness)
{
	const struct options *options = &load->options;
	struct client *clients = must_calloc(options->idle, sizeof *clients);

	now(load, &idleness->before);
	idleness->opened = open_idle(load, clients);
	if (load->outcome.complaint[0] != '\0')
		printf("idle: %s\n", load->outcome.complaint);
	usleep((useconds_t)(options->hold_s * 1e6));
	now(load, &idleness->after);
	idleness->left = still_open(clients, options->idle);
	return clients;
}

static int
compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* Milliseconds. */
static double
percentile(const struct outcome *outcome, double part)
{
	size_t at = (size_t)(part * (double)outcome->ok + 0.5);

	if (outcome->ok == 0)
		return 0;
	if (at >= outcome->ok)
		at = outcome->ok - 1;
	return outcome->latencies_us[at] / 1000.0;
}

static size_t
print_failures(const struct outcome *outcome)
{
	size_t sum = 0;

	for (size_t i = 0; i < FAILURES; i++) {
		if (outcome->failures[i] > 0)
			printf("failed: %s %zu\n", failure_names[i],
			    outcome->failures[i]);
		sum += outcome->failures[i];
	}
	if (outcome->complaint[0] != '\0')
		printf("first: %s\n", outcome->complaint);
	return sum;
}

static size_t
print_result(struct load *load, const struct moment *before,
    const struct moment *after, const struct idleness *idle)
{
	struct outcome *outcome = &load->outcome;
	double client = after->client_s - before->client_s;
	double server = after->usage.cpu_s - before->usage.cpu_s;
	double each = outcome->ok > 0 ? 1e6 / (double)outcome->ok : 0;
	size_t failed = print_failures(outcome);

	if (outcome->ok > 0)
		qsort(outcome->latencies_us, outcome->ok,
		    sizeof *outcome->latencies_us, compare);
	printf("RESULT ok=%zu failed=%zu rate=%.1f p50=%.3f p95=%.3f p99=%.3f"
	       " max=%.3f",
	    outcome->ok, failed,
	    outcome->ok > 0 ? (double)outcome->ok / outcome->took_s : 0,
	    percentile(outcome, 0.5), percentile(outcome, 0.95),
	    percentile(outcome, 0.99), percentile(outcome, 1));
	printf(" bytes=%" PRIu64 " body=%" PRId64 " unclosed=%zu resumed=%zu",
	    outcome->bytes, load->options.targets[0].body, outcome->unclosed,
	    outcome->resumed);
	printf(" cpu_us=%.2f client_us=%.2f others_s=%.2f stolen_s=%.2f",
	    server * each, client * each,
	    after->machine.busy_s - before->machine.busy_s - client - server,
	    after->machine.stolen_s - before->machine.stolen_s);
	printf(" wall_s=%.3f", (double)(after->us - before->us) / 1e6);
	printf(" processes=%u rss=%" PRIu64 " pss=%" PRIu64,
	    before->usage.processes, before->usage.rss_kib,
	    before->usage.pss_kib);
	printf(" idle=%zu idle_left=%zu idle_pss=%" PRId64
	       " idle_kernel=%" PRId64,
	    idle->opened, idle->left,
	    (int64_t)idle->after.usage.pss_kib -
		(int64_t)idle->before.usage.pss_kib,
	    (int64_t)idle->after.machine.kernel_kib -
		(int64_t)idle->before.machine.kernel_kib);
	printf(" tls=%s\n",
	    outcome->negotiated[0] != '\0' ? outcome->negotiated : "-");
	return failed;
}

static void
prepare(struct load *load)
{
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load->epoll == -1)
		die("epoll_create1: %s", strerror(errno));
	if (!load->options.gopher)
		client_init_tls(load);
	load->clients =
	    must_calloc(load->options.concurrency, sizeof *load->clients);
}

int
main(int argc, char **argv)
{
	static struct load load;
	struct moment before = { 0 }, after = { 0 };
	struct idleness idle = { 0 };
	struct client *silent = NULL;
	size_t failed;

	options_read(&load.options, argc, argv);
	prepare(&load);
	if (load.options.warm > 0) {
		run_phase(&load, load.options.warm, false);
		usleep(SETTLE_US);
	}
	if (load.options.idle > 0)
		silent = be_idle(&load, &idle);
	now(&load, &before);
	if (load.options.requests > 0)
		run_phase(&load, load.options.requests, true);
	load.outcome.took_s = (double)(now_us() - before.us) / 1e6;
	usleep(load.options.requests > 0 ? SETTLE_US : 0);
	now(&load, &after);
	failed = print_result(&load, &before, &after, &idle);
	for (size_t i = 0; silent != NULL && i < load.options.idle; i++)
		if (silent[i].state != CLIENT_FREE)
			client_close(&load, &silent[i], true);
	free(silent);
	return failed > 0 || idle.opened < load.options.idle ||
		(load.options.requests > 0 && load.outcome.ok == 0)
	    ? 1
	    : 0;
}
