/* Sinks: how much memory takes, and what a file gets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sys/sink.h"
#include "temporary.h"

static void
memory_has_a_limit(void **state)
{
	static char bytes[10000];
	struct sink_memory memory = sink_memory_of(3 * sizeof bytes);
	const struct str part = { bytes, sizeof bytes };

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	assert_int_equal(memory.sink.write(&memory.sink, STR("")), 0);
	for (size_t i = 1; i <= 3; i++) {
		assert_int_equal(memory.sink.write(&memory.sink, part), 0);
		assert_int_equal(memory.len, i * sizeof bytes);
		assert_memory_equal(memory.at, bytes, sizeof bytes);
	}
	assert_int_equal(memory.sink.write(&memory.sink, STR("y")), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(memory.len, 3 * sizeof bytes);
	free(memory.at);
}

static void
a_file_gets_all(void **state)
{
	struct temporary temporary;
	struct sink_file file = { { sink_file_write }, -1 };
	char text[8] = "";

	(void)state;
	temporary_make(&temporary);
	file.fd =
	    open(temporary_path(&temporary, "file"), O_RDWR | O_CREAT, 0600);
	assert_int_equal(file.sink.write(&file.sink, STR("some")), 0);
	assert_int_equal(file.sink.write(&file.sink, STR("")), 0);
	assert_int_equal(file.sink.write(&file.sink, STR("more")), 0);
	assert_int_equal(pread(file.fd, text, sizeof text, 0), 8);
	assert_memory_equal(text, "somemore", 8);
	close(file.fd);
	assert_int_equal(file.sink.write(&file.sink, STR("x")), -1);
	assert_int_equal(errno, EBADF);
	temporary_remove(&temporary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_has_a_limit),
		cmocka_unit_test(a_file_gets_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
