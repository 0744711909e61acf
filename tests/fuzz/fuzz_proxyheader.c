/*
 * The header of the PROXY protocol.  Its end depends on no byte after it, no
 * part of it is a header, and the addresses in it make a header of version 1
 * that names the same.
 */
#include "fuzz.h"
#include "wire/proxyheader.h"

static bool
is_same(const struct net_address *a, const struct net_address *b)
{
	return net_equals(a, b) && net_port(a) == net_port(b);
}

/* The addresses, written as a line and read again. */
static void
check_addresses(const struct proxyheader *header)
{
	char from[NET_TEXT_MAX], to[NET_TEXT_MAX], line[256];
	struct proxyheader again;
	int len;
	bool is_ipv6;

	net_host_format(&header->from, from);
	net_host_format(&header->to, to);
	is_ipv6 = strchr(from, ':') != NULL;
	/* No line has an IPv4 address beside one of IPv6. */
	if (is_ipv6 != (strchr(to, ':') != NULL))
		return;
	len = snprintf(line, sizeof line, "PROXY TCP%d %s %s %u %u\r\n",
	    is_ipv6 ? 6 : 4, from, to, net_port(&header->from),
	    net_port(&header->to));
	CHECK(len > 0 && len <= 107);
	CHECK(proxyheader_parse((struct str){ line, (size_t)len }, &again) ==
	    len);
	CHECK(again.has_addresses);
	CHECK(is_same(&again.from, &header->from));
	CHECK(is_same(&again.to, &header->to));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_text(data, size);
	struct proxyheader header, part;
	ssize_t len = proxyheader_parse(text, &header);
	size_t end = len > 0 ? (size_t)len : size;

	CHECK(len >= -1 && len <= (ssize_t)size);
	CHECK(len <= (ssize_t)PROXYHEADER_MAX);
	/* A connection does not wait for ever. */
	CHECK(len != 0 || size < PROXYHEADER_MAX);
	if (len > 0)
		CHECK(proxyheader_parse(str_head(text, end), &part) == len);
	for (size_t i = 0; len >= 0 && i < end && i < PROXYHEADER_MAX; i++)
		CHECK(proxyheader_parse(str_head(text, i), &part) == 0);
	if (len > 0 && header.has_addresses)
		check_addresses(&header);
	return 0;
}
