/* Compares a folder with a server, and sends files that differ by Titan. */
#include "tool/publish_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"
#include "text/utf8.h"
#include "tool/cli.h"

#define VERB "publish"
/* For the three lists of files. */
#define MEMORY ((size_t)1 << 30)
#define SCHEME "titan://"

/* Signal handlers can only set flags. */
static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	interrupted = number;
}

/* Comparing. */

static int
read_record(struct publish_run *run)
{
	char url[sizeof run->mirror.origin.name +
	    sizeof run->mirror.origin.base];

	snprintf(url, sizeof url, "%s%s", run->mirror.origin.name,
	    run->mirror.origin.base);
	if (publish_record_open(&run->record, run->dir, url) == 0 &&
	    publish_record_read(
		&run->record, &run->mirror.arena, &run->known) == 0)
		return 0;
	return cli_say(VERB,
	    "%s: cannot be read: %s; remove it, and compare the next run with "
	    "--dry-run first",
	    run->record.path, strerror(errno));
}

static int
list_folder(struct publish_run *run)
{
	struct publish_local *local = &run->local;

	local->tree = &run->tree;
	local->arena = &run->mirror.arena;
	local->report = &run->mirror.report;
	local->media = run->media;
	local->types = &run->types;
	local->limit = (uint64_t)run->limit << 20;
	local->key = run->identity.key;
	if (publish_local_list(local) == -1)
		return cli_say(VERB, "%s: %s; name a folder that you may read",
		    run->dir, strerror(errno));
	if (local->sendable == 0)
		return cli_say(VERB,
		    "%s: has no file to publish; name the folder of a capsule",
		    run->dir);
	if (local->is_incomplete && run->rules.deletes) {
		run->rules.deletes = false;
		report_note(&run->mirror.report, str_of(run->dir),
		    "could not be listed completely, so nothing is deleted");
	}
	return 0;
}

/*
 * Without a manifest the server's files are those of the last run, and others
 * are asked for one by one.
 */
static int
merge(struct publish_run *run)
{
	const struct manifest *server = &run->known;
	int got = manifest_remote_get(&run->remote, &run->mirror);

	if (got == -1)
		return -1;
	run->has_manifest = got == 1;
	if (run->has_manifest)
		server = &run->remote.manifest;
	else
		report_note(&run->mirror.report, str_of(run->url),
		    "has no manifest; comparing files one by one");
	if (publish_plan_merge(&run->mirror.arena,
		(const struct manifest *const[]){
		    &run->local.manifest, server, &run->known },
		&run->plan) == 0)
		return 0;
	return mirror_fail(&run->mirror, "out of memory");
}

/* Asks the server about files that the manifest cannot decide. */
static int
ask(struct publish_run *run)
{
	const struct publish_plan *plan = &run->plan;
	struct publish_plan_item **items =
	    calloc(plan->count + 1, sizeof(struct publish_plan_item *));
	size_t count = 0;
	int result;

	if (items == NULL)
		return mirror_fail(&run->mirror, "out of memory");
	for (size_t i = 0; i < plan->count; i++) {
		struct publish_plan_item *item = &plan->items[i];

		if (publish_plan_doubts(item, &run->rules) ||
		    (!run->has_manifest &&
			!item->versions[PUBLISH_PLAN_KNOWN].exists))
			items[count++] = item;
	}
	result = publish_send_ask(&run->send, items, count);
	free(items);
	return result;
}

/* Working. */

static void
print_intent(const char *intent, struct str path)
{
	char text[4 * MANIFEST_PATH_MAX];
	struct buf escaped = buf_over(text, sizeof text);

	utf8_escape(&escaped, path);
	printf("would %s %.*s\n", intent, STR_ARG(buf_str(&escaped)));
}

typedef int perform(struct publish_send *send,
    struct publish_plan_item *const *items, size_t count);

/* Carries out a step, or only lists its files. */
static int
take_step(struct publish_run *run, enum publish_plan_step step,
    const char *intent, perform *carry_out)
{
	size_t count;
	struct publish_plan_item **items =
	    publish_plan_list(&run->plan, &run->rules, step, &count);
	int result = 0;

	if (items == NULL)
		return mirror_fail(&run->mirror, "out of memory");
	if (step == PUBLISH_PLAN_SEND)
		run->mirror.report.total = count;
	for (size_t i = 0; run->is_dry && i < count; i++)
		print_intent(intent, items[i]->path);
	if (!run->is_dry)
		result = carry_out(&run->send, items, count);
	free(items);
	return result;
}

/* Reports conflicts, and counts files that stay as they are. */
static void
report_rest(struct publish_run *run)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->plan.count; i++) {
		struct publish_plan_item *item = &run->plan.items[i];
		enum publish_plan_step step =
		    publish_plan_step(item, &run->rules);

		if (item->failed)
			continue;
		if (step == PUBLISH_PLAN_CONFLICT)
			publish_send_conflict(&run->send, item);
		run->unchanged += step == PUBLISH_PLAN_NOTHING &&
		    item->versions[PUBLISH_PLAN_LOCAL].exists;
		kept += step == PUBLISH_PLAN_KEEP;
	}
	if (kept > 0) {
		char note[128];

		snprintf(note, sizeof note,
		    "the server has %zu more file%s, which stay%s", kept,
		    kept == 1 ? "" : "s", kept == 1 ? "s" : "");
		report_note(&run->mirror.report, str_of(run->url), note);
	}
}

/* Records the versions that the folder and the server have in common. */
static int
write_record(struct publish_run *run)
{
	const struct publish_plan *plan = &run->plan;
	struct manifest_file *files =
	    calloc(plan->count + 1, sizeof(struct manifest_file));
	size_t count = 0;
	int result;

	for (size_t i = 0; files != NULL && i < plan->count; i++) {
		const struct publish_plan_item *item = &plan->items[i];
		const struct publish_plan_version *version =
		    &item->versions[PUBLISH_PLAN_KNOWN];

		if (publish_plan_agrees(
			item, PUBLISH_PLAN_LOCAL, PUBLISH_PLAN_SERVER))
			version = &item->versions[PUBLISH_PLAN_LOCAL];
		else if (!item->versions[PUBLISH_PLAN_SERVER].exists &&
		    !item->versions[PUBLISH_PLAN_LOCAL].exists)
			continue;
		if (!version->exists)
			continue;
		files[count].path = item->path;
		memcpy(files[count++].hash, version->hash, MANIFEST_HASH);
	}
	errno = ENOMEM;
	result = files != NULL
	    ? publish_record_write(&run->record, files, count)
	    : -1;
	free(files);
	if (result == 0)
		return 0;
	return cli_say(VERB,
	    "%s: cannot be written: %s; without it the next run cannot tell "
	    "which version is newer",
	    run->record.path, strerror(errno));
}

static void
sum_up(const struct publish_run *run)
{
	const struct report *report = &run->mirror.report;

	if (run->is_dry)
		return;
	printf("%s: %zu sent, %zu removed, %zu unchanged, %zu failed; "
	       "%llu requests, %llu bytes, %.1f s\n",
	    run->dir, report->fetched, report->removed, run->unchanged,
	    report->failed, (unsigned long long)run->mirror.pool.requests,
	    (unsigned long long)run->send.bytes,
	    (double)clock_since_ms(&report->began) / 1000);
}

static int
compare_and_send(struct publish_run *run)
{
	int result, recorded = 0;

	if (merge(run) == -1)
		return -1;
	result = ask(run);
	if (result == 0 && interrupted == 0) {
		report_rest(run);
		result = take_step(
		    run, PUBLISH_PLAN_SEND, "send", publish_send_files);
	}
	if (result == 0 && interrupted == 0)
		result = take_step(
		    run, PUBLISH_PLAN_DELETE, "delete", publish_send_deletes);
	if (!run->is_dry)
		recorded = write_record(run);
	report_pause(&run->mirror.report);
	if (recorded == -1)
		run->mirror.report.failed++;
	return result;
}

static int
run_all(struct publish_run *run)
{
	struct mirror *mirror = &run->mirror;
	int result;

	if (read_record(run) == -1 || list_folder(run) == -1)
		return 1;
	result = compare_and_send(run);
	if (result == -1)
		cli_say(VERB, "%s", mirror->origin.error);
	if (interrupted != 0)
		cli_say(VERB,
		    "interrupted; run the same command again to continue");
	if (result == 0 || mirror->report.fetched > 0)
		sum_up(run);
	return result == -1 || interrupted != 0 || mirror->report.failed > 0;
}

/* Opening. */

/* Returns 0, or the exit status. */
static int
open_origin(struct publish_run *run)
{
	struct mirror *mirror = &run->mirror;
	char url[ORIGIN_REQUEST_MAX + 1];
	struct str rest = str_of(run->url);
	struct str scheme = str_head(
	    rest, rest.len < strlen(SCHEME) ? rest.len : strlen(SCHEME));
	enum origin_open opened;

	rest = str_tail(rest, scheme.len);
	if (!str_equals_nocase(scheme, STR(SCHEME)) ||
	    str_find(rest, ';') < rest.len ||
	    rest.len > ORIGIN_REQUEST_MAX / 2) {
		cli_misused(VERB,
		    "give a URL of a folder, as titan://HOST/FOLDER/, not ",
		    run->url);
		return 2;
	}
	snprintf(url, sizeof url, "gemini://%.*s", STR_ARG(rest));
	opened = origin_open(&mirror->origin, url, mirror->known_hosts);
	if (opened == ORIGIN_OK && run->identity.certificate != NULL &&
	    tlsidentity_use(&run->identity, mirror->origin.tls) == -1) {
		cli_say(VERB, "%s", run->identity.error);
		return 1;
	}
	if (opened != ORIGIN_OK) {
		cli_say(VERB, "%s", mirror->origin.error);
		return opened == ORIGIN_NO_URL ? 2 : 1;
	}
	mirror->origin.is_strict = mirror->is_strict;
	mirror->origin.report = &mirror->report;
	mirror->pool.origin = &mirror->origin;
	mirror->pool.width = 1;
	mirror->pool.patience_ms = (unsigned)run->patience * 1000;
	mirror->pool.until = clock_in((unsigned)run->seconds * 1000);
	return 0;
}

static int
open_folder(struct publish_run *run, const struct host_config *host)
{
	char error[512];

	if (tree_init(&run->tree, host->capsule, host->hide) == -1)
		return cli_say(VERB, "%s: %s; %s", run->dir, strerror(errno),
		    tree_init_remedy(errno));
	run->types = host->whole.media;
	run->media = media_new(error, sizeof error);
	if (run->media != NULL)
		return 0;
	tree_release(&run->tree);
	return cli_say(VERB, "%s", error);
}

/* Stops after the current file at a signal, unless it is ignored. */
static void
stop_at(int number)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old;

	if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

int
publish_run(struct publish_run *run, const struct host_config *host)
{
	int status;

	if (open_folder(run, host) == -1)
		return 1;
	/* A failing write reports a closed connection. */
	signal(SIGPIPE, SIG_IGN);
	stop_at(SIGINT);
	stop_at(SIGTERM);
	stop_at(SIGHUP);
	report_begin(&run->mirror.report, VERB);
	arena_init(&run->mirror.arena, MEMORY);
	run->send = (struct publish_send){ .mirror = &run->mirror,
		.tree = &run->tree,
		.media = run->media,
		.types = &run->types,
		.identity =
		    run->identity.certificate != NULL ? &run->identity : NULL,
		.interrupted = &interrupted };
	status = open_origin(run);
	if (status == 0)
		status = run_all(run);
	origin_release(&run->mirror.origin);
	manifest_remote_release(&run->remote);
	publish_local_release(&run->local);
	arena_release(&run->mirror.arena);
	media_free(run->media);
	tree_release(&run->tree);
	return status;
}
