#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include "serve/response.h"

/* The lists of certificates that allow a request. */
struct access {
	/* Names of lists of certificates, with NULL at the end. */
	const char *const *lists;
	struct str missing; /* META for a client without a certificate */
	const char *keeper; /* adds certificates to the lists, as "author" */
};

/*
 * Refuses a client that is on none of the lists: with 60 without a
 * certificate, 62 if it is not valid now, else 61 and its fingerprint. Declines
 * other requests.
 */
enum handled
access_answer(const struct host *host, const struct request *request,
    const struct access *access, struct response *response);

#endif
