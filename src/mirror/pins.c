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

#include "sys/process.h"
#include "text/hex.h"
#include "text/manifest.h"
#include "text/str.h"

#define FILE_NAME "capsule/known_hosts"

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
	char line[1024];
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
append(int fd, const char *server, const unsigned char key[SHA256_SIZE])
{
	char line[512], hex[2 * MANIFEST_HASH + 1];
	int len;

	hex_format(key, MANIFEST_HASH, hex);
	len = snprintf(line, sizeof line, "%s%s sha256 %s\n",
	    ends_with_line(fd) ? "" : "\n", server, hex);
	errno = EIO; /* for a short write */
	return write(fd, line, (size_t)len) == len && fsync(fd) == 0 ? 0 : -1;
}

int
pins_add(const char *path, const char *server, unsigned char key[SHA256_SIZE])
{
	unsigned char known[SHA256_SIZE];
	int fd;
	long found;

	make_folders(path);
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	/* Some file systems have no locks. */
	(void)flock(fd, LOCK_EX);
	found = pins_find(path, server, known);
	if (found > 0)
		memcpy(key, known, SHA256_SIZE);
	if (found == 0)
		found = append(fd, server, key);
	process_close(fd);
	return found == -1 ? -1 : 0;
}
