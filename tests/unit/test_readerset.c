/* Lists of readers in shared memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serve/readerset.h"

/* Hashes that differ in their first and last byte. */
static void
fill(unsigned char hashes[][IDENTITY_SIZE], size_t count, unsigned char last)
{
	memset(hashes, 0, count * IDENTITY_SIZE);
	for (size_t i = 0; i < count; i++) {
		hashes[i][0] = (unsigned char)(2 * i);
		hashes[i][IDENTITY_SIZE - 1] = last;
	}
}

static void
test_lists(void **state)
{
	unsigned char first[100][IDENTITY_SIZE], second[3][IDENTITY_SIZE];
	const struct readerset_list lists[] = {
		{ "/etc/a", first[0], 100 },
		{ "/etc/a.b", NULL, 0 },
		{ "/etc/b", second[0], 3 },
	};
	struct readerset set = { 0 };
	unsigned char none[IDENTITY_SIZE] = { 1 };
	int fd;

	(void)state;
	fill(first, 100, 7);
	fill(second, 3, 8);
	assert_false(readerset_has(&set, "/etc/a", first[0]));
	fd = readerset_write(lists, 3);
	assert_int_not_equal(fd, -1);
	assert_int_equal(readerset_map(&set, fd), 0);
	for (size_t i = 0; i < 100; i++) {
		assert_true(readerset_has(&set, "/etc/a", first[i]));
		assert_false(readerset_has(&set, "/etc/a.b", first[i]));
		assert_false(readerset_has(&set, "/etc/b", first[i]));
		assert_false(readerset_has(&set, "/etc", first[i]));
	}
	assert_true(readerset_has(&set, "/etc/b", second[2]));
	assert_false(readerset_has(&set, "/etc/a", second[2]));
	assert_false(readerset_has(&set, "/etc/a", none));
	assert_false(readerset_has(&set, "any", first[0]));
	readerset_release(&set);
	close(fd);
}

/* A process that was taken over can change neither the file nor its map. */
static void
test_sealed(void **state)
{
	struct readerset set = { 0 };
	int fd = readerset_write(NULL, 0);
	union {
		const unsigned char *constant;
		void *at;
	} memory;

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(readerset_map(&set, fd), 0);
	memory.constant = set.at;
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(
	    mprotect(memory.at, set.size, PROT_READ | PROT_WRITE), -1);
	assert_ptr_equal(
	    mmap(NULL, set.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
	    MAP_FAILED);
	readerset_release(&set);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
