/* The request of a client, and the input after it. */
#include "wire/receiver.h"

#include <assert.h>
#include <string.h>

#include "wire/exchange.h"
#include "wire/protocol.h"

ssize_t
receiver_read(struct receiver *receiver, struct transport *transport,
    struct arena *arena, size_t most)
{
	char bytes[PROTOCOL_REQUEST_MAX];
	ssize_t got;

	assert(most <= sizeof bytes);
	got = transport_read(transport, bytes, most - receiver->len);
	if (got <= 0)
		return got;
	if (receiver->at == NULL)
		receiver->at = arena_buffer(arena, most);
	if (receiver->at == NULL)
		return IO_FAILED;
	memcpy(receiver->at + receiver->len, bytes, (size_t)got);
	receiver->len += (size_t)got;
	return got;
}

bool
receiver_is_open(
    struct receiver *receiver, struct transport *transport, char *scratch)
{
	ssize_t got = IO_DONE;

	while (!receiver->ended && got >= 0) {
		got = transport_ignore(transport, scratch, EXCHANGE_SCRATCH);
		if (got > 0)
			receiver->drained += (unsigned)got;
		if (got == IO_CLOSED ||
		    receiver->drained > RECEIVER_DRAIN_BYTES)
			receiver->ended = true;
	}
	return got != IO_FAILED;
}

ssize_t
receiver_discard(struct receiver *receiver, struct transport *transport,
    char *scratch, size_t most)
{
	while (receiver->drained < most) {
		ssize_t got =
		    transport_discard(transport, scratch, EXCHANGE_SCRATCH);

		if (got < 0)
			return got;
		receiver->drained += (unsigned)got;
	}
	return IO_DONE;
}
