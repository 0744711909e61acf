/*
 * Makes a certificate with the X.509 fields that Gemini clients check.
 */
#include "sys/certissue.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#define NAME_TEXT_MAX 256 /* a host name has at most 253 bytes */
#define GENERATION_MAX 1000000 /* a larger GN begins anew */
#define SERIAL_BITS 128
#define COMMON_NAME_MAX 64 /* ub-common-name, RFC 5280 appendix A.1 */
#define DAYS_BACK 1 /* for clients with a slow clock */
#define DAYS_VALID 36525

/* Copies the name and adds a NUL for OpenSSL. */
static void
name_text(struct str name, char out[NAME_TEXT_MAX])
{
	assert(name.len > 0 && name.len < NAME_TEXT_MAX);
	memcpy(out, name.at, name.len);
	out[name.len] = '\0';
}

static int
add_general_name(GENERAL_NAMES *all, int type, const char *value)
{
	GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, type, value, 0);

	if (name != NULL && sk_GENERAL_NAME_push(all, name) > 0)
		return 0;
	GENERAL_NAME_free(name);
	return -1;
}

/* Add addresses as DNS names, too: Lagrange compares only those. */
static int
add_names(X509 *leaf, const struct str *names, size_t count, bool critical)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	int result = all != NULL ? 0 : -1;

	for (size_t i = 0; i < count && result == 0; i++) {
		char name[NAME_TEXT_MAX];
		ASN1_OCTET_STRING *address;

		name_text(names[i], name);
		address = a2i_IPADDRESS(name);
		result = add_general_name(all, GEN_DNS, name);
		if (result == 0 && address != NULL)
			result = add_general_name(all, GEN_IPADD, name);
		ASN1_OCTET_STRING_free(address);
	}
	if (result == 0 &&
	    X509_add1_ext_i2d(leaf, NID_subject_alt_name, all, critical,
		X509V3_ADD_DEFAULT) != 1)
		result = -1;
	GENERAL_NAMES_free(all);
	return result;
}

static int
add_extension(X509 *leaf, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int added;

	X509V3_set_ctx(&context, issuer, leaf, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	if (extension == NULL)
		return -1;
	added = X509_add_ext(leaf, extension, -1);
	X509_EXTENSION_free(extension);
	return added == 1 ? 0 : -1;
}

static int
set_serial(X509 *leaf)
{
	BIGNUM *number = BN_new();
	int result = -1;

	if (number != NULL &&
	    BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
	    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(leaf)) != NULL)
		result = 0;
	BN_free(number);
	return result;
}

/* The names of `before`, or without any an empty list. */
static int
copy_names(X509 *leaf, const X509 *before)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(before, NID_subject_alt_name, NULL, NULL);
	int result = all == NULL ||
		X509_add1_ext_i2d(
		    leaf, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1
	    ? 0
	    : -1;

	GENERAL_NAMES_free(all);
	return result;
}

/* The number of the generation after that of the subject. */
static unsigned
next_generation(const X509_NAME *subject, int at)
{
	const ASN1_STRING *value =
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	unsigned long generation = 1;

	if (value != NULL &&
	    !str_number(
		(struct str){ (const char *)ASN1_STRING_get0_data(value),
		    (size_t)ASN1_STRING_length(value) },
		GENERATION_MAX, &generation))
		generation = 1;
	return (unsigned)generation + 1;
}

static int
count_generation(X509_NAME *subject)
{
	int at = X509_NAME_get_index_by_NID(subject, NID_givenName, -1);
	unsigned generation = at >= 0 ? next_generation(subject, at) : 2;
	char text[16];

	snprintf(text, sizeof text, "%u", generation);
	if (at >= 0)
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(subject, at));
	return X509_NAME_add_entry_by_NID(subject, NID_givenName, MBSTRING_ASC,
		   (const unsigned char *)text, -1, -1, 0) == 1
	    ? 0
	    : -1;
}

static int
set_subject(X509 *leaf, const struct certissue *request)
{
	X509_NAME *subject = X509_get_subject_name(leaf);
	struct str first;

	if (request->before != NULL) {
		if (X509_set_subject_name(
			leaf, X509_get_subject_name(request->before)) != 1)
			return -1;
		subject = X509_get_subject_name(leaf);
		return request->issuer == request->before
		    ? count_generation(subject)
		    : 0;
	}
	first = request->names[0];
	return first.len > COMMON_NAME_MAX ||
		X509_NAME_add_entry_by_NID(subject, NID_commonName,
		    MBSTRING_UTF8, (const unsigned char *)first.at,
		    (int)first.len, -1, 0) == 1
	    ? 0
	    : -1;
}

/* Without a subject the names must be critical (RFC 5280, 4.2.1.6). */
static int
set_names(X509 *leaf, const struct certissue *request)
{
	bool critical = X509_NAME_entry_count(X509_get_subject_name(leaf)) == 0;

	return request->name_count > 0
	    ? add_names(leaf, request->names, request->name_count, critical)
	    : copy_names(leaf, request->before);
}

/* Ed25519 has no digest of its own to choose. */
static int
sign_leaf(X509 *leaf, EVP_PKEY *key)
{
	const EVP_MD *digest =
	    EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();

	return X509_sign(leaf, key, digest) > 0 ? 0 : -1;
}

/* Adds the extensions that Gemini clients read or RFC 5280 requires. */
static int
add_extensions(X509 *leaf, const struct certissue *request)
{
	X509 *issuer = request->issuer != NULL ? request->issuer : leaf;
	const struct {
		int nid;
		const char *value; /* or NULL */
	} all[] = {
		{ NID_basic_constraints,
		    request->is_authority ? "critical,CA:TRUE,pathlen:0"
					  : "critical,CA:FALSE" },
		{ NID_key_usage,
		    request->is_authority
			? "critical,digitalSignature,keyCertSign"
			: "critical,digitalSignature" },
		{ NID_ext_key_usage, "serverAuth" },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier,
		    issuer != leaf &&
			    X509_get_ext_by_NID(
				issuer, NID_subject_key_identifier, -1) >= 0
			? "keyid"
			: NULL },
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].value != NULL &&
		    add_extension(leaf, issuer, all[i].nid, all[i].value) == -1)
			return -1;
	return 0;
}

static int
fill_leaf(X509 *leaf, const struct certissue *request)
{
	const X509 *issuer = request->issuer != NULL ? request->issuer : leaf;
	EVP_PKEY *signer =
	    request->issuer != NULL ? request->issuer_key : request->key;

	if (X509_set_version(leaf, X509_VERSION_3) != 1 ||
	    set_serial(leaf) == -1 ||
	    X509_time_adj_ex(X509_getm_notBefore(leaf), -DAYS_BACK, 0, NULL) ==
		NULL ||
	    X509_time_adj_ex(X509_getm_notAfter(leaf), DAYS_VALID, 0, NULL) ==
		NULL ||
	    X509_set_pubkey(leaf, request->key) != 1 ||
	    set_subject(leaf, request) == -1 ||
	    X509_set_issuer_name(leaf, X509_get_subject_name(issuer)) != 1 ||
	    set_names(leaf, request) == -1 ||
	    add_extensions(leaf, request) == -1)
		return -1;
	return sign_leaf(leaf, signer);
}

X509 *
certissue_make(const struct certissue *request)
{
	X509 *leaf = X509_new();

	if (leaf != NULL && fill_leaf(leaf, request) == 0)
		return leaf;
	X509_free(leaf);
	return NULL;
}

bool
certissue_is_signed_by(X509 *leaf, X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(leaf),
		   X509_get_subject_name(issuer)) == 0 &&
	    X509_verify(leaf, X509_get0_pubkey(issuer)) == 1;
}
