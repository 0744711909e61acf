/* The file of known servers' keys: a key is replaced, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/file.h>

#include "mirror/pins.h"
#include "temporary.h"

static struct temporary place;

static void
fill(unsigned char key[SHA256_SIZE], int byte)
{
	memset(key, byte, SHA256_SIZE);
}

static const char *
read_file(const char *name)
{
	static char text[4096];
	FILE *file = fopen(temporary_path(&place, name), "re");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof text - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

#define HEX_OF(two) \
	two two two two two two two two two two two two two two two two two \
	    two two two two two two two two two two two two two two two

static void
test_replace(void **state)
{
	static const struct {
		const char *before, *server;
		int known, key; /* bytes of which the keys consist */
		int error;
		const char *after;
	} table[] = {
		{ "a:1 sha256 " HEX_OF("11") "\n", "a:1", 0x11, 0x22, 0,
		    "a:1 sha256 " HEX_OF("22") "\n" },
		/* Another process has already done so. */
		{ "a:1 sha256 " HEX_OF("22") "\n", "a:1", 0x11, 0x22, 0,
		    "a:1 sha256 " HEX_OF("22") "\n" },
		/* It has set a third key, or removed the line. */
		{ "a:1 sha256 " HEX_OF("33") "\n", "a:1", 0x11, 0x22, EBUSY,
		    NULL },
		{ "b:1 sha256 " HEX_OF("11") "\n", "a:1", 0x11, 0x22, EBUSY,
		    NULL },
		{ "", "a:1", 0x11, 0x22, EBUSY, NULL },
		{ "a:1 md5 x\n", "a:1", 0x11, 0x22, EINVAL, NULL },
		/* Of several lines the first one counts. */
		{ "# x\n\na:11 sha256 " HEX_OF("11") "\na:1 sha256 " HEX_OF(
		      "11") " \na:1 sha256 " HEX_OF("11") "\nlast",
		    "a:1", 0x11, 0x22, 0,
		    "# x\n\na:11 sha256 " HEX_OF("11") "\na:1 sha256 " HEX_OF(
			"22") "\na:1 sha256 " HEX_OF("11") "\nlast" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *path;
		unsigned char known[SHA256_SIZE], key[SHA256_SIZE];
		int result;

		temporary_file(&place, "known", table[i].before);
		path = temporary_path(&place, "known");
		fill(known, table[i].known);
		fill(key, table[i].key);
		errno = 0;
		result = pins_replace(path, table[i].server, known, key);
		assert_int_equal(result, table[i].error == 0 ? 0 : -1);
		if (table[i].error != 0)
			assert_int_equal(errno, table[i].error);
		assert_string_equal(read_file("known"),
		    table[i].after != NULL ? table[i].after : table[i].before);
	}
}

static const char *replacement;

/* In place of libc's: another process replaces the file before the lock. */
int
flock(int fd, int operation)
{
	char path[4096];

	(void)fd;
	assert_int_equal(operation, LOCK_EX);
	if (replacement == NULL)
		return 0;
	temporary_file(&place, "new", replacement);
	replacement = NULL;
	snprintf(path, sizeof path, "%s", temporary_path(&place, "new"));
	return rename(path, temporary_path(&place, "known"));
}

static void
test_replaced_while_locked(void **state)
{
	unsigned char key[SHA256_SIZE];

	(void)state;
	fill(key, 0x22);
	temporary_file(&place, "known", "");
	replacement = "b:1 sha256 " HEX_OF("33") "\n";
	assert_int_equal(
	    pins_add(temporary_path(&place, "known"), "a:1", key), 0);
	assert_null(replacement);
	assert_string_equal(read_file("known"),
	    "b:1 sha256 " HEX_OF("33") "\na:1 sha256 " HEX_OF("22") "\n");
}

static void
test_no_file(void **state)
{
	unsigned char known[SHA256_SIZE], key[SHA256_SIZE];
	const char *path = temporary_path(&place, "none");

	(void)state;
	fill(known, 1);
	fill(key, 2);
	assert_int_equal(pins_replace(path, "a:1", known, key), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(access(path, F_OK), -1);
}

static int
enter(void **state)
{
	(void)state;
	temporary_make(&place);
	return 0;
}

static int
leave(void **state)
{
	(void)state;
	temporary_remove(&place);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_replaced_while_locked),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
