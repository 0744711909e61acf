/*
 * Checks a text line by line: its encoding, its headings, its links, and lines
 * that do not survive the projection to Gopher.
 */
#include "tool/proofread.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "text/gemtext.h"
#include "text/gophermap.h"
#include "text/gophermenu.h"
#include "text/lines.h"
#include "text/textfault.h"
#include "text/wrap.h"
#include "tool/invisible.h"
#include "tree/directory.h"

#define MEMORY ((size_t)256 << 10)

/* The file that is checked, and the findings so far. */
struct proofread {
	struct links *links;
	const struct survey_entry *entry;
	struct arena arena;
	struct lines lines;
	struct lines_part part;
	struct links_from from; /* has the line number */
	bool begun;
	bool encoding_told; /* report it once a file */
	/* Of gemtext. */
	bool preformatted, shape; /* `shape`: this line is preformatted */
	bool lost_told; /* in this line */
	int level; /* of the last heading */
	size_t column; /* of a preformatted line */
	/* Of a gophermap. */
	size_t comments, first_comment; /* their number; a line */
};

static struct finding
finding_of(const struct proofread *proofread, const char *check)
{
	return (struct finding){
		.check = check,
		.path = proofread->entry->path,
		.line = proofread->from.line,
	};
}

static ssize_t
read_file(void *context, char *at, size_t room)
{
	struct proofread *proofread = context;
	ssize_t got;

	do
		got = read(proofread->entry->found.fd, at, room);
	while (got == -1 && errno == EINTR);
	if (got > 0 && !proofread->begun) {
		struct finding finding = finding_of(proofread, "encoding");

		if (textfault_has_mark((struct str){ at, (size_t)got }))
			finding_add(proofread->links->findings, &finding,
			    "begins with a byte order mark, which Gemini "
			    "forbids; save it without one");
		proofread->begun = true;
	}
	return got;
}

/* Returns -1 when the file cannot be read, which is reported. */
static int
proofread_open(struct proofread *proofread, struct links *links,
    const struct survey_entry *entry)
{
	struct finding finding;

	*proofread = (struct proofread){ .links = links, .entry = entry };
	arena_init(&proofread->arena, MEMORY);
	proofread->lines = (struct lines){ .read = read_file,
		.context = proofread,
		.longest = GOPHERMENU_PART };
	proofread->from.path = entry->path;
	proofread->from.st = &entry->found.st;
	if (site_url(links->offline->host.site, &proofread->arena, entry->path,
		&proofread->from.base) == 0 &&
	    lines_open(&proofread->lines, &proofread->arena) == 0)
		return 0;
	finding = finding_of(proofread, "not-served");
	finding_add(links->findings, &finding, "not checked: out of memory");
	arena_release(&proofread->arena);
	return -1;
}

static void
tell_encoding(struct proofread *proofread, unsigned char byte)
{
	struct finding finding = finding_of(proofread, "encoding");

	if (!proofread->encoding_told)
		finding_add(proofread->links->findings, &finding,
		    "is not UTF-8 (byte 0x%02X); save it as UTF-8", byte);
	proofread->encoding_told = true;
}

/* Whether the part is UTF-8; reports it once when it is not. */
static bool
check_encoding(struct proofread *proofread)
{
	const uint8_t *bad = textfault_bad_byte(proofread->part.text);

	if (bad != NULL)
		tell_encoding(proofread, *bad);
	return bad == NULL;
}

/* Reads the next line or part; false at the end, or on a reported error. */
static bool
next_part(struct proofread *proofread)
{
	int got = lines_next(&proofread->lines, &proofread->part);
	struct finding finding = finding_of(proofread, "not-served");

	if (got == -1)
		finding_add(proofread->links->findings, &finding,
		    "cannot be read: %s; check the disk", strerror(errno));
	proofread->from.line += got == 1 && proofread->part.first;
	return got == 1;
}

/* Reports control characters. */
static void
check_lost(struct proofread *proofread)
{
	struct finding finding = finding_of(proofread, "control");

	proofread->lost_told = proofread->lost_told && !proofread->part.first;
	if (!check_encoding(proofread) || proofread->lost_told ||
	    !proofread->links->offline->has_gopher)
		return;
	if (!textfault_has_control(proofread->part.text))
		return;
	finding_add(proofread->links->findings, &finding,
	    "contains control characters, which are left out on Gopher; remove "
	    "them");
	proofread->lost_told = true;
}

/* Counts the columns of a preformatted line, which may come in parts. */
static void
check_shape(struct proofread *proofread, struct str text)
{
	char clean[WRAP_WINDOW];
	size_t before = proofread->part.first ? 0 : proofread->column;
	struct finding finding = finding_of(proofread, "cut");

	if (!proofread->links->offline->has_gopher)
		return;
	proofread->column = before;
	while (text.len > 0) {
		struct buf out = buf_over(clean, sizeof clean);

		wrap_clean(&out, &text, &proofread->column);
	}
	if (before <= GOPHERMENU_WIDEST &&
	    proofread->column > GOPHERMENU_WIDEST)
		finding_add(proofread->links->findings, &finding,
		    "preformatted line is cut after %zu columns on Gopher; "
		    "shorten it",
		    GOPHERMENU_WIDEST);
}

static void
check_heading(struct proofread *proofread, const struct gemtext_line *line)
{
	struct finding finding = finding_of(proofread, "heading");

	if (line->level > proofread->level + 1 && proofread->level == 0)
		finding_add(proofread->links->findings, &finding,
		    "first heading is of level %d; begin with \"# \"",
		    line->level);
	else if (line->level > proofread->level + 1)
		finding_add(proofread->links->findings, &finding,
		    "heading of level %d below one of level %d; make it "
		    "level %d",
		    line->level, proofread->level, proofread->level + 1);
	proofread->level = line->level;
}

/* Names an invisible character of `text`; returns whether there is one. */
static bool
is_invisible(struct proofread *proofread, const char *where, struct str text)
{
	struct finding finding = finding_of(proofread, "invisible");
	char room[INVISIBLE_ROOM];
	struct buf name = buf_over(room, sizeof room);

	if (!invisible_find(text, &name))
		return false;
	finding_add(proofread->links->findings, &finding,
	    "%s contains an invisible character, %.*s; remove it, or write a "
	    "space",
	    where, STR_ARG(buf_str(&name)));
	return true;
}

static void
check_link(struct proofread *proofread, const struct gemtext_line *line)
{
	struct finding finding = finding_of(proofread, "tab");

	if (proofread->links->offline->has_gopher &&
	    str_find(line->text, '\t') < line->text.len)
		finding_add(proofread->links->findings, &finding,
		    "label contains a TAB, which is a space on Gopher; write "
		    "spaces");
	proofread->from.label = line->text;
	if (!is_invisible(proofread, "the URL of the link", line->url))
		links_follow(proofread->links, &proofread->from, line->url);
}

/* Reports a line that looks like a heading, link, item, quote or toggle. */
static void
check_mark(struct proofread *proofread)
{
	static const char *const marks[] = { "#", "=>", "* ", ">", "```" };
	struct str line = proofread->part.text;
	struct str rest = invisible_trim_start(line);

	if (str_starts(line, STR("=>")))
		links_follow(proofread->links, &proofread->from, STR(""));
	if (str_starts(line, STR("*")))
		is_invisible(proofread, "the mark of the list item",
		    str_head(line,
			line.len -
			    invisible_trim_start(str_tail(line, 1)).len));
	for (size_t i = 0;
	     rest.len < line.len && i < sizeof marks / sizeof *marks; i++)
		if (str_starts(rest, str_of(marks[i]))) {
			is_invisible(proofread, "the start of the line", line);
			break;
		}
}

static void
check_line(struct proofread *proofread)
{
	struct gemtext_line line =
	    gemtext_read(proofread->part.text, &proofread->preformatted);

	proofread->shape = false;
	switch (line.kind) {
	case GEMTEXT_LINK: check_link(proofread, &line); break;
	case GEMTEXT_HEADING: check_heading(proofread, &line); break;
	case GEMTEXT_PREFORMATTED:
		proofread->shape = true;
		check_shape(proofread, line.text);
		break;
	case GEMTEXT_TEXT: check_mark(proofread); break;
	case GEMTEXT_ITEM:
	case GEMTEXT_QUOTE:
	case GEMTEXT_TOGGLE: break;
	}
}

static void
check_title(struct proofread *proofread)
{
	const struct survey_entry *entry = proofread->entry;
	struct finding finding = finding_of(proofread, "title");
	struct str title;

	finding.line = 1;
	directory_title(proofread->links->offline->host.tree, &proofread->arena,
	    str_head(entry->path, entry->path.len - entry->name.len),
	    entry->name, &title);
	if (title.len == 0)
		finding_add(proofread->links->findings, &finding,
		    "has no title; begin it with a line \"# Title\"");
}

void
proofread_gemtext(struct links *links, const struct survey_entry *entry)
{
	struct proofread proofread;

	if (proofread_open(&proofread, links, entry) == -1)
		return;
	check_title(&proofread);
	while (next_part(&proofread)) {
		check_lost(&proofread);
		if (proofread.part.first)
			check_line(&proofread);
		else if (proofread.shape)
			check_shape(&proofread, proofread.part.text);
	}
	if (proofread.preformatted) {
		struct finding finding = finding_of(&proofread, "unclosed");

		finding_add(links->findings, &finding,
		    "preformatted text does not end; close it with \"```\"");
	}
	arena_release(&proofread.arena);
}

void
proofread_text(struct links *links, const struct survey_entry *entry)
{
	struct proofread proofread;

	if (proofread_open(&proofread, links, entry) == -1)
		return;
	/* One finding is enough. */
	while (!proofread.encoding_told && next_part(&proofread))
		(void)check_encoding(&proofread);
	arena_release(&proofread.arena);
}

/* A source for gophermap_open: the text of `context`. */
static ssize_t
read_probe(void *context, char *at, size_t room)
{
	struct str *probe = context;
	size_t len = probe->len < room ? probe->len : room;

	if (len > 0)
		memcpy(at, probe->at, len);
	*probe = str_tail(*probe, len);
	return (ssize_t)len;
}

/*
 * Writes to `out` the menu line that the server makes of this line of a
 * gophermap.  Returns whether the map continues after it.
 */
static bool
read_item(struct proofread *proofread, struct arena *arena, struct buf *out)
{
	struct str probe = { 0 };
	struct buf text = buf_in(arena, proofread->part.text.len + 4);
	struct gophermap_file file = {
		.site = proofread->links->offline->host.site,
		.directory = str_head(proofread->entry->path,
		    proofread->entry->path.len - proofread->entry->name.len),
		.read = read_probe,
		.context = &probe,
	};
	struct gophermap *map = gophermap_open(arena, &file);
	bool ended = false;
	ssize_t got;

	buf_add(&text, proofread->part.text);
	/* If the added line is in the output, the map did not stop here. */
	buf_add(&text, STR("\n+\n"));
	probe = buf_str(&text);
	if (map == NULL || text.overflow)
		return false;
	do {
		got = gophermap_read(
		    map, out->at + out->len, buf_room(out), &ended);
		out->len += got > 0 ? (size_t)got : 0;
	} while (got > 0 && !ended && buf_room(out) >= GOPHERMENU_ROOM);
	if (gophermap_lists(map))
		file_set_add(&proofread->links->file_set,
		    proofread->entry->within, FILE_SET_LISTED);
	return str_find(buf_str(out), '+') < out->len;
}

/* A directive of gophernicus that capsuled shows as text. */
struct dialect {
	const char *mark, *does;
};

/* Finds the directive that a line without TAB would be; NULL: none. */
static const struct dialect *
dialect_of(struct str line)
{
	static const struct dialect known[] = {
		{ "=", "includes a file" },
		{ "-", "hides a file" },
		{ ":", "sets the type of an extension" },
		{ "~", "lists the users" },
		{ "%", "lists the virtual hosts" },
	};
	const struct dialect *found = NULL;
	struct str word;

	line = str_trim_end(line);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_starts(line, str_of(known[i].mark)))
			found = &known[i];
	if (found == NULL || str_find(line, '\t') < line.len)
		return NULL;
	word = str_tail(line, 1);
	switch (found->mark[0]) {
	case '~':
	case '%': return word.len == 0 ? found : NULL;
	case ':': /* ":ext=0" */
		return word.len > 2 && str_find(word, '=') == word.len - 2
		    ? found
		    : NULL;
	default:
		/* A rule or a sentence is text. */
		return word.len > 0 && str_find(word, ' ') == word.len &&
			word.at[0] != '-' && word.at[0] != '=' &&
			word.at[0] != '>'
		    ? found
		    : NULL;
	}
}

static void
check_dialect(struct proofread *proofread)
{
	struct finding finding = finding_of(proofread, "dialect");
	const struct dialect *dialect = dialect_of(proofread->part.text);

	if (dialect != NULL)
		finding_add(proofread->links->findings, &finding,
		    "shown as text: a line with \"%s\" %s in gophernicus, but "
		    "not here; remove it",
		    dialect->mark, dialect->does);
}

/* Counts the comments; they are one finding a file. */
static void
count_comment(struct proofread *proofread)
{
	if (!str_starts(proofread->part.text, STR("#")))
		return;
	if (proofread->comments++ == 0)
		proofread->first_comment = proofread->from.line;
}

static void
note_comments(struct proofread *proofread)
{
	struct finding finding = finding_of(proofread, "comment");

	if (proofread->comments == 0)
		return;
	finding.is_note = true;
	finding.line = proofread->first_comment;
	finding_add(proofread->links->findings, &finding,
	    "comments are left out of the menu (%zu line%s), and visitors can "
	    "read the comments of a gophermap; to show such a line, begin it "
	    "with i and end it with a TAB",
	    proofread->comments, proofread->comments == 1 ? "" : "s");
}

/* Checks what a line of a gophermap becomes in the menu. */
static void
check_item(struct proofread *proofread, struct str item)
{
	struct str fields = proofread->part.text;

	check_dialect(proofread);
	(void)str_cut(&fields, '\t');
	if (!is_invisible(proofread, "the selector or host", fields))
		links_follow_item(proofread->links, &proofread->from, item);
}

void
proofread_gophermap(struct links *links, const struct survey_entry *entry)
{
	struct proofread proofread;
	struct arena arena;
	bool goes_on = true;

	if (proofread_open(&proofread, links, entry) == -1)
		return;
	arena_init(&arena, MEMORY);
	while (goes_on && next_part(&proofread)) {
		char menu[5 * GOPHERMENU_ROOM];
		struct buf out = buf_over(menu, sizeof menu);

		check_lost(&proofread);
		if (!proofread.part.first || !proofread.part.last)
			continue;
		count_comment(&proofread);
		arena_reset(&arena);
		goes_on = read_item(&proofread, &arena, &out);
		if (goes_on)
			check_item(&proofread,
			    str_head(
				buf_str(&out), str_find(buf_str(&out), '\n')));
	}
	note_comments(&proofread);
	arena_release(&arena);
	arena_release(&proofread.arena);
}
