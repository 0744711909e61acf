/* Host names in normal form: labels, IDNA by libidn2, and addresses. */
#include "text/hostname.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <string.h>

#include "text/uri.h"

#define LABEL_LONGEST ((size_t)63)
#define NAME_LONGEST ((size_t)253)

/* A percent-encoded name of U-labels is longer than the result. */
#define INPUT_LONGEST ((size_t)1024)

/* Writes `name` as inet_ntop does, if it is an address. */
static bool
address_normal(struct str name, char out[INET6_ADDRSTRLEN])
{
	char text[INET6_ADDRSTRLEN] = "";
	struct in6_addr bytes;
	int family = str_find(name, ':') < name.len ? AF_INET6 : AF_INET;

	if (name.len == 0 || name.len >= sizeof text)
		return false;
	memcpy(text, name.at, name.len);
	return inet_pton(family, text, &bytes) == 1 &&
	    inet_ntop(family, &bytes, out, INET6_ADDRSTRLEN) != NULL;
}

bool
hostname_is_address(struct str name)
{
	char text[INET6_ADDRSTRLEN];

	return address_normal(name, text);
}

/* Converts U-labels to A-labels, which also maps their case. */
static int
alabels(struct arena *arena, struct str name, struct str *out)
{
	const char *text = arena_string(arena, name);
	uint8_t *found;
	int status;

	if (text == NULL ||
	    idn2_lookup_u8(
		(const uint8_t *)text, &found, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return -1;
	status = arena_copy(arena, str_of((const char *)found), out);
	idn2_free(found);
	return status;
}

static bool
is_label(struct str label)
{
	if (label.len == 0 || label.len > LABEL_LONGEST ||
	    str_starts(label, STR("-")) || str_ends(label, STR("-")))
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return false;
	}
	return true;
}

/* Converts to lower case without the final dot; -1: not a host name. */
static int
ascii_normal(struct arena *arena, struct str name, struct str *out)
{
	struct str rest;
	char *at;

	if (str_ends(name, STR(".")))
		name.len--;
	if (name.len == 0 || name.len > NAME_LONGEST)
		return -1;
	at = arena_string(arena, name);
	if (at == NULL)
		return -1;
	for (size_t i = 0; i < name.len; i++) {
		if (at[i] >= 'A' && at[i] <= 'Z')
			at[i] = (char)(at[i] - 'A' + 'a');
	}
	*out = (struct str){ at, name.len };
	rest = *out;
	/* Without a dot at its end, a name ends with a label. */
	for (bool more = true; more;) {
		more = str_find(rest, '.') < rest.len;
		if (!is_label(str_cut(&rest, '.')))
			return -1;
	}
	return 0;
}

int
hostname_normal(struct arena *arena, struct str name, struct str *out)
{
	char address[INET6_ADDRSTRLEN];

	if (name.len > INPUT_LONGEST)
		return -1;
	if (str_find(name, '%') < name.len) {
		struct buf buf = buf_in(arena, name.len);

		uri_decode(&buf, name);
		name = buf_str(&buf);
		if (buf.overflow)
			return -1;
	}
	if (str_find(name, '\0') < name.len)
		return -1;
	if (address_normal(name, address))
		return arena_copy(arena, str_of(address), out);
	if (!str_is_ascii(name) && alabels(arena, name, &name) == -1)
		return -1;
	if (ascii_normal(arena, name, out) == -1)
		return -1;
	/* "127.0.0.1." and full-width digits are neither name nor address. */
	return hostname_is_address(*out) ? -1 : 0;
}
