/* Stores a file in a tree: whole, synced, then renamed. */
#include "tree/storing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/sink.h"
#include "tree/versions.h"

static enum status
refuse(struct storing *storing, enum status status, const char *reason)
{
	snprintf(storing->reason, sizeof storing->reason, "%s", reason);
	return status;
}

/* A failure that is over when the client tries once more. */
static enum status
fail_changed(struct storing *storing)
{
	errno = ESTALE;
	return refuse(storing, STATUS_FAILURE,
	    "The folder was changed meanwhile, please try again");
}

static enum status
find(struct storing *storing, struct storepath *place)
{
	const struct storing_file *file = storing->file;
	enum status status =
	    storepath_open(place, file->tree, file->path, file->depth);

	return status == STATUS_BAD_REQUEST
	    ? refuse(storing, status, place->reason)
	    : status;
}

/* The SHA-256 of the present file; that of no bytes if there is none. */
static int
hash_present(const struct storepath *place, unsigned char hash[SHA256_SIZE])
{
	uint64_t size;
	int fd, result;

	if (!place->exists)
		return sha256_of(STR(""), hash);
	fd = openat(place->folder, place->name,
	    O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	result = sha256_file(fd, hash, &size, NULL);
	process_close(fd);
	return result;
}

static enum status
check_base(struct storing *storing, const struct storepath *place)
{
	unsigned char hash[SHA256_SIZE];

	if (storing->file->base == NULL)
		return STATUS_SUCCESS;
	if (hash_present(place, hash) == -1)
		return STATUS_FAILURE;
	if (memcmp(hash, storing->file->base, sizeof hash) == 0)
		return STATUS_SUCCESS;
	return refuse(storing, STATUS_BAD_REQUEST,
	    "The page has changed since; load it again before you edit it");
}

/* Begins the file in its folder, or in a new one that is still hidden. */
static int
begin_file(struct storing *storing)
{
	int folder = storing->place.folder, error;

	if (storing->place.missing[0] != '\0') {
		storing->made = newfile_folder(folder, storing->made_name);
		if (storing->made == -1)
			return -1;
		folder = storing->made;
	}
	if (newfile_open(&storing->new, folder) == 0)
		return 0;
	error = errno;
	storing_abort(storing);
	errno = error;
	return -1;
}

static void
prepare(struct storing *storing, const struct storing_file *file)
{
	storing->reason[0] = '\0';
	storing->file = file;
	storing->place.folder = -1;
	storing->new.fd = -1;
	storing->new.name[0] = '\0';
	storing->made = -1;
}

enum status
storing_begin(struct storing *storing, const struct storing_file *file)
{
	enum status status;

	prepare(storing, file);
	status = find(storing, &storing->place);
	if (status != STATUS_SUCCESS)
		return status;
	status = check_base(storing, &storing->place);
	if (status == STATUS_SUCCESS && begin_file(storing) == -1)
		status = STATUS_FAILURE;
	if (status != STATUS_SUCCESS)
		storing_abort(storing);
	return status;
}

/* Removes the new folder, with the file that may have its name already. */
static void
remove_made(struct storing *storing)
{
	if (storing->made == -1)
		return;
	(void)unlinkat(storing->made, storing->place.name, 0);
	process_close(storing->made);
	storing->made = -1;
	(void)unlinkat(storing->place.folder, storing->made_name, AT_REMOVEDIR);
}

void
storing_abort(struct storing *storing)
{
	int error = errno;

	newfile_drop(&storing->new);
	remove_made(storing);
	storepath_close(&storing->place);
	errno = error;
}

enum status
storing_write(struct storing *storing, struct str bytes)
{
	struct sink_file sink = { { sink_file_write }, storing->new.fd };

	if (sink.sink.write(&sink.sink, bytes) == 0)
		return STATUS_SUCCESS;
	storing_abort(storing);
	return STATUS_FAILURE;
}

static bool
is_same_folder(int a, int b)
{
	struct stat left, right;

	return fstat(a, &left) == 0 && fstat(b, &right) == 0 &&
	    left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* Finds the place once more, which must still be the same folder. */
static enum status
find_again(struct storing *storing)
{
	struct storepath now;
	enum status status = find(storing, &now);

	if (status != STATUS_SUCCESS)
		return status;
	if (!is_same_folder(now.folder, storing->place.folder) ||
	    strcmp(now.missing, storing->place.missing) != 0)
		status = fail_changed(storing);
	if (status == STATUS_SUCCESS)
		status = check_base(storing, &now);
	storing->place.exists = now.exists;
	storepath_close(&now);
	return status;
}

/* Lets the new folder appear with the file in it. */
static enum status
keep_made(struct storing *storing)
{
	int above = storing->place.folder;

	/* The mode is not that of the umask. */
	if (newfile_keep(&storing->new, storing->place.name, true) == -1 ||
	    fchmod(storing->made, 0755) == -1 ||
	    newfile_sync(storing->made) == -1)
		return STATUS_FAILURE;
	if (renameat(
		above, storing->made_name, above, storing->place.missing) == -1)
		return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
		    ? fail_changed(storing)
		    : STATUS_FAILURE;
	if (newfile_sync(above) == 0) {
		process_close(storing->made);
		storing->made = -1;
		return STATUS_SUCCESS;
	}
	(void)renameat(
	    above, storing->place.missing, above, storing->made_name);
	return STATUS_FAILURE;
}

/* Replaces a file, after it has become an older version, too. */
static enum status
keep_version(struct storing *storing)
{
	const struct storepath *place = &storing->place;
	char version[VERSIONS_ROOM];
	unsigned long number;
	int error;

	if (versions_add(place->folder, place->name, &number) == -1)
		return STATUS_FAILURE;
	versions_name(place->name, number, version);
	if (newfile_keep(&storing->new, place->name, true) == 0) {
		if (newfile_sync(place->folder) == 0)
			return STATUS_SUCCESS;
		error = errno;
		(void)renameat(
		    place->folder, version, place->folder, place->name);
	} else {
		error = errno;
		(void)unlinkat(place->folder, version, 0);
	}
	errno = error;
	return STATUS_FAILURE;
}

static enum status
keep_new(struct storing *storing)
{
	const struct storepath *place = &storing->place;
	int error;

	if (newfile_keep(&storing->new, place->name, false) == -1)
		return errno == EEXIST ? fail_changed(storing) : STATUS_FAILURE;
	if (newfile_sync(place->folder) == 0)
		return STATUS_SUCCESS;
	error = errno;
	(void)unlinkat(place->folder, place->name, 0);
	errno = error;
	return STATUS_FAILURE;
}

static enum status
keep(struct storing *storing)
{
	enum status status;

	if (storing->made != -1)
		return keep_made(storing);
	status =
	    storing->place.exists ? keep_version(storing) : keep_new(storing);
	/* A version too many does no harm. */
	if (status == STATUS_SUCCESS)
		(void)!versions_prune(storing->place.folder,
		    storing->place.name, storing->file->versions);
	return status;
}

static enum status
check_content(struct storing *storing)
{
	const struct storing_file *file = storing->file;
	const struct storecheck check = {
		.fd = storing->new.fd,
		.name = storing->place.name,
		.mime = file->mime,
		.media = file->media,
		.rules = file->rules,
	};

	return storecheck_run(&check, storing->reason);
}

enum status
storing_finish(struct storing *storing)
{
	enum status status = check_content(storing);

	if (status == STATUS_SUCCESS)
		status = find_again(storing);
	if (status == STATUS_SUCCESS)
		status = keep(storing);
	storing_abort(storing);
	return status;
}

enum status
storing_delete(struct storing *storing, const struct storing_file *file)
{
	const struct storepath *place = &storing->place;
	enum status status;

	prepare(storing, file);
	status = find(storing, &storing->place);
	if (status == STATUS_SUCCESS && !place->exists)
		status = refuse(storing, STATUS_NOT_FOUND,
		    "There is no page at this address");
	if (status == STATUS_SUCCESS)
		status = check_base(storing, place);
	if (status == STATUS_SUCCESS) {
		if (versions_retire(place->folder, place->name) == -1)
			status = STATUS_FAILURE;
		else
			(void)!versions_prune(
			    place->folder, place->name, file->versions);
	}
	storing_abort(storing);
	return status;
}
