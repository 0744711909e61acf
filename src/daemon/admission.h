#ifndef DAEMON_ADMISSION_H
#define DAEMON_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "daemon/config.h"
#include "sys/limit.h"
#include "text/attribute.h"
#include "wire/conngroup.h"

/* Connections of a kind that is logged once a minute. */
struct admission_closed {
	struct timespec after; /* of the next line */
	size_t count; /* not logged yet */
};

/* A worker's decisions about new clients. The owner sets all up to `rules`. */
struct admission {
	const struct config *config;
	struct limit_table *limits;
	size_t number; /* of the worker, in `limits` */
	struct counts *counts; /* of the worker, or NULL */
	struct limit_rules rules;

	bool warned; /* that the limits refuse a local address */
	struct timespec complains_after; /* of the lack of resources */
	struct admission_closed untrusted; /* peers that are no proxies */
	struct admission_closed malformed; /* without a valid PROXY header */
};

/*
 * Counts the client against the limits of its network, and stores the result
 * in `client`. Returns false when the client must be dropped. The first client
 * with a loopback or private address that is refused is reported to the log:
 * such an address may be that of a proxy.
 *
 * `proxied`: the client is to send a PROXY header. Then it has no limits, but
 * is dropped, and reported, unless it is one of the proxies.
 */
MUST_USE bool admission_enter(
    struct admission *admission, struct conn_client *client, bool proxied);

/* The same for a visitor that a proxy has named. */
MUST_USE bool admission_enter_visitor(
    struct admission *admission, struct conn_client *client);

/* Logs that a proxy has sent no valid PROXY header, at most once a minute. */
void admission_report_malformed(struct admission *admission);

/*
 * Logs that a client cannot be taken for lack of resources, an errno, at most
 * once a minute.
 */
void admission_complain(struct admission *admission, int error);

/* Charges the client's network for the certificate that it has shown. */
void admission_charge_certificate(
    const struct admission *admission, const struct conn_client *client);

/* Charges the client's network for bytes that it has uploaded. */
void admission_charge_upload(const struct admission *admission,
    const struct conn_client *client, unsigned ms);

/* Removes a client from the counts after the close of its connection. */
void admission_leave(
    const struct admission *admission, const struct conn_client *client);

#endif
