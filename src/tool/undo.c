/*
 * The verb `undo`: brings back an older version of a file that was uploaded.
 */
#include "tool/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tool/cli.h"
#include "tree/storepath.h"
#include "tree/tree.h"
#include "tree/versions.h"

/* The command line, and the place of the file. */
struct undo_job {
	const char *folder, *path;
	unsigned long number; /* 0: the newest */
	bool lists;
	struct storepath place;
};

static int
fail(const struct undo_job *undo, const char *text, const char *advice)
{
	return cli_say(
	    "undo", "%s/%s: %s; %s", undo->folder, undo->path, text, advice);
}

/* The files belong to the user of the server, as a rule. */
static int
fail_owner(const struct undo_job *undo, const char *text)
{
	const struct passwd *owner;
	char advice[256];
	struct stat st;

	if (fstat(undo->place.folder, &st) == -1)
		return fail(undo, text, "try again");
	owner = getpwuid(st.st_uid);
	if (owner != NULL && st.st_uid != geteuid())
		snprintf(advice, sizeof advice,
		    "its folder belongs to the user %s: run this as that user, "
		    "as with sudo -u %s, or make the folder writable",
		    owner->pw_name, owner->pw_name);
	else
		snprintf(advice, sizeof advice,
		    "make its folder writable, and the file readable");
	return fail(undo, text, advice);
}

static int
fail_change(const struct undo_job *undo)
{
	const char *text = strerror(errno);

	switch (errno) {
	case EACCES:
	case EPERM:
	case EROFS: return fail_owner(undo, text);
	case EDQUOT:
	case ENOSPC: return fail(undo, text, "make room on the disk");
	default: return fail(undo, text, "try again");
	}
}

/* Prints a line for each version, the oldest first. */
static int
list_all(const struct undo_job *undo)
{
	const struct storepath *place = &undo->place;
	struct versions left;
	unsigned long above = 0;

	for (;;) {
		char name[VERSIONS_ROOM], date[32] = "";
		struct tm time;
		struct stat st;

		if (versions_find(place->folder, place->name, above, &left) ==
		    -1)
			return fail_change(undo);
		if (left.count == 0)
			return 0;
		above = left.first;
		versions_name(place->name, above, name);
		if (fstatat(place->folder, name, &st, AT_SYMLINK_NOFOLLOW) ==
			-1 ||
		    localtime_r(&st.st_mtime, &time) == NULL)
			continue;
		(void)strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &time);
		printf(
		    "%lu\t%s\t%jd bytes\n", above, date, (intmax_t)st.st_size);
	}
}

/* Finds the version to restore; reports that there is none. */
static int
find_version(const struct undo_job *undo, unsigned long *number)
{
	const struct storepath *place = &undo->place;
	struct versions all;
	char name[VERSIONS_ROOM];
	struct stat st;

	if (versions_find(place->folder, place->name, 0, &all) == -1)
		return fail_change(undo);
	if (all.count == 0)
		return fail(undo, "there is no older version",
		    "the server keeps versions of uploaded files only");
	*number = undo->number != 0 ? undo->number : all.last;
	versions_name(place->name, *number, name);
	if (fstatat(place->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode))
		return 0;
	return fail(undo, "there is no such version",
	    "list the versions with capsule undo -l");
}

static int
bring_back(const struct undo_job *undo)
{
	const struct storepath *place = &undo->place;
	unsigned long number = 0;
	struct versions all;

	if (find_version(undo, &number) == -1)
		return -1;
	if (versions_restore(place->folder, place->name, number) == -1)
		return fail_change(undo);
	printf("%s/%s is version %lu again", undo->folder, undo->path, number);
	if (place->exists &&
	    versions_find(place->folder, place->name, number, &all) == 0)
		printf("; the file before it is now version %lu", all.last);
	printf("\n");
	return 0;
}

static int
run_in(struct undo_job *undo, const struct tree *tree)
{
	char text[PATH_MAX];
	struct buf path = buf_over(text, sizeof text);
	size_t len = strlen(undo->path);
	enum status status;
	int result;

	buf_char(&path, '/');
	if (cli_place(&path, undo->path) == -1)
		return fail(undo, "leads out of the folder",
		    "name a file in the folder");
	if (path.len > 1 && len > 0 && undo->path[len - 1] == '/')
		buf_char(&path, '/');
	status = storepath_open(&undo->place, tree, buf_str(&path), SIZE_MAX);
	if (status == STATUS_BAD_REQUEST)
		return fail(undo, "is not a file that can be uploaded",
		    "give its path as in the URL, without links");
	if (status != STATUS_SUCCESS)
		return fail_change(undo);
	result = undo->lists ? list_all(undo) : bring_back(undo);
	storepath_close(&undo->place);
	return result;
}

static int
run(struct undo_job *undo)
{
	struct tree tree;
	int result;

	if (tree_init(&tree, undo->folder, NULL) == -1)
		return cli_say("undo", "%s: %s; %s", undo->folder,
		    strerror(errno), tree_init_remedy(errno));
	result = run_in(undo, &tree);
	tree_release(&tree);
	return result;
}

int
undo_main(int argc, char **argv)
{
	struct undo_job undo = { 0 };
	int option;

	opterr = 0;
	while ((option = getopt(argc, argv, "l")) != -1) {
		if (option != 'l') {
			cli_refuse_option("undo", argv);
			return 2;
		}
		undo.lists = true;
	}
	if (argc - optind < 2 || argc - optind > (undo.lists ? 2 : 3)) {
		cli_misused("undo",
		    "name the folder of the capsule, a file in it, and at most "
		    "one version",
		    "");
		return 2;
	}
	undo.folder = cli_trim_slashes(argv[optind]);
	undo.path = argv[optind + 1];
	if (argc - optind == 3 &&
	    (!str_number(
		 str_of(argv[optind + 2]), VERSIONS_NUMBER_MAX, &undo.number) ||
		undo.number == 0)) {
		cli_misused(
		    "undo", "not the number of a version: ", argv[optind + 2]);
		return 2;
	}
	return run(&undo) == 0 ? 0 : 1;
}
