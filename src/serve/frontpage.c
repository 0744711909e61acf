/* Reads the links of the front page. */
#include "serve/frontpage.h"

#include <unistd.h>

#include "text/gemtext.h"
#include "text/mime.h"
#include "text/uri.h"
#include "text/utf8.h"
#include "tree/media.h"
#include "tree/tree.h"

/* The most bytes that are read of the page, and shown of a label. */
#define PAGE_SIZE ((size_t)32 << 10)
#define LABEL_MAX ((size_t)512)
/* The most links that are resolved; further ones are left out. */
#define LINKS_MAX 50

/* Whether the path leads to a page of text, or to a directory. */
static bool
is_page(const struct host *host, struct str path)
{
	struct entry entry;
	struct str type;
	bool result;

	if (tree_open(host->tree, path, &entry) != STATUS_SUCCESS)
		return false;
	result = tree_is_directory(&entry);
	if (!result) {
		type = media_type(host->server->media, path, &entry);
		result = mime_is(type, STR("text/gemini")) ||
		    mime_is(type, STR("text/plain")) ||
		    mime_is(type, STR("text/markdown"));
	}
	close(entry.fd);
	return result;
}

/* Resolves a link; false unless it leads to a page of this capsule. */
static bool
resolve(const struct host *host, struct arena *arena, struct str url,
    struct str *path)
{
	struct str base, target;
	struct uri uri;

	return site_url(host->site, arena, STR("/"), &base) == 0 &&
	    uri_resolve(arena, base, url, &target) == 0 &&
	    uri_parse(arena, target, &uri) == 0 && !uri.has_query &&
	    str_equals(uri.scheme, STR("gemini")) && !uri.has_userinfo &&
	    site_has_port(host->site, &uri) &&
	    site_has_name(host->site, arena, uri.host) &&
	    uri_path_decode(arena, uri.path, path) == URI_PATH_NORMAL &&
	    !str_equals(*path, STR("/")) && is_page(host, *path);
}

/* Whether one of the links leads to the path. */
static bool
has_link(const struct frontpage_link *links, size_t count, struct str path)
{
	for (size_t i = 0; i < count; i++)
		if (str_equals(links[i].path, path))
			return true;
	return false;
}

static size_t
read_links(const struct host *host, struct arena *arena, struct str page,
    struct frontpage_link *links)
{
	bool preformatted = false;
	size_t count = 0, tried = 0;

	while (page.len > 0 && count < FRONTPAGE_LINKS && tried < LINKS_MAX) {
		struct gemtext_line line =
		    gemtext_read(str_cut(&page, '\n'), &preformatted);
		struct frontpage_link *link = &links[count];
		struct buf label;

		if (line.kind != GEMTEXT_LINK)
			continue;
		tried++;
		if (!resolve(host, arena, line.url, &link->path) ||
		    has_link(links, count, link->path))
			continue;
		label = buf_in(arena, 3 * LABEL_MAX);
		utf8_clean(&label,
		    line.text.len == 0              ? link->path
			: line.text.len > LABEL_MAX ? STR("\xe2\x80\xa6")
						    : line.text);
		link->label = buf_str(&label);
		count += label.overflow ? 0 : 1;
	}
	return count;
}

/* Opens the front page; -1 when there is none. */
static int
open_page(const struct host *host)
{
	static const struct str names[] = { STR_INIT("/index.gmi"),
		STR_INIT("/index.gemini") };
	struct entry entry;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (tree_open(host->tree, names[i], &entry) != STATUS_SUCCESS)
			continue;
		if (!tree_is_directory(&entry))
			return entry.fd;
		close(entry.fd);
	}
	return -1;
}

size_t
frontpage_read(const struct host *host, struct arena *arena,
    struct frontpage_link links[FRONTPAGE_LINKS])
{
	char *text = arena_alloc(arena, PAGE_SIZE);
	int fd = text == NULL ? -1 : open_page(host);
	size_t count = 0;
	ssize_t got;

	if (fd == -1)
		return 0;
	got = pread(fd, text, PAGE_SIZE, 0);
	close(fd);
	if (got > 0)
		count = read_links(
		    host, arena, (struct str){ text, (size_t)got }, links);
	return count;
}
