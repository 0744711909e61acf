/* The verb `pack`: writes a capsule into one archive file. */
#include "tool/pack.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index/capsule_archive.h"
#include "sys/archive.h"
#include "sys/atomic_file.h"
#include "sys/log.h"
#include "text/buf.h"
#include "tool/book.h"
#include "tool/cli.h"
#include "tree/tree.h"
#include "tree/tree_contains.h"

#define MEMORY ((size_t)256 << 10)

/* Signal handlers can only set flags. */
static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	interrupted = number;
}

static int
failed(const char *path, const char *what, const char *remedy)
{
	return cli_say(
	    "pack", "%s: %s: %s; %s", path, what, strerror(errno), remedy);
}

static int
kind_of(const char *file, enum capsule_archive_kind *out)
{
	static const struct {
		struct str suffix;
		enum capsule_archive_kind kind;
	} kinds[] = {
		{ STR_INIT(".gpub"), CAPSULE_ARCHIVE_GEMPUB },
		{ STR_INIT(".zip"), CAPSULE_ARCHIVE_ZIP },
		{ STR_INIT(".tar.gz"), CAPSULE_ARCHIVE_TAR },
		{ STR_INIT(".tgz"), CAPSULE_ARCHIVE_TAR },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_ends(str_of(file), kinds[i].suffix)) {
			*out = kinds[i].kind;
			return 0;
		}
	cli_misused("pack",
	    "name a file that ends in .gpub, .zip or .tar.gz, not ", file);
	return -1;
}

static int
write_bytes(struct sink *sink, struct str bytes)
{
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	return sink_file_write(sink, bytes);
}

static int
write_file(const char *file, struct capsule_archive *archive)
{
	struct atomic_file atomic;
	struct sink_file sink = { .sink = { write_bytes } };

	if (atomic_file_open(&atomic, file) == -1)
		return -1;
	sink.fd = atomic.fd;
	if (capsule_archive_write(archive, &sink.sink) == 0)
		return atomic_file_keep(&atomic, file);
	atomic_file_drop(&atomic);
	return -1;
}

/* Refuses a file in the capsule itself: the next archive would contain it. */
static int
check_place(const struct tree *tree, const char *file)
{
	char above[PATH_MAX];
	int inside;

	snprintf(above, sizeof above, "%s", file);
	inside = tree_contains(tree, dirname(above));
	if (inside == -1)
		return failed(
		    file, "cannot be made", "name a file in another folder");
	if (inside == 0)
		return 0;
	return cli_say("pack",
	    "%s: is inside the capsule, so the next archive would contain it; "
	    "name a file in another folder",
	    file);
}

static const char *
remedy(int error)
{
	switch (error) {
	case ENOENT: return "name a file in an existing folder";
	case EACCES:
	case EROFS: return "name a file in a folder that you may write to";
	case ESTALE: return "try again when the capsule is not being edited";
	default: return "no file was left; try again";
	}
}

/* Reports the file of the capsule that could not be read. */
static int
unread(const char *file, struct str culprit)
{
	int error = errno;
	const char *cure = "check the disk or the mount that it is on";

	if (error == EACCES)
		cure = "make it readable, or begin its name with a dot to "
		       "leave it out";
	else if (error == ESTALE)
		cure = remedy(error);
	return cli_say("pack", "%s: cannot be made: %.*s: %s; %s", file,
	    STR_ARG(culprit), strerror(error), cure);
}

/* Reports files that the archive is without. */
static void
report_left_out(const char *file, const struct capsule_archive *archive)
{
	uint64_t count = archive->left_out;

	if (count > 0)
		cli_say("pack",
		    "%s: is without %llu file%s with a backslash in the name, "
		    "which programs may take for a folder; rename them, or "
		    "make a .tar.gz",
		    file, (unsigned long long)count, count == 1 ? "" : "s");
}

static int
pack(struct capsule_archive *archive, const char *file)
{
	enum status status = capsule_archive_open(archive);
	int result = -1;

	if (status == STATUS_TOO_LARGE)
		errno = EFBIG;
	if (status == STATUS_NOT_FOUND)
		archive->culprit = STR("/");
	if (status == STATUS_SUCCESS)
		result = write_file(file, archive);
	if (result == -1)
		return archive->culprit.len > 0
		    ? unread(file, archive->culprit)
		    : failed(file, "cannot be made", remedy(errno));
	report_left_out(file, archive);
	return 0;
}

static int
pack_with(const struct config *config, enum capsule_archive_kind kind,
    const char *file)
{
	struct arena arena;
	struct tree tree;
	struct host host;
	struct server server = { .hosts = &host, .host_count = 1 };
	/* The author's own archive has no size limit. */
	struct capsule_archive archive = { .kind = kind,
		.arena = &arena,
		.tree = &tree,
		.site = &config->hosts->site,
		.directory = STR("/"),
		.strict = true };
	int result;

	if (tree_init(&tree, config->hosts->capsule, config->hosts->hide) == -1)
		return failed(config->hosts->capsule, "cannot be opened",
		    tree_init_remedy(errno));
	tree.zones = config_zones(config->hosts);
	arena_init(&arena, MEMORY);
	host = config_host(config->hosts, &server, &tree);
	result = check_place(&tree, file);
	if (result == 0)
		result = pack(&archive, file);
	if (result == 0 && kind == CAPSULE_ARCHIVE_GEMPUB)
		book_warn(file, &host);
	arena_release(&arena);
	tree_release(&tree);
	return result;
}

static int
read_flags(int argc, char **argv, struct options *options)
{
	int flag;

	*options = (struct options){ 0 };
	optind = 1;
	opterr = 0;
	while ((flag = getopt(argc, argv, CLI_CAPSULE_FLAGS)) != -1)
		if (cli_set("pack", options, flag, argv) == -1)
			return -1;
	if (argc - optind < 1 || argc - optind > 2)
		return cli_misused(
		    "pack", "name a file, or a folder and a file", "");
	return argc - optind == 2 ? cli_capsule("pack", options, argv[optind])
				  : 0;
}

/* Stops the packing at a signal, unless it is ignored, as by nohup(1). */
static void
stop_at(int number)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old;

	if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

int
pack_main(int argc, char **argv)
{
	enum capsule_archive_kind kind;
	struct options options;
	struct config config;
	int result;

	if (read_flags(argc, argv, &options) == -1 ||
	    kind_of(argv[argc - 1], &kind) == -1)
		return 2;
	if (cli_load("pack", &options, &config) == -1)
		return 2;
	archive_prepare();
	log_mute(true);
	stop_at(SIGINT);
	stop_at(SIGTERM);
	stop_at(SIGHUP);
	result = pack_with(&config, kind, argv[argc - 1]);
	config_release(&config);
	return result == -1 ? 1 : 0;
}
