/*
 * Reads a page for the index: selects the files to search, and finds the title
 * and the sections of each.
 */
#include "index/page.h"

#include <errno.h>
#include <unistd.h>

#include "text/gemtext.h"
#include "text/gophermap.h"
#include "text/mime.h"
#include "text/utf8.h"

#define TITLE_SAMPLE 4096

static ssize_t
read_page(void *context, char *at, size_t room)
{
	struct page *page = context;
	ssize_t got = read(page->fd, at, room < page->left ? room : page->left);

	if (got > 0)
		page->left -= (size_t)got;
	if (got == -1)
		page->error = errno;
	return got;
}

/* Whether the text is for visitors, not for programs. */
static bool
is_searched(struct str path, struct str name, struct str type)
{
	/* Its text is also on the pages that it links to. */
	if (str_equals(name, GOPHERMAP_NAME) ||
	    str_equals(path, STR("/robots.txt")) ||
	    str_equals(path, STR("/favicon.txt")) ||
	    str_equals(path, STR("/metadata.txt")) ||
	    str_starts(path, STR("/.well-known/")))
		return false;
	return mime_is(type, STR("text/gemini")) ||
	    mime_is(type, STR("text/plain")) ||
	    mime_is(type, STR("text/markdown"));
}

/* Sets the title: the first heading, or else the file name. */
static void
find_title(struct page *page, struct str name)
{
	struct buf out = buf_over(page->text, sizeof page->text);
	char sample[TITLE_SAMPLE];
	ssize_t got = 0;

	if (page->sections.is_gemtext)
		got = pread(page->fd, sample, sizeof sample, 0);
	if (got > 0)
		utf8_clean(
		    &out, gemtext_title((struct str){ sample, (size_t)got }));
	if (out.len == 0)
		utf8_clean(&out, name);
	page->title = buf_str(&out);
}

int
page_open(struct page *page, struct arena *arena, struct media *media,
    const struct walk_entry *met, const struct entry *entry)
{
	struct str type = media_type(media, met->name, entry);

	page->error = type.len > 0 || errno == ENOMEM ? 0 : errno;
	if (type.len == 0)
		return -1;
	/* The target of a link is indexed under its own path. */
	if (met->type == DT_LNK || !is_searched(met->path, met->name, type))
		return 0;
	page->fd = entry->fd;
	page->left = PAGE_LONGEST;
	page->sections = (struct sections){ .is_gemtext = !mime_is(
						type, STR("text/plain")) };
	find_title(page, met->name);
	return sections_open(&page->sections, arena, read_page, page) == -1 ? -1
									    : 1;
}
