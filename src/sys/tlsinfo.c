/* The version, cipher and client certificate of a TLS connection. */
#include "sys/tlsinfo.h"

#include <openssl/ssl.h>

static const SSL *
ssl_of(const struct tls *tls)
{
	return tls != NULL ? tls->ssl : NULL;
}

int
tlsinfo_client(
    const struct tls *tls, struct arena *arena, struct clientcert_text *out)
{
	const SSL *ssl = ssl_of(tls);
	const X509 *cert = ssl != NULL ? SSL_get0_peer_certificate(ssl) : NULL;

	*out = (struct clientcert_text){ 0 };
	return cert != NULL ? clientcert_describe(cert, arena, out) : 0;
}

struct str
tlsinfo_version(const struct tls *tls)
{
	const SSL *ssl = ssl_of(tls);

	return ssl != NULL ? str_of(SSL_get_version(ssl)) : STR("");
}

struct str
tlsinfo_cipher(const struct tls *tls)
{
	const SSL *ssl = ssl_of(tls);
	const SSL_CIPHER *cipher =
	    ssl != NULL ? SSL_get_current_cipher(ssl) : NULL;

	return cipher != NULL ? str_of(SSL_CIPHER_get_name(cipher)) : STR("");
}
