/*
 * Proofreading.  Knows what readers of a page would stumble over, line by
 * line, as the rooms that project it see them; leaves links to links.
 */
#include "tool/proof.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <unistr.h>

#include "text/gemtext.h"
#include "text/gophermap.h"
#include "text/gophermenu.h"
#include "text/lines.h"
#include "text/utf8.h"
#include "text/wrap.h"
#include "tree/directory.h"

#define MEMORY ((size_t)256 << 10)
#define BOM STR("\xef\xbb\xbf")

/* A file that is read, and what was said of it already. */
struct proof {
	struct links *links;
	const struct survey_entry *entry;
	struct arena arena;
	struct lines lines;
	struct lines_part part;
	struct links_from from; /* holds the number of the line */
	bool begun;
	bool encoding_told; /* once a file is enough */
	/* Of gemtext. */
	bool preformatted, shape; /* the latter: this line */
	bool lost_told; /* of this line */
	int level; /* of the last heading */
	size_t column; /* of a preformatted line */
};

static struct finding
finding_of(const struct proof *proof, const char *check)
{
	return (struct finding){
		.check = check,
		.path = proof->entry->path,
		.line = proof->from.line,
	};
}

static ssize_t
read_file(void *context, char *at, size_t room)
{
	struct proof *proof = context;
	ssize_t got;

	do
		got = read(proof->entry->found.fd, at, room);
	while (got == -1 && errno == EINTR);
	if (got > 0 && !proof->begun) {
		struct finding finding = finding_of(proof, "encoding");

		if (str_starts((struct str){ at, (size_t)got }, BOM))
			finding_add(proof->links->findings, &finding,
			    "begins with a byte order mark, which Gemini "
			    "forbids; save it without");
		proof->begun = true;
	}
	return got;
}

/* -1 when it cannot be read, which has been said. */
static int
proof_open(
    struct proof *proof, struct links *links, const struct survey_entry *entry)
{
	struct finding finding;

	*proof = (struct proof){ .links = links, .entry = entry };
	arena_init(&proof->arena, MEMORY);
	proof->lines = (struct lines){
		.read = read_file, .context = proof, .longest = GOPHERMENU_PART
	};
	proof->from.path = entry->path;
	proof->from.st = &entry->found.st;
	if (site_url(links->reader->server.site, &proof->arena, entry->path,
		&proof->from.base) == 0 &&
	    lines_open(&proof->lines, &proof->arena) == 0)
		return 0;
	finding = finding_of(proof, "not-served");
	finding_add(links->findings, &finding,
	    "cannot be looked at for want of memory; free some");
	arena_release(&proof->arena);
	return -1;
}

static void
tell_encoding(struct proof *proof, unsigned char byte)
{
	struct finding finding = finding_of(proof, "encoding");

	if (!proof->encoding_told)
		finding_add(proof->links->findings, &finding,
		    "is not UTF-8 (byte 0x%02X); save it as UTF-8", byte);
	proof->encoding_told = true;
}

/* Whether the part is UTF-8; says so once when it is not. */
static bool
check_encoding(struct proof *proof)
{
	struct str text = proof->part.text;
	const uint8_t *bad =
	    text.len == 0 ? NULL : u8_check((const uint8_t *)text.at, text.len);

	if (bad != NULL)
		tell_encoding(proof, *bad);
	return bad == NULL;
}

/* The next line or part; false at the end, or when there is no more. */
static bool
next_part(struct proof *proof)
{
	int got = lines_next(&proof->lines, &proof->part);
	struct finding finding = finding_of(proof, "not-served");

	if (got == -1)
		finding_add(proof->links->findings, &finding,
		    "cannot be read: %s; see to it", strerror(errno));
	proof->from.line += got == 1 && proof->part.first;
	return got == 1;
}

/* What is valid and gets shorter by being cleaned has lost something. */
static void
check_lost(struct proof *proof)
{
	struct str text = str_trim_end(proof->part.text);
	char clean[3 * GOPHERMENU_PART];
	struct buf out = buf_over(clean, sizeof clean);
	struct finding finding = finding_of(proof, "control");

	proof->lost_told = proof->lost_told && !proof->part.first;
	if (!check_encoding(proof) || proof->lost_told ||
	    !proof->links->reader->has_gopher)
		return;
	utf8_clean(&out, text);
	if (out.len == text.len)
		return;
	finding_add(proof->links->findings, &finding,
	    "holds control characters, which are left out on Gopher; take "
	    "them out");
	proof->lost_told = true;
}

/* The columns of a preformatted line, which may come in parts. */
static void
check_shape(struct proof *proof, struct str text)
{
	char clean[WRAP_WINDOW];
	size_t before = proof->part.first ? 0 : proof->column;
	struct finding finding = finding_of(proof, "cut");

	if (!proof->links->reader->has_gopher)
		return;
	proof->column = before;
	while (text.len > 0) {
		struct buf out = buf_over(clean, sizeof clean);

		wrap_clean(&out, &text, &proof->column);
	}
	if (before <= GOPHERMENU_WIDEST && proof->column > GOPHERMENU_WIDEST)
		finding_add(proof->links->findings, &finding,
		    "preformatted line is cut after %zu columns on Gopher; "
		    "break it",
		    GOPHERMENU_WIDEST);
}

static void
check_heading(struct proof *proof, const struct gemtext_line *line)
{
	struct finding finding = finding_of(proof, "heading");

	if (line->level > proof->level + 1 && proof->level == 0)
		finding_add(proof->links->findings, &finding,
		    "first heading is of level %d; begin with \"# \"",
		    line->level);
	else if (line->level > proof->level + 1)
		finding_add(proof->links->findings, &finding,
		    "heading of level %d below one of level %d; make it "
		    "level %d",
		    line->level, proof->level, proof->level + 1);
	proof->level = line->level;
}

static void
check_link(struct proof *proof, const struct gemtext_line *line)
{
	struct finding finding = finding_of(proof, "tab");

	if (proof->links->reader->has_gopher &&
	    str_find(line->text, '\t') < line->text.len)
		finding_add(proof->links->findings, &finding,
		    "label holds a TAB, which is a space on Gopher; write "
		    "spaces");
	links_follow(proof->links, &proof->from, line->url);
}

static void
check_line(struct proof *proof)
{
	struct gemtext_line line =
	    gemtext_read(proof->part.text, &proof->preformatted);

	proof->shape = false;
	switch (line.kind) {
	case GEMTEXT_LINK: check_link(proof, &line); break;
	case GEMTEXT_HEADING: check_heading(proof, &line); break;
	case GEMTEXT_PREFORMATTED:
		proof->shape = true;
		check_shape(proof, line.text);
		break;
	case GEMTEXT_TEXT:
	case GEMTEXT_ITEM:
	case GEMTEXT_QUOTE:
	case GEMTEXT_TOGGLE: break;
	}
}

static void
check_title(struct proof *proof)
{
	const struct survey_entry *entry = proof->entry;
	const struct tree *tree = proof->links->reader->server.tree;
	struct finding finding = finding_of(proof, "title");
	struct str title;

	finding.line = 1;
	directory_title(tree, &proof->arena,
	    str_head(entry->path, entry->path.len - entry->name.len),
	    entry->name, &title);
	if (title.len == 0)
		finding_add(proof->links->findings, &finding,
		    "has no title; begin it with a line \"# Title\"");
}

void
proof_gemtext(struct links *links, const struct survey_entry *entry)
{
	struct proof proof;

	if (proof_open(&proof, links, entry) == -1)
		return;
	check_title(&proof);
	while (next_part(&proof)) {
		check_lost(&proof);
		if (proof.part.first)
			check_line(&proof);
		else if (proof.shape)
			check_shape(&proof, proof.part.text);
	}
	if (proof.preformatted) {
		struct finding finding = finding_of(&proof, "unclosed");

		finding_add(links->findings, &finding,
		    "preformatted text does not end; close it with \"```\"");
	}
	arena_release(&proof.arena);
}

void
proof_text(struct links *links, const struct survey_entry *entry)
{
	struct proof proof;

	if (proof_open(&proof, links, entry) == -1)
		return;
	/* No need to read on. */
	while (!proof.encoding_told && next_part(&proof))
		(void)check_encoding(&proof);
	arena_release(&proof.arena);
}

/* A text that is given whole, and then what the next line would be. */
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
 * What the server makes of this one line of a map, in `out`; whether the map
 * goes on behind it.
 */
static bool
read_item(struct proof *proof, struct arena *arena, struct buf *out)
{
	struct str probe = { 0 };
	struct buf text = buf_in(arena, proof->part.text.len + 4);
	struct gophermap_file file = {
		.site = proof->links->reader->server.site,
		.directory = str_head(proof->entry->path,
		    proof->entry->path.len - proof->entry->name.len),
		.read = read_probe,
		.context = &probe,
	};
	struct gophermap *map = gophermap_open(arena, &file);
	ssize_t got;

	buf_add(&text, proof->part.text);
	/* The probe's own line tells that the map did not stop. */
	buf_add(&text, STR("\n+\n"));
	probe = buf_str(&text);
	if (map == NULL || text.overflow)
		return false;
	do {
		got = gophermap_read(map, out->at + out->len, buf_room(out));
		out->len += got > 0 ? (size_t)got : 0;
	} while (got > 0 && buf_room(out) >= GOPHERMENU_ROOM);
	if (gophermap_lists(map))
		identities_add(&proof->links->identities, proof->entry->within,
		    IDENTITY_LISTED);
	return str_find(buf_str(out), '+') < out->len;
}

void
proof_gophermap(struct links *links, const struct survey_entry *entry)
{
	struct proof proof;
	struct arena arena;
	bool goes_on = true;

	if (proof_open(&proof, links, entry) == -1)
		return;
	arena_init(&arena, MEMORY);
	while (goes_on && next_part(&proof)) {
		char menu[5 * GOPHERMENU_ROOM];
		struct buf out = buf_over(menu, sizeof menu);

		check_lost(&proof);
		if (!proof.part.first || !proof.part.last)
			continue;
		arena_reset(&arena);
		goes_on = read_item(&proof, &arena, &out);
		if (goes_on)
			links_follow_item(links, &proof.from,
			    str_head(
				buf_str(&out), str_find(buf_str(&out), '\n')));
	}
	arena_release(&arena);
	arena_release(&proof.arena);
}
