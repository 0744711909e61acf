/*
 * Decides whether a worker serves a new client: limits of networks, and the
 * proxies that may connect.
 */
#include "daemon/admission.h"

#include <errno.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/log.h"
#include "sys/netprefix.h"

/* The minimum interval between two log lines about the same. */
#define COMPLAINT_MS 60000
/* The CPU time that a certificate of a client may cost: see clientcert.h. */
#define CLIENT_CERT_MS 2

/* Whether the address is loopback, link-local or private. */
static bool
is_local(const struct net_address *peer)
{
	static const char *const networks[] = { "127.0.0.0/8", "10.0.0.0/8",
		"172.16.0.0/12", "192.168.0.0/16", "::1", "fc00::/7",
		"fe80::/10" };
	struct netprefix network;

	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
		if (netprefix_parse(str_of(networks[i]), &network) == 0 &&
		    netprefix_has(&network, peer))
			return true;
	return false;
}

/* Without the PROXY protocol all visitors behind a proxy are one network. */
static void
warn_of_proxy(struct admission *admission, const struct net_address *peer)
{
	if (admission->warned || !is_local(peer))
		return;
	admission->warned = true;
	log_line(LOG_LEVEL_WARN,
	    "worker: the limits refuse clients of a loopback or private "
	    "address; if they are visitors behind a proxy or a container's "
	    "port forwarder, let it send the PROXY protocol: see proxies in "
	    "capsuled.conf(5)");
}

static enum limit_verdict
enter(struct admission *admission, struct conn_client *client)
{
	struct limit_answer answer = limit_enter(admission->limits,
	    &admission->rules, admission->number, &client->peer);

	if (answer.verdict != LIMIT_PASS)
		counts_add(admission->counts, answer.cause, 1);
	client->entries = answer.entries;
	client->network = answer.network;
	client->seconds = answer.seconds;
	client->refused |= answer.verdict == LIMIT_SLOW;
	return answer.verdict;
}

/*
 * Counts a closed connection; returns the count for a log line if one is due,
 * or 0.
 */
static size_t
due(struct admission_closed *closed)
{
	size_t count = ++closed->count;

	if (clock_until_ms(&closed->after) > 0)
		return 0;
	*closed = (struct admission_closed){ .after = clock_in(COMPLAINT_MS) };
	return count;
}

static void
report_untrusted(struct admission *admission, const struct net_address *peer)
{
	char address[NET_TEXT_MAX] = "another address";
	size_t count = due(&admission->untrusted);

	if (count == 0)
		return;
	if (admission->config->log_addresses)
		net_host_format(peer, address);
	log_line(LOG_LEVEL_WARN,
	    "worker: connections to a proxy listener from addresses that are "
	    "not in proxies, closed: %zu, the last from %s; if it is the "
	    "proxy, add its address to proxies",
	    count, address);
}

static bool
is_proxy(struct admission *admission, const struct net_address *peer)
{
	const struct config *config = admission->config;

	for (size_t i = 0; i < config->proxy_count; i++)
		if (netprefix_has(&config->proxies[i], peer))
			return true;
	report_untrusted(admission, peer);
	return false;
}

bool
admission_enter(
    struct admission *admission, struct conn_client *client, bool proxied)
{
	enum limit_verdict verdict;

	if (proxied)
		return is_proxy(admission, &client->peer);
	verdict = enter(admission, client);
	if (verdict != LIMIT_PASS)
		warn_of_proxy(admission, &client->peer);
	return verdict != LIMIT_DROP;
}

bool
admission_enter_visitor(struct admission *admission, struct conn_client *client)
{
	return enter(admission, client) != LIMIT_DROP;
}

void
admission_report_malformed(struct admission *admission)
{
	size_t count = due(&admission->malformed);

	if (count > 0)
		log_line(LOG_LEVEL_WARN,
		    "worker: connections from proxies without a valid PROXY "
		    "header, closed: %zu; let the proxy send it, as HAProxy "
		    "does with send-proxy-v2",
		    count);
}

void
admission_complain(struct admission *admission, int error)
{
	if (clock_until_ms(&admission->complains_after) > 0)
		return;
	admission->complains_after = clock_in(COMPLAINT_MS);
	log_line(LOG_LEVEL_ERROR, "worker: cannot take another client: %s; %s",
	    strerror(error),
	    error == EMFILE ? "raise the limit of open files (ulimit -n)"
			    : "the system's limit is reached");
}

void
admission_charge_certificate(
    const struct admission *admission, const struct conn_client *client)
{
	limit_charge(admission->limits, &admission->rules, client->network,
	    CLIENT_CERT_MS);
}

void
admission_charge_upload(const struct admission *admission,
    const struct conn_client *client, unsigned ms)
{
	limit_charge(
	    admission->limits, &admission->rules, client->network, (long)ms);
}

void
admission_leave(
    const struct admission *admission, const struct conn_client *client)
{
	limit_leave(admission->limits, admission->number, &client->entries);
}
