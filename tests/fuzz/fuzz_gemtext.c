/*
 * A page of gemtext, and the menu it becomes.  Whatever the page: the menu
 * is one, it does not depend on how the page comes, and no word is lost,
 * added, or stuck to its neighbour.
 */
#include "menu.h"

#include "text/gemtext.h"
#include "text/utf8.h"
#include "text/wrap.h"

#define ARENA_CAP ((size_t)256 << 10)
/* A longer line comes in parts, and its marker is read off the first. */
#define PART ((size_t)4096)

static struct str
project(const struct site *site, struct source source, size_t room)
{
	struct gophermenu_page page = { .site = site,
		.base = MENU_BASE,
		.read = source_read,
		.item_type = menu_item_type,
		.context = &source };
	size_t size = 24 * source.text.len + GOPHERMENU_ROOM;
	struct buf out = buf_over(malloc(size), size);
	char *at = malloc(room);
	struct arena arena;
	struct gophermenu *menu;
	bool ended = false;

	CHECK(out.at != NULL && at != NULL);
	arena_init(&arena, ARENA_CAP);
	menu = gophermenu_open(&arena, &page);
	CHECK(menu != NULL);
	while (!ended) {
		ssize_t got = gophermenu_read(menu, at, room, &ended);

		CHECK(got >= 0);
		CHECK(got == 0 || at[got - 1] == '\n');
		buf_add(&out, (struct str){ at, (size_t)got });
	}
	CHECK(!out.overflow);
	gophermenu_release(menu);
	arena_release(&arena);
	free(at);
	return buf_str(&out);
}

static bool
is_blank(struct str s)
{
	return str_trim_start(s).len == 0;
}

/* The next display with something on it, without its type. */
static struct str
next_display(struct str *menu)
{
	struct str display;

	do {
		struct str line = menu_line(menu);

		CHECK(!str_equals(line, STR(".")));
		display = str_tail(str_cut(&line, '\t'), 1);
	} while (is_blank(display));
	return display;
}

static void
take_marker(struct str *display, struct str marker)
{
	CHECK(str_starts(*display, marker));
	*display = str_tail(*display, marker.len);
}

/*
 * Takes what is displayed off the words.  Spaces may be more or fewer, but
 * are there or not; a line may end anywhere, and cost the spaces there.
 */
static void
take_words(struct str display, struct str *words)
{
	display = str_trim_start(display);
	*words = str_trim_start(*words);
	while (display.len > 0) {
		CHECK(words->len > 0);
		CHECK(display.at[0] == words->at[0]);
		if (display.at[0] == ' ') {
			display = str_trim_start(display);
			*words = str_trim_start(*words);
		} else {
			display = str_tail(display, 1);
			*words = str_tail(*words, 1);
		}
	}
	*words = str_trim_start(*words);
}

static void
take_rule(struct str *menu, const struct gemtext_line *line)
{
	struct str rule = next_display(menu);

	for (size_t i = 0; i < rule.len; i++)
		CHECK(rule.at[i] == "=-~"[line->level - 1]);
}

/* The words of one line, as they are to be read. */
static struct str
words_of(struct buf *out, const struct gemtext_line *line)
{
	struct str text = line->text;

	if (line->kind == GEMTEXT_LINK && text.len == 0)
		text = line->url;
	if (line->kind == GEMTEXT_TOGGLE)
		buf_char(out, '[');
	utf8_clean(out, text);
	if (line->kind == GEMTEXT_TOGGLE)
		buf_char(out, ']');
	CHECK(!out->overflow);
	return buf_str(out);
}

static void
take_line(struct str *menu, const struct gemtext_line *line, struct str words)
{
	bool marked = line->kind == GEMTEXT_ITEM || line->kind == GEMTEXT_QUOTE;
	bool ruled = line->kind == GEMTEXT_HEADING && wrap_columns(words) > 0;
	bool first = true;

	if (is_blank(words) && !marked)
		return;
	do {
		struct str display = next_display(menu);

		if (line->kind == GEMTEXT_QUOTE)
			take_marker(&display, STR(">"));
		else if (line->kind == GEMTEXT_ITEM && first)
			take_marker(&display, STR("*"));
		take_words(display, &words);
		first = false;
	} while (!is_blank(words));
	if (ruled)
		take_rule(menu, line);
}

/* What the projection does on purpose to a page that few will write. */
static bool
is_odd(struct str page)
{
	if (fuzz_holds(page, STR("\u2028")) || fuzz_holds(page, STR("\u2029")))
		return true;
	while (page.len > 0) {
		struct str line = str_cut(&page, '\n');

		/* Where its URL, its rule or its alt text ends, comes later. */
		if (line.len >= PART &&
		    (str_starts(line, STR("=>")) ||
			str_starts(line, STR("#")) ||
			str_starts(line, STR("```"))))
			return true;
	}
	return false;
}

static void
check_words(const struct site *site, struct str page, struct str menu)
{
	size_t size = 3 * page.len + 2;
	char *at = malloc(size);
	bool preformatted = false;

	CHECK(at != NULL);
	if (str_starts(page, STR("\xef\xbb\xbf")))
		page = str_tail(page, 3);
	while (page.len > 0 && !is_odd(page)) {
		struct gemtext_line line =
		    gemtext_read(str_cut(&page, '\n'), &preformatted);
		struct buf out = buf_over(at, size);

		if (line.kind != GEMTEXT_TOGGLE ||
		    (site->alt_text && preformatted && line.text.len > 0))
			take_line(&menu, &line, words_of(&out, &line));
	}
	free(at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned widths[] = { 33, 67, 200 };
	struct str page = fuzz_text(data, size);
	struct site site = menu_site(widths[size % 3], size % 2 == 1);
	struct str menu = project(
	    &site, (struct source){ page, SIZE_MAX, 0 }, GOPHERMENU_ROOM);
	struct str again =
	    project(&site, (struct source){ page, 1 + size % 61, 0 },
		GOPHERMENU_ROOM + size % 5000);

	CHECK(str_equals(menu, again));
	menu_check(menu, true);
	check_words(&site, page, menu);
	free((void *)(uintptr_t)menu.at);
	free((void *)(uintptr_t)again.at);
	CHECK(gemtext_title(page).len <= page.len);
	return 0;
}
