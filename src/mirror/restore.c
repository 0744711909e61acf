/* Restores the files that the newest run of a crawl replaced or removed. */
#include "mirror/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mirror/dir.h"
#include "mirror/manifest_remote.h"
#include "sys/process.h"

struct restore {
	struct mirror *mirror;
	int run; /* the folder of the run */
	struct dir_list list; /* of everything in it */
	bool *refused; /* which of them are not restored */
};

/* Checks. */

/* Why the entry is not restored; NULL: it is. */
static const char *
refuse(struct restore *restore, const struct dir_entry *entry)
{
	struct mirror *mirror = restore->mirror;

	if (!entry->is_file)
		return "is not a regular file in .mirror/before; remove it "
		       "there";
	if (!manifest_lists(entry->path) || mirror_is_unsafe(entry->path))
		return "has a name that a copy cannot have; remove it from "
		       ".mirror/before";
	if (manifest_find(&mirror->known, entry->path) == NULL &&
	    replica_holds(&mirror->replica, entry->path) == 1)
		return "is not part of this mirror; move it away and run the "
		       "command again";
	return NULL;
}

static int
refuse_some(struct restore *restore)
{
	struct mirror *mirror = restore->mirror;
	const struct dir_list *list = &restore->list;

	restore->refused = arena_alloc(&mirror->arena, list->count + 1);
	if (restore->refused == NULL)
		return mirror_fail(mirror, "out of memory");
	for (size_t i = 0; i < list->count; i++) {
		const struct dir_entry *entry = &list->entries[i];
		const char *why =
		    entry->is_folder ? NULL : refuse(restore, entry);

		restore->refused[i] = entry->is_folder || why != NULL;
		if (why != NULL)
			report_failed(&mirror->report, entry->path, why);
	}
	return 0;
}

/*
 * Records the files as files of the mirror with unknown content.  This comes
 * first, so that the files of an interrupted call are recorded, too.
 */
static int
note(struct restore *restore)
{
	struct mirror *mirror = restore->mirror;
	const struct manifest *known = &mirror->known;
	const struct dir_list *list = &restore->list;
	size_t count = known->count;
	struct manifest_file *files = arena_alloc(
	    &mirror->arena, (known->count + list->count + 1) * sizeof *files);

	if (files == NULL)
		return mirror_fail(mirror, "out of memory");
	if (count > 0)
		memcpy(files, known->files, count * sizeof *files);
	for (size_t i = 0; i < list->count; i++) {
		const struct manifest_file *file =
		    manifest_find(known, list->entries[i].path);

		if (restore->refused[i])
			continue;
		files[file != NULL ? (size_t)(file - known->files) : count++] =
		    (struct manifest_file){ .path = list->entries[i].path };
	}
	manifest_sort(files, count);
	return mirror_record(mirror, files, count);
}

/* Restoring. */

static int
move_back(struct restore *restore, struct str path)
{
	char name[NAME_MAX + 1];
	int from = dir_parent(restore->run, path, false, name);
	int to = -1, result = -1;

	if (from != -1)
		to =
		    dir_parent(restore->mirror->replica.root, path, true, name);
	if (to != -1)
		result = renameat(from, name, to, name);
	/* Names of one file, left by a killed crawl: rename(2) keeps both. */
	if (result == 0 && unlinkat(from, name, 0) == -1 && errno != ENOENT)
		result = -1;
	process_close(to);
	process_close(from);
	return result;
}

static void
bring_back(struct restore *restore, struct str path)
{
	struct mirror *mirror = restore->mirror;

	if (backup_keep(&mirror->backup, mirror->replica.root, path) == -1 ||
	    move_back(restore, path) == -1) {
		report_failed(&mirror->report, path,
		    errno == EISDIR || errno == ENOTDIR || errno == ENOTEMPTY ||
			    errno == EEXIST
			? "something else is in its place; move it away and "
			  "run the command again"
			: strerror(errno));
		return;
	}
	dir_prune(restore->run, path);
	report_restored(&mirror->report, path);
}

static int
go(struct restore *restore)
{
	struct mirror *mirror = restore->mirror;
	const struct dir_list *list = &restore->list;

	if (dir_list(restore->run, &mirror->arena, &restore->list) == -1)
		return mirror_fail_disk(mirror, ".mirror/before");
	if (refuse_some(restore) == -1 || note(restore) == -1)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (!restore->refused[i])
			bring_back(restore, list->entries[i].path);
	/* Refused files stay there for another call. */
	if (backup_swap(&mirror->backup) == -1 && errno != ENOTEMPTY)
		return mirror_fail_disk(mirror, ".mirror/before");
	return 0;
}

static int
nothing(struct mirror *mirror, const char *why)
{
	snprintf(mirror->origin.error, sizeof mirror->origin.error,
	    "%.1000s: nothing to restore: %s", mirror->folder, why);
	return -1;
}

int
restore_run(struct mirror *mirror)
{
	struct backup *backup = &mirror->backup;
	struct restore restore = { .mirror = mirror };
	int result;

	if (mirror_load(mirror) == -1)
		return -1;
	if (backup_open(backup, mirror->replica.work, 0) == -1)
		return mirror_fail_disk(mirror, ".mirror/before");
	restore.run = backup_reopen(backup);
	if (restore.run == -1 && errno == ENOENT)
		return nothing(mirror, "no run has replaced or removed a file");
	if (restore.run == -1)
		return mirror_fail_disk(mirror, ".mirror/before");
	result = go(&restore);
	process_close(restore.run);
	backup_close(backup);
	return result;
}
