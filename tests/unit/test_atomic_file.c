/* Files that replace others when they are complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sys/atomic_file.h"
#include "temporary.h"

/* One change of a capsule may prepare many files of one folder. */
static void
many(void **state)
{
	struct temporary folder;
	struct atomic_file file;

	(void)state;
	temporary_make(&folder);
	for (int i = 0; i < 1100; i++) {
		assert_int_equal(
		    atomic_file_open(&file, temporary_path(&folder, "page")),
		    0);
		close(file.fd);
	}
	temporary_remove(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
