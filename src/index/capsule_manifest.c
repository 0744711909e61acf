/* Lists all files of a capsule, or their changes, as a manifest. */
#include "index/capsule_manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "index/filelist.h"
#include "index/manifest_writer.h"
#include "tree/walk.h"

struct capsule_manifest {
	bool is_changes;
	int64_t since;
	struct filelist *files; /* of the index; NULL without one */
	struct walk *walk; /* of the tree, without an index */
};

struct capsule_manifest *
capsule_manifest_open(
    const struct db_place *place, const struct tree *tree, const int64_t *since)
{
	struct capsule_manifest *manifest = calloc(1, sizeof *manifest);

	if (manifest == NULL)
		return NULL;
	manifest->is_changes = since != NULL;
	manifest->since = since != NULL ? *since : 0;
	if (place != NULL)
		manifest->files = filelist_open(place, since);
	else
		manifest->walk = walk_open(tree, STR("/"), false);
	if (manifest->files != NULL || manifest->walk != NULL)
		return manifest;
	free(manifest);
	return NULL;
}

void
capsule_manifest_close(struct capsule_manifest *manifest)
{
	if (manifest == NULL)
		return;
	filelist_close(manifest->files);
	walk_close(manifest->walk);
	free(manifest);
}

/*
 * Gets the next file of the tree, and whether it changed since the requested
 * time.  Returns 1, 0 at the end, or -1 with errno set.
 */
static int
next_by_walk(
    struct capsule_manifest *manifest, struct manifest_file *out, bool *changed)
{
	struct walk_file file;
	int found = walk_next_file(manifest->walk, false, &file);
	const struct stat *st = &file.entry.st;
	int result;

	if (found != 1)
		return found;
	*out = (struct manifest_file){ .path = file.path,
		.size = (uint64_t)st->st_size,
		.time = st->st_mtime };
	*changed =
	    st->st_mtime >= manifest->since || st->st_ctime >= manifest->since;
	result = tree_hash(&file.entry, out->hash, NULL);
	close(file.entry.fd);
	return result == -1 ? -1 : 1;
}

/*
 * Writes the files.  In a manifest of changes an unchanged file is only counted
 * and hashed for the whole.
 */
static int
write_files(struct capsule_manifest *manifest, struct manifest_writer *whole,
    struct manifest_writer *changes)
{
	struct manifest_file file;
	bool changed;
	int found;

	while ((found = manifest->files != NULL
		       ? filelist_next(manifest->files, &file, &changed)
		       : next_by_walk(manifest, &file, &changed)) == 1) {
		if (!file.removed && manifest_writer_add(whole, &file) == -1)
			return -1;
		if (manifest->is_changes && changed &&
		    manifest_writer_add(changes, &file) == -1)
			return -1;
	}
	return found;
}

int
capsule_manifest_write(struct capsule_manifest *manifest, struct sink *sink)
{
	struct manifest_writer whole, changes = { 0 };
	int result = manifest_writer_open(
	    &whole, manifest->is_changes ? NULL : sink, NULL);
	int error;

	if (result == 0 && manifest->is_changes)
		result = manifest_writer_open(&changes, sink, &manifest->since);
	if (result == 0)
		result = write_files(manifest, &whole, &changes);
	if (result == 0)
		result = manifest_writer_end(&whole);
	if (result == 0 && manifest->is_changes &&
	    (manifest_writer_whole(&changes, &whole.total) == -1 ||
		manifest_writer_end(&changes) == -1))
		result = -1;
	error = errno;
	manifest_writer_release(&whole);
	manifest_writer_release(&changes);
	errno = error;
	return result;
}
