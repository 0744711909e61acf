/* The process that runs programs: scripts as they are, and hostile ones. */
#include "daemon/runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "daemon/runnerjobs.h"
#include "fakeclock.h"
#include "sys/fdpass.h"
#include "temporary.h"

#define USER "games"
#define MOST 8
/* Generous: for a busy machine. */
#define WAIT_MS 60000
/* The calls of a sanitizer are not those of a runner without scripts. */
#ifdef __SANITIZE_ADDRESS__
#define STRICT_MODE JAIL_OFF
#else
#define STRICT_MODE JAIL_ON
#endif

static struct temporary folder;
static struct {
	pid_t pid;
	int master, line;
} runner;
/* The servers of programs, and whether there are scripts, too. */
static struct net_address address;
static int servers[2];
static bool has_cgi;

static void
script(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "cgi/%s", name);
	temporary_file(&folder, path, text);
	assert_int_equal(chmod(temporary_path(&folder, path), 0755), 0);
}

static NO_RETURN void
run(int line, int end)
{
	static char capsule[96], cgi[96], local[96];
	static struct rules_part parts[3];
	static struct service service;
	static struct host host;
	static struct str name;
	const struct site site = { .names = &name, .name_count = 1 };
	static struct scriptjail scripts;
	static struct jail jail;
	char text[256];
	struct buf error = buf_over(text, sizeof text);
	struct host_config of_host = { .capsule = capsule, .site = site };
	struct config config = {
		.hosts = &of_host, .host_count = 1, .script_limit = MOST
	};
	struct server server = { .hosts = &host, .host_count = 1 };
	enum jail_mode mode = STRICT_MODE;
	const struct runner_setup setup = { &service, &config, &server, &jail,
		NULL, &scripts };

	name = STR("localhost");
	snprintf(capsule, sizeof capsule, "%s/capsule", folder.path);
	snprintf(cgi, sizeof cgi, "%s/cgi", folder.path);
	snprintf(local, sizeof local, "%s/socket", folder.path);
	parts[0].program = (struct rules_program){
		.kind = RULES_CGI, .path = STR("/cgi-bin"), .target = cgi
	};
	parts[1].program = (struct rules_program){ .kind = RULES_FASTCGI,
		.path = STR("/fast"),
		.target = "",
		.address = &address,
		.script = "/srv/x.php",
		.timeout_ms = WAIT_MS };
	parts[2].program = (struct rules_program){ .kind = RULES_SCGI,
		.path = STR("/scgi"),
		.target = local,
		.timeout_ms = WAIT_MS };
	for (size_t i = 0; i < 3; i++)
		parts[i].place =
		    (struct rules_place){ .path = parts[i].program.path,
			    .is_folder = true };
	of_host.rules = (struct rules){ .parts = parts + !has_cgi,
		.part_count = has_cgi ? 3 : 2 };
	host = (struct host){ .server = &server,
		.site = &of_host.site,
		.rules = &of_host.rules };
	if (has_cgi)
		mode = JAIL_ON;
	service = (struct service){ .line = line, .end_count = 1 };
	service.ends[0] = end;
	if (jail_init(&jail, mode, "nobody", text, sizeof text) == -1 ||
	    scriptjail_init(&scripts, &jail, USER, &error) == -1)
		_exit(2);
	scripts.memory = (size_t)512 << 20;
	scripts.processes = 200;
	_exit(runner_run(&setup));
}

/* Opens a TCP socket and a local one. */
static void
listen_twice(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	assert_int_equal(net_address_parse("127.0.0.1:0", &address), 0);
	assert_int_equal(net_listen(&address, &servers[0], 1, false), 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder.path);
	servers[1] = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    bind(servers[1], (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(servers[1], 4), 0);
	chmod(at.sun_path, 0666);
}

static int
begin(bool with_cgi)
{
	int master[2], line[2];

	has_cgi = with_cgi;
	if (geteuid() != 0)
		return 0;
	temporary_make(&folder);
	chmod(folder.path, 0755);
	temporary_folder(&folder, "capsule");
	temporary_folder(&folder, "cgi");
	temporary_file(&folder, "secret", "secret");
	listen_twice();
	assert_int_equal(fdpass_pair(master), 0);
	assert_int_equal(fdpass_pair(line), 0);
	runner.pid = fork();
	if (runner.pid == 0) {
		close(master[0]);
		close(line[0]);
		close(servers[0]);
		close(servers[1]);
		run(master[1], line[1]);
	}
	close(master[1]);
	close(line[1]);
	runner.master = master[0];
	runner.line = line[0];
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	return begin(true);
}

static int
set_up_without_cgi(void **state)
{
	(void)state;
	return begin(false);
}

/* The runner ends by itself, with success, when everybody has gone. */
static int
tear_down(void **state)
{
	int status;

	(void)state;
	if (geteuid() != 0)
		return 0;
	close(runner.master);
	close(runner.line);
	assert_int_equal(waitpid(runner.pid, &status, 0), runner.pid);
	assert_int_equal(status, 0);
	close(servers[0]);
	close(servers[1]);
	temporary_remove(&folder);
	return 0;
}

static struct programcall
call_of(const char *path)
{
	return (struct programcall){ .path = str_of(path),
		.url = STR("gemini://localhost/"),
		.address = STR("127.0.0.1"),
		.network = 1 };
}

/* Sends a call over the line of a worker; its end of the pair. */
static int
ask_over(int line, const struct programcall *call)
{
	char bytes[PROGRAMCALL_MAX];
	struct buf message = buf_over(bytes, sizeof bytes);
	int pair[2];

	programcall_write(&message, call);
	assert_false(message.overflow);
	assert_int_equal(fdpass_pair(pair), 0);
	assert_int_equal(
	    fdpass_send_message(line, buf_str(&message), pair[1]), 0);
	close(pair[1]);
	return pair[0];
}

static int
ask(const struct programcall *call)
{
	return ask_over(runner.line, call);
}

/* Receives a message: its first byte. */
static char
hear(int pair, char *bytes, size_t room, int *fd)
{
	struct pollfd polled = { .fd = pair, .events = POLLIN };

	assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
	memset(bytes, 0, room);
	assert_true(fdpass_receive_message(pair, bytes, room - 1, fd) > 0);
	return bytes[0];
}

static int
opened_as(int pair, char kind)
{
	char bytes[256];
	int fd;

	assert_int_equal(
	    hear(pair, bytes, sizeof bytes, &fd), RUNNERJOBS_OPENED);
	assert_int_equal(bytes[1], kind);
	assert_int_not_equal(fd, -1);
	return fd;
}

static int
opened(int pair)
{
	return opened_as(pair, RUNNERJOBS_RAW);
}

/* Reads up to `most` bytes, or to the end: NULL-terminated. */
static const char *
output(int fd, size_t most)
{
	static char text[8192];
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t got = 1;

	while (got != 0 && len < most && len < sizeof text - 1) {
		assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
		got = read(fd, text + len, sizeof text - 1 - len);
		if (got > 0)
			len += (size_t)got;
	}
	text[len] = '\0';
	return text;
}

/* Runs a script to its end, which must be `last`. */
static const char *
answer(const char *path, char last)
{
	const struct programcall call = call_of(path);
	int pair = ask(&call), fd = opened(pair), none;
	const char *text = output(fd, SIZE_MAX);
	char bytes[256];

	close(fd);
	assert_int_equal(hear(pair, bytes, sizeof bytes, &none), last);
	close(pair);
	return text;
}

static int
status_of(int pair)
{
	char bytes[256];
	uint16_t status;
	int none;

	assert_int_equal(
	    hear(pair, bytes, sizeof bytes, &none), RUNNERJOBS_REFUSED);
	memcpy(&status, bytes + 1, sizeof status);
	close(pair);
	return status;
}

static int
refusal(const char *path)
{
	const struct programcall call = call_of(path);

	return status_of(ask(&call));
}

/* Waits until the process group is gone. */
static void
assert_gone(pid_t group)
{
	for (int i = 0; i < WAIT_MS; i++) {
		if (kill(-group, 0) == -1 && errno == ESRCH)
			return;
		(void)poll(NULL, 0, 1);
	}
	fail_msg("group %ld is still there", (long)group);
}

static void
test_a_script(void **state)
{
	const struct passwd *user = getpwnam(USER);
	char expected[512];
	const char *text;

	(void)state;
	if (geteuid() != 0)
		skip();
	script("a.sh",
	    "#!/bin/sh\necho \"$0 $# $PWD $SCRIPT_NAME [$PATH_INFO]\"\n"
	    "id -u; id -G; cat; umask; env | grep -c ^LD_\n");
	snprintf(expected, sizeof expected,
	    "%s/cgi/a.sh 0 %s/cgi /cgi-bin/a.sh [/x/]\n%u\n%u\n0022\n0\n",
	    folder.path, folder.path, (unsigned)user->pw_uid,
	    (unsigned)user->pw_gid);
	text = answer("/cgi-bin/a.sh/x/", RUNNERJOBS_ENDED);
	assert_string_equal(text, expected);
}

static void
test_lookup(void **state)
{
	static const char *const absent[] = { "/cgi-bin/none", "/cgi-bin/",
		"/cgi-bin", "/cgi-bin/plain", "/cgi-bin/.hidden",
		"/cgi-bin/out", "/cgi-bin/sub", "/cgi-bin/sub/.x/index.cgi",
		"/other", "/" };

	(void)state;
	if (geteuid() != 0)
		skip();
	temporary_file(&folder, "cgi/plain", "#!/bin/sh\n");
	script(".hidden", "#!/bin/sh\n");
	temporary_link(&folder, "cgi/out", "/bin/true");
	temporary_link(&folder, "cgi/in", "sub/index.cgi");
	temporary_folder(&folder, "cgi/sub");
	script("sub/index.cgi", "#!/bin/sh\necho \"$SCRIPT_NAME$PATH_INFO\"");
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		if (refusal(absent[i]) != STATUS_NOT_FOUND)
			fail_msg("%s", absent[i]);
	assert_int_equal(refusal("/cgi-bin/a\nb"), STATUS_BAD_REQUEST);
	assert_string_equal(answer("/cgi-bin/sub/", RUNNERJOBS_ENDED),
	    "/cgi-bin/sub/index.cgi\n");
	assert_string_equal(
	    answer("/cgi-bin/in/a", RUNNERJOBS_ENDED), "/cgi-bin/in/a\n");
}

static void
test_sandbox(void **state)
{
	static const char text[] =
	    "#!/usr/bin/python3\n"
	    "import os, socket, signal, ctypes\n"
	    "libc = ctypes.CDLL(None, use_errno=True)\n"
	    "def go(name, what):\n"
	    "    try:\n"
	    "        what()\n"
	    "        print('DONE', name)\n"
	    "    except OSError:\n"
	    "        pass\n"
	    "def made(result):\n"
	    "    if result == -1:\n"
	    "        raise OSError\n"
	    "def call(*args):\n"
	    "    made(libc.syscall(*args))\n"
	    "go('shadow', lambda: open('/etc/shadow'))\n"
	    "go('passwd', lambda: open('/etc/passwd'))\n"
	    "go('secret', lambda: open('../secret'))\n"
	    "go('list', lambda: os.listdir('..'))\n"
	    "go('proc', lambda: os.listdir('/proc'))\n"
	    "go('write', lambda: open('new', 'w'))\n"
	    "go('tmp', lambda: open('/tmp/capsuled-new', 'w'))\n"
	    "go('setsid', os.setsid)\n"
	    "go('setpgid', lambda: os.setpgid(0, 0))\n"
	    "go('kill', lambda: os.kill(-1, signal.SIGTERM))\n"
	    "go('parent', lambda: os.kill(os.getppid(), signal.SIGTERM))\n"
	    "go('uid', lambda: os.setuid(0))\n"
	    "go('resuid', lambda: os.setresuid(0, 0, 0))\n"
	    "go('nobody', lambda: os.setresuid(65534, 65534, 65534))\n"
	    "go('groups', lambda: os.setgroups([0]))\n"
	    "go('inet', lambda: socket.socket())\n"
	    "go('unix', lambda: socket.socket(socket.AF_UNIX))\n"
	    "go('unshare', lambda: call(272, 0x10000000))\n"
	    "go('io_uring', lambda: call(425, 1, 0))\n"
	    "go('ptrace', lambda: call(101, 0, 0, 0, 0))\n"
	    /* These would outlive the script. */
	    "for name in 'shmget', 'semget', 'msgget':\n"
	    "    go(name, lambda: made(getattr(libc, name)(0, 9, 0o1600)))\n"
	    "go('mq', lambda: made(libc.mq_open(b'/x', 0o102, 0o600, 0)))\n"
	    "for fd in range(3, 256):\n"
	    "    go('fd %d' % fd, lambda: os.fstat(fd))\n"
	    "assert os.open('/dev/null', os.O_WRONLY) == 3\n"
	    "print('end')\n";

	(void)state;
	if (geteuid() != 0)
		skip();
	script("x.py", text);
	/* Python itself reads the script from descriptor 3. */
	assert_string_equal(answer("/cgi-bin/x.py", RUNNERJOBS_ENDED), "end\n");
}

/* No process outlives the script. */
static void
test_descendants(void **state)
{
	static const char *const texts[] = {
		"#!/bin/sh\necho $$\nsleep 1000 >/dev/null 2>&1 &\n",
		"#!/bin/sh\necho $$\n(trap '' TERM HUP; sleep 1000 &) &\n",
		"#!/bin/sh\necho $$\n(setsid sleep 1000 || sleep 1000) &\n",
		"#!/usr/bin/python3\nimport os, time\n"
		"print(os.getpid(), flush=True)\n"
		"for i in range(2):\n    if os.fork(): os._exit(0)\n"
		"time.sleep(1000)\n",
	};

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		script("fork", texts[i]);
		assert_gone((pid_t)strtol(
		    answer("/cgi-bin/fork", RUNNERJOBS_ENDED), NULL, 10));
	}
}

/* When the worker hangs up, all processes end. */
static void
test_hangup(void **state)
{
	static const char *const texts[] = {
		"#!/bin/sh\ntrap '' TERM INT HUP PIPE\necho $$\n"
		"while :; do :; done\n",
		"#!/bin/sh\necho $$\nexec >&-\nsleep 1000\n",
		"#!/bin/sh\necho $$\nwhile :; do sleep 1000 & done\n",
		"#!/usr/bin/python3\nimport os\n"
		"print(os.getpid(), flush=True)\n"
		"while True:\n    try: os.fork()\n    except OSError: pass\n",
		"#!/bin/sh\necho $$\nexec cat /dev/zero >&2\n",
		"#!/bin/sh\necho $$\nexec cat /dev/zero\n",
	};
	const struct programcall call = call_of("/cgi-bin/stay");

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int pair, fd;
		pid_t group;

		script("stay", texts[i]);
		pair = ask(&call);
		fd = opened(pair);
		group = (pid_t)strtol(output(fd, 2), NULL, 10);
		assert_true(group > 1);
		close(pair);
		assert_gone(group);
		close(fd);
	}
}

/* More processes end at once than the runner reaps in one turn. */
static void
test_many_ends(void **state)
{
	const struct programcall call = call_of("/cgi-bin/many");
	int pair, fd;
	pid_t group;

	(void)state;
	if (geteuid() != 0)
		skip();
	script("many",
	    "#!/usr/bin/python3\nimport os, time\n"
	    "if os.fork() == 0:\n"
	    "    for i in range(150):\n"
	    "        if os.fork() == 0: time.sleep(1000)\n"
	    "    os._exit(0)\n"
	    "os.wait()\nprint(os.getpid(), flush=True)\n"
	    "time.sleep(1000)\n");
	pair = ask(&call);
	fd = opened(pair);
	group = (pid_t)strtol(output(fd, 2), NULL, 10);
	assert_true(group > 1);
	assert_int_equal(kill(runner.pid, SIGSTOP), 0);
	assert_int_equal(kill(-group, SIGKILL), 0);
	(void)output(fd, SIZE_MAX);
	assert_int_equal(kill(runner.pid, SIGCONT), 0);
	assert_gone(group);
	close(fd);
	close(pair);
}

/* Accepts the connection of a call, and reads the request. */
static int
accept_request(int listener, char *bytes, size_t room, size_t *len)
{
	struct pollfd polled = { .fd = listener, .events = POLLIN };
	ssize_t got;
	int server;

	assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
	server = accept(listener, NULL, NULL);
	assert_int_not_equal(server, -1);
	got = recv(server, bytes, room, 0);
	assert_true(got > 32);
	*len = (size_t)got;
	return server;
}

/* All that a worker asked for ends with it, also if another
 * process has its ends of the lines. */
static void
test_a_worker_ends(void **state)
{
	struct programcall call = call_of("/cgi-bin/stay");
	int line[2], pair, fd, server, served;
	char bytes[16384];
	size_t len;
	pid_t group;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(fdpass_pair(line), 0);
	assert_int_equal(
	    fdpass_send(runner.master, SERVICE_CLIENT, line[1]), 0);
	close(line[1]);
	script("stay", "#!/bin/sh\necho $$\nsleep 1000\n");
	pair = ask_over(line[0], &call);
	fd = opened(pair);
	group = (pid_t)strtol(output(fd, 2), NULL, 10);
	call.path = STR("/fast/a");
	served = ask_over(line[0], &call);
	close(opened_as(served, RUNNERJOBS_FASTCGI));
	server = accept_request(servers[0], bytes, sizeof bytes, &len);
	close(line[0]);
	assert_gone(group);
	assert_int_equal(poll(&(struct pollfd){ .fd = served }, 1, WAIT_MS), 1);
	close(server);
	close(fd);
	close(pair);
	close(served);
}

static void
test_ends(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	script("die", "#!/bin/sh\necho x\nkill -SEGV $$\n");
	assert_string_equal(answer("/cgi-bin/die", RUNNERJOBS_FAILED), "x\n");
	script("noisy",
	    "#!/bin/sh\nhead -c 1048576 /dev/zero >&2\necho page\nexit 3\n");
	assert_string_equal(
	    answer("/cgi-bin/noisy", RUNNERJOBS_ENDED), "page\n");
	script("bad", "#!/none\n");
	assert_string_equal(answer("/cgi-bin/bad", RUNNERJOBS_ENDED), "");
}

static void
test_limits(void **state)
{
	struct programcall call = call_of("/cgi-bin/wait");
	int pairs[MOST], fds[MOST];

	(void)state;
	if (geteuid() != 0)
		skip();
	script("wait", "#!/bin/sh\necho $$\nsleep 1000\n");
	for (size_t i = 0; i < MOST; i++) {
		call.network = 1 + i / (MOST / 4);
		pairs[i] = ask(&call);
		fds[i] = opened(pairs[i]);
		if (i == MOST / 4 - 1)
			assert_int_equal(
			    status_of(ask(&call)), STATUS_SLOW_DOWN);
	}
	call.network = 0;
	assert_int_equal(status_of(ask(&call)), STATUS_UNAVAILABLE);
	for (size_t i = 0; i < MOST; i++) {
		close(pairs[i]);
		close(fds[i]);
	}
}

/* A server has the whole request when the worker gets the socket. */
static void
test_servers(void **state)
{
	struct programcall call = call_of("/fast/a");
	char bytes[16384];
	int pair, fd, server;
	size_t len;

	(void)state;
	if (geteuid() != 0)
		skip();
	pair = ask(&call);
	fd = opened_as(pair, RUNNERJOBS_FASTCGI);
	server = accept_request(servers[0], bytes, sizeof bytes, &len);
	/* BEGIN_REQUEST first, the end of STDIN last. */
	assert_memory_equal(bytes, "\1\1\0\1", 4);
	assert_memory_equal(bytes + len - 8, "\1\5\0\1\0\0\0\0", 8);
	assert_int_equal(send(server, "answer", 6, 0), 6);
	close(server);
	assert_string_equal(output(fd, SIZE_MAX), "answer");
	close(fd);
	close(pair);
	call.path = STR("/scgi/a");
	pair = ask(&call);
	fd = opened_as(pair, RUNNERJOBS_RAW);
	server = accept_request(servers[1], bytes, sizeof bytes, &len);
	assert_non_null(memmem(bytes, len, ":CONTENT_LENGTH\0000\0", 18));
	assert_int_equal(bytes[len - 1], ',');
	close(server);
	close(fd);
	close(pair);
}

/* In a process of its own: under a filter that lets nothing set one. */
static void
test_no_filters(void **state)
{
	char text[512];
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
		struct buf error = buf_over(text, sizeof text);
		struct scriptjail scripts;
		struct jail jail;
		int bad =
		    jail_init(&jail, JAIL_ON, "nobody", text, sizeof text);

		bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL),
		    SCMP_SYS(prctl), 1,
		    SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0));
		bad |= seccomp_load(filter);
		seccomp_release(filter);
		_exit(bad != 0 ||
		    scriptjail_init(&scripts, &jail, USER, &error) == 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A worker that never hangs up does not keep a place for ever. */
static void
test_a_worker_stays(void **state)
{
	const struct rules_program program = { .kind = RULES_SCGI };
	struct runnerjobs_job job = { .program = &program };
	struct runnerjobs jobs = { .all = &job, .count = 1, .most = 1 };
	const struct pollfd polled[RUNNERJOBS_POLLED] = { { 0 },
		{ .revents = POLLOUT } };
	int pair[2], connection[2];

	(void)state;
	assert_int_equal(fdpass_pair(pair), 0);
	assert_int_equal(fdpass_pair(connection), 0);
	fakeclock_stop();
	job.line = pair[1];
	job.script.errors = -1;
	job.dial = (struct runnerdial){
		.fd = connection[1], .request = strdup("x"), .len = 1
	};
	runnerjobs_handle(&jobs, polled);
	assert_int_equal(jobs.count, 1);
	assert_int_equal(runnerjobs_end_overdue(&jobs), 3600000);
	close(opened(pair[0]));
	fakeclock_forward_ms(3599999);
	assert_int_equal(runnerjobs_end_overdue(&jobs), 1);
	assert_int_equal(jobs.count, 1);
	fakeclock_forward_ms(1);
	assert_int_equal(runnerjobs_end_overdue(&jobs), -1);
	assert_int_equal(jobs.count, 0);
	fakeclock_run();
	close(pair[0]);
	close(connection[0]);
}

static void
test_no_server(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	close(servers[0]);
	servers[0] = -1;
	assert_int_equal(refusal("/fast/a"), STATUS_PROGRAM);
	unlink(temporary_path(&folder, "socket"));
	assert_int_equal(refusal("/scgi/a"), STATUS_PROGRAM);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define STRICT(name) \
	cmocka_unit_test_setup_teardown(name, set_up_without_cgi, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_script),
		TEST(test_lookup),
		TEST(test_sandbox),
		TEST(test_descendants),
		TEST(test_hangup),
		TEST(test_many_ends),
		TEST(test_a_worker_ends),
		TEST(test_ends),
		TEST(test_limits),
		TEST(test_servers),
		TEST(test_no_server),
		cmocka_unit_test(test_a_worker_stays),
		cmocka_unit_test(test_no_filters),
		STRICT(test_servers),
		STRICT(test_no_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
