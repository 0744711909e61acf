/* A keyed hash: the same for whoever has the key, and for nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sys/hash.h"

static void
keys(void **state)
{
	struct hash *one = hash_new(), *other = hash_new();
	static const struct str address = STR_INIT("\xc0\x00\x02\x01");

	(void)state;
	assert_non_null(one);
	assert_non_null(other);
	assert_true(hash_of(one, address) == hash_of(one, address));
	assert_true(hash_of(one, address) != hash_of(other, address));
	hash_free(one);
	hash_free(other);
}

/* Neighbours are no neighbours any more. */
static void
values(void **state)
{
	struct hash *hash = hash_new();
	static uint64_t seen[256];

	(void)state;
	assert_non_null(hash);
	for (size_t i = 0; i < 256; i++) {
		const char bytes[] = { 127, 0, 0, (char)i };
		uint32_t plain;
		uint64_t value =
		    hash_of(hash, (struct str){ bytes, sizeof bytes });

		memcpy(&plain, bytes, sizeof plain);
		assert_true((uint32_t)value != plain && value >> 32 != plain);
		for (size_t j = 0; j < i; j++)
			assert_true(seen[j] != value);
		seen[i] = value;
	}
	assert_true(hash_of(hash, STR("")) != 0);
	hash_free(hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
