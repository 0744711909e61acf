/*
 * Brings back the files that the newest run of a walk replaced or removed.
 */
#include "tool/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/dir.h"
#include "tool/promise.h"

struct restore {
	struct mirroring *mirroring;
	int run; /* the folder of the run */
	struct dir_list list; /* of all that is in it */
	bool *refused; /* which of them are not restored */
};

/* Checks. */

/* Why the entry is not restored; NULL: it is. */
static const char *
refuse(struct restore *restore, const struct dir_entry *entry)
{
	struct mirroring *mirroring = restore->mirroring;

	if (!entry->is_file)
		return "is not a regular file in .mirror/before; remove it "
		       "there";
	if (!manifest_lists(entry->path) || mirroring_is_odd(entry->path))
		return "has a name that is not kept; remove it from "
		       ".mirror/before";
	if (manifest_find(&mirroring->known, entry->path) == NULL &&
	    copy_holds(&mirroring->copy, entry->path) == 1)
		return "is not of this mirror; move it away and call again";
	return NULL;
}

static int
refuse_some(struct restore *restore)
{
	struct mirroring *mirroring = restore->mirroring;
	const struct dir_list *list = &restore->list;

	restore->refused = arena_alloc(&mirroring->arena, list->count + 1);
	if (restore->refused == NULL)
		return mirroring_stop(mirroring, "out of memory");
	for (size_t i = 0; i < list->count; i++) {
		const struct dir_entry *entry = &list->entries[i];
		const char *why =
		    entry->is_folder ? NULL : refuse(restore, entry);

		restore->refused[i] = entry->is_folder || why != NULL;
		if (why != NULL)
			report_failed(&mirroring->report, entry->path, why);
	}
	return 0;
}

static int
in_order(const void *a, const void *b)
{
	return manifest_compare(a, b);
}

/*
 * Records the files as files of the mirror with unknown content.  This comes
 * first, so that the files of an interrupted call are recorded, too.
 */
static int
note(struct restore *restore)
{
	struct mirroring *mirroring = restore->mirroring;
	const struct manifest *known = &mirroring->known;
	const struct dir_list *list = &restore->list;
	size_t count = known->count;
	struct manifest_file *files = arena_alloc(&mirroring->arena,
	    (known->count + list->count + 1) * sizeof *files);

	if (files == NULL)
		return mirroring_stop(mirroring, "out of memory");
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
	qsort(files, count, sizeof *files, in_order);
	return mirroring_note(mirroring, files, count);
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
		    dir_parent(restore->mirroring->copy.root, path, true, name);
	if (to != -1)
		result = renameat(from, name, to, name);
	/* rename(2) keeps both names of one file, as a killed walk left it. */
	if (result == 0 && unlinkat(from, name, 0) == -1 && errno != ENOENT)
		result = -1;
	dir_close(to);
	dir_close(from);
	return result;
}

static void
bring_back(struct restore *restore, struct str path)
{
	struct mirroring *mirroring = restore->mirroring;

	if (before_keep(&mirroring->before, mirroring->copy.root, path) == -1 ||
	    move_back(restore, path) == -1) {
		report_failed(&mirroring->report, path,
		    errno == EISDIR || errno == ENOTDIR || errno == ENOTEMPTY ||
			    errno == EEXIST
			? "something else is in its place; move it away and "
			  "call again"
			: strerror(errno));
		return;
	}
	dir_prune(restore->run, path);
	report_restored(&mirroring->report, path);
}

static int
go(struct restore *restore)
{
	struct mirroring *mirroring = restore->mirroring;
	const struct dir_list *list = &restore->list;

	if (dir_list(restore->run, &mirroring->arena, &restore->list) == -1)
		return mirroring_no_disk(mirroring, ".mirror/before");
	if (refuse_some(restore) == -1 || note(restore) == -1)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (!restore->refused[i])
			bring_back(restore, list->entries[i].path);
	/* Refused files stay there, for another call. */
	if (before_swap(&mirroring->before) == -1 && errno != ENOTEMPTY)
		return mirroring_no_disk(mirroring, ".mirror/before");
	return 0;
}

static int
nothing(struct mirroring *mirroring, const char *why)
{
	snprintf(mirroring->origin.error, sizeof mirroring->origin.error,
	    "%.1000s: nothing to restore: %s", mirroring->folder, why);
	return -1;
}

int
restore_run(struct mirroring *mirroring)
{
	struct before *before = &mirroring->before;
	struct restore restore = { .mirroring = mirroring };
	int result;

	if (copy_written(&mirroring->copy, PROMISE_FILE) != 0)
		return nothing(mirroring,
		    "it was made by a manifest, which proves its files");
	if (mirroring_recall(mirroring) == -1)
		return -1;
	if (before_open(before, mirroring->copy.work, 0) == -1)
		return mirroring_no_disk(mirroring, ".mirror/before");
	restore.run = before_reopen(before);
	if (restore.run == -1 && errno == ENOENT)
		return nothing(
		    mirroring, "no run has replaced or removed a file");
	if (restore.run == -1)
		return mirroring_no_disk(mirroring, ".mirror/before");
	result = go(&restore);
	dir_close(restore.run);
	before_close(before);
	return result;
}
