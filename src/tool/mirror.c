/*
 * The verb `mirror`.  Knows its options, and which way to go about it; leaves
 * that to the rooms that know manifests and links.
 */
#include "tool/mirror.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/clock.h"
#include "sys/signature.h"
#include "tool/bylinks.h"
#include "tool/bymanifest.h"
#include "tool/mirroring.h"
#include "tool/restore.h"
#include "tool/verb.h"

/* The files of a manifest, of the folder, and what is made of them. */
#define MEMORY ((size_t)1 << 30)

enum {
	OPTION_KEEP = 256,
	OPTION_KEY,
	OPTION_KNOWN_HOSTS,
	OPTION_MAX,
	OPTION_PAGES,
	OPTION_DEPTH,
	OPTION_PATIENCE,
	OPTION_RESTORE,
	OPTION_TIME
};

static int
run(struct mirroring *mirroring)
{
	int result = mirroring_recall(mirroring);

	if (result == 0)
		result = bymanifest_run(mirroring);
	/* Said, so that nobody takes the one for the other. */
	if (result == 0) {
		report_note(&mirroring->report, str_of(mirroring->url),
		    "has no manifest; its links are followed");
		result = bylinks_run(mirroring);
	}
	report_pause(&mirroring->report);
	if (result == -1)
		verb_say("mirror", "%s", mirroring->origin.error);
	return result;
}

static void
sum_up(const struct mirroring *mirroring)
{
	const struct report *report = &mirroring->report;
	const struct before *before = &mirroring->before;

	printf("%s: %zu fetched, %zu removed, %zu failed", mirroring->folder,
	    report->fetched, report->removed, report->failed);
	if (before->files > 0)
		printf(", %zu kept in .mirror/before/%s", before->files,
		    before->name);
	printf("; %llu requests, %llu bytes, %.1f s\n",
	    (unsigned long long)mirroring->pool.requests,
	    (unsigned long long)mirroring->pool.bytes,
	    (double)clock_since_ms(&report->began) / 1000);
}

static int
open_folder(struct mirroring *mirroring)
{
	if (copy_open(&mirroring->copy, mirroring->folder) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		verb_say("mirror",
		    "%s: another mirror is at work there; wait for it",
		    mirroring->folder);
	else
		verb_say("mirror", "%s: %s; name a folder of yours",
		    mirroring->folder, strerror(errno));
	return -1;
}

/* Before anybody is asked for anything. */
static int
check_key(const char *path)
{
	struct signature_key key = { .path = path };

	if (path == NULL || signature_find(&key) == 0)
		return 0;
	verb_say("mirror", "--key %s", key.error);
	return -1;
}

static int
mirror(struct mirroring *mirroring)
{
	enum origin_open opened = origin_open(
	    &mirroring->origin, mirroring->url, mirroring->known_hosts);
	int status = 1;

	if (opened != ORIGIN_OK) {
		verb_say("mirror", "%s", mirroring->origin.error);
		origin_release(&mirroring->origin);
		return opened == ORIGIN_NO_URL ? 2 : 1;
	}
	report_begin(&mirroring->report);
	arena_init(&mirroring->arena, MEMORY);
	mirroring->pool.origin = &mirroring->origin;
	mirroring->pool.copy = &mirroring->copy;
	mirroring->pool.width = 1;
	mirroring->pool.patience_ms = (unsigned)mirroring->patience * 1000;
	mirroring->pool.until = clock_in((unsigned)mirroring->seconds * 1000);
	if (open_folder(mirroring) == 0) {
		int result = run(mirroring);

		if (result != -1 || mirroring->before.files > 0)
			sum_up(mirroring);
		if (result != -1)
			status = mirroring->report.failed > 0;
		copy_close(&mirroring->copy);
	}
	arena_release(&mirroring->arena);
	origin_release(&mirroring->origin);
	return status;
}

/* Whether the folder is a mirror. */
static bool
is_mirror(const char *folder)
{
	char path[PATH_MAX];
	struct stat st;

	if ((size_t)snprintf(path, sizeof path, "%s/.mirror", folder) >=
		sizeof path ||
	    lstat(path, &st) == -1 || !S_ISDIR(st.st_mode)) {
		verb_say(
		    "mirror", "%s: not a mirror, nothing to restore", folder);
		return false;
	}
	return true;
}

static int
restore(struct mirroring *mirroring)
{
	const struct report *report = &mirroring->report;
	int status = 1;

	if (!is_mirror(mirroring->folder) || open_folder(mirroring) == -1)
		return 1;
	report_begin(&mirroring->report);
	arena_init(&mirroring->arena, MEMORY);
	if (restore_run(mirroring) == -1) {
		verb_say("mirror", "%s", mirroring->origin.error);
	} else {
		printf("%s: %zu restored, %zu failed; the files that they "
		       "replaced are in .mirror/before, and a second "
		       "--restore brings them back\n",
		    mirroring->folder, report->restored, report->failed);
		status = report->failed > 0;
	}
	copy_close(&mirroring->copy);
	arena_release(&mirroring->arena);
	return status;
}

static int
read_number(const char *text, unsigned long most, unsigned long *out)
{
	if (str_number(str_of(text), most, out) && *out > 0)
		return 0;
	verb_say("mirror",
	    "give a number from 1 to %lu, not %s; see capsule mirror --help",
	    most, text);
	return 2;
}

/* One option; not 0 when it is none, or its value is none. */
static int
read_option(struct mirroring *mirroring, int option, char **argv)
{
	unsigned long number = 0;
	int status = 0;

	switch (option) {
	case OPTION_KEEP: mirroring->keep = true; break;
	case OPTION_KEY: mirroring->key = optarg; break;
	case OPTION_KNOWN_HOSTS: mirroring->known_hosts = optarg; break;
	case 'j':
		status = read_number(optarg, POOL_WIDTH_MAX, &number);
		mirroring->width = (unsigned)number;
		break;
	case OPTION_MAX:
		status = read_number(optarg, 1ul << 40, &number);
		mirroring->bytes = (uint64_t)number << 20;
		break;
	case OPTION_PAGES:
		return read_number(optarg, 1000000, &mirroring->pages);
	case OPTION_DEPTH: return read_number(optarg, 1000, &mirroring->depth);
	case OPTION_PATIENCE:
		return read_number(optarg, 3600, &mirroring->patience);
	case OPTION_RESTORE: mirroring->restore = true; break;
	case OPTION_TIME:
		return read_number(optarg, 1000000, &mirroring->seconds);
	default: return verb_refuse_option("mirror", argv);
	}
	return status;
}

int
mirror_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "keep", no_argument, NULL, OPTION_KEEP },
		{ "key", required_argument, NULL, OPTION_KEY },
		{ "known-hosts", required_argument, NULL, OPTION_KNOWN_HOSTS },
		{ "max", required_argument, NULL, OPTION_MAX },
		{ "pages", required_argument, NULL, OPTION_PAGES },
		{ "depth", required_argument, NULL, OPTION_DEPTH },
		{ "patience", required_argument, NULL, OPTION_PATIENCE },
		{ "restore", no_argument, NULL, OPTION_RESTORE },
		{ "time", required_argument, NULL, OPTION_TIME },
		{ NULL, 0, NULL, 0 },
	};
	static struct mirroring mirroring = { .width = 4,
		.pages = 10000,
		.depth = 32,
		.patience = 30,
		.seconds = 86400,
		.bytes = (uint64_t)10 << 30 };
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "j:", options, NULL)) != -1) {
		if (read_option(&mirroring, option, argv) != 0)
			return 2;
	}
	if (argc - optind != (mirroring.restore ? 1 : 2) ||
	    argv[argc - 1][0] == '\0') {
		verb_misused("mirror",
		    mirroring.restore ? "name a folder"
				      : "name a URL and a folder",
		    "");
		return 2;
	}
	mirroring.url = argv[optind];
	mirroring.folder = argv[argc - 1];
	if (mirroring.restore)
		return restore(&mirroring);
	if (check_key(mirroring.key) == -1)
		return 1;
	/* A server that hangs up is told by the write that fails. */
	signal(SIGPIPE, SIG_IGN);
	return mirror(&mirroring);
}
