#ifndef SYS_SELFSIGNED_H
#define SYS_SELFSIGNED_H

#include <stddef.h>

#include "text/attribute.h"
#include "text/str.h"

struct x509_st; /* OpenSSL's X509 */
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/*
 * Makes a P-256 key and a certificate for it: X.509 v3, the first name as
 * CN if it fits, every name as DNS SAN, addresses as IP SAN too, valid from
 * a day ago for a hundred years.  The caller frees both.  Returns -1 with
 * the reason in OpenSSL's error queue.
 */
MUST_USE int selfsigned_make(const struct str *names, size_t count,
    struct x509_st **leaf, struct evp_pkey_st **key);

#endif
