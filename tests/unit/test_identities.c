/* Files by what they are: a set that grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tool/identities.h"

#define MANY 20000

static struct stat
file(size_t i)
{
	return (struct stat){ .st_dev = i % 3, .st_ino = i / 3 };
}

static void
holds_what_was_added(void **state)
{
	struct identities identities = { 0 };
	struct stat st = file(1);

	(void)state;
	assert_false(identities_hold(&identities, &st, IDENTITY_REACHED));
	for (size_t i = 0; i < MANY; i++) {
		st = file(i);
		identities_add(&identities, &st, IDENTITY_REACHED);
		identities_add(&identities, &st, IDENTITY_REACHED);
		if (i % 2 == 0)
			identities_add(&identities, &st, IDENTITY_LISTED);
	}
	assert_int_equal(identities.count, MANY + MANY / 2);
	assert_false(identities.incomplete);
	for (size_t i = 0; i < MANY; i++) {
		st = file(i);
		assert_true(
		    identities_hold(&identities, &st, IDENTITY_REACHED));
		assert_int_equal(
		    identities_hold(&identities, &st, IDENTITY_LISTED),
		    i % 2 == 0);
		st = file(MANY + i);
		assert_false(
		    identities_hold(&identities, &st, IDENTITY_REACHED));
	}
	identities_release(&identities);
	assert_false(identities_hold(&identities, &st, IDENTITY_REACHED));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
