/*
 * Gemini: parses and checks a URI in the specification's order, and writes the
 * header of the response.
 */
#include "wire/gemini.h"

#include <string.h>

#include "serve/remote.h"
#include "serve/serve.h"
#include "sys/net.h"
#include "text/buf.h"
#include "text/hostname.h"
#include "text/hostnames.h"
#include "text/mime.h"
#include "text/uri.h"
#include "wire/titanrequest.h"
#include "wire/upload.h"

/* A constant answer for lack of memory. */
#define NO_MEMORY "40 Something failed here, please try again later\r\n"
/* A redirect to a longer URL than a client can send. */
#define TOO_LONG "59 A URL has at most 1024 bytes\r\n"

/* Whether a program has chosen the parameters of the MIME type. */
static bool
has_parameters(const struct request *request, struct str meta)
{
	return request != NULL && request->part != NULL &&
	    request->part->program.kind != RULES_NO_PROGRAM &&
	    str_find(meta, ';') < meta.len;
}

/* The language of the part of the capsule that the request is for. */
static struct str
lang_of(const struct exchange *exchange, const struct request *request)
{
	return request != NULL && request->part != NULL
	    ? request->part->lang
	    : exchange->host->site->lang;
}

/* Writes the header; without a request, that of an error. */
static void
write_head(struct exchange *exchange, const struct request *request,
    const struct response *response)
{
	struct str lang = lang_of(exchange, request);
	struct buf head = buf_in(exchange->arena, 5 + GEMINI_META_MAX);

	buf_number(&head, (unsigned)response->status);
	buf_char(&head, ' ');
	buf_add(&head, response->meta);
	if (response->status == STATUS_SUCCESS && lang.len > 0 &&
	    mime_is(response->meta, STR("text/gemini")) &&
	    !has_parameters(request, response->meta)) {
		bool several = str_find(lang, ',') < lang.len;

		buf_add(&head, several ? STR("; lang=\"") : STR("; lang="));
		buf_add(&head, lang);
		buf_add(&head, several ? STR("\"") : STR(""));
	}
	buf_add(&head, STR("\r\n"));
	exchange->status = response->status;
	exchange->head = buf_str(&head);
	exchange->body = response->body;
	if (head.overflow) {
		bool is_long = response->meta.len > GEMINI_META_MAX;

		body_release(response->body);
		exchange->body = NULL;
		exchange->status =
		    is_long ? STATUS_BAD_REQUEST : STATUS_FAILURE;
		exchange->head = is_long ? STR(TOO_LONG) : STR(NO_MEMORY);
	}
}

static enum parse
refuse_with(struct exchange *exchange, enum status status, struct str meta)
{
	struct response response;

	if (meta.len > 0)
		response_set(&response, status, meta);
	else
		response_error(&response, status);
	write_head(exchange, NULL, &response);
	return PARSE_DONE;
}

/* Whether the host is the address that the client connected to. */
static bool
is_local(const struct exchange *exchange, const struct uri *uri)
{
	struct net_address local =
	    net_address_of(exchange->local, exchange->local_len, 0);
	struct str host;
	char text[NET_TEXT_MAX];

	if (!uri->host_is_address || exchange->fd == -1 ||
	    hostname_normal(exchange->arena, uri->host, &host) == -1 ||
	    (exchange->local_len == 0 &&
		net_local_address(exchange->fd, &local) == -1))
		return false;
	net_host_format(&local, text);
	return str_equals(str_of(text), host);
}

static bool
is_same_name(struct arena *arena, struct str a, struct str b)
{
	struct str left, right;

	return str_equals_nocase(a, b) ||
	    (hostname_normal(arena, a, &left) == 0 &&
		hostname_normal(arena, b, &right) == 0 &&
		str_equals(left, right));
}

/*
 * Whether the client connected to the host that it now asks for: the host's
 * certificate, and whether a client certificate is asked for, depend on the
 * server name of TLS. Two names of one host agree, but not two names that only
 * a wildcard stands for, which may mean two sites. A server name that no host
 * has is like none.
 */
static bool
agrees(const struct exchange *exchange, struct str name,
    const struct hostnames_found *asked)
{
	struct hostnames_found connected;
	struct str sni = STR("");

	if (exchange->transport != NULL)
		sni = transport_server_name(exchange->transport);
	if (sni.len == 0 || str_equals(sni, name))
		return true;
	connected =
	    hostnames_find(exchange->host->server->names, exchange->arena, sni);
	return connected.host == HOSTNAMES_NONE ||
	    (connected.host == asked->host &&
		(!asked->by_wildcard ||
		    is_same_name(exchange->arena, sni, name)));
}

/*
 * Picks the host that the URL names; the default one for the address that the
 * client connected to. False when there is none, or the client connected to
 * another one.
 */
static bool
pick_host(struct exchange *exchange, const struct uri *uri)
{
	const struct server *server = exchange->host->server;
	struct hostnames_found found =
	    hostnames_find(server->names, exchange->arena, uri->host);

	if (found.host != HOSTNAMES_NONE)
		exchange->host = &server->hosts[found.host];
	else if (is_local(exchange, uri))
		found.host = (size_t)(exchange->host - server->hosts);
	else
		return false;
	return agrees(exchange, uri->host, &found);
}

static bool
is_port(struct str port)
{
	unsigned long number;

	return port.len == 0 || str_number(port, UINT16_MAX, &number);
}

/* The first defect of a URI that is bad for any host; empty: none. */
static struct str
defect(const struct uri *uri)
{
	if (uri->scheme.len == 0)
		return STR("The URL has no scheme, such as gemini:");
	if (!uri->has_authority || uri->host.len == 0)
		return STR("The URL names no host");
	if (uri->has_port && !is_port(uri->port))
		return STR("The port of the URL is not a number up to 65535");
	if (uri->has_userinfo)
		return STR("A Gemini URL has no user name");
	if (uri->has_fragment)
		return STR("A URL is sent without its fragment");
	return STR("");
}

/*
 * Replaces a page that was requested with dot segments or empty segments in its
 * path by a redirect to its one address, unless that would be too long.
 */
static void
give_one_address(struct exchange *exchange, const struct uri *uri,
    const struct request *request, struct response *response)
{
	struct response moved;
	struct buf plain;

	/* Nearly every client sends the one address, without escapes. */
	if (uri->path.len == 0 || str_equals(uri->path, request->path) ||
	    response->status >= STATUS_REDIRECT)
		return;
	plain = buf_in(exchange->arena, uri->path.len);
	uri_decode(&plain, uri->path);
	if (plain.overflow || str_equals(buf_str(&plain), request->path))
		return;
	response_redirect(&moved, exchange->arena,
	    &(struct response_target){
		STATUS_MOVED, request->path, uri->query });
	if (moved.meta.len > GEMINI_META_MAX)
		return;
	body_release(response->body);
	remote_release(response->remote);
	*response = moved;
}

/* Answers the URL `text` of a page of exchange->host. */
static enum parse
answer_page(struct exchange *exchange, const struct uri *uri, struct str text)
{
	struct visitor visitor = exchange_visitor(exchange);
	struct request request = { .arena = exchange->arena,
		.network = exchange->network,
		.client = exchange->client,
		.query = uri->query,
		.has_query = uri->has_query,
		.visitor = &visitor };
	struct response response;

	exchange->path = uri->path.len > 0 ? uri->path : STR("/");
	if (response_path(&request, uri->path, &response) == HANDLED) {
		write_head(exchange, NULL, &response);
		return PARSE_DONE;
	}
	visitor.url = text;
	visitor.port = site_port(uri);
	request.encoded = exchange->path;
	serve(exchange->host, &request, &response);
	give_one_address(exchange, uri, &request, &response);
	if (exchange_defer(exchange, &request, &response))
		return PARSE_WAIT;
	write_head(exchange, &request, &response);
	return PARSE_DONE;
}

/* Answers a Titan URL; `rest` came after it. */
static enum parse
answer_titan(struct exchange *exchange, const struct uri *uri, struct str rest)
{
	struct titanrequest titan;

	if (titanrequest_answer(exchange, uri, rest, &titan))
		return PARSE_WAIT;
	write_head(exchange, &titan.request, &titan.response);
	return PARSE_DONE;
}

/* Answers the URL `text`; `rest` came after it. */
static enum parse
answer_uri(struct exchange *exchange, struct str text, struct str rest)
{
	static const struct str scheme = STR_INIT("titan:");
	const bool is_titan = text.len >= scheme.len &&
	    str_equals_nocase(str_head(text, scheme.len), scheme);
	struct uri uri;
	struct str url, bad;
	bool picked;

	/* For the log, until the URI is parsed. */
	exchange->path = str_head(text, str_find(text, '?'));
	if (is_titan) {
		exchange->protocol = "titan";
		exchange->unread = UPLOAD_UNREAD_MAX;
		/* A token is a password. */
		exchange->path =
		    str_head(exchange->path, str_find(exchange->path, ';'));
	}
	if (uri_mend(exchange->arena, text, &url) == -1 ||
	    uri_parse(exchange->arena, url, &uri) == -1 ||
	    memmem(text.at, text.len, "%00", 3) != NULL)
		return refuse_with(
		    exchange, STATUS_BAD_REQUEST, STR("This is not a URL"));
	bad = defect(&uri);
	if (bad.len > 0)
		return refuse_with(exchange, STATUS_BAD_REQUEST, bad);
	if (!is_titan && !str_equals_nocase(uri.scheme, STR("gemini")))
		return refuse_with(exchange, STATUS_REFUSED,
		    STR("This server speaks gemini: only"));
	picked = pick_host(exchange, &uri);
	exchange_count(exchange);
	if (!picked)
		return refuse_with(exchange, STATUS_REFUSED, STR(""));
	if (!site_has_port(exchange->host->site, &uri))
		return refuse_with(exchange, STATUS_REFUSED,
		    STR("This server does not serve that port; please check "
			"the address"));
	return is_titan ? answer_titan(exchange, &uri, rest)
			: answer_page(exchange, &uri, text);
}

static enum parse
gemini_resume(struct exchange *exchange, bool gives_up)
{
	struct response response;

	if (!exchange_resume(exchange, gives_up, &response))
		return PARSE_WAIT;
	write_head(exchange, exchange->request, &response);
	return PARSE_DONE;
}

static enum parse
gemini_answer(struct exchange *exchange, struct str input, bool ended)
{
	const char *end =
	    input.len > 0 ? memmem(input.at, input.len, "\r\n", 2) : NULL;

	if (end == NULL && input.len < gemini.request_max)
		return ended ? PARSE_CLOSE : PARSE_MORE;
	if (end == NULL || (size_t)(end - input.at) > GEMINI_URI_MAX)
		return refuse_with(exchange, STATUS_BAD_REQUEST,
		    STR("A URL has at most 1024 bytes"));
	return answer_uri(exchange, str_head(input, (size_t)(end - input.at)),
	    str_tail(input, (size_t)(end - input.at) + 2));
}

static enum parse
gemini_expire(struct exchange *exchange)
{
	return refuse_with(exchange, STATUS_BAD_REQUEST,
	    STR("The request did not come in time, or without CRLF"));
}

/* The META of 44 is a bare number: 0.16 defined it so, and clients show it. */
static void
gemini_refuse(struct exchange *exchange, unsigned seconds)
{
	struct buf meta = buf_in(exchange->arena, 16);

	buf_number(&meta, seconds);
	if (seconds > 0 && !meta.overflow)
		(void)refuse_with(exchange, STATUS_SLOW_DOWN, buf_str(&meta));
	else
		(void)refuse_with(exchange, STATUS_UNAVAILABLE, STR(""));
}

const struct protocol gemini = {
	.name = "gemini",
	.counts = COUNTS_GEMINI,
	.request_max = GEMINI_URI_MAX + 2,
	.answer = gemini_answer,
	.resume = gemini_resume,
	.expire = gemini_expire,
	.refuse = gemini_refuse,
};
