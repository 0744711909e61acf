/* Checks and reads the certificates of clients. */
#include "sys/clientcert.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "text/utc.h"
#include "text/utf8.h"

/* Limits for keys, whose signatures would take long to verify. */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define RSA_EXPONENT_BITS_MAX 64

static bool
is_rsa_bounded(const EVP_PKEY *key)
{
	BIGNUM *exponent = NULL;
	bool bounded = EVP_PKEY_get_bits(key) >= RSA_BITS_MIN &&
	    EVP_PKEY_get_bits(key) <= RSA_BITS_MAX &&
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
	    BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX;

	BN_free(exponent);
	return bounded;
}

static bool
is_curve_known(const EVP_PKEY *key)
{
	char name[32];

	return EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 &&
	    (strcmp(name, SN_X9_62_prime256v1) == 0 ||
		strcmp(name, SN_secp384r1) == 0 ||
		strcmp(name, SN_secp521r1) == 0);
}

static bool
is_bounded(const X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);

	/* OpenSSL cannot read the key, or does not know its kind. */
	if (key == NULL)
		return false;
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS: return is_rsa_bounded(key);
	case EVP_PKEY_EC: return is_curve_known(key);
	case EVP_PKEY_ED25519: return true;
	default: return false;
	}
}

int
clientcert_accept(X509_STORE_CTX *store, void *unused)
{
	int groups[] = { NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1 };
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	bool bounded = cert != NULL && is_bounded(cert);

	(void)unused;
	/*
	 * TLS 1.2 accepts keys only on curves that it could use for key
	 * exchange, which is over by now.
	 */
	if (SSL_set1_groups(X509_STORE_CTX_get_ex_data(
				store, SSL_get_ex_data_X509_STORE_CTX_idx()),
		groups, sizeof groups / sizeof *groups) != 1)
		return 0;
	X509_STORE_CTX_set_error(
	    store, bounded ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
	return bounded ? 1 : 0;
}

static enum identity_state
state_of(const X509 *cert)
{
	/* 0: a time that cannot be read. */
	if (X509_cmp_time(X509_get0_notBefore(cert), NULL) > 0)
		return IDENTITY_EARLY;
	return X509_cmp_time(X509_get0_notBefore(cert), NULL) < 0 &&
		X509_cmp_time(X509_get0_notAfter(cert), NULL) > 0
	    ? IDENTITY_VALID
	    : IDENTITY_EXPIRED;
}

int
clientcert_read(const X509 *cert, struct identity *out)
{
	unsigned len = sizeof out->hash;

	out->state = state_of(cert);
	return X509_digest(cert, EVP_sha256(), out->hash, &len) == 1 ? 0 : -1;
}

/* Sets `out` to `text` without characters that control or mislead. */
static int
copy_text(struct str text, struct arena *arena, struct str *out)
{
	struct str taken;
	struct buf clean;
	uint32_t c;

	if (text.len > CLIENTCERT_TEXT_MAX)
		return 0;
	clean = buf_in(arena, text.len);
	while (text.len > 0)
		if (utf8_take(&text, &c, &taken) && !utf8_is_control(c) &&
		    !utf8_misleads(c))
			buf_add(&clean, taken);
	*out = buf_str(&clean);
	return clean.overflow ? -1 : 0;
}

static int
copy_name(const X509_NAME *name, struct arena *arena, struct str *out)
{
	/* Letters of any script stay as they are. */
	const unsigned long flags =
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	BIO *bio = BIO_new(BIO_s_mem());
	int result = 0;
	char *at;

	if (bio == NULL)
		return -1;
	/* It also fails for a malformed text. */
	if (X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
		long len = BIO_get_mem_data(bio, &at);

		result = copy_text((struct str){ at, (size_t)len }, arena, out);
	}
	BIO_free(bio);
	return result;
}

static int
copy_cn(const X509_NAME *name, struct arena *arena, struct str *out)
{
	int n = X509_NAME_get_index_by_NID(name, NID_commonName, -1), len,
	    result;
	unsigned char *utf8;

	if (n < 0)
		return 0;
	len = ASN1_STRING_to_UTF8(
	    &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, n)));
	/* A text of another type, or a malformed one. */
	if (len < 0)
		return 0;
	result = copy_text(
	    (struct str){ (const char *)utf8, (size_t)len }, arena, out);
	OPENSSL_free(utf8);
	return result;
}

static int
copy_serial(const X509 *cert, struct arena *arena, struct str *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	BIGNUM *number;
	char *text;
	int result;

	/* The limit of RFC 5280; the conversion of more takes long. */
	if (ASN1_STRING_length(serial) > 20)
		return 0;
	number = ASN1_INTEGER_to_BN(serial, NULL);
	text = number != NULL ? BN_bn2dec(number) : NULL;
	result = text != NULL ? arena_copy(arena, str_of(text), out) : -1;
	OPENSSL_free(text);
	BN_free(number);
	return result;
}

static int
copy_time(const ASN1_TIME *time, struct arena *arena, struct str *out)
{
	char text[UTC_SIZE];
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return 0;
	utc_format(timegm(&tm), text);
	return arena_copy(arena, str_of(text), out);
}

int
clientcert_describe(
    const X509 *cert, struct arena *arena, struct clientcert_text *out)
{
	const X509_NAME *subject = X509_get_subject_name(cert),
			*issuer = X509_get_issuer_name(cert);
	bool all;

	*out = (struct clientcert_text){ 0 };
	all = copy_name(subject, arena, &out->subject) == 0 &&
	    copy_cn(subject, arena, &out->subject_cn) == 0 &&
	    copy_name(issuer, arena, &out->issuer) == 0 &&
	    copy_cn(issuer, arena, &out->issuer_cn) == 0 &&
	    copy_serial(cert, arena, &out->serial) == 0 &&
	    copy_time(X509_get0_notBefore(cert), arena, &out->not_before) ==
		0 &&
	    copy_time(X509_get0_notAfter(cert), arena, &out->not_after) == 0;
	/* A malformed text leaves an error for the next call. */
	ERR_clear_error();
	return all ? 0 : -1;
}
