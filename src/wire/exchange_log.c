/* The log line of a request. */
#include "wire/exchange.h"

#include "sys/log.h"
#include "text/buf.h"

/* Bytes of a path in a log line, where escapes make them four times as many. */
#define PATH_LONGEST ((size_t)256)

void
exchange_log(struct exchange *exchange, const struct net_address *peer, long ms,
    bool cut)
{
	char text[2048], address[NET_TEXT_MAX];
	struct buf line = buf_over(text, sizeof text);
	struct str path = exchange->path;

	if (exchange->logged)
		return;
	exchange->logged = true;
	if (exchange->status == 0) {
		if (log_is_debug())
			log_line(LOG_LEVEL_DEBUG,
			    "%s: ended before a request, after %ld ms",
			    exchange->protocol, ms);
		return;
	}
	if (path.len > PATH_LONGEST)
		path = str_head(path, PATH_LONGEST);
	buf_add(&line, str_of(exchange->protocol));
	buf_add(&line, STR(" status="));
	buf_number(&line, (unsigned)exchange->status);
	if (exchange->host->server->host_count > 1)
		log_field(&line, "host", exchange->host->site->names[0]);
	if (peer != NULL) {
		net_host_format(peer, address);
		log_field(&line, "address", str_of(address));
	}
	log_field(&line, "path", path);
	/* The operator may be asked to add the fingerprint to a list. */
	if (exchange->status == STATUS_CERTIFICATE_REFUSED &&
	    exchange->client != NULL) {
		char client[IDENTITY_TEXT];

		identity_format(exchange->client->hash, client);
		log_field(&line, "client", str_of(client));
	}
	buf_add(&line, STR(" bytes="));
	buf_number(&line, exchange->bytes);
	buf_add(&line, STR(" ms="));
	buf_number(&line, (unsigned long)ms);
	if (cut)
		buf_add(&line, STR(" cut=yes"));
	log_info(buf_str(&line));
}
