/* SHA-256, as FIPS 180-4 has it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sys/sha256.h"
#include "temporary.h"
#include "text/hex.h"
#include "text/manifest.h"

#define LONG "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

static const struct {
	const char *text, *hash;
} table[] = {
	{ "",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"
	    "5" },
	{ "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a"
	    "d" },
	{ LONG,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c"
	    "1" },
};

static void
check(const unsigned char hash[SHA256_SIZE], const char *want)
{
	char text[2 * MANIFEST_HASH + 1];

	hex_format(hash, MANIFEST_HASH, text);
	assert_string_equal(text, want);
}

static void
at_once_and_in_parts(void **state)
{
	struct sha256 *sha256 = sha256_new();
	unsigned char hash[SHA256_SIZE];

	(void)state;
	assert_non_null(sha256);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct str text = str_of(table[i].text);

		assert_int_equal(sha256_of(text, hash), 0);
		check(hash, table[i].hash);
		sha256_add(sha256, str_head(text, text.len / 2));
		sha256_add(sha256, str_tail(text, text.len / 2));
		assert_int_equal(sha256_end(sha256, hash), 0);
		check(hash, table[i].hash);
	}
	sha256_free(sha256);
	sha256_free(NULL);
}

/* All of it, wherever the descriptor stands. */
static void
files(void **state)
{
	struct temporary temporary;
	unsigned char hash[SHA256_SIZE];
	uint64_t size;
	char byte;
	int fd;

	(void)state;
	temporary_make(&temporary);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		temporary_file(&temporary, "file", table[i].text);
		fd = open(temporary_path(&temporary, "file"), O_RDONLY);
		assert_true(read(fd, &byte, 1) >= 0);
		assert_int_equal(sha256_file(fd, hash, &size, NULL), 0);
		check(hash, table[i].hash);
		assert_int_equal(size, strlen(table[i].text));
		close(fd);
	}
	temporary_remove(&temporary);
	assert_int_equal(sha256_file(-1, hash, &size, NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_once_and_in_parts),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
