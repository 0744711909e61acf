/*
 * A page of gemtext as a feed.  Whatever the page: it is the same feed however
 * the page comes, XML that is well-formed, and has an entry if it was said to.
 */
#include "menu.h"

#include "text/feed.h"
#include "text/utf8.h"

#define ARENA_CAP ((size_t)128 << 10)

static struct str
make(struct source source, struct str title, size_t room)
{
	static struct site site;
	struct feed_page page = { .site = &site,
		.base = MENU_BASE,
		.title = title,
		.read = source_read,
		.context = &source };
	size_t size = 24 * source.text.len + 16384;
	struct buf out = buf_over(malloc(size), size);
	char *at = malloc(room);
	struct arena arena;
	struct feed *feed;
	bool ended = false;

	CHECK(out.at != NULL && at != NULL);
	site = menu_site(67, false);
	arena_init(&arena, ARENA_CAP);
	feed = feed_open(&arena, &page);
	CHECK(feed != NULL);
	while (!ended) {
		ssize_t got = feed_read(feed, at, room, &ended);

		CHECK(got >= 0);
		buf_add(&out, (struct str){ at, (size_t)got });
	}
	CHECK(!out.overflow);
	feed_release(feed);
	arena_release(&arena);
	free(at);
	return buf_str(&out);
}

/* All that is text and attributes may hold, and no character besides. */
static void
check_characters(struct str feed)
{
	char *at = malloc(3 * feed.len);
	struct buf clean = buf_over(at, 3 * feed.len);
	struct str rest = feed;
	size_t lines = 0;

	CHECK(at != NULL);
	utf8_clean(&clean, feed);
	for (size_t i = 0; i < feed.len; i++)
		lines += feed.at[i] == '\n';
	/* Our own line ends are all that a reader may not get. */
	CHECK(clean.len == feed.len - lines);
	CHECK(!fuzz_holds(feed, STR("\xef\xbf\xbe")));
	CHECK(!fuzz_holds(feed, STR("\xef\xbf\xbf")));
	while ((rest = str_tail(rest, str_find(rest, '&'))).len > 0) {
		CHECK(str_starts(rest, STR("&amp;")) ||
		    str_starts(rest, STR("&lt;")) ||
		    str_starts(rest, STR("&gt;")) ||
		    str_starts(rest, STR("&quot;")));
		rest = str_tail(rest, 1);
	}
	free(at);
}

/* Takes a tag off, and the text before it. */
static struct str
take_tag(struct str *rest)
{
	struct str tag;

	(void)str_cut(rest, '<');
	CHECK(str_find(*rest, '>') < rest->len);
	tag = str_cut(rest, '>');
	CHECK(str_find(tag, '<') == tag.len);
	return tag;
}

/* Each tag is one of ours, and closed in its turn; how many entries. */
static size_t
check_tags(struct str feed)
{
	struct str open[8], rest = feed;
	size_t depth = 0, entries = 0;

	CHECK(str_starts(feed, STR("<?xml ")) &&
	    str_ends(feed, STR("</feed>\n")));
	(void)take_tag(&rest);
	do {
		struct str tag = take_tag(&rest);

		if (str_ends(tag, STR("/"))) {
			CHECK(str_starts(tag, STR("link rel=\"")));
		} else if (str_starts(tag, STR("/"))) {
			CHECK(depth > 0);
			CHECK(str_equals(str_tail(tag, 1), open[--depth]));
		} else {
			CHECK(depth < sizeof open / sizeof *open);
			entries += str_equals(tag, STR("entry"));
			open[depth++] = str_head(tag, str_find(tag, ' '));
		}
	} while (depth > 0);
	CHECK(str_equals(rest, STR("\n")));
	return entries;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str page = fuzz_text(data, size), title;
	bool has = feed_has_entries(page, &title);
	struct str feed, again;

	CHECK(title.len <= page.len);
	feed = make((struct source){ page, SIZE_MAX, 0 }, title, 4096);
	again = make(
	    (struct source){ page, 1 + size % 61, 0 }, title, 1 + size % 5000);
	CHECK(str_equals(feed, again));
	check_characters(feed);
	/* There may be none all the same: not every link leads anywhere. */
	CHECK(check_tags(feed) == 0 || has);
	free((void *)(uintptr_t)feed.at);
	free((void *)(uintptr_t)again.at);
	return 0;
}
