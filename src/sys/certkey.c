/*
 * Reads the private key of a pair and checks that clients support its type.
 */
#include "sys/certkey.h"

#include <grp.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

/* Clients written in Go refuse larger RSA keys. */
#define RSA_BITS_MAX 8192

/* Replaces OpenSSL's passphrase prompt on the terminal. */
static int
on_passphrase(char *at, int room, int writing, void *asked)
{
	(void)at, (void)room, (void)writing;
	*(bool *)asked = true;
	return -1;
}

/* Returns the name if all accounts may be in this group, else NULL. */
static const char *
common_group(gid_t gid)
{
	static const char *const names[] = { "users", "domain users",
		"everybody", "nogroup", "nobody" };
	const struct group *group = getgrgid(gid);

	for (size_t i = 0; group != NULL && i < sizeof names / sizeof names[0];
	     i++)
		if (strcmp(group->gr_name, names[i]) == 0)
			return names[i];
	return NULL;
}

/* A group may read a key, as Debian's ssl-cert does, but not write it. */
static int
check_mode(struct certfiles *files, const struct stat *st)
{
	const char *group = NULL;

	if ((st->st_mode & 037) != 0)
		return certfiles_fail(files, files->key_name,
		    "mode %04o lets others access the key, chmod 600 it",
		    (unsigned)(st->st_mode & 07777));
	if ((st->st_mode & 040) != 0)
		group = common_group(st->st_gid);
	if (group != NULL)
		return certfiles_fail(files, files->key_name,
		    "mode %04o lets the group %s read the key, and every "
		    "account is in it; chmod 600 it",
		    (unsigned)(st->st_mode & 07777), group);
	return 0;
}

static bool
is_explicit(const EVP_PKEY *key)
{
	int explicit = 0;

	return EVP_PKEY_get_int_param(key,
		   OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
		   &explicit) == 1 &&
	    explicit != 0;
}

static int
check_curve(struct certfiles *files, const EVP_PKEY *key)
{
	static const char *const names[] = { "prime256v1", "secp384r1",
		"secp521r1" };
	char name[64] = "a curve without name";

	if (is_explicit(key))
		return certfiles_fail(files, files->key_name,
		    "has explicit EC parameters, which clients refuse; name "
		    "the curve with openssl ec -param_enc named_curve");
	(void)EVP_PKEY_get_group_name(key, name, sizeof name, NULL);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return 0;
	return certfiles_fail(files, files->key_name,
	    "a key on %s, which clients do not support, use P-256", name);
}

static int
check_kind(struct certfiles *files, const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "EC"))
		return check_curve(files, key);
	if (EVP_PKEY_is_a(key, "ED25519"))
		return 0;
	if (!EVP_PKEY_is_a(key, "RSA"))
		return certfiles_fail(files, files->key_name,
		    "a kind of key that clients do not support, use EC, RSA or "
		    "Ed25519");
	/* OpenSSL refuses to serve with a weaker key (RSA under 2048). */
	if (EVP_PKEY_get_security_bits(key) < 112)
		return certfiles_fail(files, files->key_name,
		    "%d bits are too weak, use P-256", bits);
	if (bits > RSA_BITS_MAX)
		return certfiles_fail(files, files->key_name,
		    "%d bits are more than clients accept, use P-256", bits);
	return 0;
}

EVP_PKEY *
certkey_read(struct certfiles *files)
{
	struct stat st;
	BIO *bio = certfiles_open(files, files->key_name, &st);
	bool asked = false;
	EVP_PKEY *key;
	int result;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, on_passphrase, &asked);
	BIO_free(bio);
	result = check_mode(files, &st);
	if (result == 0 && asked)
		result = certfiles_fail(files, files->key_name,
		    "needs a passphrase, remove it with openssl pkey");
	else if (result == 0 && key == NULL)
		result = certfiles_fail(files, files->key_name,
		    "holds no key in PEM, put one there");
	else if (result == 0)
		result = check_kind(files, key);
	if (result == 0)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

int
certkey_check_leaf(struct certfiles *files, X509 *leaf)
{
	if (is_explicit(X509_get0_pubkey(leaf)))
		return certfiles_fail(files, files->cert_name,
		    "has explicit EC parameters, which clients "
		    "refuse; " CERTKEY_RENEW);
	/* RFC 8446, 4.4.2.2; a certificate without key usage allows all. */
	if ((X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
		return certfiles_fail(files, files->cert_name,
		    "its key usage lacks digitalSignature, so clients refuse "
		    "it; " CERTKEY_RENEW);
	return 0;
}
