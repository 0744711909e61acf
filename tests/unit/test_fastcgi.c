/* Records of FastCGI servers, good and bad, in parts of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "serve/fastcgi.h"

/* The start of a record: type, request, bytes of content and of padding. */
#define RECORD(type, request, content, padding) \
	"\1" type "\0" request "\0" content padding "\0"
#define OUT RECORD("\6", "\1", "\3", "\0")
#define ERR RECORD("\7", "\1", "\3", "\0")
#define END RECORD("\3", "\1", "\10", "\0") "\0\0\0\0\0\0\0\0"

/* All output and all errors, when the input comes in parts of this size. */
struct got {
	char output[64], errors[64];
	size_t output_len, errors_len;
	enum fastcgi_event last;
	struct fastcgi fastcgi;
};

static void
append(char *at, size_t *len, struct str text)
{
	assert_in_range(text.len, 1, 64 - *len);
	memcpy(at + *len, text.at, text.len);
	*len += text.len;
}

static void
take(struct got *got, struct str part)
{
	struct str out;

	do {
		got->last = fastcgi_next(&got->fastcgi, &part, &out);
		if (got->last == FASTCGI_OUTPUT)
			append(got->output, &got->output_len, out);
		if (got->last == FASTCGI_ERRORS)
			append(got->errors, &got->errors_len, out);
	} while (got->last == FASTCGI_OUTPUT || got->last == FASTCGI_ERRORS);
	if (got->last == FASTCGI_MORE)
		assert_int_equal(part.len, 0);
}

static struct got
read_in_parts(struct str input, size_t size)
{
	struct got got = { .last = FASTCGI_MORE };

	while (input.len > 0 && got.last == FASTCGI_MORE) {
		size_t len = input.len < size ? input.len : size;

		take(&got, str_head(input, len));
		input = str_tail(input, len);
	}
	return got;
}

static void
records(void **state)
{
	static const struct {
		struct str input;
		enum fastcgi_event last;
		const char *output, *errors;
	} table[] = {
		{ STR_INIT(""), FASTCGI_MORE, "", "" },
		{ STR_INIT(OUT "abc" END), FASTCGI_END, "abc", "" },
		{ STR_INIT(OUT "abc" OUT "def"), FASTCGI_MORE, "abcdef", "" },
		{ STR_INIT(OUT "abc" ERR "oh!" OUT "def" END), FASTCGI_END,
		    "abcdef", "oh!" },
		{ STR_INIT(RECORD("\6", "\1", "\3", "\5") "abc....." END),
		    FASTCGI_END, "abc", "" },
		/* The end of a stream. */
		{ STR_INIT(RECORD("\6", "\1", "\0", "\0") END), FASTCGI_END, "",
		    "" },
		{ STR_INIT(RECORD("\6", "\1", "\0", "\2") ".." END),
		    FASTCGI_END, "", "" },
		/* Other types, also of the connection. */
		{ STR_INIT(RECORD("\13", "\0", "\10", "\0") "........" END),
		    FASTCGI_END, "", "" },
		{ STR_INIT(RECORD("\77", "\1", "\2", "\1") "..." END),
		    FASTCGI_END, "", "" },
		/* Another request, or output without one. */
		{ STR_INIT(RECORD("\6", "\2", "\3", "\0") "abc"), FASTCGI_BAD,
		    "", "" },
		{ STR_INIT(RECORD("\6", "\0", "\3", "\0") "abc"), FASTCGI_BAD,
		    "", "" },
		{ STR_INIT(RECORD("\77", "\2", "\0", "\0")), FASTCGI_BAD, "",
		    "" },
		{ STR_INIT(RECORD("\3", "\0", "\10", "\0") "........"),
		    FASTCGI_BAD, "", "" },
		{ STR_INIT("\1\6\1\1\0\1\0\0x"), FASTCGI_BAD, "", "" },
		/* An end that is too short, or long. */
		{ STR_INIT(RECORD("\3", "\1", "\7", "\0") "\0\0\0\0\0\0\0"),
		    FASTCGI_BAD, "", "" },
		{ STR_INIT(
		      RECORD("\3", "\1", "\11", "\0") "\0\0\0\0\0\0\0\0\0"),
		    FASTCGI_END, "", "" },
		/* Another version; another protocol. */
		{ STR_INIT("\2\6\0\1\0\3\0\0abc"), FASTCGI_BAD, "", "" },
		{ STR_INIT("20 text/gemini\r\n"), FASTCGI_BAD, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		for (size_t size = 1; size < 70; size++) {
			struct got got = read_in_parts(table[i].input, size);

			if (got.last != table[i].last ||
			    strcmp(got.output, table[i].output) != 0 ||
			    strcmp(got.errors, table[i].errors) != 0)
				fail_msg("row %zu, size %zu: %d", i, size,
				    (int)got.last);
		}
	}
}

static void
results(void **state)
{
	static const struct str input =
	    STR_INIT(RECORD("\3", "\1", "\10", "\0") "\1\2\3\4\2\0\0\0");

	(void)state;
	for (size_t size = 1; size < 20; size++) {
		struct got got = read_in_parts(input, size);

		assert_int_equal(got.last, FASTCGI_END);
		assert_int_equal(got.fastcgi.exit_status, 0x01020304);
		assert_int_equal(got.fastcgi.result, FASTCGI_OVERLOADED);
	}
}

/* The largest record, 65,535 bytes and 255 of padding. */
static void
largest(void **state)
{
	static char bytes[8 + 65535 + 255];
	struct fastcgi fastcgi = { 0 };
	struct str input = { bytes, sizeof bytes }, out;

	(void)state;
	memcpy(bytes, "\1\6\0\1\xff\xff\xff\0", 8);
	assert_int_equal(fastcgi_next(&fastcgi, &input, &out), FASTCGI_OUTPUT);
	assert_int_equal(out.len, 65535);
	assert_int_equal(fastcgi_next(&fastcgi, &input, &out), FASTCGI_MORE);
	assert_int_equal(input.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(results),
		cmocka_unit_test(largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
