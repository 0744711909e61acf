#ifndef SYS_CERTKEY_H
#define SYS_CERTKEY_H

#include "sys/certfiles.h"
#include "text/attribute.h"

#define CERTKEY_RENEW "renew it with capsule rekey --names"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */
struct x509_st; /* OpenSSL's X509 */

/*
 * Reads the private key; the caller frees it. Returns NULL with one line in
 * files->error when the key cannot be read or parsed, needs a passphrase, is
 * accessible to accounts beyond its owner and a group, or has a type that
 * clients do not support. Accepted are P-256, P-384, P-521, RSA of 2048 to 8192
 * bits, and Ed25519.
 */
MUST_USE struct evp_pkey_st *certkey_read(struct certfiles *files);

/*
 * Checks the certificate of such a key. Returns -1 with one line in
 * files->error when clients would refuse every handshake, because of the key
 * usage or explicit EC parameters.
 */
MUST_USE int certkey_check_leaf(struct certfiles *files, struct x509_st *leaf);

#endif
