/*
 * Hides the file system with Landlock (Linux 5.13). Versions and flags are
 * defined here, since headers are often older than the kernel.
 */
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/process.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define QUERY_VERSION 1U
#define RULE_PATH_BENEATH 1

/*
 * Access rights of Landlock, one bit each; a digit in a name is the version
 * that added the right.
 */
#define EXECUTE (UINT64_C(1) << 0)
#define WRITE_FILE (UINT64_C(1) << 1)
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIRECTORY (UINT64_C(1) << 3)
#define REMOVE_DIRECTORY (UINT64_C(1) << 4)
#define REMOVE_FILE (UINT64_C(1) << 5)
#define MAKE_DIRECTORY (UINT64_C(1) << 7)
#define MAKE_REGULAR (UINT64_C(1) << 8)
#define FILES_1 ((UINT64_C(1) << 13) - 1) /* execute to make_sym */
#define FILES_2 (UINT64_C(1) << 13) /* refer */
#define FILES_3 (UINT64_C(1) << 14) /* truncate */
#define FILES_5 (UINT64_C(1) << 15) /* ioctl_dev */
#define NETWORK_4 UINT64_C(3) /* bind and connect by TCP */
#define SCOPE_SIGNALS UINT64_C(2)
#define SCOPES_6 (UINT64_C(1) | SCOPE_SIGNALS) /* abstract sockets, too */

struct ruleset {
	uint64_t files, network, scopes;
};

struct path_rule {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

int
landlock_version(void)
{
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, QUERY_VERSION);

	return version > 0 ? (int)version : 0;
}

/*
 * Fills `rules` with every right that this kernel can forbid, and returns the
 * size of `rules` that this kernel understands.
 */
static size_t
forbid_all(int version, struct ruleset *rules)
{
	*rules = (struct ruleset){ .files = FILES_1 };
	if (version >= 2)
		rules->files |= FILES_2;
	if (version >= 3)
		rules->files |= FILES_3;
	if (version >= 4)
		rules->network = NETWORK_4;
	if (version >= 5)
		rules->files |= FILES_5;
	if (version >= 6)
		rules->scopes = SCOPES_6;
	return version >= 6 ? sizeof *rules
	    : version >= 4  ? offsetof(struct ruleset, scopes)
			    : offsetof(struct ruleset, network);
}

/* Adds a rule for a directory; does nothing for -1. */
static int
allow(int fd, const struct ruleset *rules, uint64_t allowed, int directory)
{
	const struct path_rule rule = { allowed & rules->files, directory };

	return directory == -1 ? 0
			       : (int)syscall(SYS_landlock_add_rule, fd,
				     RULE_PATH_BENEATH, &rule, 0U);
}

static int
allow_all(
    int fd, const struct ruleset *rules, const struct landlock_files *files)
{
	const uint64_t reads = READ_FILE | READ_DIRECTORY;
	const uint64_t writes =
	    WRITE_FILE | FILES_3 | REMOVE_FILE | MAKE_REGULAR;

	for (size_t i = 0; i < files->root_count; i++)
		if (allow(fd, rules, reads, files->roots[i]) == -1)
			return -1;
	for (size_t i = 0; i < files->writable_count; i++)
		if (allow(fd, rules,
			reads | writes | MAKE_DIRECTORY | REMOVE_DIRECTORY,
			files->writable[i]) == -1)
			return -1;
	return allow(
	    fd, rules, files->writes ? reads | writes : reads, files->state);
}

/* Makes a set of rules; its descriptor, or -1 with errno set. */
static int
begin(struct ruleset *rules, bool network)
{
	int version = landlock_version();
	size_t size;

	if (version == 0) {
		errno = ENOSYS;
		return -1;
	}
	size = forbid_all(version, rules);
	if (network) {
		rules->network = 0;
		rules->scopes &= SCOPE_SIGNALS;
	}
	return (int)syscall(SYS_landlock_create_ruleset, rules, size, 0U);
}

/* Applies the rules, if all were `made`, and closes them. */
static int
finish(int fd, bool made)
{
	bool entered = made && syscall(SYS_landlock_restrict_self, fd, 0U) == 0;

	process_close(fd);
	return entered ? 0 : -1;
}

int
landlock_enter(const struct landlock_files *files)
{
	struct ruleset rules;
	int fd = begin(&rules, files->network);

	return fd == -1 ? -1 : finish(fd, allow_all(fd, &rules, files) == 0);
}

static uint64_t
rights_of(enum landlock_way way)
{
	const uint64_t reads = READ_FILE | READ_DIRECTORY;

	switch (way) {
	case LANDLOCK_READ: break;
	case LANDLOCK_RUN: return reads | EXECUTE;
	case LANDLOCK_WRITE:
		return reads | WRITE_FILE | REMOVE_DIRECTORY | REMOVE_FILE |
		    MAKE_DIRECTORY | MAKE_REGULAR | FILES_2 | FILES_3;
	}
	return reads;
}

static int
allow_path(
    int fd, const struct ruleset *rules, const struct landlock_path *path)
{
	const uint64_t of_files = EXECUTE | WRITE_FILE | READ_FILE | FILES_3;
	int at = open(path->path, O_PATH | O_CLOEXEC), result;
	uint64_t rights = rights_of(path->way);
	struct stat st;

	if (at == -1)
		return 0;
	if (fstat(at, &st) == 0 && !S_ISDIR(st.st_mode))
		rights &= of_files;
	result = allow(fd, rules, rights, at);
	process_close(at);
	return result;
}

static int
allow_paths(
    int fd, const struct ruleset *rules, const struct landlock_path *path)
{
	for (; path->path != NULL; path++)
		if (allow_path(fd, rules, path) == -1)
			return -1;
	return 0;
}

int
landlock_enter_paths(const struct landlock_paths *arrays, size_t count)
{
	bool network = false, made = true;
	struct ruleset rules;
	int fd;

	for (size_t i = 0; i < count; i++)
		network |= arrays[i].network;
	fd = begin(&rules, network);
	if (fd == -1)
		return -1;
	for (size_t i = 0; i < count && made; i++)
		made = allow_paths(fd, &rules, arrays[i].all) == 0;
	return finish(fd, made);
}
