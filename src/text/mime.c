/*
 * MIME types by name, and what Gopher calls them.  Knows no content: where
 * that tells more than a name, it has nothing to say.
 */
#include "text/mime.h"

#include <stdlib.h>
#include <string.h>

struct extension {
	const char *name, *mime;
};

/*
 * In strcmp's order.  Source code is plain text: no client knows more than
 * one or two of its types, and what is unknown is downloaded.  Ogg is a
 * container, and only the name says of what.
 */
static const struct extension extensions[] = {
	{ "asc", "text/plain" },
	{ "atom", "application/atom+xml" },
	{ "atom.xml", "application/atom+xml" },
	{ "awk", "text/plain" },
	{ "c", "text/plain" },
	{ "conf", "text/plain" },
	{ "cpp", "text/plain" },
	{ "css", "text/css" },
	{ "csv", "text/csv" },
	{ "diff", "text/x-diff" },
	{ "el", "text/plain" },
	{ "epub", "application/epub+zip" },
	{ "gemini", "text/gemini" },
	{ "gmi", "text/gemini" },
	{ "go", "text/plain" },
	{ "gpub", "application/gpub+zip" },
	{ "h", "text/plain" },
	{ "htm", "text/html" },
	{ "html", "text/html" },
	{ "ics", "text/calendar" },
	{ "ini", "text/plain" },
	{ "js", "text/javascript" },
	{ "json", "application/json" },
	{ "log", "text/plain" },
	{ "lua", "text/plain" },
	{ "markdown", "text/markdown" },
	{ "md", "text/markdown" },
	{ "oga", "audio/ogg" },
	{ "ogg", "audio/ogg" },
	{ "ogv", "video/ogg" },
	{ "opus", "audio/ogg" },
	{ "patch", "text/x-diff" },
	{ "pem", "text/plain" },
	{ "pl", "text/plain" },
	{ "py", "text/plain" },
	{ "rb", "text/plain" },
	{ "rs", "text/plain" },
	{ "rss", "application/rss+xml" },
	{ "rss.xml", "application/rss+xml" },
	{ "sh", "text/plain" },
	{ "sql", "text/plain" },
	{ "svg", "image/svg+xml" },
	{ "tar.gz", "application/gzip" },
	{ "text", "text/plain" },
	{ "tgz", "application/gzip" },
	{ "toml", "text/plain" },
	{ "tsv", "text/tab-separated-values" },
	{ "txt", "text/plain" },
	{ "vcf", "text/vcard" },
	{ "xhtml", "application/xhtml+xml" },
	{ "xml", "text/xml" },
	{ "yaml", "text/plain" },
	{ "yml", "text/plain" },
};

/* The longest name in the table, and its end. */
#define EXTENSION_ROOM sizeof "atom.xml"

static int
extension_compare(const void *key, const void *member)
{
	const struct extension *extension = member;

	return strcmp(key, extension->name);
}

static struct str
extension_find(struct str name)
{
	char key[EXTENSION_ROOM] = "";
	const struct extension *found;

	if (name.len >= sizeof key)
		return (struct str){ 0 };
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		key[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	found =
	    bsearch(key, extensions, sizeof extensions / sizeof extensions[0],
		sizeof extensions[0], extension_compare);
	return str_of(found != NULL ? found->mime : NULL);
}

/* The offset of the last `c` before `end`, or `end` when there is none. */
static size_t
find_last(struct str s, size_t end, char c)
{
	for (size_t i = end; i > 0; i--) {
		if (s.at[i - 1] == c)
			return i - 1;
	}
	return end;
}

struct str
mime_of_name(struct str name)
{
	size_t slash = find_last(name, name.len, '/'), dot, second;
	struct str mime;

	if (slash < name.len)
		name = str_tail(name, slash + 1);
	dot = find_last(name, name.len, '.');
	/* The dot that hides a file begins no extension. */
	if (dot == name.len || dot == 0)
		return (struct str){ 0 };
	second = find_last(name, dot, '.');
	mime = extension_find(str_tail(name, second < dot ? second + 1 : 0));
	return mime.len > 0 ? mime : extension_find(str_tail(name, dot + 1));
}

/* `mime` without its parameters. */
static struct str
essence(struct str mime)
{
	return str_trim_end(str_cut(&mime, ';'));
}

bool
mime_is(struct str mime, struct str type)
{
	return str_equals_nocase(essence(mime), type);
}

/* What stands before the slash, "text". */
static struct str
family(struct str mime)
{
	return str_cut(&mime, '/');
}

bool
mime_is_text(struct str mime)
{
	return str_find(mime, '/') < mime.len &&
	    str_equals_nocase(family(mime), STR("text"));
}

/* STR is no constant in the eyes of C11. */
#define RULE(mime, item) \
	{ \
		{ mime, sizeof(mime) - 1 }, item \
	}

/*
 * Clients save what is of type 9 and 5 and show the rest; Lagrange cannot
 * open "d" or ";", so documents and films are to be saved.
 */
static const struct site_type projected[] = {
	RULE("text/gemini", '1'),
	RULE("text/html", 'h'),
	RULE("text", '0'),
	RULE("image/gif", 'g'),
	RULE("image", 'I'),
	RULE("audio", 's'),
	RULE("application/json", '0'),
	RULE("application/xml", '0'),
	RULE("application/zip", '5'),
	RULE("application/gzip", '5'),
	RULE("application/x-gzip", '5'),
	RULE("application/x-tar", '5'),
	RULE("application/x-bzip2", '5'),
	RULE("application/x-xz", '5'),
};

/* The item type of `mime`, by its own rule or that of its family; or NUL. */
static char
item_type(const struct site_type *types, size_t count, struct str mime)
{
	struct str kin = family(mime);
	char item = '\0';

	for (size_t i = 0; i < count; i++) {
		if (str_equals_nocase(types[i].mime, mime))
			return types[i].item;
		if (item == '\0' && str_equals_nocase(types[i].mime, kin))
			item = types[i].item;
	}
	return item;
}

static bool
is_xml(struct str mime)
{
	struct str suffix = STR("+xml");

	return mime.len > suffix.len &&
	    str_equals_nocase(str_tail(mime, mime.len - suffix.len), suffix);
}

char
mime_item_type(const struct site *site, struct str mime)
{
	const size_t count = sizeof projected / sizeof projected[0];
	char item;

	mime = essence(mime);
	item = item_type(site->types, site->type_count, mime);
	if (item == '\0')
		item = item_type(projected, count, mime);
	if (item == '\0')
		item = is_xml(mime) ? '0' : '9';
	return item;
}
