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
static char key[4096], public[4200], error[4500];
static unsigned char made[SIGNATURE_SIZE];

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&temporary);
	snprintf(key, sizeof key, "%s", temporary_path(&temporary, "key"));
	snprintf(public, sizeof public, "%s.pub", key);
	error[0] = '\0';
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
	assert_int_equal(signature_make_key(key, error, sizeof error), 0);
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(
	    signature_sign(key, text, made, error, sizeof error), 0);
	assert_int_equal(
	    signature_check(public, text, signed_, error, sizeof error), 1);
	assert_int_equal(signature_check(public, STR("some texT"), signed_,
			     error, sizeof error),
	    0);
	signed_.len--;
	assert_int_equal(
	    signature_check(public, text, signed_, error, sizeof error), 0);
	made[7] ^= 1;
	assert_int_equal(
	    signature_check(public, text, signature(), error, sizeof error), 0);
	assert_int_equal(signature_make_key(key, error, sizeof error), -1);
	assert_non_null(strstr(error, "never written over"));
}

/* A key in use elsewhere gives the signature that is known there. */
static void
known_key(void **state)
{
	(void)state;
	temporary_file(&temporary, "key", PRIVATE);
	assert_int_equal(chmod(key, 0600), 0);
	assert_int_equal(
	    signature_sign(key, STR("\x72"), made, error, sizeof error), 0);
	assert_int_equal(made[0], 0x92);
	assert_int_equal(made[1], 0xa0);
	assert_int_equal(made[63], 0x00);
	assert_int_equal(made[62], 0x0c);
	assert_int_equal(chmod(key, 0640), 0);
	assert_int_equal(
	    signature_sign(key, STR("\x72"), made, error, sizeof error), -1);
	assert_non_null(strstr(error, "chmod 600"));
}

static void
no_keys(void **state)
{
	(void)state;
	assert_int_equal(
	    signature_sign(key, STR(""), made, error, sizeof error), -1);
	assert_non_null(strstr(error, "--new"));
	assert_int_equal(
	    signature_check(public, STR(""), signature(), error, sizeof error),
	    -1);
	temporary_file(&temporary, "key", "hello");
	assert_int_equal(chmod(key, 0600), 0);
	assert_int_equal(
	    signature_sign(key, STR(""), made, error, sizeof error), -1);
	assert_non_null(strstr(error, "no private key"));
	assert_int_equal(
	    signature_check(key, STR(""), signature(), error, sizeof error),
	    -1);
	assert_non_null(strstr(error, "no public key"));
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
