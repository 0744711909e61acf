/* Checks the contents of a Gempub: the links of its index page. */
#include "tool/book.h"

#include <unistd.h>

#include "index/gempub.h"
#include "serve/builtin.h"
#include "text/buf.h"
#include "text/gemtext.h"
#include "text/uri.h"
#include "text/utf8.h"
#include "tool/cli.h"
#include "tree/tree.h"

#define PAGE_MAX ((size_t)64 << 10)
#define MEMORY ((size_t)8 << 20) /* for the links of a page of this size */

/* The beginning of a file; empty if it cannot be read. */
static struct str
beginning(const struct tree *tree, struct arena *arena, struct str path)
{
	struct entry entry;
	char *at = arena_alloc(arena, PAGE_MAX);
	ssize_t got = 0;

	if (at == NULL || tree_open(tree, path, &entry) != STATUS_SUCCESS)
		return (struct str){ 0 };
	if (!tree_is_directory(&entry))
		got = pread(entry.fd, at, PAGE_MAX, 0);
	close(entry.fd);
	return (struct str){ at, got > 0 ? (size_t)got : 0 };
}

/* The index page of a book. */
struct book_index {
	struct str path; /* empty: not a path */
	struct str name; /* as metadata.txt has it */
	size_t line; /* of metadata.txt; 0: no line names the page */
};

static struct book_index
index_of(const struct host *host, struct arena *arena)
{
	struct str text = beginning(host->tree, arena, STR("/metadata.txt"));
	struct book_index index = { .name = STR("index.gmi") };
	struct gempub gempub;

	if (gempub_make(&gempub, host->tree, host->site, arena) == 0 &&
	    gempub.text.len > 0)
		text = gempub.text;
	for (size_t line_number = 1; text.len > 0; line_number++) {
		struct str line = str_cut(&text, '\n');
		struct str key = str_trim_start(str_cut(&line, ':'));

		if (!str_equals_nocase(key, STR("index")))
			continue;
		index.name = str_trim_end(str_trim_start(line));
		index.line = line_number;
	}
	if (uri_path_decode(arena, index.name, &index.path) != URI_PATH_NORMAL)
		index.path = (struct str){ 0 };
	return index;
}

/* Whether metadata.txt names a page that does not exist. */
static bool
is_lost(const struct host *host, const struct book_index *index)
{
	struct entry entry;
	bool is_file;

	if (index->line == 0)
		return false;
	if (index->path.len == 0 ||
	    tree_find(host->tree, index->path, &entry) != STATUS_SUCCESS)
		return true;
	is_file = !tree_is_directory(&entry);
	close(entry.fd);
	return !is_file;
}

/* Whether a link on the page with the URL `base` leads to a built-in page. */
static bool
needs_server(const struct host *host, struct arena *arena, struct str base,
    struct str link)
{
	struct str target, path;
	struct uri uri;

	/* Readers of books take links without a scheme for chapters. */
	return (uri_parse(arena, link, &uri) == -1 || uri.scheme.len == 0) &&
	    uri_resolve(arena, base, link, &target) == 0 &&
	    uri_parse(arena, target, &uri) == 0 &&
	    uri_path_decode(arena, uri.path, &path) == URI_PATH_NORMAL &&
	    builtin_find(host, path) != NULL;
}

/* Appends the links of `page`, at `path`, that lead to built-in pages. */
static void
add_links(const struct host *host, struct arena *arena, struct str path,
    struct buf *out)
{
	struct str page, base;
	bool preformatted = false;

	if (path.len == 0 || site_url(host->site, arena, path, &base) == -1)
		return;
	page = beginning(host->tree, arena, path);
	while (page.len > 0) {
		struct gemtext_line line =
		    gemtext_read(str_cut(&page, '\n'), &preformatted);

		if (line.kind != GEMTEXT_LINK ||
		    !needs_server(host, arena, base, line.url))
			continue;
		buf_add(out, out->len > 0 ? STR(", ") : STR(""));
		utf8_escape(out, line.url);
	}
}

static void
warn_of_links(const char *file, struct str path, const struct buf *links)
{
	char name[1024];
	struct buf page = buf_over(name, sizeof name);

	utf8_escape(&page, path);
	cli_say("pack",
	    "%s: its first page, %.*s, links to %.*s%s, which only a server "
	    "has; name another page as index in metadata.txt",
	    file, STR_ARG(buf_str(&page)), STR_ARG(buf_str(links)),
	    links->overflow ? " and more" : "");
}

void
book_warn(const char *file, const struct host *host)
{
	struct arena arena;
	struct book_index index;
	char room[1024];
	struct buf links = buf_over(room, sizeof room);

	arena_init(&arena, MEMORY);
	index = index_of(host, &arena);
	add_links(host, &arena, index.path, &links);
	if (is_lost(host, &index))
		cli_say("pack",
		    "%s: line %zu of its metadata.txt names an index page that "
		    "does not exist; correct the line",
		    file, index.line);
	else if (links.len > 0)
		warn_of_links(file, index.path, &links);
	arena_release(&arena);
}

void
book_check(const struct host *host, struct finding_writer *findings)
{
	struct finding finding = { .check = "dead-link",
		.path = STR("/metadata.txt") };
	struct arena arena;
	struct book_index index;

	if (host->builtins[BUILTIN_GEMPUB].len == 0)
		return;
	arena_init(&arena, MEMORY);
	index = index_of(host, &arena);
	finding.line = index.line;
	if (is_lost(host, &index))
		finding_add(findings, &finding,
		    "the index page %.*s does not exist, so the book has no "
		    "first page; correct the line",
		    FINDING_ARG(index.name));
	arena_release(&arena);
}
