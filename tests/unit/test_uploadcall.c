/* The request of a worker to the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "serve/uploadcall.h"

static const struct uploadcall example = {
	.host = 65535,
	.network = UINT64_MAX - 1,
	.path = STR_INIT("/notes/caf\xc3\xa9 1.gmi"),
	.mime = STR_INIT("text/gemini; lang=de"),
	.size = UINT64_MAX,
	.has_base = true,
	.base = "0123456789abcdef0123456789abcde",
};

static struct str
write_call(const struct uploadcall *call, char bytes[UPLOADCALL_MAX])
{
	struct buf out = buf_over(bytes, UPLOADCALL_MAX);

	assert_true(uploadcall_write(&out, call));
	return buf_str(&out);
}

static void
same(void **state)
{
	struct uploadcall plain = { .path = STR("/"), .size = 1 }, got;
	char bytes[UPLOADCALL_MAX];

	(void)state;
	assert_true(uploadcall_read(write_call(&example, bytes), &got));
	assert_int_equal(got.host, example.host);
	assert_int_equal(got.network, example.network);
	assert_true(str_equals(got.path, example.path));
	assert_true(str_equals(got.mime, example.mime));
	assert_int_equal(got.size, example.size);
	assert_true(got.has_base);
	assert_memory_equal(got.base, example.base, SHA256_SIZE);
	assert_true(uploadcall_read(write_call(&plain, bytes), &got));
	assert_true(str_equals(got.path, STR("/")));
	assert_int_equal(got.mime.len, 0);
	assert_false(got.has_base);
}

/* No message is read beyond its end, and none that is cut is taken. */
static void
hostile(void **state)
{
	static const struct uploadcall table[] = {
		{ .path = STR_INIT("notes") },
		{ .path = STR_INIT("") },
		{ .path = STR_INIT(""), .mime = STR_INIT("/x") },
		{ .path = STR_INIT("/a\0b") },
		{ .path = STR_INIT("/"), .mime = STR_INIT("a\nb") },
		{ .path = STR_INIT("/"), .mime = STR_INIT("a\x80") },
	};
	char bytes[UPLOADCALL_MAX], *copy;
	struct uploadcall got;
	struct str message;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_false(
		    uploadcall_read(write_call(&table[i], bytes), &got));
	message = write_call(&example, bytes);
	for (size_t len = 0; len < message.len; len++) {
		copy = test_malloc(len + 1);
		memcpy(copy, message.at, len);
		assert_false(uploadcall_read((struct str){ copy, len }, &got));
		test_free(copy);
	}
	for (size_t i = 0; i < message.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] = (char)(bytes[i] ^ 1 << bit);
			if (uploadcall_read(message, &got))
				assert_true(got.path.at >= bytes &&
				    got.mime.at + got.mime.len <=
					bytes + message.len);
			bytes[i] = (char)(bytes[i] ^ 1 << bit);
		}
}

static void
too_long(void **state)
{
	static char path[UPLOADCALL_MAX] = "/";
	struct uploadcall call = { .path = { path, UPLOADCALL_MAX } };
	char bytes[2 * UPLOADCALL_MAX];
	struct buf out = buf_over(bytes, sizeof bytes);

	(void)state;
	assert_false(uploadcall_write(&out, &call));
	call.path.len = 1;
	call.mime = (struct str){ path, UPLOADCALL_MIME_MAX + 1 };
	assert_false(uploadcall_write(&out, &call));
	call.mime.len = 0;
	call.host = 65536;
	assert_false(uploadcall_write(&out, &call));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same),
		cmocka_unit_test(hostile),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
