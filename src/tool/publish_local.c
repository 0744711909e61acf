/* Lists an author's folder for an upload, and names the files left out. */
#include "tool/publish_local.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/array.h"
#include "text/utf8.h"
#include "tool/publish_record.h"
#include "tool/survey.h"
#include "tree/storecheck.h"

/* Adds a file; with `fault`, one that cannot be sent. */
static void
add(struct publish_local *local, const struct survey_entry *entry,
    const char *fault)
{
	struct manifest *manifest = &local->manifest;
	struct manifest_file *grown = array_grow(
	    local->files, manifest->count, &local->room, sizeof *grown);
	struct manifest_file file = { .removed = fault != NULL,
		.size = (uint64_t)entry->found.st.st_size };

	if (grown != NULL)
		local->files = grown;
	if (grown == NULL ||
	    arena_copy(local->arena, str_tail(entry->path, 1), &file.path) ==
		-1) {
		local->is_out_of_memory = true;
		return;
	}
	if (fault == NULL && tree_hash(&entry->found, file.hash, NULL) == -1) {
		file.removed = true;
		fault = errno == ESTALE ? "was changed while it was read; "
					  "publish again"
					: strerror(errno);
	}
	if (fault != NULL)
		report_failed(local->report, file.path, fault);
	else
		local->sendable++;
	local->files[manifest->count++] = file;
}

static void
note_hidden(struct publish_local *local, const struct survey_entry *entry)
{
	if (str_equals(entry->name, STR(PUBLISH_RECORD_FOLDER)))
		return;
	report_note(local->report, str_tail(entry->path, 1),
	    str_starts(entry->name, STR("."))
		? "is not sent, because its name begins with a dot"
		: "is not sent, because its name matches the setting hide");
}

/* The fault of a name that could not be opened. */
static const char *
fault_of(const struct survey_entry *entry)
{
	if (entry->error == EACCES)
		return "permission denied; chmod a+r, or a+rx for a folder";
	if (entry->type == DT_LNK)
		return "the symbolic link is absolute, is broken, or leads out "
		       "of the folder; replace it by the file";
	if (entry->type != DT_REG && entry->type != DT_DIR)
		return "neither a file nor a folder; remove it";
	return "cannot be opened; check memory and disk";
}

static void
visit_unopened(struct publish_local *local, const struct survey_entry *entry)
{
	if (!tree_shows(local->tree, entry->name)) {
		note_hidden(local, entry);
	} else if (entry->type == DT_DIR || entry->path.len <= 1) {
		local->is_incomplete = true;
		report_failed(local->report, entry->path, fault_of(entry));
	} else {
		add(local, entry, fault_of(entry));
	}
}

static bool
has_unsafe_name(struct str path)
{
	uint32_t c;
	struct str bytes;

	while (path.len > 0)
		if (!utf8_take(&path, &c, &bytes) || utf8_is_control(c))
			return true;
	return false;
}

/* Finds a fault for which capsuled refuses the content; NULL: none. */
static const char *
find_fault(struct publish_local *local, const struct survey_entry *entry,
    char reason[STORECHECK_REASON])
{
	const struct storecheck check = { .fd = entry->found.fd,
		.name = entry->name.at,
		.mime = media_type_by(
		    local->media, local->types, entry->name, &entry->found),
		.media = local->media,
		.rules = local->types };

	if (check.mime.len == 0)
		return "has no type that could be found; check memory and disk";
	if (storecheck_run(&check, reason) == STATUS_FAILURE)
		return strerror(errno);
	return reason[0] != '\0' ? reason : NULL;
}

/* By any name, also that of a link. */
static bool
is_key(const struct publish_local *local, const struct stat *st)
{
	return local->has_key && st->st_dev == local->key_st.st_dev &&
	    st->st_ino == local->key_st.st_ino;
}

/* A copy of a key has another inode. Parameters may be in front of the key. */
static bool
has_private_key(int fd)
{
	char text[16384];
	ssize_t got = pread(fd, text, sizeof text, 0);
	static const char begin[] = "-----BEGIN ", key[] = "PRIVATE KEY-----";

	return got >= (ssize_t)(sizeof begin - 1) &&
	    memcmp(text, begin, sizeof begin - 1) == 0 &&
	    memmem(text, (size_t)got, key, sizeof key - 1) != NULL;
}

static void
visit_file(struct publish_local *local, const struct survey_entry *entry)
{
	struct str path = str_tail(entry->path, 1);
	uint64_t size = (uint64_t)entry->found.st.st_size;
	char reason[STORECHECK_REASON] = "";

	if (str_equals(entry->name, STR("gophermap")))
		report_note(local->report, path,
		    "is not sent, because no server takes a gophermap");
	else if (!manifest_lists(path))
		report_note(local->report, path,
		    "is not sent, because the server makes a file of this "
		    "name");
	else if (is_key(local, &entry->found.st))
		add(local, entry,
		    "is your private key; move it out of the folder");
	else if (has_private_key(entry->found.fd))
		add(local, entry,
		    "contains a private key; move it out of the folder");
	else if (size == 0)
		add(local, entry,
		    "is empty, and Titan cannot send an empty file; add "
		    "content, or move it out of the folder");
	else if (local->limit > 0 && size > local->limit)
		add(local, entry,
		    "is larger than --limit; make it smaller, or ask the "
		    "operator for a higher limit");
	else if (has_unsafe_name(path))
		add(local, entry,
		    "its name is not UTF-8 or has control characters; rename "
		    "it");
	else
		add(local, entry, find_fault(local, entry, reason));
}

static void
visit(void *context, const struct survey_entry *entry)
{
	struct publish_local *local = context;

	if (entry->unlisted || entry->status != STATUS_SUCCESS)
		visit_unopened(local, entry);
	else if (!tree_is_directory(&entry->found))
		visit_file(local, entry);
	else if (entry->type == DT_LNK)
		report_note(local->report, str_tail(entry->path, 1),
		    "is not sent, because it is a symbolic link to a folder");
}

int
publish_local_list(struct publish_local *local)
{
	struct survey survey = {
		.tree = local->tree, .visit = visit, .context = local
	};

	local->has_key =
	    local->key != NULL && stat(local->key, &local->key_st) == 0;
	if (survey_run(&survey) == -1)
		return -1;
	if (local->is_out_of_memory) {
		errno = ENOMEM;
		return -1;
	}
	manifest_sort(local->files, local->manifest.count);
	local->manifest.files = local->files;
	return 0;
}

void
publish_local_release(struct publish_local *local)
{
	free(local->files);
	local->files = NULL;
}
