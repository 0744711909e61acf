/*
 * The start of a connection from a proxy: receives the PROXY header, and
 * replaces the address of the proxy by that of the visitor.
 */
#include "wire/proxied.h"

#include <assert.h>
#include <string.h>

#include "sys/net.h"
#include "wire/proxyheader.h"

static_assert(PROXYHEADER_MAX <= HELLO_KEPT, "no room for a header");

/*
 * Receives more of the header. The bytes after it belong to TLS or to the
 * request: peek first, then receive the header only.
 */
static ssize_t
receive(struct hello *hello, struct conngroup *group, int fd,
    struct proxyheader *out)
{
	char *scratch = group->scratch;
	struct str more = { scratch + hello->len, 0 };
	ssize_t got, len;

	if (hello->len > 0)
		memcpy(scratch, hello->at, hello->len);
	got = net_peek(fd, scratch + hello->len, PROXYHEADER_MAX - hello->len);
	if (got < 0)
		return got;
	len = proxyheader_parse(
	    (struct str){ scratch, hello->len + (size_t)got }, out);
	if (len == -1) {
		group->malformed(group);
		return IO_FAILED;
	}
	more.len = len > 0 ? (size_t)len - hello->len : (size_t)got;
	got = net_receive(fd, scratch + hello->len, more.len);
	if (got != (ssize_t)more.len)
		return IO_FAILED;
	if (len > 0)
		return IO_DONE;
	if (hello_keep(hello, more) == -1)
		return IO_FAILED;
	/* Without it, Nagle's algorithm delays the rest. */
	net_acknowledge(fd);
	return IO_WANT_READ;
}

/* Whether address and port are the same. */
static bool
is_same(const struct net_address *a, const struct net_address *b)
{
	unsigned char left[16], right[16];
	size_t len = net_network(a, 32, 128, left);

	return net_port(a) == net_port(b) &&
	    net_network(b, 32, 128, right) == len &&
	    memcmp(left, right, len) == 0;
}

ssize_t
proxied_receive(struct hello *hello, struct conngroup *group,
    struct exchange *exchange, struct conn_client *client)
{
	struct proxyheader header;
	ssize_t done = receive(hello, group, client->fd, &header);

	if (done != IO_DONE)
		return done;
	hello_release(hello);
	/* A health check may have the addresses of its own connection (2.1). */
	if (!header.has_addresses || is_same(&header.from, &client->peer)) {
		exchange->uncounted = true;
		return IO_DONE;
	}
	client->peer = header.from;
	if (!group->admit(group, client)) {
		net_reset_on_close(client->fd, true);
		return IO_FAILED;
	}
	exchange->local_len =
	    (unsigned char)net_network(&header.to, 32, 128, exchange->local);
	exchange->network = client->network;
	return IO_DONE;
}
