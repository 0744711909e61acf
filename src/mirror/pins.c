/* Keys of servers, trusted on first use: the file that records them. */
#include "mirror/pins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/atomic_file.h"
#include "sys/process.h"
#include "text/hex.h"
#include "text/manifest.h"
#include "text/str.h"

#define FILE_NAME "capsule/known_hosts"
#define LINE_SIZE 512
#define READ_SIZE 1024
#define LOCK_TRIES 100

int
pins_path(const char *named, char out[PATH_MAX])
{
	const char *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	int len = -1;

	if (named != NULL)
		len = snprintf(out, PATH_MAX, "%s", named);
	else if (data != NULL && data[0] == '/')
		len = snprintf(out, PATH_MAX, "%s/" FILE_NAME, data);
	else if (home != NULL && home[0] == '/')
		len =
		    snprintf(out, PATH_MAX, "%s/.local/share/" FILE_NAME, home);
	return len > 0 && len < PATH_MAX ? 0 : -1;
}

/* Returns 1 for the server's line, 0 for another, -1 for an invalid one. */
static int
read_line(struct str line, struct str server, unsigned char key[SHA256_SIZE])
{
	if (!str_equals(str_cut(&line, ' '), server))
		return 0;
	if (!str_equals(str_cut(&line, ' '), STR("sha256")) ||
	    !manifest_hash_read(line, key)) {
		errno = EINVAL;
		return -1;
	}
	return 1;
}

long
pins_find(const char *path, const char *server, unsigned char key[SHA256_SIZE])
{
	FILE *file = fopen(path, "re");
	char line[READ_SIZE];
	long number = 0, found = 0;
	int result = 0;

	if (file == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	while (result == 0 && fgets(line, sizeof line, file) != NULL) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		result =
		    read_line(str_trim_end(str_of(line)), str_of(server), key);
	}
	if (result == 1)
		found = number;
	else if (result == -1 || ferror(file) != 0)
		found = -1;
	fclose(file);
	return found;
}

/* Makes the folders above the file, accessible to their owner only. */
static void
make_folders(const char *path)
{
	char folder[PATH_MAX];

	/* A failure shows when the file is opened. */
	for (size_t i = 1; path[i] != '\0' && i < sizeof folder; i++)
		if (path[i] == '/') {
			memcpy(folder, path, i);
			folder[i] = '\0';
			(void)mkdir(folder, 0700);
		}
}

/* Whether the file ends with a newline: some editors write none. */
static bool
ends_with_line(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return size <= 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

static int
format_line(char line[LINE_SIZE], const char *server,
    const unsigned char key[SHA256_SIZE])
{
	char hex[2 * MANIFEST_HASH + 1];

	hex_format(key, MANIFEST_HASH, hex);
	return snprintf(line, LINE_SIZE, "%s sha256 %s\n", server, hex);
}

static int
append(int fd, const char *server, const unsigned char key[SHA256_SIZE])
{
	char line[1 + LINE_SIZE] = "\n";
	int skipped = ends_with_line(fd) ? 1 : 0;
	int len = 1 + format_line(line + 1, server, key) - skipped;

	errno = EIO; /* for a short write */
	return write(fd, line + skipped, (size_t)len) == len && fsync(fd) == 0
	    ? 0
	    : -1;
}

/*
 * Opens and locks the file. Another process may replace it during the wait for
 * the lock, which is then one of a file without a name.
 */
static int
open_locked(const char *path)
{
	struct stat opened, named;

	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd =
		    open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

		if (fd == -1)
			return -1;
		/* Some file systems have no locks. */
		(void)flock(fd, LOCK_EX);
		if (fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
		    opened.st_ino == named.st_ino &&
		    opened.st_dev == named.st_dev)
			return fd;
		process_close(fd);
	}
	errno = EBUSY;
	return -1;
}

int
pins_add(const char *path, const char *server, unsigned char key[SHA256_SIZE])
{
	unsigned char known[SHA256_SIZE];
	int fd;
	long found;

	make_folders(path);
	fd = open_locked(path);
	if (fd == -1)
		return -1;
	found = pins_find(path, server, known);
	if (found > 0)
		memcpy(key, known, SHA256_SIZE);
	if (found == 0)
		found = append(fd, server, key);
	process_close(fd);
	return found == -1 ? -1 : 0;
}

/* Copies the file, with `line` in place of the one with this number. */
static int
copy_but_one(const char *path, int to, long number, const char *line)
{
	FILE *in = fopen(path, "re");
	char other[READ_SIZE];
	int result = 0;

	if (in == NULL)
		return -1;
	while (result != -1 && fgets(other, sizeof other, in) != NULL)
		result = dprintf(to, "%s", --number == 0 ? line : other);
	if (ferror(in) != 0)
		result = -1;
	fclose(in);
	return result == -1 ? -1 : 0;
}

/* Replaces the line of the locked file `fd`, with its owner and mode. */
static int
replace_line(int fd, const char *path, long number, const char *line)
{
	struct atomic_file atomic;
	struct stat st;

	if (fstat(fd, &st) == -1 || atomic_file_open(&atomic, path) == -1)
		return -1;
	/* Without the right to do so, the file becomes the user's own. */
	(void)!fchown(atomic.fd, st.st_uid, st.st_gid);
	if (fchmod(atomic.fd, st.st_mode & 07777) == 0 &&
	    copy_but_one(path, atomic.fd, number, line) == 0)
		return atomic_file_keep(&atomic, path);
	atomic_file_drop(&atomic);
	return -1;
}

int
pins_replace(const char *path, const char *server,
    const unsigned char before[SHA256_SIZE],
    const unsigned char key[SHA256_SIZE])
{
	/* Replace the target of a link, not the link. */
	char *target = realpath(path, NULL);
	int fd = target != NULL ? open_locked(target) : -1;
	unsigned char known[SHA256_SIZE];
	char line[LINE_SIZE];
	long found = fd != -1 ? pins_find(target, server, known) : -1;
	int result = -1;

	format_line(line, server, key);
	if (found > 0 && memcmp(known, before, SHA256_SIZE) == 0)
		result = replace_line(fd, target, found, line);
	else if (found > 0 && memcmp(known, key, SHA256_SIZE) == 0)
		result = 0;
	else if (found >= 0)
		errno = EBUSY;
	process_close(fd);
	free(target);
	return result;
}
