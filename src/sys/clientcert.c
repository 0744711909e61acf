/* Checks and reads the certificates of clients. */
#include "sys/clientcert.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

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
