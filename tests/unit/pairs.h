#ifndef UNIT_PAIRS_H
#define UNIT_PAIRS_H

/*
 * Pairs of certificate and key in a directory "d" of the test's own, which is
 * the working directory, so that error lines are short.  The names of a pair
 * are "a.crt" and "a.key".  Included after cmocka.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "sys/cert.h"

#define PAIRS_ERROR_MAX 512

static inline void
pairs_remove_all(void)
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

static char pairs_directory[] = "/tmp/test_pairs.XXXXXX";

static inline int
pairs_enter(void **state)
{
	(void)state;
	umask(0);
	return mkdtemp(pairs_directory) != NULL && chdir(pairs_directory) == 0
	    ? 0
	    : -1;
}

static inline int
pairs_leave(void **state)
{
	(void)state;
	pairs_remove_all();
	return chdir("/") == 0 && rmdir(pairs_directory) == 0 ? 0 : -1;
}

static inline size_t
pairs_count_files(void)
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

static inline void
pairs_load(struct cert *cert, const struct str *names, size_t count)
{
	const struct cert_request request = { "d", names, count, CERT_MAKE,
		false };
	char error[PAIRS_ERROR_MAX] = "";

	if (cert_load(cert, &request, error, sizeof error) == -1)
		fail_msg("%s", error);
	assert_string_equal(error, "");
}

/* That the pair for the name "a" is refused with this line. */
static inline void
pairs_expect_error(enum cert_missing missing, const char *want)
{
	const struct str name = STR("a");
	const struct cert_request request = { "d", &name, 1, missing, false };
	struct cert cert;
	char error[PAIRS_ERROR_MAX] = "";

	assert_int_equal(cert_load(&cert, &request, error, sizeof error), -1);
	if (strcmp(error, want) != 0)
		fail_msg("got [%s], want [%s]", error, want);
	assert_null(cert.leaf);
	assert_null(cert.key);
	assert_null(cert.chain);
}

static inline void
pairs_read_file(const char *path, char out[8192])
{
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	len = fread(out, 1, 8191, file);
	out[len] = '\0';
	fclose(file);
}

static inline void
pairs_write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

struct pairs_extension {
	int nid;
	const char *value;
};

/* A certificate as other people's tools would make it. */
static inline X509 *
pairs_make_leaf(EVP_PKEY *key, int from_days, int to_days,
    const struct pairs_extension *extension)
{
	X509 *leaf = X509_new();
	X509_EXTENSION *made =
	    X509V3_EXT_nconf_nid(NULL, NULL, extension->nid, extension->value);
	const EVP_MD *digest =
	    EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();

	assert_non_null(made);
	X509_set_version(leaf, X509_VERSION_3);
	X509_time_adj_ex(X509_getm_notBefore(leaf), from_days, 0, NULL);
	X509_time_adj_ex(X509_getm_notAfter(leaf), to_days, 0, NULL);
	X509_set_pubkey(leaf, key);
	X509_add_ext(leaf, made, -1);
	X509_EXTENSION_free(made);
	assert_true(X509_sign(leaf, key, digest) > 0);
	return leaf;
}

static inline X509 *
pairs_make_named_leaf(
    EVP_PKEY *key, int from_days, int to_days, const char *names)
{
	return pairs_make_leaf(key, from_days, to_days,
	    &(struct pairs_extension){ NID_subject_alt_name, names });
}

static inline void
pairs_put_key(EVP_PKEY *key, const char *passphrase)
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
static inline void
pairs_put_cert(X509 *leaf)
{
	FILE *file = fopen("d/a.crt", "ae");

	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, leaf), 1);
	fclose(file);
	X509_free(leaf);
}

/* A fresh directory with a pair. */
static inline void
pairs_put(EVP_PKEY *key, int from_days, int to_days)
{
	pairs_remove_all();
	assert_int_equal(mkdir("d", 0700), 0);
	pairs_put_key(key, NULL);
	pairs_put_cert(pairs_make_named_leaf(key, from_days, to_days, "DNS:a"));
}

#endif
