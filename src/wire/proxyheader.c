/*
 * Parses the header of the PROXY protocol, versions 1 and 2: the addresses of
 * a connection that a proxy forwards.
 */
#include "wire/proxyheader.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

/* The longest line of version 1, with its end (2.1). */
#define LINE_MAX_BYTES 107
/* Version 2 (2.2): the bytes before the addresses. */
#define HEAD_BYTES 16
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define AT_COMMAND 12
#define AT_FAMILY 13
#define AT_LENGTH 14
#define VERSION_2 2
#define COMMAND_LOCAL 0
#define COMMAND_PROXY 1
#define TRANSPORT_UNSPEC 0
#define TRANSPORT_STREAM 1
#define TRANSPORT_MAX 2
/* The bytes before the value of a TLV, and the type of the checksum. */
#define TLV_HEAD 3
#define TLV_CRC32C 3
#define CRC_BYTES 4

enum family {
	FAMILY_UNSPEC,
	FAMILY_IPV4,
	FAMILY_IPV6,
	FAMILY_UNIX,
	FAMILIES
};

/* Bytes of both addresses and ports. */
static const size_t block_bytes[FAMILIES] = {
	[FAMILY_IPV4] = 12,
	[FAMILY_IPV6] = 36,
	[FAMILY_UNIX] = 216,
};

static unsigned
byte_of(struct str bytes, size_t at)
{
	return (unsigned char)bytes.at[at];
}

static unsigned
number_of(struct str bytes, size_t at)
{
	return byte_of(bytes, at) << 8 | byte_of(bytes, at + 1);
}

/* Whether one of the two begins with the other. */
static bool
agree(struct str a, struct str b)
{
	return str_starts(a, b) || str_starts(b, a);
}

/* Parses the text of an address and a port of version 1. */
static int
parse_endpoint(
    int family, struct str host, struct str port_text, struct net_address *out)
{
	unsigned char bytes[16];
	char text[NET_TEXT_MAX];
	unsigned long port;

	/* A zero before a number is not permitted (2.1). */
	if (host.len >= sizeof text ||
	    memchr(host.at, '\0', host.len) != NULL ||
	    !str_number(port_text, UINT16_MAX, &port) ||
	    (port_text.len > 1 && port_text.at[0] == '0'))
		return -1;
	memcpy(text, host.at, host.len);
	text[host.len] = '\0';
	if (inet_pton(family, text, bytes) != 1)
		return -1;
	*out =
	    net_address_of(bytes, family == AF_INET ? 4 : 16, (uint16_t)port);
	return 0;
}

/* Parses a line of version 1, without its end. */
static int
parse_line(struct str line, struct proxyheader *out)
{
	struct str rest = line;
	struct str name = str_cut(&rest, ' ');
	struct str protocol = str_cut(&rest, ' ');
	struct str from = str_cut(&rest, ' ');
	struct str to = str_cut(&rest, ' ');
	struct str from_port = str_cut(&rest, ' ');
	int family = str_equals(protocol, STR("TCP4")) ? AF_INET : AF_INET6;

	if (!str_equals(name, STR("PROXY")))
		return -1;
	/* Anything may follow (2.1). */
	if (str_equals(protocol, STR("UNKNOWN")))
		return 0;
	if (family == AF_INET6 && !str_equals(protocol, STR("TCP6")))
		return -1;
	out->has_addresses = true;
	return parse_endpoint(family, from, from_port, &out->from) == 0
	    ? parse_endpoint(family, to, rest, &out->to)
	    : -1;
}

static ssize_t
parse_version1(struct str bytes, struct proxyheader *out)
{
	struct str line = str_head(
	    bytes, bytes.len < LINE_MAX_BYTES ? bytes.len : LINE_MAX_BYTES);
	size_t end = str_find(line, '\n');

	if (end == line.len)
		return line.len < LINE_MAX_BYTES ? 0 : -1;
	line = str_head(line, end);
	if (!str_ends(line, STR("\r")) ||
	    parse_line(str_head(line, end - 1), out) == -1)
		return -1;
	return (ssize_t)end + 1;
}

/* The CRC32C (RFC 4960, B) of `header`, with zeros in the field at `field`. */
static uint32_t
crc32c(struct str header, size_t field)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < header.len; i++) {
		if (i < field || i >= field + CRC_BYTES)
			crc ^= byte_of(header, i);
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

/* Whether the TLVs from `at` to the end are whole, and the checksum right. */
static bool
are_tlvs_good(struct str header, size_t at)
{
	bool checked = false;

	while (at < header.len) {
		size_t value = at + TLV_HEAD, end;

		if (header.len < value)
			return false;
		end = value + number_of(header, at + 1);
		if (header.len < end)
			return false;
		if (byte_of(header, at) == TLV_CRC32C) {
			/* One at most: each costs a pass over the header. */
			if (checked || end - value != CRC_BYTES ||
			    ((uint32_t)number_of(header, value) << 16 |
				number_of(header, value + 2)) !=
				crc32c(header, value))
				return false;
			checked = true;
		}
		at = end;
	}
	return true;
}

/* Parses the bytes after the head of version 2, for the command PROXY. */
static int
parse_block(struct str header, struct proxyheader *out)
{
	const unsigned family = byte_of(header, AT_FAMILY) >> 4;
	const unsigned transport = byte_of(header, AT_FAMILY) & 0xf;
	const unsigned char *block =
	    (const unsigned char *)header.at + HEAD_BYTES;
	size_t end, len;

	if (family >= FAMILIES || transport > TRANSPORT_MAX)
		return -1;
	if (family == FAMILY_UNSPEC || transport == TRANSPORT_UNSPEC)
		return 0;
	end = HEAD_BYTES + block_bytes[family];
	if (header.len < end || !are_tlvs_good(header, end))
		return -1;
	if (family == FAMILY_UNIX || transport != TRANSPORT_STREAM)
		return 0;
	len = family == FAMILY_IPV4 ? 4 : 16;
	out->has_addresses = true;
	out->from =
	    net_address_of(block, len, (uint16_t)number_of(header, end - 4));
	out->to = net_address_of(
	    block + len, len, (uint16_t)number_of(header, end - 2));
	return 0;
}

static ssize_t
parse_version2(struct str bytes, struct proxyheader *out)
{
	unsigned command;
	size_t len;

	if (bytes.len < HEAD_BYTES)
		return 0;
	command = byte_of(bytes, AT_COMMAND) & 0xf;
	len = HEAD_BYTES + number_of(bytes, AT_LENGTH);
	if (byte_of(bytes, AT_COMMAND) >> 4 != VERSION_2 ||
	    command > COMMAND_PROXY || len > PROXYHEADER_MAX)
		return -1;
	if (bytes.len < len)
		return 0;
	/* For the command LOCAL, even the family is ignored (2.2). */
	if (command == COMMAND_PROXY &&
	    parse_block(str_head(bytes, len), out) == -1)
		return -1;
	return (ssize_t)len;
}

ssize_t
proxyheader_parse(struct str bytes, struct proxyheader *out)
{
	*out = (struct proxyheader){ .has_addresses = false };
	if (agree(bytes, STR(SIGNATURE)))
		return parse_version2(bytes, out);
	if (agree(bytes, STR("PROXY ")))
		return parse_version1(bytes, out);
	return -1;
}
