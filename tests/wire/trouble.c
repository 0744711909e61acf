/*
 * What goes wrong beneath a server, for the tests: loaded before libc, it
 * fails allocations and reads, and tells another time.  Knows the calls by
 * which it happens; trouble.py says when, in a file that is mapped, so that
 * a worker in its jail needs no system call to be told.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* The same as FIELDS in trouble.py; all are of eight bytes. */
struct trouble {
	_Atomic int64_t allocations; /* of workers */
	_Atomic int64_t fail_from, fail_to; /* of them, the latter excluded */
	_Atomic int64_t fail_every;
	_Atomic int64_t fail_above; /* this size; 0 for none */
	_Atomic int64_t failed;
	_Atomic int64_t read_error, readdir_error, open_error;
	_Atomic int64_t after; /* calls of that kind that still go well */
	_Atomic int64_t seconds; /* that the wall clock is ahead */
	_Atomic int64_t escape; /* enum escape, tried at the next read */
	_Atomic int64_t escaped; /* what came of it */
	_Atomic int64_t dead_error; /* of lookups of, and in, any "dead" */
	_Atomic int64_t broken_error; /* of reads of any "broken…" */
	_Atomic int64_t changes; /* calls that change names or wait for disks */
	_Atomic int64_t kill_at; /* of them, before it is made */
	_Atomic int64_t link_error;
	_Atomic int64_t setuid_error; /* of root, which everybody is then */
	_Atomic int64_t ipv6_error; /* of a socket of any process */
	_Atomic int64_t monotonic; /* time of that clock in ns; 0: it runs */
	_Atomic int64_t hold; /* enum hold, of children of children */
	_Atomic int64_t exec_error; /* of the master */
	_Atomic int64_t refuse_at; /* of the changes, the one that fails */
	_Atomic int64_t refuse_error;
	_Atomic int64_t watch_error; /* of a watch of a directory */
	_Atomic int64_t held; /* a process waits at a certificate */
};

enum hold {
	HOLD_NONE,
	HOLD_ASLEEP,
	HOLD_BUSY,
	HOLD_CERTIFICATE, /* whoever opens one */
	HOLD_HELD /* whoever opens that of the host "held" */
};

enum escape {
	ESCAPE_NONE,
	ESCAPE_PASSWD,
	ESCAPE_FORK,
	ESCAPE_CONNECT,
	ESCAPE_DEAFEN, /* shuts the listeners down */
	ESCAPE_DEAFEN_AND_DIE,
	ESCAPE_LINGER /* lets the clients of the listeners be reset */
};
enum escaped {
	ESCAPED_NOT_TRIED,
	ESCAPED_TRYING,
	ESCAPED_NO,
	ESCAPED_YES
};

static struct trouble calm;
static struct trouble *trouble = &calm;
static bool is_worker;
static int forks; /* from the master to this process */

/* The next of that name: libc's own, or a sanitizer's. */
#define NEXT(name, function) \
	static __typeof__(function) *next_##name; \
	static void find_##name(void) \
	{ \
		union { \
			void *object; \
			__typeof__(function) *call; \
		} found = { dlsym(RTLD_NEXT, #name) }; \
\
		next_##name = found.call; \
	}

NEXT(malloc, malloc)
NEXT(calloc, calloc)
NEXT(realloc, realloc)
NEXT(read, read)
NEXT(pread, pread)
NEXT(sendfile, sendfile)
NEXT(readdir, readdir)
NEXT(socket, socket)
NEXT(geteuid, geteuid)
NEXT(setresuid, setresuid)
NEXT(syscall, syscall)
NEXT(openat, openat)
NEXT(faccessat, faccessat)
NEXT(fstatat, fstatat)
NEXT(close, close)
NEXT(clock_gettime, clock_gettime)
NEXT(renameat, renameat)
NEXT(linkat, linkat)
NEXT(unlinkat, unlinkat)
NEXT(mkdirat, mkdirat)
NEXT(fsync, fsync)
NEXT(execve, execve)
NEXT(inotify_add_watch, inotify_add_watch)

static void
in_child(void)
{
	is_worker = true;
	forks++;
}

/* An answer takes its time, before it looks up anything. */
static void
hold(void)
{
	while (forks > 1 && trouble->hold != HOLD_NONE &&
	    trouble->hold < HOLD_CERTIFICATE)
		if (trouble->hold == HOLD_ASLEEP)
			(void)poll(NULL, 0, 1);
}

static void
hold_certificate(const char *path)
{
	size_t len = strlen(path);

	while ((trouble->hold == HOLD_CERTIFICATE ||
		   (trouble->hold == HOLD_HELD &&
		       strstr(path, "held.crt") != NULL)) &&
	    len > 4 && strcmp(path + len - 4, ".crt") == 0) {
		trouble->held = 1;
		(void)poll(NULL, 0, 1);
	}
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("TROUBLE");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd != -1 ? mmap(NULL, sizeof *trouble,
				  PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
			    : MAP_FAILED;

	if (at == MAP_FAILED || pthread_atfork(NULL, NULL, in_child) != 0)
		abort();
	close(fd);
	find_read();
	find_pread();
	find_sendfile();
	find_readdir();
	find_socket();
	find_geteuid();
	find_setresuid();
	find_syscall();
	find_openat();
	find_faccessat();
	find_fstatat();
	find_close();
	find_clock_gettime();
	find_renameat();
	find_linkat();
	find_unlinkat();
	find_mkdirat();
	find_fsync();
	find_execve();
	find_inotify_add_watch();
	trouble = at;
	/* A program that is no server, and forks no workers. */
	is_worker = getenv("TROUBLE_ALONE") != NULL;
}

int
execve(const char *path, char *const *arguments, char *const *environment)
{
	if (!is_worker && trouble->exec_error != 0) {
		errno = (int)trouble->exec_error;
		return -1;
	}
	return next_execve(path, arguments, environment);
}

static bool
allocation_fails(size_t size)
{
	int64_t number, every, most;

	if (!is_worker)
		return false;
	number = atomic_fetch_add(&trouble->allocations, 1) + 1;
	every = trouble->fail_every;
	most = trouble->fail_above;
	if ((number < trouble->fail_from || number >= trouble->fail_to) &&
	    (every == 0 || number % every != 0) &&
	    (most == 0 || size <= (size_t)most))
		return false;
	trouble->failed++;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	if (next_malloc == NULL)
		find_malloc();
	return allocation_fails(size) ? NULL : next_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	static bool finding;

	/* Looking for it may need it, and does without. */
	if (next_calloc == NULL && finding)
		return NULL;
	finding = true;
	if (next_calloc == NULL)
		find_calloc();
	return allocation_fails(count * size) ? NULL : next_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	if (next_realloc == NULL)
		find_realloc();
	return allocation_fails(size) ? NULL : next_realloc(old, size);
}

/* Whether a call of a worker's fails with the error given, which it sets. */
static bool
fails_with(int64_t error)
{
	if (!is_worker || error == 0 ||
	    atomic_fetch_sub(&trouble->after, 1) > 0)
		return false;
	trouble->failed++;
	errno = (int)error;
	return true;
}

/* Of other sockets nothing is left that a client would not see. */
static bool
deafen(void)
{
	bool done = false;
	char byte;

	/* The listeners only: the worker keeps its clients. */
	for (int fd = 3; fd < 64; fd++)
		done |= recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1 &&
		    errno == ENOTCONN && shutdown(fd, SHUT_RD) == 0;
	return done;
}

/* Sockets that a listener accepts inherit the option. */
static bool
linger(void)
{
	const struct linger reset = { .l_onoff = 1 };
	bool done = false;

	for (int fd = 3; fd < 64; fd++)
		done |= setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset,
			    sizeof reset) == 0;
	return done;
}

static bool
gets_out(enum escape escape)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(1),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	pid_t child;

	switch (escape) {
	case ESCAPE_NONE: break;
	case ESCAPE_PASSWD: return open("/etc/passwd", O_RDONLY) != -1;
	case ESCAPE_FORK:
		child = fork();
		if (child == 0)
			_exit(0);
		return child != -1;
	case ESCAPE_CONNECT:
		return connect(socket(AF_INET, SOCK_STREAM, 0),
			   (const struct sockaddr *)&address,
			   sizeof address) == 0 ||
		    errno == ECONNREFUSED;
	case ESCAPE_DEAFEN: return deafen();
	case ESCAPE_DEAFEN_AND_DIE:
		if (deafen())
			raise(SIGILL);
		break;
	case ESCAPE_LINGER: return linger();
	}
	return false;
}

static void
try_to_escape(void)
{
	enum escape escape = (enum escape)trouble->escape;

	if (!is_worker || escape == ESCAPE_NONE)
		return;
	trouble->escape = ESCAPE_NONE;
	trouble->escaped = ESCAPED_TRYING;
	trouble->escaped = gets_out(escape) ? ESCAPED_YES : ESCAPED_NO;
}

/* Whether a lookup fails, since its path has a part of that name. */
static bool
is_dead(const char *path)
{
	const char *at = trouble->dead_error != 0 ? path : NULL;

	while (at != NULL && (at = strstr(at, "dead")) != NULL) {
		bool begins = at == path || at[-1] == '/';

		at += 4;
		if (begins && (*at == '/' || *at == '\0') &&
		    fails_with(trouble->dead_error))
			return true;
	}
	return false;
}

/* Which descriptors are of files of that name. */
#define DESCRIPTORS 1024
static bool broken[DESCRIPTORS];

static void
note_open(int fd, const char *path)
{
	const char *name = strrchr(path, '/');

	name = name == NULL ? path : name + 1;
	if (fd >= 0 && fd < DESCRIPTORS)
		broken[fd] = strncmp(name, "broken", 6) == 0;
}

static bool
read_fails(int fd)
{
	return fails_with(trouble->read_error) ||
	    (fd >= 0 && fd < DESCRIPTORS && broken[fd] &&
		fails_with(trouble->broken_error));
}

int
close(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		broken[fd] = false;
	if (next_close == NULL)
		find_close();
	return next_close(fd);
}

int
openat(int directory, const char *path, int flags, ...)
{
	int fd;
	va_list list;
	unsigned mode;

	va_start(list, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(list, unsigned) : 0;
	va_end(list);
	if (next_openat == NULL)
		find_openat();
	hold();
	hold_certificate(path);
	fd = is_dead(path) ? -1 : next_openat(directory, path, flags, mode);
	note_open(fd, path);
	return fd;
}

int
faccessat(int directory, const char *path, int mode, int flags)
{
	return is_dead(path) ? -1
			     : next_faccessat(directory, path, mode, flags);
}

int
fstatat(int directory, const char *restrict path, struct stat *restrict out,
    int flags)
{
	return is_dead(path) ? -1 : next_fstatat(directory, path, out, flags);
}

ssize_t
read(int fd, void *at, size_t room)
{
	try_to_escape();
	return read_fails(fd) ? -1 : next_read(fd, at, room);
}

ssize_t
pread(int fd, void *at, size_t room, off_t from)
{
	return read_fails(fd) ? -1 : next_pread(fd, at, room, from);
}

ssize_t
sendfile(int socket, int fd, off_t *from, size_t most)
{
	return read_fails(fd) ? -1 : next_sendfile(socket, fd, from, most);
}

/* What the first two become where the compiler knows the buffer. */
ssize_t __read_chk(int fd, void *at, size_t room, size_t size);
ssize_t __pread_chk(int fd, void *at, size_t room, off_t from, size_t size);

ssize_t
__read_chk(int fd, void *at, size_t room, size_t size)
{
	if (room > size)
		abort();
	return read(fd, at, room);
}

ssize_t
__pread_chk(int fd, void *at, size_t room, off_t from, size_t size)
{
	if (room > size)
		abort();
	return pread(fd, at, room, from);
}

int
socket(int family, int type, int protocol)
{
	if (trouble->ipv6_error == 0 || family != AF_INET6)
		return next_socket(family, type, protocol);
	errno = (int)trouble->ipv6_error;
	return -1;
}

uid_t
geteuid(void)
{
	return trouble->setuid_error != 0 ? 0 : next_geteuid();
}

int
setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return fails_with(trouble->setuid_error)
	    ? -1
	    : next_setresuid(real, effective, saved);
}

struct dirent *
readdir(DIR *stream)
{
	return fails_with(trouble->readdir_error) ? NULL : next_readdir(stream);
}

long
syscall(long number, ...)
{
	long words[6], result;
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		words[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_openat2)
		hold();
	if (number == SYS_openat2 && fails_with(trouble->open_error))
		return -1;
	if (number == SYS_openat2 && is_dead((const char *)words[1]))
		return -1;
	result = next_syscall(
	    number, words[0], words[1], words[2], words[3], words[4], words[5]);
	/* Handlers of pthread_atfork do not know of it. */
	if (number == SYS_clone && result == 0)
		in_child();
	if (number == SYS_openat2)
		note_open((int)result, (const char *)words[1]);
	return result;
}

/*
 * Kills the process, whichever it is, at the call that a test has chosen, or
 * returns true for the call to fail.
 */
static bool
change(void)
{
	int64_t number = atomic_fetch_add(&trouble->changes, 1) + 1;

	if (number == trouble->kill_at)
		kill(getpid(), SIGKILL);
	if (number != trouble->refuse_at)
		return false;
	errno = (int)trouble->refuse_error;
	return true;
}

int
renameat(int from, const char *old, int to, const char *new)
{
	return change() ? -1 : next_renameat(from, old, to, new);
}

int
linkat(int from, const char *old, int to, const char *new, int flags)
{
	if (change())
		return -1;
	if (trouble->link_error != 0) {
		errno = (int)trouble->link_error;
		return -1;
	}
	return next_linkat(from, old, to, new, flags);
}

int
unlinkat(int dir, const char *name, int flags)
{
	return change() ? -1 : next_unlinkat(dir, name, flags);
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
	return change() ? -1 : next_mkdirat(dir, name, mode);
}

int
fsync(int fd)
{
	return change() ? -1 : next_fsync(fd);
}

int
inotify_add_watch(int fd, const char *path, uint32_t changes)
{
	if (trouble->watch_error == 0)
		return next_inotify_add_watch(fd, path, changes);
	errno = (int)trouble->watch_error;
	return -1;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int result;

	if (next_clock_gettime == NULL)
		find_clock_gettime();
	result = next_clock_gettime(clock, now);
	if (result == 0 &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += (time_t)trouble->seconds;
	if (result == 0 && clock == CLOCK_MONOTONIC &&
	    trouble->monotonic != 0) {
		now->tv_sec = (time_t)(trouble->monotonic / 1000000000);
		now->tv_nsec = (long)(trouble->monotonic % 1000000000);
	}
	return result;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &exact) == -1)
		return -1;
	now->tv_sec = exact.tv_sec;
	now->tv_usec = exact.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
