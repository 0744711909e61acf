/*
 * The next index: text first, hashes when there is time, and much of both in
 * parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "indexing.h"

/* More than is hashed in one look. */
#define LARGE ((off_t)33 << 20)
#define MANY 300

/* Long to hash, and no room on the disk. */
static void
large_file(const char *name, off_t size)
{
	temporary_file(&indexing.folder, name, "");
	assert_int_equal(
	    truncate(temporary_path(&indexing.folder, name), size), 0);
	indexing_settle();
}

static void
remove_file(const char *name)
{
	assert_int_equal(unlink(temporary_path(&indexing.folder, name)), 0);
}

static int64_t
count(const char *sql)
{
	return indexing_count(&indexing, sql);
}

static void
expect_hashes(int64_t known, int64_t due, int64_t waits)
{
	assert_int_equal(count("SELECT count(hash) FROM file"), known);
	assert_int_equal(count("SELECT count(*) FROM file WHERE due > 0"), due);
	assert_int_equal(count("SELECT waits FROM total"), waits);
}

static void
expect_look(int result)
{
	assert_int_equal(builder_update(indexing.build, NULL), result);
}

static void
expect_hashing(int result)
{
	assert_int_equal(builder_hash(indexing.build), result);
}

static void
large_files_are_hashed_later(void **state)
{
	(void)state;
	expect_hashing(0);
	indexing_settled_file("a.gmi", "# A\nherring\n");
	large_file("large", LARGE);
	expect_look(1);
	assert_int_equal(count("SELECT count(*) FROM words"
			       " WHERE words MATCH 'text:her'"),
	    1);
	expect_hashes(1, 1, 1);
	expect_hashing(1);
	expect_hashes(2, 0, 0);
	expect_hashing(0);
	expect_look(0);
}

/* Small ones are large together, and come in one index. */
static void
many_files_are_hashed_later(void **state)
{
	(void)state;
	large_file("a", LARGE / 2 - 1);
	large_file("b", LARGE / 2 - 1);
	large_file("c", LARGE / 2 - 1);
	expect_look(1);
	expect_hashes(1, 2, 1);
	expect_hashing(1);
	expect_hashes(3, 0, 0);
}

/* What happens at each pause while files are hashed. */
static void (*meanwhile)(void);
static int pauses;

static int
on_idle(void *context)
{
	(void)context;
	if (meanwhile != NULL)
		meanwhile();
	pauses++;
	return 0;
}

/* Each of two files has eight pauses, and one when it is done. */
static void
add_page(void)
{
	int64_t due = pauses < 8 ? 2 : pauses < 17 ? 1 : 0;
	char name[16];

	snprintf(name, sizeof name, "%d.gmi", pauses);
	indexing_settled_file(name, "herring\n");
	expect_look(1);
	assert_int_equal(count("SELECT count(*) FROM file WHERE due > 0"), due);
	assert_int_equal(count("SELECT waits FROM total"), due > 0);
}

/* The tree is scanned while files are hashed, whatever a scan finds. */
static void
scans_go_on_while_files_are_hashed(void **state)
{
	(void)state;
	indexing.setup.idle = on_idle;
	meanwhile = NULL;
	pauses = 0;
	large_file("a", LARGE);
	large_file("b", LARGE);
	expect_look(1);
	meanwhile = add_page;
	expect_hashing(1);
	assert_int_equal(pauses, 18);
	expect_hashes(2 + pauses, 0, 0);
	assert_int_equal(count("SELECT count(DISTINCT hash) FROM file"), 2);
	expect_hashing(0);
}

static int
cancel(void *context)
{
	(void)context;
	return -1;
}

static void
hashing_is_cancelled(void **state)
{
	(void)state;
	indexing.setup.idle = cancel;
	large_file("large", LARGE);
	expect_look(1);
	expect_hashing(-1);
	assert_int_equal(errno, ECANCELED);
	expect_hashes(0, 1, 1);
}

static void
grow_once(void)
{
	if (pauses == 0)
		large_file("large", LARGE + 1);
}

/* No file is given the hash of what it was. */
static void
files_change_before_they_are_hashed(void **state)
{
	(void)state;
	indexing.setup.idle = on_idle;
	meanwhile = grow_once;
	pauses = 0;
	large_file("large", LARGE);
	expect_look(1);
	expect_hashing(1);
	expect_hashes(0, 0, 0);
	/* Nobody waits for what may never rest. */
	expect_look(1);
	expect_hashes(0, 1, 0);
	large_file("large", LARGE + 2);
	expect_hashing(1);
	expect_hashes(0, 0, 0);
	expect_look(1);
	expect_hashing(1);
	expect_hashes(1, 0, 0);
	/* It did. */
	large_file("large", LARGE + 3);
	expect_look(1);
	expect_hashes(0, 1, 1);
	remove_file("large");
	expect_hashing(1);
	expect_hashes(0, 0, 0);
	expect_look(1);
	assert_int_equal(count("SELECT count(*) FROM file"), 0);
}

static void
replace_once(void)
{
	if (pauses > 0)
		return;
	remove_file("large");
	large_file("large", LARGE + 1);
	expect_look(1);
}

/* Another by the name of one that is half hashed. */
static void
a_file_is_replaced_while_it_is_hashed(void **state)
{
	(void)state;
	indexing.setup.idle = on_idle;
	meanwhile = replace_once;
	pauses = 0;
	large_file("large", LARGE);
	expect_look(1);
	expect_hashing(1);
	expect_hashes(1, 0, 0);
	assert_int_equal(count("SELECT size FROM file"), LARGE + 1);
	expect_look(0);
}

static void
remove_once(void)
{
	if (pauses > 0)
		return;
	remove_file("large");
	expect_look(1);
}

/* No other file waits for it. */
static void
a_file_is_removed_while_it_is_hashed(void **state)
{
	(void)state;
	indexing.setup.idle = on_idle;
	meanwhile = remove_once;
	pauses = 0;
	large_file("large", LARGE);
	expect_look(1);
	expect_hashing(1);
	assert_int_equal(pauses, 2);
	assert_int_equal(count("SELECT count(*) FROM file"), 0);
}

static void
lose_index(void)
{
	if (pauses > 0)
		return;
	assert_int_equal(unlink(indexing_path(&indexing, "")), 0);
	indexing_settled_file("a.gmi", "herring\n");
	expect_look(1);
}

/* The index is made anew by a scan while a file is hashed. */
static void
the_index_is_replaced_while_a_file_is_hashed(void **state)
{
	(void)state;
	indexing.setup.idle = on_idle;
	meanwhile = lose_index;
	pauses = 0;
	large_file("large", LARGE);
	expect_look(1);
	expect_hashing(1);
	expect_hashes(2, 0, 0);
}

/* They stay due, and the last index stays. */
static void
hashes_that_cannot_be_kept(void **state)
{
	(void)state;
	large_file("large", LARGE);
	expect_look(1);
	indexing_scarce_sqlite(1);
	expect_hashing(-1);
	assert_true(errno == ENOMEM || errno == EIO);
	indexing_scarce_sqlite(0);
	expect_hashes(0, 1, 1);
	/* Another process goes on from there. */
	indexing_begin_again(&indexing);
	expect_look(0);
	expect_hashing(1);
	expect_hashes(1, 0, 0);
}

/* How many looks it takes until nothing is left. */
static int
look_at_all(void)
{
	int looks = 0;

	do {
		expect_look(1);
		assert_int_equal(count("SELECT waits FROM total"),
		    builder_has_more(indexing.build));
	} while (++looks <= MANY && builder_has_more(indexing.build));
	expect_look(0);
	return looks;
}

/* It may change once more within a tick of the file system's clock. */
static void
what_has_just_changed_is_looked_at_twice(void **state)
{
	static const int looks[] = { 1, 1, 1, 0 };

	(void)state;
	fakeclock_stop();
	temporary_file(&indexing.folder, "a.gmi", "herring\n");
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		expect_look(looks[i]);
		if (i == 1)
			indexing_settle();
	}
}

/*
 * The clock is read three times for a new file, and twice for one that is gone:
 * a look of a millisecond takes in ten, and removes 30, for which it may take
 * twice as long.
 */
static void
slow_files(void)
{
	indexing.setup.look_ms = 1;
	fakeclock_tick_us(34);
}

/* Each part is of use, however slow we are, and nothing is lost. */
static void
much_at_once_comes_in_parts(void **state)
{
	char name[16];

	(void)state;
	indexing_settled_file("first.gmi", "cod\n");
	expect_look(1);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "n%d.gmi", i);
		temporary_file(&indexing.folder, name, "herring\n");
	}
	indexing_settled_file("first.gmi", "herring\n");
	slow_files();
	/* One more if the file that was there comes first. */
	assert_in_range(look_at_all(), MANY / 10, MANY / 10 + 1);
	assert_int_equal(count("SELECT count(*) FROM words"
			       " WHERE words MATCH 'text:her'"),
	    MANY + 1);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "n%d.gmi", i);
		remove_file(name);
	}
	assert_int_equal(look_at_all(), MANY / 30);
	assert_int_equal(count("SELECT count(*) FROM words"
			       " WHERE words MATCH 'text:her'"),
	    1);
	assert_int_equal(count("SELECT count(*) FROM gone"), MANY);
}

/* What was left to the next look is gone by then: nobody waits for it. */
static void
much_at_once_goes_again(void **state)
{
	char name[16];

	(void)state;
	expect_look(1);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "n%d.gmi", i);
		temporary_file(&indexing.folder, name, "herring\n");
	}
	indexing_settle();
	slow_files();
	expect_look(1);
	assert_int_equal(count("SELECT waits FROM total"), 1);
	/* Those that it has are not touched. */
	for (int i = 0; i < MANY; i++) {
		char sql[128];

		snprintf(name, sizeof name, "n%d.gmi", i);
		snprintf(sql, sizeof sql,
		    "SELECT count(*) FROM file WHERE path ="
		    " CAST('/%s' AS BLOB)",
		    name);
		if (count(sql) == 0)
			remove_file(name);
	}
	expect_look(1);
	assert_false(builder_has_more(indexing.build));
	expect_hashes(count("SELECT count(*) FROM file"), 0, 0);
	expect_look(0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, indexing_set_up, indexing_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(large_files_are_hashed_later),
		TEST(many_files_are_hashed_later),
		TEST(scans_go_on_while_files_are_hashed),
		TEST(hashing_is_cancelled),
		TEST(files_change_before_they_are_hashed),
		TEST(a_file_is_replaced_while_it_is_hashed),
		TEST(a_file_is_removed_while_it_is_hashed),
		TEST(the_index_is_replaced_while_a_file_is_hashed),
		TEST(hashes_that_cannot_be_kept),
		TEST(what_has_just_changed_is_looked_at_twice),
		TEST(much_at_once_comes_in_parts),
		TEST(much_at_once_goes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
