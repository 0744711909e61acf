/*
 * The verb `status`: reads the status of a running server from its socket.
 */
#include "tool/status.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sys/net.h"
#include "text/buf.h"
#include "tool/cli.h"

/* The deadline for each part of the answer. */
#define WAIT_S 10
/* The largest answer; a thousand hosts need a tenth of it. */
#define ANSWER_MAX ((size_t)4 << 20)
/* The last line. */
#define LAST STR("complete=yes\n")

/* Returns a socket, or -1 with errno set. */
static int
dial(const char *path)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct net_address address;
	int fd;

	if (net_address_local(path, &address) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
	    connect(fd, (const struct sockaddr *)&address.at, address.len) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Reads until the end; -1 with errno set. */
static int
read_all(int fd, struct buf *out)
{
	for (;;) {
		ssize_t got = recv(fd, out->at + out->len, buf_room(out), 0);

		if (got <= 0)
			return (int)got;
		out->len += (size_t)got;
	}
}

static const char *
advice(void)
{
	switch (errno) {
	case ENOENT: return "; set the key status, and start the server";
	case ECONNREFUSED:
		return "; no server listens there; correct the path, or start "
		       "the server";
	case EACCES: return "; try as root, or as the user of the master";
	default: return "";
	}
}

static int
show(const char *path)
{
	static char bytes[ANSWER_MAX];
	struct buf answer = buf_over(bytes, sizeof bytes);
	int fd = dial(path), result = -1;

	if (fd != -1) {
		result = read_all(fd, &answer);
		close(fd);
	}
	if (result == -1) {
		cli_say("status", "%s: %s%s", path, strerror(errno), advice());
		return 1;
	}
	/* The socket may be another program's: replace control characters. */
	for (size_t i = 0; i < answer.len; i++)
		if ((bytes[i] < ' ' && bytes[i] != '\n') || bytes[i] > '~')
			bytes[i] = '?';
	if (!str_ends(buf_str(&answer), LAST)) {
		cli_say("status",
		    "%s: the answer is incomplete, or not from capsuled; try "
		    "again",
		    path);
		return 1;
	}
	if (fwrite(bytes, 1, answer.len, stdout) != answer.len ||
	    fflush(stdout) == EOF) {
		cli_say("status", "standard output: %s", strerror(errno));
		return 1;
	}
	return 0;
}

int
status_main(int argc, char **argv)
{
	static const struct option none[] = { { NULL, 0, NULL, 0 } };

	opterr = 0;
	if (getopt_long(argc, argv, "", none, NULL) != -1) {
		cli_refuse_option("status", argv);
		return 2;
	}
	if (argc - optind != 1) {
		cli_misused("status", "name one socket", "");
		return 2;
	}
	return show(argv[optind]);
}
