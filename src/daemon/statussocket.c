/*
 * The Unix socket on which the master shows the status of the server.
 */
#include "daemon/statussocket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/net.h"
#include "sys/process.h"

/* The most clients that wait for the master. */
#define QUEUE_MAX 64
/* The size of a text that fits into the buffer of a new socket. */
#define USUAL_MAX 4096
/* The pause after a failed accept. */
#define REST_MS 1000

static int
new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/*
 * Whether a process listens on the socket at `path`: 1 or 0, or -1 with errno
 * set.
 */
static int
is_in_use(const char *path)
{
	struct net_address address;
	int fd, result;

	if (net_address_local(path, &address) == -1)
		return -1;
	fd = new_socket();
	if (fd == -1)
		return -1;
	result = connect(fd, (const struct sockaddr *)&address.at, address.len);
	process_close(fd);
	/* EAGAIN: the queue of the listening process is full. */
	if (result == 0 || errno == EAGAIN)
		return 1;
	return errno == ECONNREFUSED || errno == ENOENT ? 0 : -1;
}

/* Checks that a socket can be made; `stale`: an old one has to be removed. */
static int
check_file(const char *path, bool *stale, char *error, size_t error_size)
{
	struct stat file;
	int used;

	*stale = lstat(path, &file) == 0;
	if (!*stale && errno == ENOENT)
		return 0;
	if (!*stale) {
		snprintf(
		    error, error_size, "status: %s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISSOCK(file.st_mode)) {
		snprintf(error, error_size,
		    "status: %s: is not a socket, and is not replaced; name "
		    "another path, or move the file away",
		    path);
		return -1;
	}
	used = is_in_use(path);
	if (used == -1)
		snprintf(
		    error, error_size, "status: %s: %s", path, strerror(errno));
	else if (used == 1)
		snprintf(error, error_size,
		    "status: %s: another process listens there; give each "
		    "server a path of its own",
		    path);
	return used == 0 ? 0 : -1;
}

/* Binds with mode 0600 from the start; -1 with errno set. */
static int
bind_private(int fd, const char *path)
{
	struct net_address address;
	mode_t mask;
	int result;

	if (net_address_local(path, &address) == -1)
		return -1;
	mask = umask(S_IXUSR | S_IRWXG | S_IRWXO);
	result = bind(fd, (const struct sockaddr *)&address.at, address.len);
	(void)umask(mask);
	return result;
}

/* Whether the socket's file is at this path now. */
static bool
is_at(const struct statussocket *old, const char *path)
{
	struct stat file;

	return old->fd != -1 && lstat(path, &file) == 0 &&
	    S_ISSOCK(file.st_mode) && file.st_dev == old->device &&
	    file.st_ino == old->inode;
}

int
statussocket_open(struct statussocket *new,
    const struct statussocket_setup *setup, char *error, size_t error_size)
{
	const char *path = setup->path;
	struct stat file;
	bool stale;

	*new = (struct statussocket){ .fd = -1 };
	if (path[0] == '\0')
		return 0;
	if (is_at(setup->old, path)) {
		*new = *setup->old;
		return 0;
	}
	if (check_file(path, &stale, error, error_size) == -1)
		return -1;
	if (stale)
		(void)unlink(path);
	new->fd = new_socket();
	if (new->fd == -1 || bind_private(new->fd, path) == -1)
		goto failed;
	snprintf(new->path, sizeof new->path, "%s", path);
	if (lstat(path, &file) == -1)
		goto failed;
	new->device = file.st_dev;
	new->inode = file.st_ino;
	if (listen(new->fd, QUEUE_MAX) == 0)
		return 0;
failed:
	snprintf(error, error_size, "status: %s: %s", path,
	    errno == ENOENT ? "the directory is missing; make it"
			    : strerror(errno));
	statussocket_close(new, NULL);
	return -1;
}

void
statussocket_close(struct statussocket *old, const struct statussocket *kept)
{
	if (kept != NULL && kept->fd == old->fd)
		return;
	if (is_at(old, old->path))
		(void)unlink(old->path);
	process_close(old->fd);
	old->fd = -1;
}

int
statussocket_check(const char *path, char *error, size_t error_size)
{
	char directory[STATUSSOCKET_PATH_MAX + 3];
	const char *slash = strrchr(path, '/');
	struct stat file;

	if (path[0] == '\0')
		return 0;
	/* The socket of a running server is expected. */
	if (lstat(path, &file) == 0 && S_ISSOCK(file.st_mode))
		return 0;
	snprintf(directory, sizeof directory, "%.*s.",
	    slash != NULL ? (int)(slash - path + 1) : 0, path);
	if (access(directory, W_OK | X_OK) == -1) {
		snprintf(error, error_size, "status: %s: %s", path,
		    errno == ENOENT ? "the directory is missing; make it"
				    : strerror(errno));
		return -1;
	}
	return check_file(path, &(bool){ false }, error, error_size);
}

int
statussocket_polled(const struct statussocket *at)
{
	return clock_until_ms(&at->rests_until) == 0 ? at->fd : -1;
}

int
statussocket_accept(struct statussocket *at)
{
	int client = accept4(at->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	/* The client stays in the queue, so poll would return at once. */
	if (client == -1 && errno != EAGAIN)
		at->rests_until = clock_in(REST_MS);
	return client;
}

void
statussocket_send(int client, struct str text)
{
	const int size = 2 * (int)text.len;

	/* Make room for the whole text: nothing is sent later. */
	if (text.len > USUAL_MAX)
		(void)setsockopt(
		    client, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	(void)!send(client, text.at, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(client);
}
