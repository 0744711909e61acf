/*
 * The user of CGI scripts.
 */
#include "sys/scriptjail.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int
scriptjail_init(struct scriptjail *scripts, const struct jail *jail,
    const char *name, struct buf *error)
{
	const struct passwd *found;

	*scripts = (struct scriptjail){ .mode = jail->mode };
	if (!scriptjail_is_supported()) {
		buf_printf(error,
		    "cgi: this system cannot confine scripts; use scgi or "
		    "fastcgi");
		return -1;
	}
	if (geteuid() != 0) {
		buf_printf(error,
		    "cgi: only root can start scripts as another user; start "
		    "capsuled as root, or use scgi or fastcgi");
		return -1;
	}
	if (name[0] == '\0') {
		buf_printf(error,
		    "cgi: scripts have no user; make a user for them alone, "
		    "and name it with the key cgi_user");
		return -1;
	}
	found = getpwnam(name);
	if (found == NULL) {
		buf_printf(error,
		    "cgi_user: %s: no such user; make it, or name another",
		    name);
		return -1;
	}
	if (found->pw_uid == 0 || found->pw_gid == 0) {
		buf_printf(error,
		    "cgi_user: %s: scripts do not run as root or in its group; "
		    "name another user",
		    name);
		return -1;
	}
	if (found->pw_uid == jail->user || !jail->changes) {
		buf_printf(error,
		    "cgi_user: %s: this is the server's user, so scripts "
		    "could reach the files of the server; name another user",
		    name);
		return -1;
	}
	scripts->user = found->pw_uid;
	scripts->group = found->pw_gid;
	return 0;
}

int
scriptjail_share_groups(struct scriptjail *scripts, size_t count)
{
	void *groups = mmap(NULL, count * sizeof *scripts->groups,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (groups == MAP_FAILED)
		return -1;
	scripts->groups = groups;
	scripts->group_count = count;
	return 0;
}

void
scriptjail_release(struct scriptjail *scripts)
{
	if (scripts->groups != NULL)
		(void)munmap(scripts->groups,
		    scripts->group_count * sizeof *scripts->groups);
	scripts->groups = NULL;
	scripts->group_count = 0;
}

void
scriptjail_set_group(const struct scriptjail *scripts, pid_t from, pid_t to)
{
	for (size_t i = 0; i < scripts->group_count; i++)
		if (scripts->groups[i] == from) {
			scripts->groups[i] = to;
			return;
		}
}

void
scriptjail_end_groups(const struct scriptjail *scripts)
{
	pid_t child = scripts->groups == NULL ? -1 : fork();

	if (child == 0) {
		/* Root could kill an unrelated process with this number. */
		if (setgroups(0, NULL) == -1 || setgid(scripts->group) == -1 ||
		    setuid(scripts->user) == -1)
			_exit(1);
		for (size_t i = 0; i < scripts->group_count; i++) {
			const pid_t group = scripts->groups[i];

			if (group > 1)
				(void)kill(-group, SIGKILL);
		}
		_exit(0);
	}
	if (child == -1)
		return;
	while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
		;
	memset(
	    scripts->groups, 0, scripts->group_count * sizeof *scripts->groups);
}
