/* Headers of programs, as they come and as they must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "serve/programhead.h"

#define BAD 0

/* The header of the whole of an answer. */
static void
headers(void **state)
{
	static const struct {
		struct str input;
		int status;
		struct str meta, body;
	} table[] = {
		{ STR_INIT("20 text/gemini\r\nHi"), 20, STR_INIT("text/gemini"),
		    STR_INIT("Hi") },
		{ STR_INIT("20 text/gemini\n"), 20, STR_INIT("text/gemini"),
		    STR_INIT("") },
		{ STR_INIT("20 text/gemini; lang=de; x=\"y z\"\n\n"), 20,
		    STR_INIT("text/gemini; lang=de; x=\"y z\""),
		    STR_INIT("\n") },
		{ STR_INIT("20 \r\nx"), 20, STR_INIT("text/gemini"),
		    STR_INIT("x") },
		{ STR_INIT("10 Your name \n"), 10, STR_INIT("Your name"),
		    STR_INIT("") },
		{ STR_INIT("10 \n"), 10, STR_INIT("Your input"), STR_INIT("") },
		{ STR_INIT("31 ./index.gmi\n"), 31, STR_INIT("./index.gmi"),
		    STR_INIT("") },
		{ STR_INIT("30 \r\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("44 30\r\n"), 44, STR_INIT("30"), STR_INIT("") },
		{ STR_INIT("43 Far\r\n"), 43, STR_INIT("Far"), STR_INIT("") },
		{ STR_INIT("51\r\n"), 51,
		    STR_INIT("There is no page at this address"),
		    STR_INIT("") },
		{ STR_INIT("60\n"), 60,
		    STR_INIT("This page needs a client certificate"),
		    STR_INIT("") },
		/* An unknown second digit counts as 0. */
		{ STR_INIT("29 text/plain\n"), 20, STR_INIT("text/plain"),
		    STR_INIT("") },
		{ STR_INIT("69 No\n"), 60, STR_INIT("No"), STR_INIT("") },
		{ STR_INIT("20\r\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("20"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("20 text/gemini"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT(""), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("\r\n20 text/gemini\r\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("99 x\r\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("09 x\r\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("70 x\r\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("200 x\r\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("2 x\r\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("20\ttext/gemini\r\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("20 text\r/gemini\r\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("20 text/gemini\0\r\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("20 text/gemini\x7f\r\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("10 \xc2\x9b\r\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("10 \xe2\x80\xa8\r\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("10 \xe2\x80\xa9\r\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("10 \xff\r\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("10 caf\xc3\xa9\r\n"), 10, STR_INIT("caf\xc3\xa9"),
		    STR_INIT("") },
		{ STR_INIT("<html>\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("#!/bin/sh\n"), BAD, STR_INIT(""), STR_INIT("") },
		/* As of php-fpm and php-cgi. */
		{ STR_INIT("X-Powered-By: PHP/8.2.36\r\n"
			   "Content-type: text/html; charset=UTF-8\r\n\r\n"
			   "20 text/gemini\r\n# Hi\n"),
		    20, STR_INIT("text/gemini"), STR_INIT("# Hi\n") },
		{ STR_INIT("X-Powered-By: PHP/8.2.36\n\n30 /x\n"), 30,
		    STR_INIT("/x"), STR_INIT("") },
		{ STR_INIT("X-Powered-By: PHP/8.2.36\n\n99 /x\n"), BAD,
		    STR_INIT(""), STR_INIT("") },
		{ STR_INIT("X-Powered-By: PHP/8.2.36\n\n20 text/gemini"), BAD,
		    STR_INIT(""), STR_INIT("") },
		/* HTTP alone. */
		{ STR_INIT("Content-type: text/html\n\n<p>"), 20,
		    STR_INIT("text/html"), STR_INIT("<p>") },
		{ STR_INIT("content-type:text/plain\r\n\r\n2"), 20,
		    STR_INIT("text/plain"), STR_INIT("2") },
		{ STR_INIT("content-type:text/plain\r\n\r\n20"), 20,
		    STR_INIT("text/plain"), STR_INIT("20") },
		{ STR_INIT("Content-Type: a/b\nContent-Type: c/d\n\n"), 20,
		    STR_INIT("a/b"), STR_INIT("") },
		{ STR_INIT("Status: 404 Not Found\r\n\r\nx"), 51,
		    STR_INIT("Not Found"), STR_INIT("x") },
		{ STR_INIT("Status: 404\n\n"), 51,
		    STR_INIT("There is no page at this address"),
		    STR_INIT("") },
		{ STR_INIT("Status: 301 Moved\nLocation: /y\n\n"), 31,
		    STR_INIT("/y"), STR_INIT("") },
		{ STR_INIT("Status: 303 Other\nLocation: /y\n\n"), 30,
		    STR_INIT("/y"), STR_INIT("") },
		{ STR_INIT("Location: /y\n\n"), 30, STR_INIT("/y"),
		    STR_INIT("") },
		{ STR_INIT("Status: 302 Found\n\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("Status: 400 Bad\n\n"), 59, STR_INIT("Bad"),
		    STR_INIT("") },
		{ STR_INIT("Status: 405 Bad\n\n"), 59, STR_INIT("Bad"),
		    STR_INIT("") },
		{ STR_INIT("Status: 403 No\n\n"), 61, STR_INIT("No"),
		    STR_INIT("") },
		{ STR_INIT("Status: 418 Tea\n\n"), 50, STR_INIT("Tea"),
		    STR_INIT("") },
		{ STR_INIT("Status: 500 Oh\n\n"), 40, STR_INIT("Oh"),
		    STR_INIT("") },
		{ STR_INIT("Status: 503 Oh\n\n"), 40, STR_INIT("Oh"),
		    STR_INIT("") },
		{ STR_INIT("Status: 100 Go\n\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("Status: 999 Go\n\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("Status: x\n\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("Status: 200 OK\n\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("X-A: b\n\nhello"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("Location: /a\r/b\n\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("X-A: b\n folded\n\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("X A: b\n\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT(": b\n\n"), BAD, STR_INIT(""), STR_INIT("") },
		{ STR_INIT("HTTP/1.1 200 OK\n\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
		{ STR_INIT("Content-type: text/html\n"), BAD, STR_INIT(""),
		    STR_INIT("") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct programhead head;
		bool good = programhead_read(table[i].input, true, &head) ==
		    PROGRAMHEAD_DONE;

		if (good != (table[i].status != BAD))
			fail_msg("row %zu: %s", i, head.fault);
		if (!good) {
			assert_non_null(head.fault);
			continue;
		}
		if ((int)head.status != table[i].status ||
		    !str_equals(head.meta, table[i].meta) ||
		    !str_equals(
			str_tail(table[i].input, head.len), table[i].body))
			fail_msg("row %zu: %d %.*s", i, (int)head.status,
			    STR_ARG(head.meta));
	}
}

/* A header that comes byte by byte, and the length at which it is complete. */
static void
parts(void **state)
{
	static const struct {
		struct str input;
		size_t at;
	} table[] = {
		{ STR_INIT("20 text/gemini\r\nbody"), 16 },
		{ STR_INIT("51\nx"), 3 },
		{ STR_INIT("A: b\n\n20 a/b\nx"), 13 },
		/* A line of Gemini may follow. */
		{ STR_INIT("Content-Type: a/b\n\n20x"), 22 },
		{ STR_INIT("Content-Type: a/b\n\nx20"), 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct programhead head;
		size_t len = 0;

		while (programhead_read(str_head(table[i].input, len), false,
			   &head) == PROGRAMHEAD_MORE)
			len++;
		if (len != table[i].at)
			fail_msg("row %zu: %zu", i, len);
	}
}

/* A status, META of this many bytes, and an end. */
static enum programhead_state
of_length(size_t meta, const char *end, bool ended)
{
	static char bytes[2000];
	struct programhead head;

	memcpy(bytes, "10 ", 3);
	memset(bytes + 3, 'x', meta);
	memcpy(bytes + 3 + meta, end, strlen(end));
	return programhead_read(
	    (struct str){ bytes, 3 + meta + strlen(end) }, ended, &head);
}

static void
lengths(void **state)
{
	(void)state;
	assert_int_equal(of_length(1023, "\r\n", false), PROGRAMHEAD_DONE);
	assert_int_equal(of_length(1024, "\r\n", false), PROGRAMHEAD_DONE);
	assert_int_equal(of_length(1025, "\r\n", false), PROGRAMHEAD_BAD);
	assert_int_equal(of_length(1024, "\n", false), PROGRAMHEAD_DONE);
	assert_int_equal(of_length(1025, "\n", false), PROGRAMHEAD_BAD);
	assert_int_equal(of_length(1024, "\r", false), PROGRAMHEAD_MORE);
	assert_int_equal(of_length(1024, "\r", true), PROGRAMHEAD_BAD);
	assert_int_equal(of_length(1026, "", false), PROGRAMHEAD_BAD);
}

/* A block of this size; `end` follows it. */
static enum programhead_state
of_block(size_t size, const char *end)
{
	static char bytes[PROGRAMHEAD_MAX + 64];
	struct programhead head;

	memset(bytes, 'x', size);
	memcpy(bytes, "Content-Type: a/b\nX:", 20);
	memcpy(bytes + size - 2, "\n\n", 2);
	memcpy(bytes + size, end, strlen(end));
	return programhead_read(
	    (struct str){ bytes, size + strlen(end) }, false, &head);
}

static void
blocks(void **state)
{
	static char most[PROGRAMHEAD_MAX];
	struct programhead head;

	(void)state;
	assert_int_equal(of_block(8192, "body"), PROGRAMHEAD_DONE);
	assert_int_equal(of_block(8192, "20 a/b\n"), PROGRAMHEAD_DONE);
	assert_int_equal(of_block(8193, "body"), PROGRAMHEAD_BAD);
	memset(most, 'x', sizeof most);
	assert_int_equal(
	    programhead_read((struct str){ most, sizeof most }, false, &head),
	    PROGRAMHEAD_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(parts),
		cmocka_unit_test(lengths),
		cmocka_unit_test(blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
