/*
 * One request's answer, head and body, as one stream of bytes.
 */
#include "wire/exchange.h"

#include <string.h>

#include "serve/remote.h"
#include "sys/clock.h"

bool
exchange_defer(struct exchange *exchange, const struct request *request,
    struct response *response)
{
	if (response->remote == NULL)
		return false;
	exchange->request =
	    arena_alloc(exchange->arena, sizeof *exchange->request);
	if (exchange->request == NULL) {
		remote_release(response->remote);
		response_error(response, STATUS_FAILURE);
		return false;
	}
	*exchange->request = *request;
	exchange->remote = response->remote;
	return true;
}

bool
exchange_resume(
    struct exchange *exchange, bool gives_up, struct response *response)
{
	if (gives_up)
		response_error(response, STATUS_FAILURE);
	else if (remote_take(exchange->remote, exchange->arena, response) == 0)
		return false;
	remote_release(exchange->remote);
	exchange->remote = NULL;
	return true;
}

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

		if (got == -1)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
		in_time = exchange_ended(exchange) ||
		    clock_until_ms(&exchange->turn_ends) > 0;
	}
	return (ssize_t)len;
}

int
exchange_waits_for(const struct exchange *exchange)
{
	if (exchange->remote != NULL)
		return exchange->remote->fd;
	return exchange->body != NULL && exchange->body->waits_for != NULL
	    ? *exchange->body->waits_for
	    : -1;
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
	remote_release(exchange->remote);
	body_release(exchange->body);
	exchange->remote = NULL;
	exchange->body = NULL;
}
