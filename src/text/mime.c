/* MIME types by file name, and their Gopher item types. */
#include "text/mime.h"

#include <stdlib.h>
#include <string.h>

struct extension {
	const char *name, *mime;
};

/*
 * Sorted for strcmp.  Source code is plain text: clients know few of its types,
 * and download the unknown ones.  Ogg is a container, and only the name
 * distinguishes audio from video.
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

/* Types for names whose content is usually more precise; see mime_usual. */
static const struct extension usual[] = {
	{ "7z", "application/x-7z-compressed" },
	{ "aac", "audio/aac" },
	{ "avi", "video/x-msvideo" },
	{ "avif", "image/avif" },
	{ "bmp", "image/bmp" },
	{ "bz2", "application/x-bzip2" },
	{ "deb", "application/vnd.debian.binary-package" },
	{ "djvu", "image/vnd.djvu" },
	{ "flac", "audio/flac" },
	{ "gif", "image/gif" },
	{ "gz", "application/gzip" },
	{ "heic", "image/heic" },
	{ "ico", "image/vnd.microsoft.icon" },
	{ "iso", "application/x-iso9660-image" },
	{ "jar", "application/java-archive" },
	{ "jpeg", "image/jpeg" },
	{ "jpg", "image/jpeg" },
	{ "jxl", "image/jxl" },
	{ "m4a", "audio/mp4" },
	{ "m4v", "video/mp4" },
	{ "mid", "audio/midi" },
	{ "midi", "audio/midi" },
	{ "mkv", "video/x-matroska" },
	{ "mobi", "application/x-mobipocket-ebook" },
	{ "mov", "video/quicktime" },
	{ "mp3", "audio/mpeg" },
	{ "mp4", "video/mp4" },
	{ "mpeg", "video/mpeg" },
	{ "mpg", "video/mpeg" },
	{ "odp", "application/vnd.oasis.opendocument.presentation" },
	{ "ods", "application/vnd.oasis.opendocument.spreadsheet" },
	{ "odt", "application/vnd.oasis.opendocument.text" },
	{ "otf", "font/otf" },
	{ "pdf", "application/pdf" },
	{ "png", "image/png" },
	{ "ps", "application/postscript" },
	{ "rar", "application/vnd.rar" },
	{ "tar", "application/x-tar" },
	{ "tif", "image/tiff" },
	{ "tiff", "image/tiff" },
	{ "ttf", "font/ttf" },
	{ "wasm", "application/wasm" },
	{ "wav", "audio/x-wav" },
	{ "webm", "video/webm" },
	{ "webp", "image/webp" },
	{ "woff", "font/woff" },
	{ "woff2", "font/woff2" },
	{ "xz", "application/x-xz" },
	{ "zip", "application/zip" },
	{ "zst", "application/zstd" },
};

struct extension_table {
	const struct extension *rows;
	size_t count;
};

/* The longest name in the tables, and its end. */
#define EXTENSION_ROOM sizeof "atom.xml"

static int
extension_compare(const void *key, const void *member)
{
	const struct extension *extension = member;

	return strcmp(key, extension->name);
}

static struct str
extension_find(const struct extension_table *table, struct str name)
{
	char key[EXTENSION_ROOM] = "";
	const struct extension *found;

	if (name.len >= sizeof key)
		return (struct str){ 0 };
	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		key[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	found = bsearch(key, table->rows, table->count, sizeof *table->rows,
	    extension_compare);
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

/* The type by the last two extensions of a name, or by the last one. */
static struct str
of_name(const struct extension_table *table, struct str name)
{
	size_t slash = find_last(name, name.len, '/'), dot, second;
	struct str mime;

	if (slash < name.len)
		name = str_tail(name, slash + 1);
	dot = find_last(name, name.len, '.');
	/* A leading dot does not begin an extension. */
	if (dot == name.len || dot == 0)
		return (struct str){ 0 };
	second = find_last(name, dot, '.');
	mime = extension_find(
	    table, str_tail(name, second < dot ? second + 1 : 0));
	return mime.len > 0 ? mime
			    : extension_find(table, str_tail(name, dot + 1));
}

struct str
mime_of_name(struct str name)
{
	const struct extension_table table = { extensions,
		sizeof extensions / sizeof *extensions };

	/* libmagic may take a menu for anything. */
	if (str_equals(name, STR("gophermap")) ||
	    str_ends(name, STR("/gophermap")))
		return STR("text/plain");
	return of_name(&table, name);
}

struct str
mime_usual(struct str name)
{
	const struct extension_table table = { usual,
		sizeof usual / sizeof *usual };

	return of_name(&table, name);
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

/* The part before the slash, "text". */
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

static bool
is_xml(struct str mime)
{
	struct str suffix = STR("+xml");

	return mime.len > suffix.len &&
	    str_equals_nocase(str_tail(mime, mime.len - suffix.len), suffix);
}

bool
mime_is_textual(struct str mime)
{
	return mime_is_text(mime) || is_xml(essence(mime)) ||
	    mime_is(mime, STR("application/pdf")) ||
	    mime_is(mime, STR("application/postscript"));
}

/* STR is not a constant expression in C11. */
#define RULE(mime, item) \
	{ \
		{ mime, sizeof(mime) - 1 }, item \
	}

/*
 * Clients save files of type 9 and 5 and show the rest.  Lagrange cannot open
 * "d" or ";", so documents and films get a type that is saved.
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

/* The item type of `mime`, by its own rule or that of its family; NUL: none. */
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
