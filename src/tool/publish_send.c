/* Sends files to a Titan server, and deletes files there. */
#include "tool/publish_send.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/sha256.h"
#include "text/hex.h"
#include "text/status.h"
#include "text/uri.h"

/* For ";edit": the longest file that is compared. */
#define EDIT_MAX ((uint64_t)256 << 20)
/* A full disk, for example, or a quota, refuses all files. */
#define DELAYS_MAX 3

enum purpose {
	ASKS,
	SENDS,
	DELETES,
};

/* A list of requests for the pool. */
struct requests {
	struct publish_send *send;
	enum purpose purpose;
	struct publish_plan_item *const *items;
	size_t count, next;
	/* The request that is running. */
	struct publish_plan_item *item;
	struct entry entry; /* the file that is sent; -1: none */
	/* Items that the server refused with 59, perhaps after a change. */
	struct publish_plan_item **doubtful;
	size_t doubtful_count;
};

static void fail(struct publish_send *send, struct publish_plan_item *item,
    const char *format, ...) PRINTF_LIKE(3, 4);

static void
fail(struct publish_send *send, struct publish_plan_item *item,
    const char *format, ...)
{
	char why[FETCH_META_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof why, format, arguments);
	va_end(arguments);
	item->failed = true;
	report_failed(&send->mirror->report, item->path, why);
}

void
publish_send_conflict(struct publish_send *send, struct publish_plan_item *item)
{
	bool known = item->versions[PUBLISH_PLAN_KNOWN].exists;

	if (!item->versions[PUBLISH_PLAN_SERVER].exists)
		fail(send, item,
		    "conflict: it was deleted on the server, and is not sent; "
		    "remove it from the folder, or send it with --force");
	else if (known || item->base.exists)
		fail(send, item,
		    "conflict: it was changed on the server since, and is not "
		    "overwritten; merge the version of the server, which a "
		    "client shows, into the folder, then use --force");
	else
		fail(send, item,
		    "conflict: the server has another version, and it is not "
		    "known which one is newer; compare them, then send the one "
		    "of the folder with --force");
}

/* Requests. */

/* A semicolon in a path would begin the parameters. */
static void
add_path(struct buf *out, struct str encoded)
{
	for (size_t i = 0; i < encoded.len; i++)
		if (encoded.at[i] == ';')
			buf_add(out, STR("%3B"));
		else
			buf_char(out, encoded.at[i]);
}

/* "titan://example.org/notes/a.gmi"; -1 when it is too long. */
static int
add_url(const struct origin *origin, struct buf *out, struct str path)
{
	char memory[ORIGIN_REQUEST_MAX];
	struct buf encoded = buf_over(memory, sizeof memory);

	uri_encode(&encoded, path);
	buf_add(out, STR("titan"));
	buf_add(out, str_tail(str_of(origin->root), strlen("gemini")));
	add_path(out, str_of(origin->base));
	add_path(out, buf_str(&encoded));
	return encoded.overflow || out->overflow ? -1 : 0;
}

/* The base of a new file is an empty one, as ";edit" shows it. */
static void
add_base(struct buf *out, const struct publish_plan_version *version)
{
	unsigned char hash[SHA256_SIZE];
	char hex[2 * MANIFEST_HASH + 1];

	if (!version->exists && sha256_of(STR(""), hash) == -1)
		return;
	hex_format(version->exists ? version->hash : hash, MANIFEST_HASH, hex);
	buf_add(out, STR(";base="));
	buf_add(out, str_of(hex));
}

static void
add_mime(struct buf *out, struct str type)
{
	/* The server knows the parameters, which begin with a semicolon. */
	type = str_trim_end(str_head(type, str_find(type, ';')));
	if (type.len == 0)
		return;
	buf_add(out, STR(";mime="));
	uri_encode(out, type);
}

static void
add_size(struct buf *out, uint64_t size)
{
	char digits[32];

	snprintf(digits, sizeof digits, ";size=%" PRIu64, size);
	buf_add(out, str_of(digits));
}

/* Opens the file and adds its size, type and base. */
static int
prepare_file(struct requests *work, struct pool_job *job, struct buf *out)
{
	struct publish_send *send = work->send;
	struct publish_plan_item *item = work->item;
	struct publish_plan_version *local =
	    &item->versions[PUBLISH_PLAN_LOCAL];
	char memory[MANIFEST_PATH_MAX + 2];
	struct buf path = buf_over(memory, sizeof memory);

	buf_char(&path, '/');
	buf_add(&path, item->path);
	if (tree_find(send->tree, buf_str(&path), &work->entry) !=
	    STATUS_SUCCESS) {
		work->entry.fd = -1;
		fail(send, item, "cannot be opened any more; publish again");
		return -1;
	}
	/* The file may have changed since it was listed. */
	if (tree_hash(&work->entry, local->hash, NULL) == -1 ||
	    work->entry.st.st_size <= 0) {
		fail(send, item, "is being changed; publish again");
		return -1;
	}
	item->size = (uint64_t)work->entry.st.st_size;
	job->fetch.upload = work->entry.fd;
	job->fetch.upload_size = item->size;
	add_size(out, item->size);
	add_mime(out,
	    media_type_by(send->media, send->types, item->path, &work->entry));
	return 0;
}

static void
close_entry(struct requests *work)
{
	if (work->entry.fd != -1)
		close(work->entry.fd);
	work->entry.fd = -1;
}

static int
prepare(struct requests *work, struct pool_job *job)
{
	struct buf out =
	    buf_over(job->fetch.request, sizeof job->fetch.request - 1);
	struct publish_plan_item *item = work->item;
	int result = add_url(&work->send->mirror->origin, &out, item->path);

	item->base = item->versions[PUBLISH_PLAN_SERVER];
	job->fetch.limit = EDIT_MAX;
	if (work->purpose == ASKS)
		buf_add(&out, STR(";edit"));
	else if (work->purpose == DELETES)
		buf_add(&out, STR(";size=0"));
	else if (result == 0 && prepare_file(work, job, &out) == -1)
		return -1;
	if (work->purpose != ASKS)
		add_base(&out, &item->base);
	if (result == -1 || out.overflow || out.len > ORIGIN_REQUEST_MAX) {
		fail(work->send, item,
		    "its path is too long for a request; move it up, or give "
		    "it a shorter name");
		return -1;
	}
	job->fetch.request[out.len] = '\0';
	return 0;
}

static bool
next_item(void *context, struct pool_job *job)
{
	struct requests *work = context;

	while (work->next < work->count && *work->send->interrupted == 0) {
		work->item = work->items[work->next++];
		if (!work->item->failed && prepare(work, job) == 0)
			return true;
		close_entry(work);
		*job = (struct pool_job){ .part = job->part };
	}
	return false;
}

/* Answers. */

/*
 * Ends the run if the server refuses the author, and not only a file: one
 * message is enough.
 */
static bool
is_refused(struct publish_send *send, const struct fetch *fetch)
{
	const struct tlsidentity *identity = send->identity;
	const char *cure;

	if (send->mirror->report.fetched + send->mirror->report.removed > 0)
		return false;
	switch (fetch->status) {
	case 60:
		cure = identity == NULL
		    ? "give your certificate with --cert and --key"
		    : "the server saw no certificate; check that it asks for "
		      "one in this part";
		break;
	case 61:
		cure = "send the fingerprint to the operator, who adds it to "
		       "the writers of this part";
		break;
	case 62:
		cure = "make a new certificate, and send its fingerprint to "
		       "the operator";
		break;
	case 53:
		cure = "check the host and port of the URL, and ask the "
		       "operator if the server takes uploads";
		break;
	default: return false;
	}
	(void)mirror_fail(send->mirror, "%d %.600s; %s%s; %s", fetch->status,
	    fetch->meta,
	    identity != NULL ? "your certificate is "
			     : "you gave no certificate",
	    identity != NULL ? identity->fingerprint : "", cure);
	return true;
}

/* Whether the server has done it: Gemini's page is next, or a page follows. */
static bool
is_done(const struct fetch *fetch)
{
	return fetch->end == FETCH_ANSWERED &&
	    (fetch->status / 10 == 2 ||
		(fetch->status == 30 &&
		    !str_starts(str_of(fetch->meta), STR("titan:"))));
}

/* Takes the answer to ";edit". An absent file is an empty page. */
static void
take_version(struct requests *work, struct pool_job *job)
{
	const struct fetch *fetch = &job->fetch;
	struct publish_plan_version *version =
	    &work->item->versions[PUBLISH_PLAN_SERVER];

	if (fetch->end == FETCH_ANSWERED && fetch->status / 10 == 2) {
		version->exists = fetch->size > 0;
		memcpy(version->hash, fetch->hash, MANIFEST_HASH);
	} else if (fetch->end == FETCH_ANSWERED && fetch->status == 51) {
		version->exists = false;
	} else if (work->item->refusal.len > 0) {
		/* The server does not know ";edit". */
		fail(work->send, work->item, "%.*s",
		    STR_ARG(work->item->refusal));
	} else if (!is_refused(work->send, fetch)) {
		fail(work->send, work->item,
		    "cannot be compared with the server's: %s",
		    pool_failure(job));
	}
}

static void
take_success(struct publish_send *send, struct publish_plan_item *item,
    enum purpose purpose)
{
	struct publish_plan_version *server =
	    &item->versions[PUBLISH_PLAN_SERVER];

	if (purpose == DELETES) {
		server->exists = false;
		report_removed(&send->mirror->report, item->path);
		return;
	}
	*server = item->versions[PUBLISH_PLAN_LOCAL];
	send->bytes += item->size;
	report_fetched(&send->mirror->report, item->path, item->size);
}

static const char *
advice(const struct requests *work, const struct fetch *fetch)
{
	if (fetch->end != FETCH_ANSWERED)
		return "";
	if (fetch->status == 50)
		return work->purpose == DELETES
		    ? "; ask the operator whether files may be deleted"
		    : "; make the file smaller, or ask the operator for a "
		      "higher limit";
	return fetch->status / 10 == 4 ? "; publish again later" : "";
}

/* Keeps the META of a refusal until a conflict is ruled out. */
static void
take_doubt(struct requests *work, struct pool_job *job)
{
	struct publish_plan_item *item = work->item;

	item->refusal = STR("59");
	if (arena_copy(&work->send->mirror->arena, str_of(pool_failure(job)),
		&item->refusal) == -1)
		item->refusal = STR("59");
	work->doubtful[work->doubtful_count++] = item;
}

/* Ends the run after some files for which the server is not ready. */
static void
count_delay(struct publish_send *send, const struct fetch *fetch)
{
	if (fetch->end != FETCH_FAILED &&
	    (fetch->end != FETCH_ANSWERED || fetch->status / 10 != 4))
		send->delays = 0;
	else if (++send->delays == DELAYS_MAX)
		(void)mirror_fail(send->mirror,
		    "%u files in a row failed, so the others were not tried; "
		    "run the same command again later",
		    send->delays);
}

static void
take_answer(void *context, struct pool_job *job)
{
	struct requests *work = context;
	struct publish_plan_item *item = work->item;
	const struct fetch *fetch = &job->fetch;

	if (work->purpose == ASKS) {
		take_version(work, job);
	} else if (is_done(fetch)) {
		if (work->entry.fd != -1 && !tree_is_unchanged(&work->entry))
			fail(work->send, item,
			    "was changed while it was sent; publish again");
		else
			take_success(work->send, item, work->purpose);
	} else if (fetch->end == FETCH_ANSWERED && fetch->status == 59) {
		take_doubt(work, job);
	} else if (work->purpose == DELETES && fetch->status == 51) {
		take_success(work->send, item, DELETES);
	} else if (!is_refused(work->send, fetch)) {
		fail(work->send, item, "%s%s", pool_failure(job),
		    advice(work, fetch));
	}
	count_delay(work->send, fetch);
	close_entry(work);
}

/* Success is the end of a redirect, which is not followed. */
static bool
never(void *context, struct str request)
{
	(void)context;
	(void)request;
	return false;
}

static int
run(struct requests *work)
{
	struct pool *pool = &work->send->mirror->pool;
	int result;

	work->entry.fd = -1;
	pool->width = 1;
	pool->next = next_item;
	pool->done = take_answer;
	pool->may_follow = never;
	pool->context = work;
	result = pool_run(pool);
	close_entry(work);
	pool->may_follow = NULL;
	return result;
}

int
publish_send_ask(struct publish_send *send,
    struct publish_plan_item *const *items, size_t count)
{
	struct requests work = {
		.send = send, .purpose = ASKS, .items = items, .count = count
	};

	return run(&work);
}

/*
 * Finds the reason of refusals: the server's version has changed, or it is the
 * sent file already, because an answer was lost; otherwise the META of the
 * server has the reason.
 */
static int
settle(struct requests *work)
{
	struct publish_send *send = work->send;

	for (size_t i = 0; i < work->doubtful_count; i++) {
		struct publish_plan_item *item = work->doubtful[i];
		struct publish_plan_version base = item->base;
		bool is_deleted, is_stored;

		if (publish_send_ask(send, &item, 1) == -1)
			return -1;
		if (item->failed || *send->interrupted != 0)
			continue;
		item->base = base;
		is_deleted = work->purpose == DELETES &&
		    !item->versions[PUBLISH_PLAN_SERVER].exists;
		is_stored = work->purpose == SENDS &&
		    publish_plan_agrees(
			item, PUBLISH_PLAN_LOCAL, PUBLISH_PLAN_SERVER);
		if (is_deleted || is_stored)
			take_success(send, item, work->purpose);
		else if (publish_plan_same(
			     &item->versions[PUBLISH_PLAN_SERVER], &base))
			fail(send, item, "%.*s", STR_ARG(item->refusal));
		else
			publish_send_conflict(send, item);
	}
	return 0;
}

static int
run_and_settle(struct requests *work)
{
	int result;

	work->doubtful =
	    calloc(work->count + 1, sizeof(struct publish_plan_item *));
	if (work->doubtful == NULL)
		return mirror_fail(work->send->mirror, "out of memory");
	result = run(work);
	if (result == 0)
		result = settle(work);
	free(work->doubtful);
	return result;
}

int
publish_send_files(struct publish_send *send,
    struct publish_plan_item *const *items, size_t count)
{
	struct requests work = {
		.send = send, .purpose = SENDS, .items = items, .count = count
	};

	return run_and_settle(&work);
}

int
publish_send_deletes(struct publish_send *send,
    struct publish_plan_item *const *items, size_t count)
{
	struct requests work = {
		.send = send, .purpose = DELETES, .items = items, .count = count
	};

	return run_and_settle(&work);
}
