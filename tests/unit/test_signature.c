/* Ed25519, with keys in files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "sys/signature.h"
#include "temporary.h"

/* RFC 8032 section 7.1, test 2, as PEM. */
#define PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwR" \
	"Tg9bijGfNaumJNqM9u1PuKb7\n" \
	"-----END PRIVATE KEY-----\n"

static struct temporary temporary;
static char path[4096], public_path[4200];
static struct signature_key key, public_key;
static unsigned char made[SIGNATURE_SIZE];

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&temporary);
	snprintf(path, sizeof path, "%s", temporary_path(&temporary, "key"));
	snprintf(public_path, sizeof public_path, "%s.pub", path);
	key = (struct signature_key){ .path = path };
	public_key = (struct signature_key){ .path = public_path };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	temporary_remove(&temporary);
	return 0;
}

static struct str
signature(void)
{
	return (struct str){ (const char *)made, sizeof made };
}

static void
both_ways(void **state)
{
	struct str text = STR("some text"), signed_ = signature();
	struct stat st;

	(void)state;
	assert_int_equal(signature_make_key(&key), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(signature_sign(&key, text, made), 0);
	assert_int_equal(signature_find(&public_key), 0);
	assert_int_equal(signature_check(&public_key, text, signed_), 1);
	assert_int_equal(
	    signature_check(&public_key, STR("some texT"), signed_), 0);
	signed_.len--;
	assert_int_equal(signature_check(&public_key, text, signed_), 0);
	made[7] ^= 1;
	assert_int_equal(signature_check(&public_key, text, signature()), 0);
	assert_int_equal(signature_make_key(&key), -1);
	assert_non_null(strstr(key.error, "never written over"));
}

/* A key in use elsewhere gives the signature that is known there. */
static void
known_key(void **state)
{
	(void)state;
	temporary_file(&temporary, "key", PRIVATE);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(signature_sign(&key, STR("\x72"), made), 0);
	assert_int_equal(made[0], 0x92);
	assert_int_equal(made[1], 0xa0);
	assert_int_equal(made[63], 0x00);
	assert_int_equal(made[62], 0x0c);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(signature_sign(&key, STR("\x72"), made), -1);
	assert_non_null(strstr(key.error, "chmod 600"));
}

static void
no_keys(void **state)
{
	(void)state;
	assert_int_equal(signature_sign(&key, STR(""), made), -1);
	assert_non_null(strstr(key.error, "--new"));
	assert_int_equal(
	    signature_check(&public_key, STR(""), signature()), -1);
	temporary_file(&temporary, "key", "hello");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(signature_sign(&key, STR(""), made), -1);
	assert_non_null(strstr(key.error, "no private key"));
	assert_int_equal(signature_check(&key, STR(""), signature()), -1);
	assert_int_equal(signature_find(&key), -1);
	assert_non_null(strstr(key.error, "no public key"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_ways, set_up, tear_down),
		cmocka_unit_test_setup_teardown(known_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_keys, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
