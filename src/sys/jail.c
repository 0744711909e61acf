/*
 * Confines a process: changes the user, hides files and restricts system calls.
 * The mechanisms are in system_*.c.
 */
#include "sys/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/readable.h"
#include "sys/system.h"

static int
become(struct jail *jail, const char *name)
{
	struct passwd *found = getpwnam(name);

	if (found == NULL)
		return -1;
	jail->changes = true;
	jail->user = found->pw_uid;
	jail->group = found->pw_gid;
	snprintf(jail->name, sizeof jail->name, "%s", name);
	return 0;
}

int
jail_init(struct jail *jail, enum jail_mode mode, const char *name, char *error,
    size_t error_size)
{
	static const char *const usual[] = { "_capsuled", "capsuled",
		"nobody" };

	*jail = (struct jail){ .mode = mode };
	/* Landlock does not hide metadata: stat(2) works on every file. */
	jail->chroots = mode == JAIL_ON && geteuid() == 0;
	if (name[0] == '\0' && geteuid() != 0)
		return 0;
	if (name[0] != '\0' && become(jail, name) == -1) {
		snprintf(error, error_size,
		    "user %s: no such user; make it, or name another with -u",
		    name);
		return -1;
	}
	for (size_t i = 0; name[0] == '\0' && !jail->changes &&
	     i < sizeof usual / sizeof *usual;
	     i++)
		(void)become(jail, usual[i]);
	if (!jail->changes) {
		snprintf(error, error_size,
		    "started as root, and there is no user to become; make "
		    "the user _capsuled, or name one with -u");
		return -1;
	}
	if (jail->user == 0) {
		snprintf(error, error_size,
		    "user %s: clients are not served as root; name another "
		    "user with -u",
		    jail->name);
		return -1;
	}
	if (jail->user == geteuid()) {
		jail->changes = false;
	} else if (geteuid() != 0) {
		snprintf(error, error_size,
		    "user %s: only root can become another user; start as "
		    "root, or leave -u out",
		    jail->name);
		return -1;
	}
	return 0;
}

/* The restrictions that this jail uses; "none" for a missing one. */
static struct system_walls
walls_of(const struct jail *jail)
{
	struct system_walls walls = system_walls();

	if (jail->chroots && walls.files[0] == '\0')
		snprintf(walls.files, sizeof walls.files, "chroot");
	else if (jail->mode == JAIL_LOG || walls.files[0] == '\0')
		snprintf(walls.files, sizeof walls.files, "none");
	return walls;
}

void
jail_warn(const struct jail *jail, void (*say)(const char *text))
{
	struct system_walls walls = walls_of(jail);

	if (jail->mode == JAIL_OFF) {
		say("jail: off, so a worker can do all that its user can");
		return;
	}
	if (jail->lacks_chroot)
		say("jail: root may not chroot here, so a worker can see the "
		    "names, sizes and times of all files that its user can; "
		    "start with the capability CAP_SYS_CHROOT");
	if (jail->lacks_top)
		say("jail: the capsules have no folder in common but /, so a "
		    "worker can see the names, sizes and times of all files "
		    "that its user can; put the capsules into one folder");
	if (jail->mode == JAIL_ON && strcmp(walls.files, "none") == 0)
		say("jail: the kernel lacks Landlock or the container refuses "
		    "it, so a worker can read all that its user can; allow the "
		    "system calls of Landlock, or start as root for a chroot");
	if (strcmp(walls.calls, "none") == 0)
		say("jail: system calls cannot be filtered on this machine, so "
		    "a worker can make all of them; use another kernel or "
		    "machine");
}

static void
log_warning(const char *text)
{
	log_line(LOG_LEVEL_WARN, "%s", text);
}

void
jail_log(const struct jail *jail)
{
	struct system_walls walls = walls_of(jail);

	jail_warn(jail, log_warning);
	if (jail->mode != JAIL_OFF)
		log_line(LOG_LEVEL_INFO, "jail user=%s files=%s syscalls=%s",
		    jail->changes ? jail->name : "same", walls.files,
		    jail->mode == JAIL_ON ? walls.calls : walls.only_log);
}

static int
become_user(const struct jail *jail)
{
	if (!jail->changes)
		return 0;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(jail->group, jail->group, jail->group) == -1 ||
	    setresuid(jail->user, jail->user, jail->user) == -1)
		return -1;
	/* Verify: if root could be regained, the jail would be worthless. */
	if (setuid(0) != -1 || geteuid() == 0) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

/*
 * Hides all files except those beneath `top`. Paths need no change: all are
 * resolved from a descriptor.
 */
static int
change_root(int top)
{
	return fchdir(top) == 0 ? chroot(".") : -1;
}

/* Root without capabilities cannot chroot: Landlock, if there, is enough. */
static bool
is_dispensable(int error)
{
	return (error == EPERM || error == EACCES) &&
	    system_walls().files[0] != '\0';
}

static enum jail_fault
enter(const struct jail *jail, const struct jail_access *access)
{
	/* A chroot would hide the sockets of servers from the connector. */
	if (jail->chroots && access->roots != NULL &&
	    access->role != JAIL_CONNECTOR &&
	    change_root(access->roots->top) == -1 && !is_dispensable(errno))
		return JAIL_NO_WALLS;
	if (system_drop_bounding() == -1)
		return JAIL_NO_WALLS;
	if (become_user(jail) == -1)
		return JAIL_NO_USER;
	return system_enter(jail->mode, access) == -1 ? JAIL_NO_WALLS
						      : JAIL_FINE;
}

int
jail_enter(const struct jail *jail, const struct jail_access *access)
{
	return enter(jail, access) == JAIL_FINE ? 0 : -1;
}

struct outcome {
	enum jail_fault fault;
	int error;
	size_t which;
	bool lacks_chroot;
};

/* Whether a worker may not read one of the directories: sets `which`. */
static bool
is_unreadable(const struct jail_roots *roots, size_t *which)
{
	for (*which = 0; *which < roots->count; ++*which)
		if (readable_at(roots->all[*which], ".", R_OK | X_OK) == -1 &&
		    errno == EACCES)
			return true;
	return false;
}

static NO_RETURN void
try_in_child(struct jail *jail, const struct jail_roots *roots, int result)
{
	const struct jail_access access = {
		.role = JAIL_WORKER, .roots = roots, .state = -1
	};
	struct outcome outcome = { .fault = JAIL_FINE };

	if (jail->chroots && change_root(roots->top) == -1 &&
	    is_dispensable(errno)) {
		outcome.lacks_chroot = true;
		jail->chroots = false;
	}
	outcome.fault = enter(jail, &access);
	if (outcome.fault == JAIL_FINE && is_unreadable(roots, &outcome.which))
		outcome.fault = JAIL_UNREADABLE;
	outcome.error = errno;
	_exit(write(result, &outcome, sizeof outcome) == -1);
}

/* Whether the directory is that of the file system. */
static bool
is_slash(int directory)
{
	struct stat here, slash;

	return fstat(directory, &here) == 0 && stat("/", &slash) == 0 &&
	    here.st_dev == slash.st_dev && here.st_ino == slash.st_ino;
}

enum jail_fault
jail_try(struct jail *jail, const struct jail_roots *roots, size_t *which)
{
	/* The default outcome, for a child that the filter kills. */
	struct outcome outcome = { .fault = JAIL_NO_WALLS, .error = EPERM };
	int result[2];
	pid_t child;

	if (pipe(result) == -1)
		return JAIL_FINE;
	child = fork();
	if (child == 0)
		try_in_child(jail, roots, result[1]);
	close(result[1]);
	if (child == -1)
		outcome.fault = JAIL_FINE;
	else
		while (read(result[0], &outcome, sizeof outcome) == -1 &&
		    errno == EINTR)
			;
	close(result[0]);
	while (child != -1 && waitpid(child, NULL, 0) == -1 && errno == EINTR)
		;
	jail->lacks_chroot = outcome.lacks_chroot;
	if (jail->lacks_chroot)
		jail->chroots = false;
	jail->lacks_top = jail->chroots && is_slash(roots->top);
	*which = outcome.which;
	errno = outcome.error;
	return outcome.fault;
}
