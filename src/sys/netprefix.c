/*
 * Networks as address prefixes: parsing and matching.
 */
#include "sys/netprefix.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

/* Bits of a mapped IPv4 address before those of IPv4. */
#define MAPPED_BITS 96

int
netprefix_parse(struct str text, struct netprefix *out)
{
	struct str host = str_cut(&text, '/');
	bool whole = text.at == host.at + host.len;
	unsigned char bytes[16];
	char host_text[NET_TEXT_MAX];
	struct net_address address;
	unsigned long bits;

	if (host.len == 0 || host.len >= sizeof host_text ||
	    memchr(host.at, '\0', host.len) != NULL)
		return -1;
	memcpy(host_text, host.at, host.len);
	host_text[host.len] = '\0';
	out->len = inet_pton(AF_INET, host_text, bytes) == 1 ? 4 : 16;
	if (out->len == 16 && inet_pton(AF_INET6, host_text, bytes) != 1)
		return -1;
	bits = out->len * 8;
	if (!whole && !str_number(text, bits, &bits))
		return -1;
	address = net_address_of(bytes, out->len, 0);
	if (net_network(&address, 32, 128, bytes) < out->len) {
		if (bits < MAPPED_BITS)
			return -1;
		bits -= MAPPED_BITS;
	}
	out->bits = (unsigned)bits;
	out->len = net_network(&address, out->bits, out->bits, out->bytes);
	return 0;
}

bool
netprefix_has(const struct netprefix *prefix, const struct net_address *address)
{
	unsigned char bytes[16];
	size_t len = net_network(address, prefix->bits, prefix->bits, bytes);

	return len == prefix->len && memcmp(bytes, prefix->bytes, len) == 0;
}
