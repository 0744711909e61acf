/* The requests of SCGI and FastCGI, read back by strict readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "serve/programwire.h"

#define ROOM ((size_t)1 << 20)

static char value[65540], bytes[ROOM], stream[ROOM];
static struct programenv env;

/* Variables whose values have these lengths, the last one empty. */
static void
fill(const size_t *lengths, size_t count)
{
	static const struct str names[] = { STR_INIT("A"), STR_INIT("BB"),
		STR_INIT("CCC"), STR_INIT("DDDD") };

	for (size_t i = 0; i < sizeof value; i++)
		value[i] = (char)(1 + i % 255);
	env.count = 0;
	for (size_t i = 0; i < count; i++)
		env.at[env.count++] = (struct programenv_variable){ names[i],
			{ value, lengths[i] } };
	env.at[env.count++] =
	    (struct programenv_variable){ STR("LAST"), { NULL, 0 } };
}

static const size_t lengths[][3] = {
	{ 0, 1, 2 },
	{ 126, 127, 128 },
	{ 129, 255, 256 },
	{ 257, 32767, 32768 },
	{ 65533, 65534, 65535 },
	{ 65536, 65536, 65536 },
	/* A record that ends with a value, and within each length. */
	{ 65521, 1, 0 },
	{ 65520, 300, 5 },
	{ 65519, 300, 5 },
	{ 65517, 300, 300 },
	{ 65516, 300, 300 },
	{ 65515, 65000, 300 },
};

static struct str
take_text(struct str *rest)
{
	assert_true(str_find(*rest, '\0') < rest->len);
	return str_cut(rest, '\0');
}

static void
check_scgi(struct str message)
{
	struct str size = str_cut(&message, ':');
	unsigned long len;

	assert_true(size.at[0] != '0');
	assert_true(str_number(size, ROOM, &len));
	assert_int_equal(len + 1, message.len);
	assert_int_equal(message.at[len], ',');
	message = str_head(message, len);
	assert_true(str_equals(take_text(&message), STR("CONTENT_LENGTH")));
	assert_true(str_equals(take_text(&message), STR("0")));
	assert_true(str_equals(take_text(&message), STR("SCGI")));
	assert_true(str_equals(take_text(&message), STR("1")));
	for (size_t i = 0; i < env.count; i++) {
		assert_true(str_equals(take_text(&message), env.at[i].name));
		assert_true(str_equals(take_text(&message), env.at[i].value));
	}
	assert_int_equal(message.len, 0);
}

static void
scgi(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct buf out = buf_over(bytes, sizeof bytes);

		fill(lengths[i], 3);
		programwire_scgi(&out, &env);
		assert_false(out.overflow);
		check_scgi(buf_str(&out));
	}
}

/* The specification's example, but for its body. */
static void
scgi_exactly(void **state)
{
	struct buf out = buf_over(bytes, sizeof bytes);

	(void)state;
	env.count = 0;
	env.at[env.count++] =
	    (struct programenv_variable){ STR("REQUEST_METHOD"), STR("GET") };
	env.at[env.count++] = (struct programenv_variable){ STR("E"), STR("") };
	programwire_scgi(&out, &env);
	assert_true(str_equals(buf_str(&out),
	    STR("46:CONTENT_LENGTH\0000\0SCGI\0001\0"
		"REQUEST_METHOD\0GET\0E\0\0,")));
}

static size_t
number(const char *at, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n = n << 8 | (unsigned char)at[i];
	return n;
}

/* Takes a record of this type; its content. */
static struct str
take_record(struct str *rest, int type)
{
	struct str content;
	size_t len;

	assert_true(rest->len >= 8);
	assert_int_equal(rest->at[0], 1);
	assert_int_equal(rest->at[1], type);
	assert_int_equal(number(rest->at + 2, 2), 1);
	len = number(rest->at + 4, 2);
	assert_int_equal(number(rest->at + 6, 2), 0);
	*rest = str_tail(*rest, 8);
	assert_true(rest->len >= len);
	content = str_head(*rest, len);
	*rest = str_tail(*rest, len);
	return content;
}

static size_t
take_length(struct str *rest)
{
	size_t len, size;

	assert_true(rest->len >= 1);
	size = rest->at[0] & 0x80 ? 4 : 1;
	assert_true(rest->len >= size);
	len = number(rest->at, size) & (size == 4 ? 0x7fffffff : 0x7f);
	/* The short form wherever it is possible. */
	assert_true(size == 1 || len > 127);
	*rest = str_tail(*rest, size);
	return len;
}

static void
check_params(struct str params)
{
	for (size_t i = 0; i < env.count; i++) {
		size_t name = take_length(&params), len = take_length(&params);

		assert_true(params.len >= name + len);
		assert_true(str_equals(str_head(params, name), env.at[i].name));
		params = str_tail(params, name);
		assert_true(str_equals(str_head(params, len), env.at[i].value));
		params = str_tail(params, len);
	}
	assert_int_equal(params.len, 0);
}

/* Whether a record has whole pairs only, as PHP wants. */
static bool
has_whole_pairs(struct str record)
{
	while (record.len > 0) {
		size_t len = take_length(&record);

		len += take_length(&record);
		if (len > record.len)
			return false;
		record = str_tail(record, len);
	}
	return true;
}

static void
check_fastcgi(struct str message, bool whole)
{
	struct buf params = buf_over(stream, sizeof stream);
	struct str part = take_record(&message, 1);

	assert_true(str_equals(part, STR("\0\1\0\0\0\0\0\0")));
	do {
		part = take_record(&message, 4);
		buf_add(&params, part);
		if (whole)
			assert_true(has_whole_pairs(part));
	} while (part.len > 0);
	check_params(buf_str(&params));
	assert_int_equal(take_record(&message, 5).len, 0);
	assert_int_equal(message.len, 0);
}

static void
fastcgi(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct buf out = buf_over(bytes, sizeof bytes);

		fill(lengths[i], 3);
		programwire_fastcgi(&out, &env);
		assert_false(out.overflow);
		check_fastcgi(buf_str(&out), lengths[i][0] < 65528);
	}
}

/* A record of exactly 65,535 bytes, and one byte more. */
static void
fastcgi_record_ends(void **state)
{
	(void)state;
	for (size_t len = 65500; len < 65540; len++) {
		struct buf out = buf_over(bytes, sizeof bytes);

		fill(&len, 1);
		programwire_fastcgi(&out, &env);
		assert_false(out.overflow);
		check_fastcgi(buf_str(&out), len <= 65529);
	}
}

static void
fastcgi_of_nothing(void **state)
{
	struct buf out = buf_over(bytes, sizeof bytes);

	(void)state;
	env.count = 0;
	programwire_fastcgi(&out, &env);
	check_fastcgi(buf_str(&out), true);
}

/* Too little room is an overflow, and no byte is written past its end. */
static void
overflow(void **state)
{
	static const size_t some[] = { 200, 3 };
	size_t whole[2];

	(void)state;
	fill(some, 2);
	for (int form = 0; form < 2; form++) {
		struct buf out = buf_over(bytes, sizeof bytes);

		if (form == 0)
			programwire_scgi(&out, &env);
		else
			programwire_fastcgi(&out, &env);
		whole[form] = out.len;
		for (size_t room = 0; room <= whole[form]; room++) {
			char *at = malloc(room + 1);

			assert_non_null(at);
			at[room] = 'x';
			out = buf_over(at, room);
			if (form == 0)
				programwire_scgi(&out, &env);
			else
				programwire_fastcgi(&out, &env);
			assert_int_equal(out.overflow, room < whole[form]);
			assert_int_equal(at[room], 'x');
			free(at);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scgi),
		cmocka_unit_test(scgi_exactly),
		cmocka_unit_test(fastcgi),
		cmocka_unit_test(fastcgi_record_ends),
		cmocka_unit_test(fastcgi_of_nothing),
		cmocka_unit_test(overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
