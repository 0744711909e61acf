/* The capsule's public names, ports and URLs. */
#include "text/site.h"

#include "text/hostname.h"

#define PORT_GEMINI 1965

struct str
site_name(const struct site *site)
{
	for (size_t i = 0; i < site->name_count; i++)
		if (!str_starts(site->names[i], STR("*")))
			return site->names[i];
	return STR("");
}

/* Whether `name`, "*." and its end, stands for `host`. */
static bool
stands_for(struct str name, struct str host)
{
	size_t dot = str_find(host, '.');

	return str_starts(name, STR("*")) && dot > 0 &&
	    str_equals_nocase(str_tail(name, 1), str_tail(host, dot));
}

static bool
is_listed(const struct site *site, struct str host)
{
	for (size_t i = 0; i < site->name_count; i++) {
		if (str_equals_nocase(site->names[i], host) ||
		    stands_for(site->names[i], host))
			return true;
	}
	return false;
}

bool
site_has_name(const struct site *site, struct arena *arena, struct str host)
{
	struct str normal;

	/* Nearly every client sends the name in normal form. */
	if (is_listed(site, host))
		return true;
	return hostname_normal(arena, host, &normal) == 0 &&
	    is_listed(site, normal);
}

bool
site_has_gopher(const struct site *site, struct arena *arena, struct str host,
    unsigned long port)
{
	struct str normal;

	if (port != site->gopher_port)
		return false;
	return str_equals_nocase(host, site->gopher_host) ||
	    site_has_name(site, arena, host) ||
	    (hostname_normal(arena, host, &normal) == 0 &&
		str_equals(normal, site->gopher_host));
}

bool
site_has_port(const struct site *site, const struct uri *uri)
{
	uint16_t port = site_port(uri);

	for (size_t i = 0; i < site->gemini_port_count; i++) {
		if (site->gemini_ports[i] == port)
			return port != 0;
	}
	return false;
}

uint16_t
site_port(const struct uri *uri)
{
	unsigned long port = PORT_GEMINI;

	if (uri->port.len > 0 && !str_number(uri->port, UINT16_MAX, &port))
		return 0;
	return (uint16_t)port;
}

bool
site_is_english(const struct site *site)
{
	struct str rest = site->lang;
	bool english = rest.len == 0;

	while (rest.len > 0) {
		struct str tag = str_cut(&rest, ',');

		english |= str_equals_nocase(str_cut(&tag, '-'), STR("en"));
	}
	return english;
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Whether a subtag is well-formed; the first one has no digits. */
static bool
is_subtag(struct str subtag, bool is_first)
{
	size_t least = is_first ? 2 : 1, most = is_first ? 3 : 8;

	for (size_t i = 0; i < subtag.len; i++)
		if (!is_letter(subtag.at[i]) &&
		    (is_first || subtag.at[i] < '0' || subtag.at[i] > '9'))
			return false;
	return subtag.len >= least && subtag.len <= most;
}

bool
site_is_language(struct str tag)
{
	size_t end = str_find(tag, '-');
	struct str first = str_head(tag, end);
	/* Tags for private use, and some old ones. */
	bool good = is_subtag(first, true) ||
	    (end < tag.len &&
		(str_equals_nocase(first, STR("x")) ||
		    str_equals_nocase(first, STR("i"))));

	while (good && end < tag.len) {
		tag = str_tail(tag, end + 1);
		end = str_find(tag, '-');
		good = is_subtag(str_head(tag, end), false);
	}
	return good;
}

void
site_add_host(struct buf *out, struct str host)
{
	bool brackets = str_find(host, ':') < host.len;

	buf_add(out, brackets ? STR("[") : STR(""));
	buf_add(out, host);
	buf_add(out, brackets ? STR("]") : STR(""));
}

struct str
site_title(const struct site *site)
{
	struct str name = site_name(site);

	return name.len > 0 ? name : str_tail(site->names[0], 2);
}

int
site_url(const struct site *site, struct arena *arena, struct str path,
    struct str *out)
{
	struct str name = site_title(site);
	/* Room for everything but the path, and for a path of escapes only. */
	struct buf buf =
	    buf_in(arena, sizeof "gemini://[]:65535" + name.len + path.len * 3);

	buf_add(&buf, STR("gemini://"));
	site_add_host(&buf, name);
	if (site->gemini_ports[0] != PORT_GEMINI) {
		buf_char(&buf, ':');
		buf_number(&buf, site->gemini_ports[0]);
	}
	uri_encode(&buf, path);
	if (buf.overflow)
		return -1;
	*out = buf_str(&buf);
	return 0;
}
