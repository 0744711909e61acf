#include "sys/log.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "text/utc.h"

/*
 * Standard error becomes a socket of datagrams: each write(2) is one, so a
 * line in two writes would be seen.
 */
struct capture {
	int saved, far;
};

static void
capture_begin(struct capture *capture)
{
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	capture->saved = dup(STDERR_FILENO);
	assert_int_not_equal(capture->saved, -1);
	assert_int_not_equal(dup2(pair[0], STDERR_FILENO), -1);
	close(pair[0]);
	capture->far = pair[1];
}

/* The next write; empty when there was none. */
static struct str
capture_next(struct capture *capture, char room[4096])
{
	ssize_t len = recv(capture->far, room, 4096, 0);

	return (struct str){ room, len > 0 ? (size_t)len : 0 };
}

static void
capture_end(struct capture *capture)
{
	assert_int_not_equal(dup2(capture->saved, STDERR_FILENO), -1);
	close(capture->saved);
	close(capture->far);
}

static void
expect(struct str got, struct str want)
{
	if (str_equals(got, want))
		return;
	fail_msg("got [%.*s], want [%.*s]", STR_ARG(got), STR_ARG(want));
}

static void
test_field(void **state)
{
	const struct {
		struct str value, want;
	} table[] = {
		{ STR("1"), STR("k=1") },
		{ STR("/about/"), STR("k=/about/") },
		{ STR(""), STR("k=\"\"") },
		{ STR("a b"), STR("k=\"a b\"") },
		{ STR("a\"b"), STR("k=\"a\\\"b\"") },
		{ STR("a\\b"), STR("k=\"a\\\\b\"") },
		{ STR("a\nb\tc"), STR("k=\"a\\nb\\tc\"") },
		{ STR("a\r\x1b[1m"), STR("k=\"a\\x0D\\x1B[1m\"") },
		{ STR("a\0b"), STR("k=\"a\\x00b\"") },
		{ STR("\x7f"), STR("k=\"\\x7F\"") },
		{ STR("gr\xc3\xbc\xc3\x9f\x65"),
		    STR("k=gr\xc3\xbc\xc3\x9f\x65") },
		{ STR("\xe4\xb8\x96"), STR("k=\xe4\xb8\x96") },
		/* A C1 control, a lone byte, a cut and an overlong sequence. */
		{ STR("\xc2\x9b"), STR("k=\"\\xC2\\x9B\"") },
		{ STR("\xff"), STR("k=\"\\xFF\"") },
		{ STR("a\xe4\xb8"), STR("k=\"a\\xE4\\xB8\"") },
		{ STR("\xc0\xaf"), STR("k=\"\\xC0\\xAF\"") },
		/* Marks that turn the direction of text, and line separators.
		 */
		{ STR("a\xe2\x80\xae"), STR("k=\"a\\xE2\\x80\\xAE\"") },
		{ STR("\xe2\x80\xa8"), STR("k=\"\\xE2\\x80\\xA8\"") },
		{ STR("a=b"), STR("k=a=b") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		char room[64];
		struct buf out = buf_over(room, sizeof room);

		log_field(&out, "k", table[i].value);
		assert_false(out.overflow);
		expect(buf_str(&out), table[i].want);
	}
}

static void
test_fields(void **state)
{
	char room[12];
	struct buf out = buf_over(room, sizeof room);

	(void)state;
	log_field(&out, "a", STR("1"));
	log_field(&out, "b", STR("2"));
	expect(buf_str(&out), STR("a=1 b=2"));
	/* One byte too long: dropped whole. */
	log_field(&out, "c", STR("345"));
	assert_true(out.overflow);
	expect(buf_str(&out), STR("a=1 b=2"));
	log_field(&out, "c", STR("34"));
	expect(buf_str(&out), STR("a=1 b=2 c=34"));
	log_field(&out, "d", STR(""));
	expect(buf_str(&out), STR("a=1 b=2 c=34"));
}

static void
test_field_without_memory(void **state)
{
	struct buf none = { .overflow = true };

	(void)state;
	log_field(&none, "a", STR("1"));
	assert_true(none.overflow);
	assert_int_equal(none.len, 0);
}

static void
test_line(void **state)
{
	const struct {
		enum log_level level;
		const char *text;
		struct str want;
	} table[] = {
		{ LOG_LEVEL_ERROR, "no room", STR("error no room\n") },
		{ LOG_LEVEL_WARN, "odd", STR("warn odd\n") },
		{ LOG_LEVEL_INFO, "ready", STR("info ready\n") },
		{ LOG_LEVEL_DEBUG, "unseen", STR("") },
		{ LOG_LEVEL_INFO, "", STR("info \n") },
		{ LOG_LEVEL_INFO, "two\nlines\x1b",
		    STR("info two\\nlines\\x1B\n") },
		{ LOG_LEVEL_INFO, "a \"b\" \\n", STR("info a \"b\" \\n\n") },
		{ LOG_LEVEL_INFO, "\xc3\xbc \xff",
		    STR("info \xc3\xbc \\xFF\n") },
	};
	struct capture capture;
	char room[4096];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct str got, after;
		int kept;

		capture_begin(&capture);
		errno = EDOM;
		log_line(table[i].level, "%s", table[i].text);
		kept = errno;
		got = capture_next(&capture, room);
		expect(got, table[i].want);
		after = capture_next(&capture, room);
		assert_int_equal(after.len, 0);
		capture_end(&capture);
		assert_int_equal(kept, EDOM);
	}
}

static void
test_debug(void **state)
{
	struct capture capture;
	char room[4096];

	(void)state;
	assert_false(log_is_debug());
	log_set_debug(true);
	assert_true(log_is_debug());
	capture_begin(&capture);
	log_line(LOG_LEVEL_DEBUG, "n=%d", 7);
	expect(capture_next(&capture, room), STR("debug n=7\n"));
	capture_end(&capture);
	log_set_debug(false);
}

static void
test_mute(void **state)
{
	struct capture capture;
	char room[4096];

	(void)state;
	capture_begin(&capture);
	log_mute(true);
	log_line(LOG_LEVEL_ERROR, "one");
	log_mute(false);
	log_line(LOG_LEVEL_ERROR, "two");
	expect(capture_next(&capture, room), STR("error two\n"));
	capture_end(&capture);
}

static void
test_info(void **state)
{
	struct capture capture;
	char room[4096];

	(void)state;
	capture_begin(&capture);
	log_info(STR("gemini status=20 path=/100%s/"));
	expect(capture_next(&capture, room),
	    STR("info gemini status=20 path=/100%s/\n"));
	capture_end(&capture);
}

/* Lines as a worker logs them: they wait for each other. */
static void
test_hold(void **state)
{
	struct log_store *store = log_store_new();
	struct capture capture;
	char room[4096];

	(void)state;
	assert_non_null(store);
	log_hold(store);
	capture_begin(&capture);
	assert_true(log_store_is_empty(store));
	log_info(STR("one"));
	log_info(STR("two\n"));
	assert_false(log_store_is_empty(store));
	assert_int_equal(capture_next(&capture, room).len, 0);
	log_store_write(store);
	expect(capture_next(&capture, room), STR("info one\ninfo two\\n\n"));
	assert_true(log_store_is_empty(store));
	log_store_write(store);
	assert_int_equal(capture_next(&capture, room).len, 0);
	/* What the operator is to act on comes at once, in its order. */
	log_info(STR("three"));
	log_line(LOG_LEVEL_ERROR, "four");
	expect(capture_next(&capture, room), STR("info three\n"));
	expect(capture_next(&capture, room), STR("error four\n"));
	log_hold(NULL);
	log_info(STR("five"));
	expect(capture_next(&capture, room), STR("info five\n"));
	capture_end(&capture);
	log_store_free(store);
}

#define HELD 36 /* lines, and no more writes than a socket holds unread */

/* All of them come, in order, in writes that a pipe takes whole. */
static void
test_hold_many(void **state)
{
	static const size_t lengths[] = { 0, 1, 7, 100, 1000, 2037 };
	struct log_store *store = log_store_new();
	struct capture capture;
	char room[PIPE_BUF + 1], text[2048];
	struct str got = { 0 };

	(void)state;
	memset(text, 'x', sizeof text);
	log_hold(store);
	capture_begin(&capture);
	for (size_t i = 0; i < HELD; i++) {
		size_t len = lengths[i % (sizeof lengths / sizeof *lengths)];

		log_info((struct str){ text, len });
	}
	log_store_write(store);
	for (size_t i = 0; i < HELD; i++) {
		size_t len = lengths[i % (sizeof lengths / sizeof *lengths)];

		if (got.len == 0) {
			ssize_t size = recv(capture.far, room, sizeof room, 0);

			assert_in_range(size, 1, PIPE_BUF);
			got = (struct str){ room, (size_t)size };
			assert_true(str_ends(got, STR("\n")));
		}
		assert_int_equal(str_cut(&got, '\n').len, 5 + len);
	}
	assert_int_equal(got.len, 0);
	assert_int_equal(capture_next(&capture, room).len, 0);
	log_hold(NULL);
	capture_end(&capture);
	log_store_free(store);
}

/* What a child held that was killed is the parent's to write. */
static void
test_hold_killed(void **state)
{
	struct log_store *store = log_store_new();
	struct capture capture;
	char room[4096];
	int status;
	pid_t child;

	(void)state;
	capture_begin(&capture);
	child = fork();
	if (child == 0) {
		log_hold(store);
		log_info(STR("last words"));
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(capture_next(&capture, room).len, 0);
	log_store_write(store);
	expect(capture_next(&capture, room), STR("info last words\n"));
	capture_end(&capture);
	log_store_free(store);
}

static void
test_hold_nowhere(void **state)
{
	(void)state;
	assert_true(log_store_is_empty(NULL));
	log_store_write(NULL);
	log_store_free(NULL);
}

/* A reader that has stopped is told how many lines it has missed. */
static void
test_lost(void **state)
{
	struct log_store *store = log_store_new();
	struct capture capture;
	char room[4096];
	size_t taken = 0;

	(void)state;
	log_hold(store);
	capture_begin(&capture);
	while (send(STDERR_FILENO, "x", 1, MSG_DONTWAIT) == 1)
		taken++;
	log_info(STR("one"));
	log_info(STR("two"));
	log_store_write(store);
	assert_true(log_store_is_empty(store));
	log_line(LOG_LEVEL_ERROR, "three");
	for (size_t i = 0; i < taken; i++)
		expect(capture_next(&capture, room), STR("x"));
	assert_int_equal(capture_next(&capture, room).len, 0);
	log_line(LOG_LEVEL_ERROR, "four");
	expect(capture_next(&capture, room),
	    STR("warn log: 3 lines were lost, there was no room\n"));
	expect(capture_next(&capture, room), STR("error four\n"));
	log_hold(NULL);
	capture_end(&capture);
	log_store_free(store);
}

/* So much has a file, and no more. */
static void
limit_files(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A full disk cuts a line, and what comes later begins on one of its own. */
static void
test_full(void **state)
{
	static const char want[] = "info one\ninfo t\n"
				   "warn log: 4 lines were lost, there was no "
				   "room\nerror five\n";
	FILE *file = tmpfile();
	struct log_store *store = log_store_new();
	int saved = dup(STDERR_FILENO);
	char got[256];
	size_t len;

	(void)state;
	assert_non_null(file);
	signal(SIGXFSZ, SIG_IGN);
	dup2(fileno(file), STDERR_FILENO);
	log_hold(store);
	limit_files(strlen("info one\ninfo t"));
	log_info(STR("one"));
	log_info(STR("two"));
	log_info(STR("three"));
	log_store_write(store);
	log_line(LOG_LEVEL_ERROR, "four");
	log_line(LOG_LEVEL_ERROR, "four more");
	limit_files(RLIM_INFINITY);
	log_line(LOG_LEVEL_ERROR, "five");
	log_hold(NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	len = fread(got, 1, sizeof got, file);
	fclose(file);
	log_store_free(store);
	expect((struct str){ got, len }, str_of(want));
}

static void
test_cut(void **state)
{
	/* Lengths around the limit, and characters that straddle it. */
	static const char *units[] = { "x", "\xe4\xb8\x96", "\x01" };
	struct capture capture;
	char room[4096];

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		for (size_t skew = 0; skew < 4; skew++) {
			char text[3000] = "";
			struct buf out = buf_over(text, sizeof text - 1);
			struct str got;

			for (size_t n = 0; n < skew; n++)
				buf_char(&out, '.');
			while (!out.overflow)
				buf_add(&out, str_of(units[i]));
			capture_begin(&capture);
			log_line(LOG_LEVEL_INFO, "%s", text);
			got = capture_next(&capture, room);
			capture_end(&capture);
			assert_true(got.len <= 2048);
			assert_true(got.len > 2040);
			assert_true(str_ends(got, STR("\n")));
			got.len--;
			assert_true(str_ends(got,
			    units[i][0] == 1 ? STR("\\x01")
					     : str_of(units[i])));
		}
	}
}

static void
test_die(void **state)
{
	struct capture capture;
	char room[4096];
	struct str got;
	int status;
	pid_t child;

	(void)state;
	capture_begin(&capture);
	child = fork();
	if (child == 0)
		log_die(2, "no %s,\nfind one", "file");
	assert_int_equal(waitpid(child, &status, 0), child);
	got = capture_next(&capture, room);
	capture_end(&capture);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
	expect(got, STR("error no file,\\nfind one\n"));
}

/* The name of standard error in JOURNAL_STREAM. */
static void
name_stream(char *out, size_t size, uintmax_t inode_offset)
{
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(out, size, "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino + inode_offset);
}

/* Lines of a server; in a child, since log_start cannot be undone. */
static void
write_as_server(const char *journal_stream)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct log_store *store = log_store_new();

		if (journal_stream != NULL)
			setenv("JOURNAL_STREAM", journal_stream, 1);
		else
			unsetenv("JOURNAL_STREAM");
		log_start();
		log_set_debug(true);
		log_line(LOG_LEVEL_ERROR, "a");
		log_line(LOG_LEVEL_WARN, "b");
		log_hold(store);
		log_info(STR("c"));
		log_line(LOG_LEVEL_DEBUG, "d");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
test_start_journal(void **state)
{
	static const char *const want[] = { "<3>error a\n", "<4>warn b\n",
		"<6>info c\n", "<7>debug d\n" };
	struct capture capture;
	char room[4096], name[64];

	(void)state;
	capture_begin(&capture);
	name_stream(name, sizeof name, 0);
	write_as_server(name);
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		expect(capture_next(&capture, room), str_of(want[i]));
	capture_end(&capture);
}

/* Reads "2026-11-29T12:00:00.123Z " at the start; milliseconds since 1970. */
static int64_t
take_time(struct str *line)
{
	struct str time = str_head(*line, 25);
	char second[UTC_SIZE];
	unsigned long ms;
	int64_t seconds;

	assert_int_equal(time.len, 25);
	assert_true(str_ends(time, STR("Z ")));
	assert_int_equal(time.at[19], '.');
	assert_true(str_number((struct str){ time.at + 20, 3 }, 999, &ms));
	snprintf(second, sizeof second, "%.19sZ", time.at);
	assert_true(utc_read(str_of(second), &seconds));
	*line = str_tail(*line, 25);
	return seconds * 1000 + (int64_t)ms;
}

static int64_t
wall_ms(void)
{
	struct timespec now = clock_wall();

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
test_start_time(void **state)
{
	static const char *const want[] = { "error a\n", "warn b\n", "info c\n",
		"debug d\n" };
	const char *journals[] = { NULL, "", "1:2", NULL };
	char other[64];

	(void)state;
	journals[3] = other;
	for (size_t i = 0; i < sizeof journals / sizeof *journals; i++) {
		int64_t before = wall_ms();
		struct capture capture;
		char room[4096];

		capture_begin(&capture);
		name_stream(other, sizeof other, 1);
		write_as_server(journals[i]);
		for (size_t j = 0; j < sizeof want / sizeof *want; j++) {
			struct str got = capture_next(&capture, room);
			int64_t time = take_time(&got);

			assert_in_range(time, before, wall_ms());
			before = time;
			expect(got, str_of(want[j]));
		}
		capture_end(&capture);
	}
}

/* logrotate(8), copytruncate. */
static void
test_start_truncated(void **state)
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	char got[256];
	size_t len;

	(void)state;
	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	write_as_server(NULL);
	assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
	log_line(LOG_LEVEL_WARN, "later");
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	len = fread(got, 1, sizeof got, file);
	fclose(file);
	expect((struct str){ got, len }, STR("warn later\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_field_without_memory),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_debug),
		cmocka_unit_test(test_mute),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_hold_many),
		cmocka_unit_test(test_hold_killed),
		cmocka_unit_test(test_hold_nowhere),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_die),
		cmocka_unit_test(test_start_journal),
		cmocka_unit_test(test_start_time),
		cmocka_unit_test(test_start_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
