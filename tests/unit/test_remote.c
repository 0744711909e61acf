/* Answers of another process, as a process that was taken over may send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fakeclock.h"
#include "serve/remote.h"
#include "sys/fdpass.h"

#define SUCCESS "h\x14\0"
#define MEMORY ((size_t)1 << 20)

static struct arena arena;
static uint64_t network; /* of the client that asks */

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena, MEMORY);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* What a worker makes of a head, which comes with the descriptor `fd`. */
static struct response
take(const char *bytes, size_t len, int fd)
{
	struct remote remote;
	struct response response = { 0 };
	int line[2];

	assert_int_equal(fdpass_pair(line), 0);
	remote = remote_of_answers(line[0], network);
	assert_int_equal(remote_take(&remote, &arena, &response), 0);
	if (len > 0)
		assert_int_equal(fdpass_send_message(
				     line[1], (struct str){ bytes, len }, fd),
		    0);
	close(line[1]);
	assert_int_equal(remote_take(&remote, &arena, &response), 1);
	assert_int_equal(remote.fd, -1);
	return response;
}

static void
heads(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum status status;
	} table[] = {
		{ "", 0, STATUS_FAILURE },
		{ "h", 1, STATUS_FAILURE },
		{ "h\x14\0", 3, STATUS_FAILURE }, /* no META */
		{ "x\x14\0application/zip", 18, STATUS_FAILURE },
		{ "d\x14\0application/zip", 18, STATUS_FAILURE },
		{ "h\x14\0application/gpub+zip", 23, STATUS_SUCCESS },
		{ "h\x14\0application/gzip", 19, STATUS_SUCCESS },
		{ "h\x14\0application/GZIP", 19, STATUS_FAILURE },
		{ "h\x14\0application/gzip; a", 22, STATUS_FAILURE },
		{ "h\x14\0application/zip", 18, STATUS_FAILURE },
		{ "h\x14\0application/json", 19, STATUS_FAILURE },
		{ "h\x14\0TEXT/gemini", 14, STATUS_FAILURE },
		{ "h\x14\0 text/gemini", 15, STATUS_FAILURE },
		{ "h\x14\0text/plain", 13, STATUS_FAILURE }, /* in parts */
		{ "h\x14\0text/gemini", 14, STATUS_FAILURE },
		{ "h\x14\0application/gopher-menu", 26, STATUS_FAILURE },
		{ "h\x0a\0"
		  "Ask",
		    6, STATUS_INPUT },
		{ "h\x33\0Not found", 12, STATUS_NOT_FOUND },
		{ "h\x33\0Not\nfound", 12, STATUS_FAILURE },
		{ "h\x33\0Not\0found", 12, STATUS_FAILURE },
		{ "h\x33\0Not\x7f"
		  "found",
		    12, STATUS_FAILURE },
		{ "h\x3c\0Who?", 7, STATUS_FAILURE }, /* not its business */
		{ "h\x2c\0"
		  "5",
		    4, STATUS_FAILURE },
		{ "h\0\0nothing", 10, STATUS_FAILURE },
		{ "h\xff\xffnothing", 10, STATUS_FAILURE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct response response =
		    take(table[i].bytes, table[i].len, -1);

		if (response.status != table[i].status)
			fail_msg("row %zu: %d", i, (int)response.status);
		body_release(response.body);
	}
}

static void
meta_of_any_length(void **state)
{
	static char head[4096] = { 'h', 51 };

	(void)state;
	memset(head + 3, 'm', sizeof head - 3);
	assert_int_equal(take(head, 3 + 1024, -1).status, STATUS_NOT_FOUND);
	assert_int_equal(take(head, 3 + 1025, -1).status, STATUS_FAILURE);
	assert_int_equal(take(head, sizeof head, -1).status, STATUS_FAILURE);
}

static size_t
count_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* Only a file cannot keep the worker waiting. */
static void
descriptors(void **state)
{
	struct response response;
	char text[8];
	size_t before = count_descriptors();
	int ends[2], pair[2],
	    file = memfd_create("file", MFD_CLOEXEC),
	    device = open("/dev/zero", O_RDONLY | O_CLOEXEC),
	    folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fdpass_pair(pair), 0);
	assert_int_equal(write(file, "text\n", 5), 5);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	for (size_t i = 0; i < 4; i++) {
		const int odd[] = { ends[0], device, folder, pair[0] };

		response = take(SUCCESS "text/plain", 13, odd[i]);
		assert_int_equal(response.status, STATUS_FAILURE);
	}
	response = take(SUCCESS "text/plain", 13, file);
	assert_int_equal(response.status, STATUS_SUCCESS);
	assert_int_equal(body_pull(response.body, text, sizeof text), 5);
	assert_memory_equal(text, "text\n", 5);
	body_release(response.body);
	/* With any other type or answer it is closed. */
	assert_int_equal(
	    take(SUCCESS "TEXT/gemini", 14, file).status, STATUS_FAILURE);
	assert_int_equal(
	    take(SUCCESS "application/gzip", 19, file).status, STATUS_FAILURE);
	assert_int_equal(
	    take("h\x33\0Not found", 12, file).status, STATUS_NOT_FOUND);
	assert_int_equal(take("x", 1, file).status, STATUS_FAILURE);
	for (size_t i = 0; i < 2; i++) {
		close(ends[i]);
		close(pair[i]);
	}
	close(file);
	close(device);
	close(folder);
	assert_int_equal(count_descriptors(), before);
}

/* A file in memory of that many MiB, for the network. */
static struct response
take_file(uint64_t of, size_t mib)
{
	struct response response;
	int file = memfd_create("file", MFD_CLOEXEC);

	network = of;
	assert_int_equal(ftruncate(file, (off_t)(mib << 20)), 0);
	response = take(SUCCESS "text/plain", 13, file);
	close(file);
	network = 0;
	return response;
}

/* Clients that do not read their answers leave room for others. */
static void
memory_is_shared(void **state)
{
	static const struct {
		uint64_t network;
		size_t mib;
		enum status status;
	} table[] = {
		{ 1, 13, STATUS_SUCCESS },
		{ 1, 13, STATUS_UNAVAILABLE },
		{ 1, 0, STATUS_SUCCESS }, /* small */
		{ 1, 3, STATUS_SUCCESS },
		{ 2, 20, STATUS_SUCCESS }, /* its first */
		{ 2, 1, STATUS_UNAVAILABLE },
		{ 0, 20, STATUS_SUCCESS },
		{ 3, 9, STATUS_UNAVAILABLE },
		{ 0, 8, STATUS_SUCCESS },
		{ 4, 1, STATUS_UNAVAILABLE },
		{ 4, 0, STATUS_SUCCESS },
	};
	static struct response taken[sizeof table / sizeof *table];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		taken[i] = take_file(table[i].network, table[i].mib);
		if (taken[i].status != table[i].status)
			fail_msg("row %zu: %d", i, (int)taken[i].status);
	}
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		body_release(taken[i].body);
	/* All are gone. */
	taken[0] = take_file(1, 200);
	assert_int_equal(taken[0].status, STATUS_SUCCESS);
	body_release(taken[0].body);
}

/* A body in parts, of which the other end is `line`. */
static struct body *
begin_parts(int *line)
{
	struct remote remote;
	struct response response = { 0 };
	int pair[2];

	assert_int_equal(fdpass_pair(pair), 0);
	remote = remote_of_answers(pair[0], 0);
	*line = pair[1];
	assert_int_equal(
	    send(*line, SUCCESS "application/gzip", 19, MSG_NOSIGNAL), 19);
	assert_int_equal(remote_take(&remote, &arena, &response), 1);
	assert_int_equal(response.status, STATUS_SUCCESS);
	return response.body;
}

static void
parts(void **state)
{
	char at[BODY_ROOM];
	int line;
	struct body *body = begin_parts(&line);

	(void)state;
	assert_int_equal(body_pull(body, at, sizeof at), 0);
	assert_false(body->ended);
	assert_non_null(body->waits_for);
	assert_int_equal(send(line, "dabc", 4, 0), 4);
	assert_int_equal(send(line, "ddef", 4, 0), 4);
	assert_int_equal(body_pull(body, at, 2), 2);
	assert_null(body->waits_for);
	assert_int_equal(body_pull(body, at + 2, sizeof at - 2), 1);
	assert_int_equal(body_pull(body, at + 3, sizeof at - 3), 3);
	assert_memory_equal(at, "abcdef", 6);
	assert_false(body->ended);
	assert_int_equal(send(line, "e", 1, 0), 1);
	assert_int_equal(body_pull(body, at, sizeof at), 0);
	assert_true(body->ended);
	body_release(body);
	close(line);
}

/* A body around one in parts waits for the same descriptor. */
static void
parts_as_lines(void **state)
{
	char at[BODY_ROOM];
	int line;
	struct body *body = body_of_lines(&arena, begin_parts(&line));

	(void)state;
	assert_int_equal(body_pull(body, at, sizeof at), 0);
	assert_false(body->ended);
	assert_non_null(body->waits_for);
	assert_int_equal(send(line, "dabc", 4, 0), 4);
	assert_int_equal(body_pull(body, at, sizeof at), 3);
	assert_non_null(body->waits_for);
	body_release(body);
	close(line);
}

/* The log tells why. */
static void
parts_that_end_early(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int error;
	} table[] = {
		{ "f\x05\0\0\0", 5, 5 },
		{ "f\0\0\0\0", 5, EPIPE },
		{ "f\0\0\0\x80", 5, EPIPE },
		{ "f\x05", 2, EPIPE },
		{ "f", 1, EPIPE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char at[BODY_ROOM];
		int line;
		struct body *body = begin_parts(&line);

		assert_int_equal(
		    send(line, table[i].bytes, table[i].len, 0), table[i].len);
		if (body_pull(body, at, sizeof at) != -1 ||
		    errno != table[i].error)
			fail_msg("row %zu", i);
		body_release(body);
		close(line);
	}
}

static void
parts_that_are_none(void **state)
{
	static char large[2 + REMOTE_PART] = { 'd' };
	static const struct {
		const char *bytes;
		size_t len; /* 0: the end of the pair */
	} table[] = {
		{ "", 0 },
		{ "d", 1 },
		{ "x", 1 },
		{ "\0", 1 },
		{ "\0abc", 4 },
		{ "\xff"
		  "abc",
		    4 },
		{ SUCCESS "text/plain", 13 },
		{ large, sizeof large },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char at[BODY_ROOM];
		int line;
		struct body *body = begin_parts(&line);

		if (table[i].len > 0)
			assert_int_equal(
			    send(line, table[i].bytes, table[i].len, 0),
			    table[i].len);
		else
			assert_int_equal(shutdown(line, SHUT_WR), 0);
		if (body_pull(body, at, sizeof at) != -1 || errno != EPIPE)
			fail_msg("row %zu", i);
		assert_false(body->ended);
		body_release(body);
		close(line);
	}
}

/* A worker that was taken over asks for what it likes. */
static void
requests(void **state)
{
	struct {
		uint64_t network;
		uint16_t path_len, query_len;
		uint16_t host;
		uint8_t has_query, entries_only, is_admitted, unused[7];
		char text[22];
	} sent;
	static const struct {
		uint16_t path_len, query_len;
		const char *text;
		size_t cut; /* of what is sent */
		bool is_one;
	} table[] = {
		{ 4, 3, "/askabc", 0, true },
		{ 4, 0, "/ask", 0, true },
		{ 4, 3, "/askab", 1, false },
		{ 4, 3, "/askabcd", 0, false },
		{ 0, 7, "/askabc", 0, false },
		{ 4, 0, "ask/", 0, false },
		{ 0, 0, "", 0, false },
		{ UINT16_MAX, UINT16_MAX, "/ask", 0, false },
		{ 4, UINT16_MAX, "/ask", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct request request;
		size_t head = offsetof(__typeof__(sent), text);

		memset(&sent, 0, sizeof sent);
		sent.network = UINT64_MAX;
		sent.entries_only = i % 2;
		sent.is_admitted = i / 2 % 2;
		sent.host = (uint16_t)(7 + i);
		sent.path_len = table[i].path_len;
		sent.query_len = table[i].query_len;
		memcpy(
		    (char *)&sent + head, table[i].text, strlen(table[i].text));
		if (remote_read((struct str){ (const char *)&sent,
				    head + strlen(table[i].text) },
			&request) != table[i].is_one ||
		    (table[i].is_one &&
			(request.entries_only != i % 2 ||
			    request.is_admitted != i / 2 % 2 ||
			    request.host != 7 + i)))
			fail_msg("row %zu", i);
	}
	/* Less than a head, and a NUL in a path. */
	for (size_t len = 0; len < 24; len++) {
		struct request request;

		assert_false(remote_read(
		    (struct str){ (const char *)&sent, len }, &request));
	}
	memset(&sent, 0, sizeof sent);
	sent.path_len = 4;
	memcpy((char *)&sent + 16, "/a\0k", 4);
	assert_false(remote_read(
	    (struct str){ (const char *)&sent, 20 }, &(struct request){ 0 }));
}

/* There and back: what is text comes as a file that nobody can change. */
static void
whole(void **state)
{
	struct remote remote;
	struct response sent, response = { 0 };
	char at[BODY_ROOM];
	int pair[2], fd;

	(void)state;
	assert_int_equal(fdpass_pair(pair), 0);
	response_set(&sent, STATUS_SUCCESS, STR("text/gemini"));
	sent.body = body_of_text(&arena, STR("# Found\n"));
	assert_int_equal(remote_answer(pair[1], &sent), 0);
	close(pair[1]);
	remote = remote_of_answers(pair[0], 0);
	assert_int_equal(remote_take(&remote, &arena, &response), 1);
	assert_int_equal(response.status, STATUS_SUCCESS);
	assert_true(str_equals(response.meta, STR("text/gemini")));
	assert_non_null(response.body->file);
	fd = response.body->file->fd;
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(body_pull(response.body, at, sizeof at), 8);
	assert_memory_equal(at, "# Found\n", 8);
	body_release(response.body);
}

/* A body whose client takes 11 minutes for each part. */
static int
write_slowly(struct body *body, struct sink *sink)
{
	static char bytes[REMOTE_PART];

	(void)body;
	for (int i = 0; i < 3; i++) {
		if (sink->write(sink, (struct str){ bytes, sizeof bytes }) ==
		    -1)
			return -1;
		fakeclock_forward_ms(11 * 60 * 1000);
	}
	return 0;
}

static void
too_slow(void **state)
{
	static char part[1 + REMOTE_PART];
	struct body body = { .write = write_slowly };
	struct response sent;
	int pair[2];
	int32_t error = 0;

	(void)state;
	fakeclock_stop();
	assert_int_equal(fdpass_pair(pair), 0);
	response_set(&sent, STATUS_SUCCESS, RESPONSE_TAR);
	sent.body = &body;
	assert_int_equal(remote_answer(pair[1], &sent), 0);
	close(pair[1]);
	assert_true(recv(pair[0], part, sizeof part, 0) > 0);
	assert_int_equal(part[0], 'h');
	assert_int_equal(recv(pair[0], part, sizeof part, 0), sizeof part);
	assert_int_equal(recv(pair[0], part, sizeof part, 0), 5);
	assert_int_equal(part[0], 'f');
	memcpy(&error, part + 1, sizeof error);
	assert_int_equal(error, ETIMEDOUT);
	close(pair[0]);
	fakeclock_run();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(heads),
		TEST(meta_of_any_length),
		TEST(descriptors),
		TEST(memory_is_shared),
		TEST(parts),
		TEST(parts_as_lines),
		TEST(parts_that_are_none),
		TEST(parts_that_end_early),
		TEST(requests),
		TEST(whole),
		TEST(too_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
