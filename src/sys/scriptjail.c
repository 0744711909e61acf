/*
 * The user of CGI scripts.
 */
#include "sys/scriptjail.h"

#include <pwd.h>
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
		    "cgi_user: %s: this is the server's user, whose files "
		    "scripts must not reach; name another user",
		    name);
		return -1;
	}
	scripts->user = found->pw_uid;
	scripts->group = found->pw_gid;
	return 0;
}
