/*
 * A request's answer as one stream of bytes.  Knows head and body; knows
 * nothing of who reads them.
 */
#include "wire/exchange.h"

#include <errno.h>
#include <string.h>

#include "sys/clock.h"

static size_t
read_head(struct exchange *exchange, char *at, size_t room)
{
	struct str head = exchange->head;

	if (head.len > room)
		head = str_head(head, room);
	if (head.len > 0)
		memcpy(at, head.at, head.len);
	exchange->head = str_tail(exchange->head, head.len);
	return head.len;
}

ssize_t
exchange_read(struct exchange *exchange, char *at, size_t room)
{
	size_t len = read_head(exchange, at, room);
	bool in_time = true;

	while (
	    in_time && !exchange_ended(exchange) && room - len >= BODY_ROOM) {
		ssize_t got = body_pull(exchange->body, at + len, room - len);

		if (got == -1 && errno == EAGAIN)
			break;
		if (got == -1)
			return -1;
		if (got == 0)
			exchange->body->ended = true;
		len += (size_t)got;
		in_time = exchange_ended(exchange) ||
		    clock_until_ms(&exchange->turn_ends) > 0;
	}
	return (ssize_t)len;
}

bool
exchange_ended(const struct exchange *exchange)
{
	return exchange->head.len == 0 &&
	    (exchange->body == NULL || exchange->body->ended);
}

void
exchange_release(struct exchange *exchange)
{
	body_release(exchange->body);
	exchange->body = NULL;
}
