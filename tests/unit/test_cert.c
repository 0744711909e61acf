#include "sys/cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define ERROR_MAX 512

/* Everything happens in a directory of its own, so error lines are short. */
static char directory[] = "/tmp/test_cert.XXXXXX";

static int
enter(void **state)
{
	(void)state;
	umask(0);
	return mkdtemp(directory) != NULL && chdir(directory) == 0 ? 0 : -1;
}

static void
remove_all(void)
{
	DIR *dir = opendir("d");
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			assert_int_equal(
			    unlinkat(dirfd(dir), entry->d_name, 0), 0);
	closedir(dir);
	assert_int_equal(rmdir("d"), 0);
}

static int
leave(void **state)
{
	(void)state;
	remove_all();
	return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static size_t
count_files(void)
{
	DIR *dir = opendir("d");
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void
load_good(struct cert *cert, const struct str *names, size_t count)
{
	const struct cert_request request = { "d", names, count, true };
	char error[ERROR_MAX] = "";

	if (cert_load(cert, &request, error, sizeof error) == -1)
		fail_msg("%s", error);
	assert_string_equal(error, "");
}

static void
expect_error(const char *want)
{
	const struct str name = STR("a");
	const struct cert_request request = { "d", &name, 1, true };
	struct cert cert;
	char error[ERROR_MAX] = "";

	assert_int_equal(cert_load(&cert, &request, error, sizeof error), -1);
	if (strcmp(error, want) != 0)
		fail_msg("got [%s], want [%s]", error, want);
	assert_null(cert.leaf);
	assert_null(cert.key);
	assert_null(cert.chain);
}

static void
read_file(const char *path, char out[8192])
{
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	len = fread(out, 1, 8191, file);
	out[len] = '\0';
	fclose(file);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* A certificate as other people's tools would make it. */
static X509 *
make_leaf(EVP_PKEY *key, int from_days, int to_days, const char *san)
{
	X509 *leaf = X509_new();
	X509_EXTENSION *names =
	    X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, san);
	const EVP_MD *digest =
	    EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();

	assert_non_null(names);
	X509_set_version(leaf, X509_VERSION_3);
	X509_time_adj_ex(X509_getm_notBefore(leaf), from_days, 0, NULL);
	X509_time_adj_ex(X509_getm_notAfter(leaf), to_days, 0, NULL);
	X509_set_pubkey(leaf, key);
	X509_add_ext(leaf, names, -1);
	X509_EXTENSION_free(names);
	assert_true(X509_sign(leaf, key, digest) > 0);
	return leaf;
}

static void
put_key(EVP_PKEY *key, const char *passphrase)
{
	FILE *file = fopen("d/a.key", "we");

	assert_non_null(file);
	assert_int_equal(
	    PEM_write_PKCS8PrivateKey(file, key,
		passphrase != NULL ? EVP_aes_128_cbc() : NULL, passphrase,
		passphrase != NULL ? (int)strlen(passphrase) : 0, NULL, NULL),
	    1);
	fclose(file);
	assert_int_equal(chmod("d/a.key", 0600), 0);
}

/* Adds `leaf`, which it takes, to the certificate's file. */
static void
put_cert(X509 *leaf)
{
	FILE *file = fopen("d/a.crt", "ae");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, leaf), 1);
	fclose(file);
	X509_free(leaf);
}

/* A fresh directory with a pair. */
static void
put_pair(EVP_PKEY *key, int from_days, int to_days)
{
	remove_all();
	assert_int_equal(mkdir("d", 0700), 0);
	put_key(key, NULL);
	put_cert(make_leaf(key, from_days, to_days, "DNS:a"));
}

static void
expect_names(X509 *leaf, const char *const *want)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int i;

	assert_non_null(all);
	for (i = 0; want[i] != NULL; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
		const ASN1_STRING *text;
		int kind;

		assert_non_null(name);
		text = GENERAL_NAME_get0_value(name, &kind);
		assert_int_equal(kind, want[i][0] == '#' ? GEN_IPADD : GEN_DNS);
		if (kind == GEN_IPADD) {
			assert_int_equal(ASN1_STRING_length(text),
			    (int)strtol(want[i] + 1, NULL, 10));
			continue;
		}
		assert_int_equal(
		    ASN1_STRING_length(text), (int)strlen(want[i]));
		assert_memory_equal(
		    ASN1_STRING_get0_data(text), want[i], strlen(want[i]));
	}
	assert_int_equal(sk_GENERAL_NAME_num(all), i);
	GENERAL_NAMES_free(all);
}

static void
expect_days(const ASN1_TIME *time, int want)
{
	int days, seconds;

	assert_int_equal(ASN1_TIME_diff(&days, &seconds, NULL, time), 1);
	assert_true(days >= want - 1 && days <= want);
}

static void
test_made(void **state)
{
	static const char *const want[] = { "example.org",
		"xn--bcher-kva.example", "192.0.2.1", "#4", "2001:db8::1",
		"#16", NULL };
	const struct str names[] = { STR("example.org"),
		STR("xn--bcher-kva.example"), STR("192.0.2.1"),
		STR("2001:db8::1") };
	struct cert cert;
	struct stat st;
	char text[128];

	(void)state;
	remove_all();
	load_good(&cert, names, 4);
	assert_true(cert.made);
	assert_true(cert.covers_names);
	assert_null(cert.chain);
	assert_string_equal(cert.file, "d/example.org.crt");
	assert_int_equal(count_files(), 2);
	assert_int_equal(stat("d", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat("d/example.org.key", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat("d/example.org.crt", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	assert_int_equal(X509_get_version(cert.leaf), X509_VERSION_3);
	assert_int_equal(
	    EVP_PKEY_get_group_name(cert.key, text, sizeof text, NULL), 1);
	assert_string_equal(text, "prime256v1");
	assert_int_equal(
	    X509_NAME_get_text_by_NID(X509_get_subject_name(cert.leaf),
		NID_commonName, text, sizeof text),
	    11);
	assert_string_equal(text, "example.org");
	expect_names(cert.leaf, want);
	expect_days(X509_get0_notBefore(cert.leaf), -1);
	expect_days(X509_get0_notAfter(cert.leaf), 36525);
	assert_int_equal(X509_verify(cert.leaf, cert.key), 1);
	assert_int_equal(X509_get_extension_flags(cert.leaf) & EXFLAG_CA, 0);
	assert_int_equal(X509_get_key_usage(cert.leaf), KU_DIGITAL_SIGNATURE);
	assert_int_equal(
	    X509_get_extended_key_usage(cert.leaf), XKU_SSL_SERVER);
	assert_non_null(X509_get0_subject_key_id(cert.leaf));
	cert_release(&cert);
}

static void
test_serial(void **state)
{
	const struct str name = STR("a");
	ASN1_INTEGER *serials[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct cert cert;
		BIGNUM *number;

		remove_all();
		load_good(&cert, &name, 1);
		serials[i] =
		    ASN1_INTEGER_dup(X509_get0_serialNumber(cert.leaf));
		number = ASN1_INTEGER_to_BN(serials[i], NULL);
		assert_int_equal(BN_num_bits(number), 128);
		assert_false(BN_is_negative(number));
		BN_free(number);
		cert_release(&cert);
	}
	assert_int_not_equal(ASN1_INTEGER_cmp(serials[0], serials[1]), 0);
	ASN1_INTEGER_free(serials[0]);
	ASN1_INTEGER_free(serials[1]);
}

static void
test_long_name(void **state)
{
	/* 64 bytes fit a common name, 65 do not. */
	char name[66];

	(void)state;
	memset(name, 'x', 65);
	name[30] = '.';
	name[65] = '\0';
	for (size_t len = 64; len <= 65; len++) {
		struct str names = { name + 65 - len, len };
		const char *const want[] = { names.at, NULL };
		struct cert cert;
		int critical;

		remove_all();
		load_good(&cert, &names, 1);
		assert_int_equal(
		    X509_NAME_entry_count(X509_get_subject_name(cert.leaf)),
		    len == 64 ? 1 : 0);
		expect_names(cert.leaf, want);
		GENERAL_NAMES_free(X509_get_ext_d2i(
		    cert.leaf, NID_subject_alt_name, &critical, NULL));
		assert_int_equal(critical, len == 65);
		assert_true(cert.covers_names);
		cert_release(&cert);
	}
}

static void
test_kept(void **state)
{
	const struct str names[] = { STR("a"), STR("b.example") };
	char cert_before[8192], key_before[8192];
	char cert_after[8192], key_after[8192];
	struct cert first, second;

	(void)state;
	remove_all();
	load_good(&first, names, 1);
	read_file("d/a.crt", cert_before);
	read_file("d/a.key", key_before);
	/* More names are no reason for a new one. */
	load_good(&second, names, 2);
	read_file("d/a.crt", cert_after);
	read_file("d/a.key", key_after);
	assert_false(second.made);
	assert_false(second.covers_names);
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
	remove_all();
	load_good(&cert, &name, 1);
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
test_foreign_keys(void **state)
{
	const struct str name = STR("a");
	EVP_PKEY *keys[] = { EVP_RSA_gen(2048), EVP_EC_gen("P-384"),
		EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct cert cert;

		put_pair(keys[i], -1, 1);
		load_good(&cert, &name, 1);
		assert_false(cert.made);
		assert_true(cert.covers_names);
		assert_null(cert.chain);
		cert_release(&cert);
		EVP_PKEY_free(keys[i]);
	}
}

static void
test_chain(void **state)
{
	const struct str name = STR("a");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert cert;
	FILE *file;

	(void)state;
	put_pair(key, -1, 1);
	put_cert(make_leaf(key, -2, 2, "DNS:b"));
	put_cert(make_leaf(key, -3, 3, "DNS:c"));
	load_good(&cert, &name, 1);
	assert_int_equal(sk_X509_num(cert.chain), 2);
	assert_int_equal(
	    X509_check_host(sk_X509_value(cert.chain, 0), "b", 1, 0, NULL), 1);
	cert_release(&cert);
	file = fopen("d/a.crt", "a");
	assert_non_null(file);
	fputs("-----BEGIN CERTIFICATE-----\nAAAA\n", file);
	assert_int_equal(fclose(file), 0);
	expect_error("d/a.crt: broken after the first certificate, restore it");
	EVP_PKEY_free(key);
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

		put_pair(key, -1, 1);
		unlink("d/a.crt");
		put_cert(make_leaf(key, -1, 1, table[i].san));
		load_good(&cert, names, table[i].count);
		assert_int_equal(cert.covers_names, table[i].covers);
		cert_release(&cert);
	}
	EVP_PKEY_free(key);
}

static void
test_refused_keys(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0660, 0644, 0610 };
	EVP_PKEY *key = EVP_EC_gen("P-256"), *weak = EVP_RSA_gen(1024);
	EVP_PKEY *other = EVP_EC_gen("P-256");
	EVP_PKEY *odd = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	char want[128];

	(void)state;
	put_pair(key, -1, 1);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		assert_int_equal(chmod("d/a.key", modes[i]), 0);
		snprintf(want, sizeof want,
		    "d/a.key: mode 0%o lets others at the key, chmod 600 it",
		    (unsigned)modes[i]);
		expect_error(want);
	}
	put_key(other, NULL);
	expect_error("d/a.crt: not the certificate of a.key beside it, "
		     "restore the pair");
	put_key(key, "secret");
	expect_error("d/a.key: needs a passphrase, "
		     "take it off with openssl pkey");
	write_file("d/a.key", "no key\n", 0600);
	expect_error("d/a.key: holds no key in PEM, put one there");
	write_file("d/a.key", "", 0600);
	expect_error("d/a.key: holds no key in PEM, put one there");
	put_key(weak, NULL);
	expect_error("d/a.key: 1024 bits are too weak, use P-256");
	put_key(odd, NULL);
	expect_error("d/a.key: a kind of key that clients lack, "
		     "use EC, RSA or Ed25519");
	unlink("d/a.key");
	assert_int_equal(mkdir("d/a.key", 0700), 0);
	expect_error("d/a.key: no file, put a PEM file there");
	rmdir("d/a.key");
	assert_int_equal(mkfifo("d/a.key", 0600), 0);
	expect_error("d/a.key: no file, put a PEM file there");
	EVP_PKEY_free(key);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(other);
	EVP_PKEY_free(odd);
}

static void
test_refused_certs(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	time_t then = time(NULL) - 86400;
	char day[16], want[128];

	(void)state;
	put_pair(key, -2, -1);
	strftime(day, sizeof day, "%Y-%m-%d", gmtime(&then));
	snprintf(want, sizeof want,
	    "d/a.crt: expired on %s, "
	    "renew it with the same key as capsuled(8) shows",
	    day);
	expect_error(want);
	then += 2L * 86400;
	put_pair(key, 1, 2);
	strftime(day, sizeof day, "%Y-%m-%d", gmtime(&then));
	snprintf(want, sizeof want,
	    "d/a.crt: not valid before %s, check this machine's clock", day);
	expect_error(want);
	write_file("d/a.crt", "no certificate\n", 0644);
	expect_error("d/a.crt: holds no certificate in PEM, put one there");
	EVP_PKEY_free(key);
}

static void
test_half_pairs(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)state;
	put_pair(key, -1, 1);
	unlink("d/a.crt");
	expect_error("d/a.key is there without a.crt, restore that one or "
		     "move this one away to begin anew");
	put_pair(key, -1, 1);
	unlink("d/a.key");
	expect_error("d/a.crt is there without a.key, restore that one or "
		     "move this one away to begin anew");
	assert_int_equal(count_files(), 1);
	/* A link that leads nowhere holds the name, and stays. */
	unlink("d/a.crt");
	assert_int_equal(symlink("nowhere", "d/a.crt"), 0);
	expect_error("d/a.crt: File exists, move what is there");
	assert_int_equal(count_files(), 1);
	EVP_PKEY_free(key);
}

static void
test_no_directory(void **state)
{
	(void)state;
	remove_all();
	write_file("d", "", 0600);
	expect_error("d: Not a directory, name a directory for certificates");
	assert_int_equal(unlink("d"), 0);
	if (geteuid() == 0)
		return;
	assert_int_equal(mkdir("d", 0500), 0);
	expect_error("d/a.key: Permission denied, let it be written here");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_serial),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_fingerprints),
		cmocka_unit_test(test_foreign_keys),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_refused_keys),
		cmocka_unit_test(test_refused_certs),
		cmocka_unit_test(test_half_pairs),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
