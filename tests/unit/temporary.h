#ifndef UNIT_TEMPORARY_H
#define UNIT_TEMPORARY_H

/*
 * A folder of a test's own, made by temporary_make and removed, with all
 * that is in it, by temporary_remove.  Paths are relative to it; what fails
 * ends the test.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct temporary {
	char path[64];
};

static inline void
temporary_check(int good, const char *what)
{
	if (!good) {
		perror(what);
		abort();
	}
}

static inline void
temporary_make(struct temporary *temporary)
{
	/* Others may read what is in it, whatever the user's umask is. */
	umask(umask(0) & 022);
	snprintf(temporary->path, sizeof temporary->path,
	    "/tmp/capsuled-unit-XXXXXX");
	temporary_check(mkdtemp(temporary->path) != NULL, "mkdtemp");
}

static inline const char *
temporary_path(const struct temporary *temporary, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", temporary->path, name);
	return path;
}

static inline void
temporary_folder(const struct temporary *temporary, const char *name)
{
	temporary_check(
	    mkdir(temporary_path(temporary, name), 0755) == 0, name);
}

static inline void
temporary_file(
    const struct temporary *temporary, const char *name, const char *text)
{
	int fd = open(temporary_path(temporary, name),
	    O_WRONLY | O_CREAT | O_TRUNC, 0644);

	temporary_check(fd != -1, name);
	temporary_check(
	    write(fd, text, strlen(text)) == (ssize_t)strlen(text), name);
	close(fd);
}

static inline void
temporary_link(
    const struct temporary *temporary, const char *name, const char *target)
{
	temporary_check(
	    symlink(target, temporary_path(temporary, name)) == 0, name);
}

static inline int
temporary_unlink(
    const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static inline void
temporary_remove(struct temporary *temporary)
{
	nftw(temporary->path, temporary_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* Whether the file has this text; NULL: whether there is none. */
static inline bool
temporary_has(
    const struct temporary *temporary, const char *name, const char *want)
{
	char text[4096];
	int fd = open(temporary_path(temporary, name), O_RDONLY);
	ssize_t got;

	if (fd == -1)
		return want == NULL;
	got = read(fd, text, sizeof text);
	close(fd);
	return want != NULL && got == (ssize_t)strlen(want) &&
	    memcmp(text, want, strlen(want)) == 0;
}

static size_t temporary_met;

static inline int
temporary_meet(
    const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)path;
	(void)st;
	(void)type;
	(void)where;
	temporary_met++;
	return 0;
}

/* The number of names beneath a folder, with the folder. */
static inline size_t
temporary_count(const struct temporary *temporary, const char *name)
{
	temporary_met = 0;
	nftw(temporary_path(temporary, name), temporary_meet, 16, FTW_PHYS);
	return temporary_met;
}

#endif
