/* Finds, adds, restores and removes older versions of a file. */
#include "tree/versions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/sink.h"
#include "text/str.h"
#include "tree/newfile.h"

#define TRIES 100
/* The most versions that are removed at once; the next upload goes on. */
#define PRUNED_MAX 100
#define COPY_PART 65536

unsigned long
versions_number(const char *version, const char *name)
{
	struct str rest = str_of(version);
	unsigned long number = 0;
	size_t len = strlen(name);

	if (rest.len < len + 4 || rest.at[0] != '.' ||
	    memcmp(rest.at + 1, name, len) != 0 || rest.at[len + 1] != '~' ||
	    rest.at[len + 2] == '0' || rest.at[rest.len - 1] != '~')
		return 0;
	rest = str_tail(str_head(rest, rest.len - 1), len + 2);
	return str_number(rest, VERSIONS_NUMBER_MAX, &number) ? number : 0;
}

static void
count(struct versions *versions, unsigned long number)
{
	versions->count++;
	if (number > versions->last)
		versions->last = number;
	if (versions->first == 0 || number < versions->first)
		versions->first = number;
}

int
versions_find(
    int folder, const char *name, unsigned long above, struct versions *out)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *met;
	int error;

	*out = (struct versions){ 0 };
	if (names == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	errno = 0;
	while ((met = readdir(names)) != NULL) {
		unsigned long number = versions_number(met->d_name, name);

		if (number > above)
			count(out, number);
	}
	error = errno;
	closedir(names);
	errno = error;
	return error == 0 ? 0 : -1;
}

void
versions_name(const char *name, unsigned long number, char out[VERSIONS_ROOM])
{
	snprintf(
	    out, VERSIONS_ROOM, ".%.*s~%lu~", VERSIONS_NAME_MAX, name, number);
}

/* The number after the newest one; -1 when there is none. */
static int
next_number(int folder, const char *name, unsigned long *number)
{
	struct versions versions;

	if (versions_find(folder, name, 0, &versions) == -1)
		return -1;
	if (strlen(name) > VERSIONS_NAME_MAX ||
	    versions.last == VERSIONS_NUMBER_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	*number = versions.last + 1;
	return 0;
}

static int
copy_bytes(int from, int to)
{
	static char part[COPY_PART];
	struct sink_file sink = { { sink_file_write }, to };
	ssize_t got;

	while ((got = read(from, part, sizeof part)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 ||
		    sink_file_write(
			&sink.sink, (struct str){ part, (size_t)got }) == -1)
			return -1;
	}
	return 0;
}

/* Copies the file `from`, which is closed, to a new file `name`. */
static int
copy_to(int from, int folder, const char *name)
{
	struct newfile copy;
	struct stat st;
	int result = newfile_open(&copy, folder), error;

	if (result == 0 &&
	    (fstat(from, &st) == -1 || !S_ISREG(st.st_mode) ||
		copy_bytes(from, copy.fd) == -1)) {
		newfile_drop(&copy);
		result = -1;
	}
	error = errno;
	close(from);
	errno = error;
	return result == 0 ? newfile_keep(&copy, name, false) : -1;
}

/*
 * A link may be impossible because of the owner of the file
 * (fs.protected_hardlinks) or of the file system. File systems report it by
 * different errors, so all errors but three lead to a copy.
 */
static int
link_or_copy(int folder, const char *name, const char *version)
{
	int fd;

	if (linkat(folder, name, folder, version, 0) == 0)
		return 0;
	if (errno == EEXIST || errno == ENOENT || errno == EIO)
		return -1;
	fd = openat(
	    folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	return fd == -1 ? -1 : copy_to(fd, folder, version);
}

int
versions_add(int folder, const char *name, unsigned long *number)
{
	char version[VERSIONS_ROOM];

	if (next_number(folder, name, number) == -1)
		return -1;
	/* Another process may have taken the number. */
	for (int i = 0; i < TRIES; i++, ++*number) {
		versions_name(name, *number, version);
		if (link_or_copy(folder, name, version) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return -1;
}

int
versions_retire(int folder, const char *name)
{
	char version[VERSIONS_ROOM];
	unsigned long number;
	int error;

	if (next_number(folder, name, &number) == -1)
		return -1;
	versions_name(name, number, version);
	if (renameat(folder, name, folder, version) == -1)
		return -1;
	if (newfile_sync(folder) == 0)
		return 0;
	error = errno;
	(void)renameat(folder, version, folder, name);
	errno = error;
	return -1;
}

int
versions_restore(int folder, const char *name, unsigned long number)
{
	char version[VERSIONS_ROOM], added[VERSIONS_ROOM];
	unsigned long present;
	struct stat st;
	bool is_there = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	int error;

	if (!is_there && errno != ENOENT)
		return -1;
	if (is_there && !S_ISREG(st.st_mode)) {
		errno = ELOOP;
		return -1;
	}
	versions_name(name, number, version);
	if (is_there && versions_add(folder, name, &present) == -1)
		return -1;
	if (renameat(folder, version, folder, name) == 0)
		return newfile_sync(folder);
	error = errno;
	if (is_there) {
		versions_name(name, present, added);
		(void)unlinkat(folder, added, 0);
	}
	errno = error;
	return -1;
}

int
versions_prune(int folder, const char *name, size_t most)
{
	char version[VERSIONS_ROOM];
	struct versions versions;

	for (int i = 0; i < PRUNED_MAX; i++) {
		if (versions_find(folder, name, 0, &versions) == -1)
			return -1;
		if (versions.count <= most)
			return 0;
		versions_name(name, versions.first, version);
		if (unlinkat(folder, version, 0) == -1 && errno != ENOENT)
			return -1;
	}
	return 0;
}
