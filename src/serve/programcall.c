/* A request for a program, as a message from a worker to the runner. */
#include "serve/programcall.h"

#include <string.h>

#include "serve/readerset.h"
#include "serve/visitor.h"
#include "sys/net.h"
#include "sys/tlsinfo.h"
#include "text/site.h"
#include "text/uri.h"

#define PART_COUNT 15

/* The fixed part of a message, before the bytes of the parts. */
struct call_head {
	uint64_t network;
	uint32_t host;
	uint16_t port, server_port;
	uint8_t is_gopher, has_query, has_client, is_listed;
	uint8_t state; /* enum identity_state */
	unsigned char hash[IDENTITY_SIZE];
	uint16_t lengths[PART_COUNT];
	uint8_t unused[5]; /* zero */
};

/* The parts of a call, in the order of a message. */
struct call_parts {
	struct str *at[PART_COUNT];
};

static struct call_parts
parts_of(struct programcall *call)
{
	struct clientcert_text *certificate = &call->certificate;

	return (struct call_parts){ { &call->path, &call->query, &call->url,
	    &call->selector, &call->search, &call->address, &call->tls_version,
	    &call->tls_cipher, &certificate->subject, &certificate->subject_cn,
	    &certificate->issuer, &certificate->issuer_cn, &certificate->serial,
	    &certificate->not_before, &certificate->not_after } };
}

void
programcall_write(struct buf *out, const struct programcall *call)
{
	struct programcall copy = *call;
	struct call_parts parts = parts_of(&copy);
	struct call_head head = {
		.network = call->network,
		.host = (uint32_t)call->host,
		.port = call->port,
		.server_port = call->server_port,
		.is_gopher = call->is_gopher,
		.has_query = call->has_query,
		.has_client = call->has_client,
		.is_listed = call->is_listed,
		.state = (uint8_t)call->client.state,
	};

	memcpy(head.hash, call->client.hash, sizeof head.hash);
	for (size_t i = 0; i < PART_COUNT; i++) {
		if (parts.at[i]->len > UINT16_MAX)
			out->overflow = true;
		head.lengths[i] = (uint16_t)parts.at[i]->len;
	}
	buf_add(out, (struct str){ (const char *)&head, sizeof head });
	for (size_t i = 0; i < PART_COUNT; i++)
		buf_add(out, *parts.at[i]);
}

/* A program's variables end at a NUL. */
static bool
holds_nul(struct str part)
{
	return part.len > 0 && memchr(part.at, '\0', part.len) != NULL;
}

/* Whether a worker sends such numbers. */
static bool
is_sound(const struct call_head *head)
{
	return head->is_gopher <= 1 && head->has_query <= 1 &&
	    head->has_client <= 1 && head->is_listed <= head->has_client &&
	    head->state <= IDENTITY_EARLY &&
	    !(head->is_gopher && head->has_client);
}

bool
programcall_read(struct str message, struct programcall *out)
{
	struct call_parts parts = parts_of(out);
	struct call_head head;

	if (message.len < sizeof head)
		return false;
	memcpy(&head, message.at, sizeof head);
	message = str_tail(message, sizeof head);
	if (!is_sound(&head))
		return false;
	*out = (struct programcall){
		.host = head.host,
		.network = head.network,
		.port = head.port,
		.server_port = head.server_port,
		.is_gopher = head.is_gopher,
		.has_query = head.has_query,
		.has_client = head.has_client,
		.is_listed = head.is_listed,
		.client.state = (enum identity_state)head.state,
	};
	memcpy(out->client.hash, head.hash, sizeof head.hash);
	for (size_t i = 0; i < PART_COUNT; i++) {
		if (head.lengths[i] > message.len)
			return false;
		*parts.at[i] = str_head(message, head.lengths[i]);
		message = str_tail(message, head.lengths[i]);
		if (holds_nul(*parts.at[i]))
			return false;
	}
	return message.len == 0 && str_starts(out->path, STR("/"));
}

/* Whether a certificate is on a list that the part names. */
static bool
is_listed(const struct host *host, const struct request *request)
{
	const struct rules_part *part = request->part;

	if (part == NULL || request->client->state != IDENTITY_VALID)
		return false;
	return readerset_has_any(host->server->readers, part->readers,
		   request->client->hash) ||
	    readerset_has_any(host->server->readers, part->upload.writers,
		request->client->hash);
}

static int
add_client(const struct host *host, const struct request *request,
    struct programcall *out)
{
	if (request->client == NULL)
		return 0;
	out->has_client = true;
	out->client = *request->client;
	out->is_listed = is_listed(host, request);
	return tlsinfo_client(
	    request->visitor->tls, request->arena, &out->certificate);
}

static int
add_address(const struct request *request, struct programcall *out)
{
	char text[NET_TEXT_MAX];

	if (request->visitor->peer == NULL)
		return 0;
	net_host_format(request->visitor->peer, text);
	out->port = net_port(request->visitor->peer);
	return arena_copy(request->arena, str_of(text), &out->address);
}

static int
encode(struct arena *arena, struct str text, struct str *out)
{
	struct buf encoded = buf_in(arena, text.len * 3);

	uri_encode(&encoded, text);
	*out = buf_str(&encoded);
	return encoded.overflow ? -1 : 0;
}

/* The URL of a Gopher request, and its search words as a query. */
static int
add_gopher(const struct host *host, const struct request *request,
    struct programcall *out)
{
	const struct site *site = host->site;
	struct str selector = request->visitor->selector;
	struct buf url = buf_in(request->arena,
	    STR("gopher://[]:65535/7?").len + site->gopher_host.len +
		selector.len * 3);

	out->selector = selector;
	out->search = request->search;
	buf_add(&url, STR("gopher://"));
	site_add_host(&url, site->gopher_host);
	if (site->gopher_port != 70) {
		buf_char(&url, ':');
		buf_number(&url, site->gopher_port);
	}
	buf_add(&url, request->search.len > 0 ? STR("/7") : STR("/1"));
	uri_encode(&url, selector);
	out->url = buf_str(&url);
	if (url.overflow)
		return -1;
	if (request->search.len == 0)
		return 0;
	out->has_query = true;
	return encode(request->arena, request->search, &out->query);
}

int
programcall_of(const struct host *host, const struct request *request,
    struct programcall *out)
{
	const struct visitor *visitor = request->visitor;

	*out = (struct programcall){
		.host = (size_t)(host - host->server->hosts),
		.network = request->network,
		.path = request->path,
		.query = request->query,
		.has_query = request->has_query,
	};
	if (visitor == NULL)
		return 0;
	out->is_gopher = visitor->is_gopher;
	out->url = visitor->url;
	out->server_port = visitor->port;
	out->tls_version = tlsinfo_version(visitor->tls);
	out->tls_cipher = tlsinfo_cipher(visitor->tls);
	if (add_address(request, out) == -1)
		return -1;
	return visitor->is_gopher ? add_gopher(host, request, out)
				  : add_client(host, request, out);
}
