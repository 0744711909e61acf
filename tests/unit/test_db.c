/* The numbers of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "index/db.h"

static void
rows(void **state)
{
	static const struct {
		int64_t page, section;
		size_t words;
		int64_t low, high; /* words that are read back */
	} table[] = {
		{ 1, 0, 0, 0, 0 },
		{ 1, 1, 1, 1, 1 },
		{ 7, 2, 10, 10, 10 },
		{ 1 << 30, 3, 100, 97, 103 },
		{ 1, 65535, 1000, 970, 1030 },
		{ 1, 65535, 60000, 58200, 61800 },
		{ 1, 65535, SIZE_MAX, 60000, 70000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int64_t row =
		    db_row(table[i].page, table[i].section, table[i].words);

		assert_int_equal(row >> DB_PAGE_SHIFT, table[i].page);
		assert_int_equal(
		    row >> DB_LENGTH_BITS & ((1 << DB_SECTION_BITS) - 1),
		    table[i].section);
		assert_in_range((int64_t)(db_row_words(row) + 0.5),
		    table[i].low, table[i].high);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
