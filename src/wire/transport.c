/*
 * Plain and TLS connections behind one set of calls.
 */
#include "wire/transport.h"

#include <string.h>

#include "wire/hello.h"

static ssize_t
plain_handshake(struct transport *transport)
{
	(void)transport;
	return IO_DONE;
}

static ssize_t
plain_read(struct transport *transport, char *at, size_t room)
{
	ssize_t got = IO_WANT_READ;

	if (transport->early.len > 0) {
		size_t len =
		    transport->early.len < room ? transport->early.len : room;

		memcpy(at, transport->early.at, len);
		transport->early = str_tail(transport->early, len);
		return (ssize_t)len;
	}
	if (transport->readable)
		got = net_receive(transport->out.fd, at, room);
	if (got < (ssize_t)room)
		transport->readable = false;
	return got;
}

static ssize_t
plain_write(struct transport *transport, const char *at, size_t len)
{
	ssize_t sent = net_out_send(&transport->out, at, len);

	if (sent == IO_WANT_WRITE)
		sent = 0;
	if (sent < 0)
		return IO_FAILED;
	if ((size_t)sent < len &&
	    net_out_add(&transport->out, at + sent, len - (size_t)sent) !=
		(ssize_t)len - sent)
		return IO_FAILED;
	return IO_DONE;
}

static ssize_t
plain_send_file(struct transport *transport, int fd, size_t most)
{
	return net_out_send_file(&transport->out, fd, most);
}

static void
plain_finish(struct transport *transport)
{
	(void)transport;
}

static void
plain_release(struct transport *transport)
{
	(void)transport;
}

static ssize_t
secure_handshake(struct transport *transport)
{
	return tls_handshake(&transport->tls);
}

static ssize_t
secure_read(struct transport *transport, char *at, size_t room)
{
	return tls_read(&transport->tls, at, room);
}

static ssize_t
secure_write(struct transport *transport, const char *at, size_t len)
{
	return tls_write(&transport->tls, at, len) == (ssize_t)len ? IO_DONE
								   : IO_FAILED;
}

static void
secure_finish(struct transport *transport)
{
	tls_close_notify(&transport->tls);
}

static void
secure_release(struct transport *transport)
{
	tls_release(&transport->tls);
}

static const struct transport_ops plain = {
	.handshake = plain_handshake,
	.read = plain_read,
	.write = plain_write,
	.send_file = plain_send_file,
	.finish = plain_finish,
	.release = plain_release,
};

static const struct transport_ops secure = {
	.handshake = secure_handshake,
	.read = secure_read,
	.write = secure_write,
	.finish = secure_finish,
	.release = secure_release,
};

int
transport_open(struct transport *transport, enum transport_tls kind,
    struct tls_context *context, int fd, struct str early)
{
	bool is_hello = early.at[0] == HELLO_FIRST_BYTE;

	if ((kind == TRANSPORT_TLS_NEVER && is_hello) ||
	    (kind == TRANSPORT_TLS_ALWAYS && !is_hello))
		return -1;
	*transport = (struct transport){
		.ops = is_hello ? &secure : &plain,
		.out = { .fd = fd },
		.early = early,
	};
	if (is_hello &&
	    tls_open(&transport->tls, context, &transport->out, early) == -1)
		return -1;
	/* The socket may hold more. */
	if (early.len >= HELLO_PART)
		transport_wake(transport);
	return 0;
}

void
transport_wake(struct transport *transport)
{
	transport->readable = transport->tls.readable = true;
}

ssize_t
transport_discard(struct transport *transport, char *scratch, size_t room)
{
	bool readable = transport->tls.ssl != NULL ? transport->tls.readable
						   : transport->readable;

	return readable ? net_receive(transport->out.fd, scratch, room)
			: IO_WANT_READ;
}

ssize_t
transport_handshake(struct transport *transport)
{
	return transport->ops->handshake(transport);
}

ssize_t
transport_read(struct transport *transport, char *at, size_t room)
{
	return transport->ops->read(transport, at, room);
}

void
transport_expect(struct transport *transport, uint64_t len)
{
	transport->tls.allowance +=
	    len < SIZE_MAX / 4 ? 2 * (size_t)len : SIZE_MAX / 2;
}

ssize_t
transport_ignore(struct transport *transport, char *scratch, size_t room)
{
	/* Discard unread bytes that came with the request. */
	transport->early = (struct str){ 0 };
	return transport_read(transport, scratch, room);
}

ssize_t
transport_write(struct transport *transport, const char *at, size_t len)
{
	/* More bytes, or the end of the stream, will fill the segment. */
	transport->out.corked = true;
	return transport->ops->write(transport, at, len);
}

struct str
transport_server_name(const struct transport *transport)
{
	return transport->tls.ssl != NULL ? tls_server_name(&transport->tls)
					  : STR("");
}

bool
transport_client(const struct transport *transport, struct identity *out)
{
	return transport->tls.ssl != NULL && tls_client(&transport->tls, out);
}

bool
transport_sends_files(const struct transport *transport)
{
	return transport->ops->send_file != NULL;
}

ssize_t
transport_send_file(struct transport *transport, int fd, size_t most)
{
	return transport->ops->send_file(transport, fd, most);
}

void
transport_finish(struct transport *transport)
{
	transport->ops->finish(transport);
}

ssize_t
transport_flush(struct transport *transport)
{
	return net_out_flush(&transport->out);
}

void
transport_unfinished(struct transport *transport, bool unfinished)
{
	if (transport->ops != &plain || transport->resets == unfinished)
		return;
	net_reset_on_close(transport->out.fd, unfinished);
	transport->resets = unfinished;
}

void
transport_release(struct transport *transport)
{
	if (transport->ops != NULL)
		transport->ops->release(transport);
	net_out_release(&transport->out);
}
