/*
 * The verb `mirror`: reads the options, then mirrors by manifest or by links.
 */
#include "tool/mirror.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mirror/crawl.h"
#include "mirror/mirror.h"
#include "mirror/restore.h"
#include "mirror/sync.h"
#include "sys/clock.h"
#include "sys/signature.h"
#include "tool/cli.h"

/* For the files of a manifest and of the folder. */
#define MEMORY ((size_t)1 << 30)

enum {
	OPTION_ALLOW_TRUNCATED = 256,
	OPTION_KEEP,
	OPTION_KEY,
	OPTION_KNOWN_HOSTS,
	OPTION_MAX,
	OPTION_PAGES,
	OPTION_DEPTH,
	OPTION_PATIENCE,
	OPTION_RESTORE,
	OPTION_STRICT_KEY,
	OPTION_TIME
};

/* A URL without a final slash may be that of a file. */
static void
advise(struct mirror *mirror)
{
	struct str url = str_of(mirror->url);

	if (mirror->report.fetched == 0 && mirror->report.failed > 0 &&
	    !str_ends(url, STR("/")))
		report_note(&mirror->report, url,
		    "only a folder can be mirrored; if this is a file, name "
		    "its folder, or fetch the file with a client");
}

static int
run(struct mirror *mirror)
{
	const struct report *report = &mirror->report;
	int recorded = mirror_check_origin(mirror);
	int result = recorded == -1 ? -1 : mirror_load(mirror);

	if (result == 0)
		result = sync_run(mirror);
	/* Tell the user: a crawl is slower, and verifies nothing. */
	if (result == 0) {
		report_note(&mirror->report, str_of(mirror->url),
		    "has no manifest; following its links");
		result = crawl_run(mirror);
		advise(mirror);
	}
	/* A mistyped URL takes no folder for itself. */
	if (recorded == 0 &&
	    (report->fetched > 0 || (result != -1 && report->failed == 0)) &&
	    mirror_record_origin(mirror) == -1)
		result = -1;
	report_pause(&mirror->report);
	if (result == -1)
		cli_say("mirror", "%s", mirror->origin.error);
	return result;
}

static void
sum_up(const struct mirror *mirror)
{
	const struct report *report = &mirror->report;
	const struct backup *backup = &mirror->backup;

	printf("%s: %zu fetched, %zu removed, %zu failed", mirror->folder,
	    report->fetched, report->removed, report->failed);
	if (backup->files > 0)
		printf(", %zu kept in .mirror/before/%s", backup->files,
		    backup->name);
	printf("; %llu requests, %llu bytes, %.1f s\n",
	    (unsigned long long)mirror->pool.requests,
	    (unsigned long long)mirror->pool.bytes,
	    (double)clock_since_ms(&report->began) / 1000);
}

static int
open_folder(struct mirror *mirror)
{
	if (replica_open(&mirror->replica, mirror->folder) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		cli_say("mirror",
		    "%s: another mirror is using this folder; wait until it "
		    "has ended",
		    mirror->folder);
	else
		cli_say("mirror", "%s: %s; name a folder that you may write to",
		    mirror->folder, strerror(errno));
	return -1;
}

/*
 * Whether the folder has files but is neither a mirror nor an unpacked archive
 * of a capsule: it may be served, and then the copy is, too.
 */
static bool
is_users_own(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool has_files = false, is_copy = false;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		has_files = has_files || entry->d_name[0] != '.';
		is_copy = is_copy || strcmp(entry->d_name, ".mirror") == 0 ||
		    strcmp(entry->d_name, "manifest") == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return has_files && !is_copy;
}

/* Checks the key before any request. */
static int
check_key(const char *path)
{
	struct signature_key key = { .path = path };

	if (path == NULL || signature_find(&key) == 0)
		return 0;
	cli_say("mirror", "--key %s", key.error);
	return -1;
}

static int
fetch_all(struct mirror *mirror)
{
	enum origin_open opened =
	    origin_open(&mirror->origin, mirror->url, mirror->known_hosts);
	int status = 1;

	if (opened != ORIGIN_OK) {
		cli_say("mirror", "%s", mirror->origin.error);
		origin_release(&mirror->origin);
		return opened == ORIGIN_NO_URL ? 2 : 1;
	}
	report_begin(&mirror->report, "mirror");
	mirror->origin.is_strict = mirror->is_strict;
	mirror->origin.report = &mirror->report;
	arena_init(&mirror->arena, MEMORY);
	mirror->pool.origin = &mirror->origin;
	mirror->pool.replica = &mirror->replica;
	mirror->pool.width = 1;
	mirror->pool.accepts_cut = mirror->allow_truncated;
	mirror->pool.patience_ms = (unsigned)mirror->patience * 1000;
	mirror->pool.until = clock_in((unsigned)mirror->seconds * 1000);
	if (is_users_own(mirror->folder))
		report_note(&mirror->report, str_of(mirror->folder),
		    "has files but is not a mirror, maybe a capsule of your "
		    "own; the copy is added to these files, which stay "
		    "unchanged");
	if (open_folder(mirror) == 0) {
		int result = run(mirror);

		if (result != -1 || mirror->backup.files > 0)
			sum_up(mirror);
		if (result != -1)
			status = mirror->report.failed > 0;
		replica_close(&mirror->replica);
	}
	arena_release(&mirror->arena);
	origin_release(&mirror->origin);
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
		cli_say(
		    "mirror", "%s: not a mirror, nothing to restore", folder);
		return false;
	}
	return true;
}

static int
take_back(struct mirror *mirror)
{
	const struct report *report = &mirror->report;
	int status = 1;

	if (!is_mirror(mirror->folder) || open_folder(mirror) == -1)
		return 1;
	report_begin(&mirror->report, "mirror");
	arena_init(&mirror->arena, MEMORY);
	if (restore_run(mirror) == -1) {
		cli_say("mirror", "%s", mirror->origin.error);
	} else {
		printf(
		    "%s: %zu restored, %zu failed; the replaced files are in "
		    ".mirror/before, and a second --restore restores them\n",
		    mirror->folder, report->restored, report->failed);
		status = report->failed > 0;
	}
	replica_close(&mirror->replica);
	arena_release(&mirror->arena);
	return status;
}

static int
read_number(const char *text, unsigned long most, unsigned long *out)
{
	if (str_number(str_of(text), most, out) && *out > 0)
		return 0;
	cli_say("mirror",
	    "give a number from 1 to %lu, not %s; see capsule mirror --help",
	    most, text);
	return 2;
}

/* Applies one option; returns not 0 when it or its value is invalid. */
static int
read_option(struct mirror *mirror, int option, char **argv)
{
	unsigned long number = 0;
	int status = 0;

	switch (option) {
	case OPTION_ALLOW_TRUNCATED: mirror->allow_truncated = true; break;
	case OPTION_KEEP: mirror->keep = true; break;
	case OPTION_KEY: mirror->key = optarg; break;
	case OPTION_KNOWN_HOSTS: mirror->known_hosts = optarg; break;
	case 'j':
		status = read_number(optarg, POOL_WIDTH_MAX, &number);
		mirror->width = (unsigned)number;
		break;
	case OPTION_MAX:
		status = read_number(optarg, 1ul << 40, &number);
		mirror->bytes = (uint64_t)number << 20;
		break;
	case OPTION_PAGES: return read_number(optarg, 1000000, &mirror->pages);
	case OPTION_DEPTH: return read_number(optarg, 1000, &mirror->depth);
	case OPTION_PATIENCE:
		return read_number(optarg, 3600, &mirror->patience);
	case OPTION_RESTORE: mirror->restore = true; break;
	case OPTION_STRICT_KEY: mirror->is_strict = true; break;
	case OPTION_TIME: return read_number(optarg, 1000000, &mirror->seconds);
	default: return cli_refuse_option("mirror", argv);
	}
	return status;
}

int
mirror_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "allow-truncated", no_argument, NULL,
		    OPTION_ALLOW_TRUNCATED },
		{ "keep", no_argument, NULL, OPTION_KEEP },
		{ "key", required_argument, NULL, OPTION_KEY },
		{ "known-hosts", required_argument, NULL, OPTION_KNOWN_HOSTS },
		{ "max", required_argument, NULL, OPTION_MAX },
		{ "pages", required_argument, NULL, OPTION_PAGES },
		{ "depth", required_argument, NULL, OPTION_DEPTH },
		{ "patience", required_argument, NULL, OPTION_PATIENCE },
		{ "restore", no_argument, NULL, OPTION_RESTORE },
		{ "strict-key", no_argument, NULL, OPTION_STRICT_KEY },
		{ "time", required_argument, NULL, OPTION_TIME },
		{ NULL, 0, NULL, 0 },
	};
	static struct mirror mirror = { .width = 4,
		.pages = 10000,
		.depth = 32,
		.patience = 30,
		.seconds = 86400,
		.bytes = (uint64_t)10 << 30 };
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "j:", options, NULL)) != -1) {
		if (read_option(&mirror, option, argv) != 0)
			return 2;
	}
	if (argc - optind != (mirror.restore ? 1 : 2) ||
	    argv[argc - 1][0] == '\0') {
		cli_misused("mirror",
		    mirror.restore ? "name a folder"
				   : "name a URL and a folder",
		    "");
		return 2;
	}
	mirror.url = argv[optind];
	mirror.folder = argv[argc - 1];
	if (mirror.restore)
		return take_back(&mirror);
	if (check_key(mirror.key) == -1)
		return 1;
	/* A failing write reports a closed connection. */
	signal(SIGPIPE, SIG_IGN);
	return fetch_all(&mirror);
}
