/* Loading a pair: what is read, warned of, and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/file.h>
#include <time.h>

#include "fakeclock.h"
#include "pairs.h"

static time_t the_time; /* 0: the true one */

/* In place of libc's: OpenSSL asks it. */
time_t
time(time_t *out)
{
	struct timespec now = { .tv_sec = the_time };

	if (the_time == 0)
		(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

static void
test_cache(void **state)
{
	const struct str names[] = { STR("a"), STR("b.example") };
	char cert_before[8192], key_before[8192];
	char cert_after[8192], key_after[8192];
	struct cert first, second;

	(void)state;
	pairs_remove_all();
	pairs_load(&first, names, 1);
	pairs_read_file("d/a.crt", cert_before);
	pairs_read_file("d/a.key", key_before);
	/* More names are no reason for a new one. */
	pairs_load(&second, names, 2);
	pairs_read_file("d/a.crt", cert_after);
	pairs_read_file("d/a.key", key_after);
	assert_false(second.made);
	assert_int_equal(second.warning_count, 1);
	assert_string_equal(cert_before, cert_after);
	assert_string_equal(key_before, key_after);
	assert_string_equal(first.fingerprint, second.fingerprint);
	assert_string_equal(first.key_fingerprint, second.key_fingerprint);
	assert_int_equal(X509_cmp(first.leaf, second.leaf), 0);
	cert_release(&first);
	cert_release(&second);
}

/* As `openssl x509 -outform der | sha256sum` and its like say. */
static void
test_fingerprints(void **state)
{
	const struct str name = STR("a");
	unsigned char digest[EVP_MAX_MD_SIZE], *spki = NULL;
	struct cert cert;
	char want[65];
	int len;

	(void)state;
	pairs_remove_all();
	pairs_load(&cert, &name, 1);
	assert_int_equal(X509_digest(cert.leaf, EVP_sha256(), digest, NULL), 1);
	for (size_t i = 0; i < 32; i++)
		snprintf(want + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(cert.fingerprint, want);
	len = i2d_PUBKEY(cert.key, &spki);
	assert_true(len > 0);
	EVP_Digest(spki, (size_t)len, digest, NULL, EVP_sha256(), NULL);
	OPENSSL_free(spki);
	for (size_t i = 0; i < 32; i++)
		snprintf(want + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(cert.key_fingerprint, want);
	cert_release(&cert);
}

static void
test_chain(void **state)
{
	const struct str name = STR("a");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert cert;
	FILE *file;

	(void)state;
	pairs_put(key, -1, 1);
	pairs_put_cert(pairs_make_named_leaf(key, -2, 2, "DNS:b"));
	pairs_put_cert(pairs_make_named_leaf(key, -3, 3, "DNS:c"));
	pairs_load(&cert, &name, 1);
	assert_int_equal(sk_X509_num(cert.chain), 2);
	assert_int_equal(
	    X509_check_host(sk_X509_value(cert.chain, 0), "b", 1, 0, NULL), 1);
	cert_release(&cert);
	file = fopen("d/a.crt", "a");
	assert_non_null(file);
	fputs("-----BEGIN CERTIFICATE-----\nAAAA\n", file);
	assert_int_equal(fclose(file), 0);
	pairs_expect_error(CERT_MAKE,
	    "d/a.crt: broken after the first certificate, restore it");
	EVP_PKEY_free(key);
}

/* Some clients refuse a chain with an expired certificate. */
static void
test_expired_chain(void **state)
{
	static const int ends[][3] = { { 3, -1, 3 }, { -1, 3, 3 } };
	const struct str name = STR("a");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	time_t then = time(NULL) - 86400;
	char want[160], day[16];

	(void)state;
	strftime(day, sizeof day, "%Y-%m-%d", gmtime(&then));
	snprintf(want, sizeof want,
	    "a certificate after the first one expired on %s, so it is not "
	    "sent; remove it from the file",
	    day);
	fakeclock_stop();
	for (size_t i = 0; i < 2; i++) {
		struct cert cert;

		pairs_put(key, -1, 100);
		for (size_t j = 0; j < 3; j++)
			pairs_put_cert(pairs_make_named_leaf(
			    key, -9, ends[i][j], "DNS:b"));
		pairs_load(&cert, &name, 1);
		if (i == 0)
			assert_int_equal(sk_X509_num(cert.chain), 1);
		else
			assert_null(cert.chain);
		assert_int_equal(cert.warning_count, 1);
		assert_string_equal(cert.warnings[0], want);
		cert_release(&cert);
	}
	fakeclock_run();
	EVP_PKEY_free(key);
}

static EVP_PKEY *other_key;

/* The second half of a change, which the wait for the lock brings about. */
int
flock(int fd, int operation)
{
	(void)fd;
	assert_int_equal(operation, LOCK_EX | LOCK_NB);
	if (other_key != NULL)
		pairs_put_key(other_key, NULL);
	return 0;
}

static void
test_read_between_two_writes(void **state)
{
	const struct str name = STR("a");
	EVP_PKEY *key = EVP_EC_gen("P-256"), *before = EVP_EC_gen("P-256");
	struct cert cert;

	(void)state;
	pairs_put(key, -1, 1);
	pairs_put_key(before, NULL);
	pairs_expect_error(CERT_REFUSE,
	    "d/a.crt: not the certificate of a.key beside it, restore the "
	    "pair");
	other_key = key;
	pairs_load(&cert, &name, 1);
	other_key = NULL;
	assert_int_equal(cert.warning_count, 1);
	cert_release(&cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(before);
}

/* A wildcard certificate, and one whose name is in the subject alone. */
static void
test_covers(void **state)
{
	const struct str names[] = { STR("a"), STR("www.example.org") };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	static const struct {
		const char *san;
		size_t count;
		bool covers;
	} table[] = {
		{ "DNS:a", 1, true },
		{ "DNS:b", 1, false },
		{ "DNS:a", 2, false },
		{ "DNS:a,DNS:*.example.org", 2, true },
		{ "DNS:A", 1, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct cert cert;

		pairs_put(key, -1, 100);
		unlink("d/a.crt");
		pairs_put_cert(
		    pairs_make_named_leaf(key, -1, 100, table[i].san));
		pairs_load(&cert, names, table[i].count);
		assert_int_equal(cert.warning_count, table[i].covers ? 0 : 1);
		if (!table[i].covers)
			assert_string_equal(cert.warnings[0],
			    "does not cover every name of this capsule, so "
			    "clients complain; for all names renew it with "
			    "capsule rekey --names");
		cert_release(&cert);
	}
	EVP_PKEY_free(key);
}

/* Dates are warned of, and the pair is served all the same. */
static void
test_dates(void **state)
{
	static const struct {
		time_t now; /* 0: the day on which the test runs */
		int from_days, to_days;
		const char *want; /* before and behind the date */
		const char *rest;
		int day; /* that is named */
	} table[] = {
		{ 0, -1, 61, NULL, NULL, 0 },
		{ 0, -1, 59, "expires on ",
		    ", after which clients complain; renew it with capsule "
		    "rekey --names",
		    59 },
		{ 0, -2, -1, "expired on ",
		    ", so clients complain; renew it with "
		    "capsule rekey --names",
		    -1 },
		{ 0, 1, 100, "not valid before ",
		    ", so clients complain; check this machine's clock", 1 },
		{ 86400, -1, 1, "not valid before ",
		    ", so clients complain; check this machine's clock", -1 },
	};
	const struct str name = STR("a");
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)state;
	/* Midnight may not come between a certificate and its date. */
	fakeclock_stop();
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		time_t then = time(NULL) + (time_t)table[i].day * 86400;
		struct cert cert;
		char day[16], want[160];

		pairs_put(key, table[i].from_days, table[i].to_days);
		the_time = table[i].now;
		pairs_load(&cert, &name, 1);
		the_time = 0;
		assert_non_null(cert.leaf);
		assert_int_equal(
		    cert.warning_count, table[i].want != NULL ? 1 : 0);
		cert_release(&cert);
		if (table[i].want == NULL)
			continue;
		strftime(day, sizeof day, "%Y-%m-%d", gmtime(&then));
		snprintf(want, sizeof want, "%s%s%s", table[i].want, day,
		    table[i].rest);
		assert_string_equal(cert.warnings[0], want);
	}
	fakeclock_run();
	EVP_PKEY_free(key);
}

static void
test_refused_certs(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)state;
	pairs_put(key, -1, 1);
	pairs_write_file("d/a.crt", "no certificate\n", 0644);
	pairs_expect_error(
	    CERT_MAKE, "d/a.crt: holds no certificate in PEM, put one there");
	EVP_PKEY_free(key);
}

/* What clients do with it depends on the client: a warning. */
static void
test_not_for_servers(void **state)
{
	const struct str name = STR("a");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *leaf = pairs_make_named_leaf(key, -1, 100, "DNS:a");
	X509_EXTENSION *use =
	    X509V3_EXT_nconf_nid(NULL, NULL, NID_ext_key_usage, "clientAuth");
	struct cert cert;

	(void)state;
	pairs_put(key, -1, 100);
	assert_int_equal(X509_add_ext(leaf, use, -1), 1);
	assert_true(X509_sign(leaf, key, EVP_sha256()) > 0);
	X509_EXTENSION_free(use);
	unlink("d/a.crt");
	pairs_put_cert(leaf);
	pairs_load(&cert, &name, 1);
	assert_int_equal(cert.warning_count, 1);
	assert_string_equal(cert.warnings[0],
	    "its extended key usage lacks serverAuth, so some clients refuse "
	    "it; renew it with capsule rekey --names");
	cert_release(&cert);
	EVP_PKEY_free(key);
}

static void
test_half_pairs(void **state)
{
	static const enum cert_missing all[] = { CERT_MAKE, CERT_ALLOW,
		CERT_REFUSE };
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		pairs_put(key, -1, 1);
		unlink("d/a.crt");
		pairs_expect_error(all[i],
		    "d/a.key: a.crt is missing beside it; restore that one, "
		    "or move this one away for a new pair");
		pairs_put(key, -1, 1);
		unlink("d/a.key");
		pairs_expect_error(all[i],
		    "d/a.crt: a.key is missing beside it; restore that one, "
		    "or move this one away for a new pair");
		assert_int_equal(pairs_count_files(), 1);
	}
	EVP_PKEY_free(key);
}

/* A reload that found no pair would change the capsule's identity. */
static void
test_missing_is_refused(void **state)
{
	static const char want[] =
	    "d/a.key: missing, and so is a.crt; a reload makes no pair: "
	    "put both there, or restart for a new pair, which alarms every "
	    "client";

	(void)state;
	pairs_remove_all();
	pairs_expect_error(CERT_REFUSE, want);
	assert_int_equal(mkdir("d", 0700), 0);
	pairs_expect_error(CERT_REFUSE, want);
	assert_int_equal(pairs_count_files(), 0);
}

/* For -t: nothing is made, but it is found out whether it could be. */
static void
test_missing_is_allowed(void **state)
{
	const struct str name = STR("a");
	struct cert_request request = { "d", &name, 1, CERT_ALLOW, false };
	struct cert cert;
	char error[PAIRS_ERROR_MAX] = "", want[160];

	(void)state;
	pairs_remove_all();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    cert_load(&cert, &request, error, sizeof error), 0);
		assert_null(cert.leaf);
		assert_string_equal(cert.file, "d/a.crt");
		if (i == 0) {
			assert_int_equal(access("d", F_OK), -1);
			assert_int_equal(mkdir("d", 0700), 0);
		}
	}
	assert_int_equal(pairs_count_files(), 0);
	request.dir = "none/d";
	assert_int_equal(cert_load(&cert, &request, error, sizeof error), -1);
	assert_string_equal(error,
	    "none/d: No such file or directory, name a directory for "
	    "certificates");
	if (geteuid() == 0)
		return;
	assert_int_equal(chmod("d", 0500), 0);
	pairs_expect_error(CERT_ALLOW,
	    "d: Permission denied, name a directory for certificates");
	assert_int_equal(chmod("d", 0600), 0);
	snprintf(want, sizeof want,
	    "d/a.key: Permission denied, make user %u its owner with chown",
	    (unsigned)geteuid());
	pairs_expect_error(CERT_MAKE, want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_fingerprints),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_expired_chain),
		cmocka_unit_test(test_read_between_two_writes),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_refused_certs),
		cmocka_unit_test(test_not_for_servers),
		cmocka_unit_test(test_half_pairs),
		cmocka_unit_test(test_missing_is_refused),
		cmocka_unit_test(test_missing_is_allowed),
	};

	return cmocka_run_group_tests(tests, pairs_enter, pairs_leave);
}
