/* The variables of a program, for CGI, SCGI and FastCGI. */
#include "serve/programenv.h"

#include <stdint.h>
#include <string.h>

#include "sys/sha256.h"
#include "text/identity.h"
#include "text/uri.h"
#include "text/utf8.h"

/* The directories of Debian's programs; nothing of a local administrator. */
#define PATH "PATH=/usr/local/bin:/usr/bin:/bin"

/* Variables under construction. */
struct env_draft {
	struct programenv *env;
	struct arena *arena;
	const struct programcall *call;
	const struct site *site;
	const struct programenv_names *names;
	bool failed;
};

static void
add(struct env_draft *draft, struct str name, struct str value)
{
	struct programenv *env = draft->env;

	/* An environment would end here; only a decoded text can have one. */
	if (value.len > 0 && memchr(value.at, '\0', value.len) != NULL)
		value.len = 0;
	if (env->count == PROGRAMENV_MAX)
		draft->failed = true;
	else
		env->at[env->count++] =
		    (struct programenv_variable){ name, value };
}

/* Adds a text that is made in the call. */
static void
add_copy(struct env_draft *draft, struct str name, struct str value)
{
	struct str copy = { 0 };

	if (arena_copy(draft->arena, value, &copy) == -1)
		draft->failed = true;
	add(draft, name, copy);
}

static void
add_number(struct env_draft *draft, struct str name, unsigned number)
{
	char text[16];
	struct buf digits = buf_over(text, sizeof text);

	buf_number(&digits, number);
	add_copy(draft, name, buf_str(&digits));
}

/* Adds two texts as one. */
static void
add_joined(
    struct env_draft *draft, struct str name, struct str first, struct str rest)
{
	struct buf joined = buf_in(draft->arena, first.len + rest.len);

	buf_add(&joined, first);
	buf_add(&joined, rest);
	if (joined.overflow)
		draft->failed = true;
	add(draft, name, buf_str(&joined));
}

static void
add_server(struct env_draft *draft)
{
	const struct programcall *call = draft->call;

	add(draft, STR("GATEWAY_INTERFACE"), STR("CGI/1.1"));
	add(draft, STR("SERVER_SOFTWARE"), STR("capsuled/" VERSION));
	add(draft, STR("SERVER_NAME"), site_title(draft->site));
	add_number(draft, STR("SERVER_PORT"), call->server_port);
	add(draft, STR("SERVER_PROTOCOL"),
	    call->is_gopher ? STR("GOPHER") : STR("GEMINI"));
	add(draft, STR("REQUEST_METHOD"), STR("GET"));
	add(draft, STR("REMOTE_ADDR"), call->address);
	add(draft, STR("REMOTE_HOST"), call->address);
	add_number(draft, STR("REMOTE_PORT"), call->port);
	add(draft, STR("TLS_VERSION"), call->tls_version);
	add(draft, STR("TLS_CIPHER"), call->tls_cipher);
}

/* Adds a decoded text, of which only line feeds may be control characters. */
static void
add_search(struct env_draft *draft, struct str decoded)
{
	struct buf text = buf_in(draft->arena, 3 * decoded.len);
	struct str part;
	uint32_t c;

	while (decoded.len > 0)
		if (utf8_take(&decoded, &c, &part) && c != '\n' &&
		    utf8_is_control(c))
			uri_encode(&text, part);
		else
			buf_add(&text, part);
	if (text.overflow)
		draft->failed = true;
	add(draft, STR("GEMINI_SEARCH_STRING"), buf_str(&text));
}

static void
add_query(struct env_draft *draft)
{
	struct str query = draft->call->query;
	struct buf decoded = buf_in(draft->arena, query.len);

	if (str_find(query, '=') == query.len)
		uri_decode(&decoded, query);
	if (decoded.overflow)
		draft->failed = true;
	add(draft, STR("QUERY_STRING"), query);
	add_search(draft, buf_str(&decoded));
}

static void
add_names(struct env_draft *draft)
{
	const struct programenv_names *names = draft->names;
	struct str root = str_of(names->document_root),
		   file = str_of(names->script_filename),
		   info = names->path_info;

	add(draft, STR("GEMINI_URL"), draft->call->url);
	add(draft, STR("GEMINI_URL_PATH"), draft->call->path);
	add(draft, STR("SCRIPT_NAME"), names->script_name);
	add(draft, STR("PATH_INFO"), info);
	add(draft, STR("GEMINI_SCRIPT_FILENAME"), file);
	add(draft, STR("DOCUMENT_ROOT"), root);
	add(draft, STR("GEMINI_DOCUMENT_ROOT"), root);
	if (file.len > 0 || !names->is_fastcgi)
		add(draft, STR("SCRIPT_FILENAME"), file);
	/* RFC 3875 section 4.1.6: none without PATH_INFO. */
	if (!names->is_fastcgi)
		add_joined(draft, STR("PATH_TRANSLATED"),
		    info.len > 0 ? root : STR(""), info);
}

static void
add_client(struct env_draft *draft)
{
	const struct programcall *call = draft->call;
	const struct clientcert_text *certificate = &call->certificate;
	char hash[IDENTITY_TEXT], base64[SHA256_BASE64];

	identity_format(call->client.hash, hash);
	sha256_base64(call->client.hash, base64);
	add(draft, STR("AUTH_TYPE"), STR("Certificate"));
	add(draft, STR("REMOTE_USER"), certificate->subject_cn);
	add_copy(draft, STR("TLS_CLIENT_HASH"), str_of(hash));
	add_copy(draft, STR("TLS_CLIENT_HASH_B64"), str_of(base64));
	add(draft, STR("TLS_CLIENT_SUBJECT"), certificate->subject);
	add(draft, STR("TLS_CLIENT_SUBJECT_CN"), certificate->subject_cn);
	add(draft, STR("TLS_CLIENT_ISSUER"), certificate->issuer);
	add(draft, STR("TLS_CLIENT_ISSUER_CN"), certificate->issuer_cn);
	add(draft, STR("TLS_CLIENT_SERIAL_NUMBER"), certificate->serial);
	add(draft, STR("TLS_CLIENT_NOT_BEFORE"), certificate->not_before);
	add(draft, STR("TLS_CLIENT_NOT_AFTER"), certificate->not_after);
	add(draft, STR("TLS_CLIENT_AUTHORISED"),
	    call->is_listed ? STR("1") : STR("0"));
}

static void
add_gopher(struct env_draft *draft)
{
	const struct programcall *call = draft->call;
	struct str selector = call->selector;

	add(draft, STR("SELECTOR"), selector);
	/* SELECTOR without a query, as in Gophernicus. */
	add(draft, STR("REQUEST"), str_head(selector, str_find(selector, '?')));
	add(draft, STR("SEARCHREQUEST"), call->search);
	add(draft, STR("SERVER_HOST"), draft->site->gopher_host);
	add_number(draft, STR("COLUMNS"), draft->site->width);
	add(draft, STR("GOPHER_CHARSET"), STR("UTF-8"));
}

int
programenv_make(const struct programcall *call,
    const struct programenv_names *names, struct arena *arena,
    struct programenv *out)
{
	struct env_draft draft = {
		.env = out,
		.arena = arena,
		.call = call,
		.site = names->site,
		.names = names,
	};

	out->count = 0;
	add_server(&draft);
	add_query(&draft);
	add_names(&draft);
	if (call->has_client)
		add_client(&draft);
	if (call->is_gopher)
		add_gopher(&draft);
	return draft.failed ? -1 : 0;
}

static char *
string_of(const struct programenv_variable *variable, struct arena *arena)
{
	/* The arena's memory is zeroed: a NUL is there. */
	size_t size = variable->name.len + 1 + variable->value.len + 1;
	char *string = arena_alloc(arena, size);
	struct buf buf = buf_over(string, size);

	if (string == NULL)
		return NULL;
	buf_add(&buf, variable->name);
	buf_char(&buf, '=');
	buf_add(&buf, variable->value);
	return string;
}

char **
programenv_strings(const struct programenv *env, struct arena *arena)
{
	char **strings = arena_alloc(arena, (env->count + 2) * sizeof *strings);

	if (strings == NULL)
		return NULL;
	for (size_t i = 0; i < env->count; i++) {
		strings[i] = string_of(&env->at[i], arena);
		if (strings[i] == NULL)
			return NULL;
	}
	strings[env->count] = arena_string(arena, STR(PATH));
	return strings[env->count] != NULL ? strings : NULL;
}
