/*
 * The status of the server as text.
 */
#include "daemon/statustext.h"

#include <stdlib.h>

#include "sys/clock.h"
#include "sys/counts.h"
#include "text/buf.h"
#include "text/utc.h"

/* The most clients answered before other work of the master. */
#define CLIENTS_A_TURN 64
/* Upper bounds of the text's size. */
#define TEXT_MAX ((size_t)16 << 10)
#define HOST_TEXT_MAX ((size_t)2 * 320)
#define WORKER_TEXT_MAX ((size_t)64)

static const struct {
	const char *key;
	enum counts_kind kind;
} numbers[] = {
	{ "connections", COUNTS_CONNECTIONS },
	{ "open.hello", COUNTS_HELLO },
	{ "open.request", COUNTS_REQUEST },
	{ "open.response", COUNTS_RESPONSE },
	{ "open.drain", COUNTS_DRAIN },
	{ "refused.limit_open", COUNTS_REFUSED_OPEN },
	{ "refused.limit_rate", COUNTS_REFUSED_RATE },
	{ "refused.room", COUNTS_REFUSED_ROOM },
	{ "refused.files", COUNTS_REFUSED_FILES },
	{ "dropped.limit_open", COUNTS_DROPPED_OPEN },
	{ "dropped.limit_rate", COUNTS_DROPPED_RATE },
	{ "closed.room", COUNTS_CLOSED_ROOM },
	{ "closed.request_timeout", COUNTS_LATE_REQUEST },
	{ "closed.stall_timeout", COUNTS_LATE_CLIENT },
};

static void
add_time(struct buf *out, const struct master *master)
{
	char since[UTC_SIZE];

	utc_format(master->since, since);
	buf_printf(out,
	    "since=%s\n"
	    "version=%s\n"
	    "state=%s\n"
	    "reload=%s\n"
	    "hosts=%zu\n",
	    since, VERSION, master->stopping ? "stopping" : "serving",
	    master->last_reload, master->generation->config.host_count);
}

static void
add_age(struct buf *out, const char *kind, size_t number,
    const struct timespec *started)
{
	buf_printf(out, "%s.%zu.age_s=%ld\n", kind, number,
	    clock_since_ms(started) / 1000);
}

static void
add_workers(struct buf *out, const struct workers *workers)
{
	size_t retired = 0;

	for (size_t i = 0; i < workers->child_count; i++)
		retired += workers->children[i].retired;
	buf_printf(out, "workers=%zu\n", workers->child_count - retired);
	for (size_t i = 0; i < workers->child_count; i++)
		if (!workers->children[i].retired)
			add_age(out, "worker", workers->children[i].slot + 1,
			    &workers->children[i].started);
	buf_printf(out, "retired=%zu\n", retired);
	retired = 0;
	/* The start of a predecessor's worker is unknown. */
	for (size_t i = 0; i < workers->child_count; i++)
		if (workers->children[i].retired &&
		    workers->children[i].serial != 0)
			add_age(out, "retired", ++retired,
			    &workers->children[i].started);
}

static void
add_requests(struct buf *out, const char *protocol, const uint64_t *by_status)
{
	for (size_t i = 0; i < COUNTS_STATUSES; i++)
		if (by_status[i] != 0)
			buf_printf(out, "requests.%s.%zu=%llu\n", protocol, i,
			    (unsigned long long)by_status[i]);
}

static void
add_counts(struct buf *out, const struct workers *workers)
{
	struct counts_total total = workers->ended;

	for (size_t i = 0; i < workers->child_count; i++)
		counts_collect(&total, workers->children[i].counts, 0);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		buf_printf(out, "%s=%llu\n", numbers[i].key,
		    (unsigned long long)total.at[numbers[i].kind]);
	add_requests(out, "gemini", &total.at[COUNTS_GEMINI]);
	add_requests(out, "gopher", &total.at[COUNTS_GOPHER]);
}

static void
add_host(struct buf *out, const struct generation *generation, size_t host)
{
	const struct capsule *capsule = &generation->capsules.all[host];
	struct str name = generation->config.hosts[host].site.names[0];
	const int64_t now = clock_now().tv_sec;
	int64_t scanned = generation->capsules.scans[host].second;
	int64_t left = capsule->certificate_end - clock_wall().tv_sec;

	/* The index process may have written any number. */
	if (scanned < 0 || scanned > now)
		scanned = now;
	if (capsule->is_indexed && scanned == 0)
		buf_printf(out, "host.%.*s.index_age_s=never\n", STR_ARG(name));
	else if (capsule->is_indexed)
		buf_printf(out, "host.%.*s.index_age_s=%lld\n", STR_ARG(name),
		    (long long)(now - scanned));
	/* An end in the past is -1 from its first second on. */
	if (capsule->certificate_end != 0)
		buf_printf(out, "host.%.*s.certificate_days=%lld\n",
		    STR_ARG(name),
		    (long long)(left < 0 ? (left - 86399) / 86400
					 : left / 86400));
}

/* Returns the text, to be freed by the caller; NULL without memory. */
static char *
make_text(const struct master *master, struct str *text)
{
	const struct generation *generation = master->generation;
	size_t hosts = generation->config.host_count;
	size_t size = TEXT_MAX + hosts * HOST_TEXT_MAX +
	    master->workers.child_count * WORKER_TEXT_MAX;
	char *bytes = malloc(size);
	struct buf out = buf_over(bytes, bytes != NULL ? size : 0);

	add_time(&out, master);
	add_workers(&out, &master->workers);
	add_counts(&out, &master->workers);
	for (size_t i = 0; i < hosts; i++)
		add_host(&out, generation, i);
	/* The client can tell a text that was cut short. */
	buf_add(&out, STR("complete=yes\n"));
	*text = buf_str(&out);
	return bytes;
}

void
statustext_answer(struct master *master)
{
	char *bytes = NULL;
	struct str text;

	for (int i = 0; i < CLIENTS_A_TURN; i++) {
		int client = statussocket_polled(&master->status) != -1
		    ? statussocket_accept(&master->status)
		    : -1;

		if (client == -1)
			break;
		if (bytes == NULL)
			bytes = make_text(master, &text);
		statussocket_send(client, text);
	}
	free(bytes);
}
