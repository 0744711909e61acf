/* The process that stores uploads, as its workers see it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "daemon/writer.h"
#include "daemon/writerupload.h"
#include "folder.h"
#include "sys/clock.h"
#include "serve/remote.h"
#include "sys/fdpass.h"

#define WAIT_MS 60000
/* The calls of a sanitizer are not those of the role. */
#ifdef __SANITIZE_ADDRESS__
#define MODE JAIL_OFF
#else
#define MODE JAIL_ON
#endif
#define NETWORK 7

static struct media *media;
static struct jail_roots roots;
static struct jail jail;
static const char *const friends[] = { "friends", NULL };
static const char *const nobody[] = { NULL };
static const struct str builtins[BUILTIN_COUNT] = {
	[BUILTIN_ASK] = STR_INIT("/notes/ask"),
};
#define PART(name, is_folder, ...) \
	{ \
		.place = { STR_INIT(name), is_folder, false, "test", 1 }, \
		.upload = { \
			__VA_ARGS__ \
		} \
	}
static struct rules_part parts[] = {
	PART("/notes", true, friends, 1, 2, 3, false),
	PART("/notes/closed", true, nobody, 1, 2, 3, false),
	PART("/notes/one.gmi", false, friends, 1, 2, 3, true),
	PART("/notes/program", true, friends, 1, 2, 3, true),
};
static const struct rules rules = { .parts = parts,
	.part_count = sizeof parts / sizeof *parts };
static struct server server;
static struct host host = {
	.server = &server, .tree = &tree, .builtins = builtins, .rules = &rules
};

/* The process, and the ends of its sockets. */
static pid_t writer;
static int master, worker;

static void
start_writer(void)
{
	int line[2], client[2];
	struct service service = { .end_count = 1 };
	const struct writer_setup setup = { &service, &server, &jail, &roots };

	assert_int_equal(fdpass_pair(line), 0);
	assert_int_equal(fdpass_pair(client), 0);
	service.line = line[1];
	service.ends[0] = client[1];
	writer = fork();
	assert_int_not_equal(writer, -1);
	if (writer == 0) {
		close(line[0]);
		close(client[0]);
		signal(SIGXFSZ, SIG_IGN);
		_exit(writer_run(&setup));
	}
	close(line[1]);
	close(client[1]);
	master = line[0];
	worker = client[0];
}

static void
end_writer(void)
{
	int status;

	close(master);
	close(worker);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
}

static int
set_up(void **state)
{
	char error[256];

	(void)state;
	media = media_new(error, sizeof error);
	server =
	    (struct server){ .hosts = &host, .host_count = 1, .media = media };
	parts[3].program.kind = RULES_CGI;
	return media == NULL ||
	    jail_init(&jail, MODE, "", error, sizeof error) == -1;
}

static int
tear_down(void **state)
{
	(void)state;
	media_free(media);
	return 0;
}

static int
begin(void **state)
{
	(void)state;
	temporary_make(&folder);
	chmod(folder.path, 0755);
	temporary_folder(&folder, "root");
	temporary_folder(&folder, "root/notes");
	temporary_folder(&folder, "root/notes/closed");
	temporary_folder(&folder, "root/notes/program");
	/* The user of the process may be another one. */
	chmod(temporary_path(&folder, "root/notes"), 0777);
	temporary_file(&folder, "root/notes/old.gmi", "# Old\n");
	temporary_file(&folder, "root/page.gmi", "# Page\n");
	if (tree_init(&tree, temporary_path(&folder, "root"), NULL) == -1)
		return -1;
	roots = (struct jail_roots){ &tree.root, 1, tree.root };
	start_writer();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	end_writer();
	tree_release(&tree);
	temporary_remove(&folder);
	return 0;
}

/* Sends a message, waiting for room. */
static void
send_text(int line, char kind, struct str text)
{
	static char bytes[2 * REMOTE_PART];
	struct pollfd room = { .fd = line, .events = POLLOUT };

	bytes[0] = kind;
	if (text.len > 0)
		memcpy(bytes + 1, text.at, text.len);
	while (fdpass_send_message(
		   line, (struct str){ bytes, 1 + text.len }, -1) == -1) {
		if (errno != EAGAIN)
			return;
		assert_int_equal(poll(&room, 1, WAIT_MS), 1);
	}
}

/* Asks for an upload; returns the worker's end of its socket pair. */
static int
ask(const struct uploadcall *call)
{
	struct pollfd room = { .fd = worker, .events = POLLOUT };
	char bytes[UPLOADCALL_MAX];
	struct buf message = buf_over(bytes, sizeof bytes);
	int line[2];

	assert_true(uploadcall_write(&message, call));
	assert_int_equal(fdpass_pair(line), 0);
	while (fdpass_send_message(worker, buf_str(&message), line[1]) == -1) {
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(poll(&room, 1, WAIT_MS), 1);
	}
	close(line[1]);
	return line[0];
}

/* The kind of the next message, 0 at the end; of an answer, its status. */
static int
next_of(int line)
{
	struct pollfd more = { .fd = line, .events = POLLIN };
	char bytes[REMOTE_HEAD_SIZE + REMOTE_META_MAX + 1];
	uint16_t status;
	ssize_t got;

	assert_int_equal(poll(&more, 1, WAIT_MS), 1);
	got = fdpass_receive_bytes(line, bytes, sizeof bytes, 0);
	if (got <= 0)
		return 0;
	if (bytes[0] != UPLOADCALL_ANSWER)
		return bytes[0];
	assert_true((size_t)got > REMOTE_HEAD_SIZE);
	memcpy(&status, bytes + 1, sizeof status);
	return status;
}

/* An upload from begin to end; its status. */
static int
upload(const char *path, const char *text, size_t size)
{
	const struct uploadcall call = {
		.path = str_of(path), .size = size, .network = NETWORK
	};
	int line = ask(&call), status = next_of(line);

	if (status == UPLOADCALL_GO) {
		send_text(line, UPLOADCALL_DATA, str_of(text));
		send_text(line, UPLOADCALL_END, STR(""));
		status = next_of(line);
	}
	assert_int_equal(next_of(line), 0);
	close(line);
	return status;
}

static void
answers(void **state)
{
	static const struct {
		const char *path, *text;
		size_t size;
		int want;
	} table[] = {
		{ "/notes/new.gmi", "# New\n", 6, 30 },
		{ "/notes/new.gmi", "# Newer\n", 8, 30 },
		{ "/notes/made/", "# Made\n", 7, 30 },
		{ "/notes/one.gmi", "# One\n", 6, 30 },
		{ "/notes/one.gmi", "", 0, 30 },
		{ "/notes/one.gmi", "", 0, 51 },
		{ "/notes/new.gmi", "", 0, 50 },
		{ "/notes/new.gmi", "", (1 << 20) + 1, 50 },
		{ "/notes/new.gmi", "", SIZE_MAX, 50 },
		{ "/notes/new.gmi", "# Short\n", 9, 59 },
		{ "/notes/new.gmi", "# Long\n", 6, 59 },
		{ "/notes/new.gmi", "\x1b[2J#\n", 6, 59 },
		{ "/notes/ask", "text\n", 5, 59 },
		{ "/notes/ask/a.gmi", "# A\n", 4, 59 },
		{ "/notes/ask/", "# A\n", 4, 59 },
		{ "/notes/asked.gmi", "# A\n", 4, 30 },
		{ "/notes/closed/a.gmi", "# A\n", 4, 59 },
		{ "/notes/program/a.gmi", "# A\n", 4, 59 },
		{ "/page.gmi", "# A\n", 4, 59 },
		{ "/", "# A\n", 4, 59 },
		{ "/notes/../page.gmi", "# A\n", 4, 59 },
		{ "/notes/.dot", "# A\n", 4, 59 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int status =
		    upload(table[i].path, table[i].text, table[i].size);

		if (status != table[i].want)
			fail_msg("row %zu, %s: %d", i, table[i].path, status);
	}
	assert_true(temporary_has(&folder, "root/notes/new.gmi", "# Newer\n"));
	assert_true(
	    temporary_has(&folder, "root/notes/.new.gmi~1~", "# New\n"));
	assert_true(
	    temporary_has(&folder, "root/notes/made/index.gmi", "# Made\n"));
	assert_true(temporary_has(&folder, "root/notes/one.gmi", NULL));
	assert_true(temporary_has(&folder, "root/page.gmi", "# Page\n"));
}

/* Messages that no worker sends. */
static void
hostile(void **state)
{
	static const struct {
		char kind;
		size_t len;
	} table[] = { { 'd', 0 }, { 'e', 1 }, { 'g', 0 }, { 'h', 3 },
		{ '\0', 5 }, { 'd', REMOTE_PART + 1 } };
	static char bytes[2 * REMOTE_PART];
	const struct uploadcall call = { .path = STR("/notes/a.gmi"),
		.size = 1 << 20 };
	struct uploadcall beyond = call;
	size_t before = temporary_count(&folder, "");
	int line;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		line = ask(&call);
		assert_int_equal(next_of(line), UPLOADCALL_GO);
		send_text(
		    line, table[i].kind, (struct str){ bytes, table[i].len });
		assert_int_equal(next_of(line), 0);
		close(line);
	}
	/* No more bytes than promised, and so no more than the quota. */
	beyond.size = 4;
	line = ask(&beyond);
	assert_int_equal(next_of(line), UPLOADCALL_GO);
	send_text(line, UPLOADCALL_DATA, STR("# AB\n"));
	assert_int_equal(next_of(line), 59);
	close(line);
	/* A client that leaves. */
	line = ask(&call);
	assert_int_equal(next_of(line), UPLOADCALL_GO);
	send_text(line, UPLOADCALL_DATA, STR("# Half"));
	close(line);
	beyond.host = 1;
	line = ask(&beyond);
	assert_int_equal(next_of(line), 0);
	close(line);
	for (size_t len = 1; len < 5000; len += 100)
		(void)!fdpass_send_message(
		    worker, (struct str){ bytes, len }, len % 3 ? 0 : -1);
	assert_int_equal(upload("/notes/new.gmi", "# New\n", 6), 30);
	assert_int_equal(temporary_count(&folder, ""), before + 1);
}

static void
bounded(void **state)
{
	struct uploadcall call = { .path = STR("/notes/a.gmi"), .size = 10 };
	int lines[33];

	(void)state;
	for (int i = 0; i < 33; i++) {
		call.network = 1 + (uint64_t)i / 8;
		lines[i] = ask(&call);
		assert_int_equal(
		    next_of(lines[i]), i < 32 ? UPLOADCALL_GO : 41);
	}
	/* One place is free soon, but not for a network with a quarter. */
	close(lines[0]);
	close(lines[32]);
	call.network = 4;
	for (;;) {
		int line = ask(&call), status = next_of(line);

		close(line);
		if (status == 44)
			break;
		assert_int_equal(status, 41);
	}
	for (int i = 1; i < 32; i++)
		close(lines[i]);
}

/* A part of 2 MiB, with uploads at the same time. */
static void
quota(void **state)
{
	struct uploadcall call = { .path = STR("/notes/a.gmi"),
		.size = 1 << 20 };
	int first = ask(&call), second;

	(void)state;
	assert_int_equal(next_of(first), UPLOADCALL_GO);
	second = ask(&call);
	assert_int_equal(next_of(second), 40);
	close(first);
	close(second);
	assert_int_equal(
	    truncate(temporary_path(&folder, "root/notes/old.gmi"), 2 << 20),
	    0);
	assert_int_equal(upload("/notes/b.gmi", "# B\n", 4), 40);
	/* The part of a page has its own versions only. */
	assert_int_equal(upload("/notes/one.gmi", "# 1\n", 4), 30);
	assert_int_equal(upload("/notes/one.gmi", "# 2\n", 4), 30);
	assert_int_equal(
	    truncate(
		temporary_path(&folder, "root/notes/.one.gmi~1~"), 2 << 20),
	    0);
	assert_int_equal(upload("/notes/one.gmi", "# 3\n", 4), 40);
}

/* Nothing is left of an upload whose writer was killed. */
static void
killed(void **state)
{
	const struct uploadcall calls[] = {
		{ .path = STR("/notes/old.gmi"), .size = 1000 },
		{ .path = STR("/notes/made/"), .size = 1000 },
	};
	size_t before = temporary_count(&folder, "");

	(void)state;
	for (int i = 0; i < 100; i++) {
		int line = ask(&calls[i % 2]);

		assert_int_equal(next_of(line), UPLOADCALL_GO);
		send_text(line, UPLOADCALL_DATA, STR("# Half"));
		kill(writer, SIGKILL);
		assert_int_equal(waitpid(writer, NULL, 0), writer);
		assert_int_equal(next_of(line), 0);
		close(line);
		close(master);
		close(worker);
		start_writer();
	}
	/* The answer comes after the cleaning. */
	assert_int_equal(upload("/notes/.dot", "", 1), 59);
	assert_int_equal(temporary_count(&folder, ""), before);
	assert_true(temporary_has(&folder, "root/notes/old.gmi", "# Old\n"));
}

/* After a reload the process ends with its last upload. */
static void
retired(void **state)
{
	const struct uploadcall call = { .path = STR("/notes/a.gmi"),
		.size = 4 };
	int line = ask(&call), status;

	(void)state;
	assert_int_equal(next_of(line), UPLOADCALL_GO);
	close(master);
	close(worker);
	send_text(line, UPLOADCALL_DATA, STR("# A\n"));
	send_text(line, UPLOADCALL_END, STR(""));
	assert_int_equal(next_of(line), 30);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	close(line);
	assert_true(temporary_has(&folder, "root/notes/a.gmi", "# A\n"));
	start_writer();
}

/* Clients have to send a kibibyte a second after 30 seconds. */
static void
slow(void **state)
{
	struct writerupload upload = { .started = clock_now() };

	(void)state;
	assert_in_range(writerupload_due_ms(&upload), 20000, 31000);
	upload.started.tv_sec -= 31;
	assert_int_equal(writerupload_due_ms(&upload), 0);
	upload.got = 10 << 10;
	assert_in_range(writerupload_due_ms(&upload), 5000, 11000);
	upload.started.tv_sec -= 10;
	assert_int_equal(writerupload_due_ms(&upload), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers),
		TEST(hostile),
		TEST(bounded),
		TEST(quota),
		TEST(killed),
		TEST(retired),
		cmocka_unit_test(slow),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
