/* Divides a page into sections for the index. */
#include "text/sections.h"

#include "text/gemtext.h"
#include "text/utf8.h"

#define HEADING_MAX ((size_t)512)
#define PART_MAX ((size_t)512)
/* The longest part of a line, cleaned, with its end. */
#define PART_ROOM (3 * PART_MAX + 1)
/* The size of a section that ends with its line, and the largest size. */
#define ENOUGH ((size_t)3 << 10)
#define MOST (ENOUGH + 2 * PART_ROOM)

int
sections_open(struct sections *sections, struct arena *arena,
    lines_source *read, void *context)
{
	sections->lines = (struct lines){
		.read = read, .context = context, .longest = PART_MAX
	};
	sections->preformatted = sections->ended = false;
	sections->heading = buf_in(arena, HEADING_MAX);
	sections->next = buf_in(arena, HEADING_MAX);
	sections->text = buf_in(arena, MOST);
	sections->links = buf_in(arena, MOST);
	if (sections->heading.overflow || sections->next.overflow ||
	    sections->text.overflow || sections->links.overflow)
		return -1;
	return lines_open(&sections->lines, arena);
}

static void
empty(struct buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
}

static void
add_line(struct buf *out, struct str text, bool last)
{
	if (text.len == 0)
		return;
	utf8_clean(out, text);
	if (last)
		buf_char(out, '\n');
}

/* Adds a line, or a part of one; true when the section ends after it. */
static bool
add_part(struct sections *sections, const struct lines_part *part)
{
	struct gemtext_line line = { .text = part->text };
	struct buf *out = &sections->text;

	if (sections->is_gemtext && part->first)
		line = gemtext_read(part->text, &sections->preformatted);
	/* The spaces at the end of a part separate two words. */
	if (!part->last && line.text.len > 0)
		line.text = str_tail(
		    part->text, (size_t)(line.text.at - part->text.at));
	if (line.kind == GEMTEXT_HEADING) {
		utf8_clean(&sections->next, line.text);
		return true;
	}
	if (line.kind == GEMTEXT_LINK)
		out = &sections->links;
	add_line(out, line.text, part->last);
	return (part->last && out->len > ENOUGH) || buf_room(out) < PART_ROOM;
}

/* Begins the next section. */
static void
begin(struct sections *sections)
{
	if (sections->next.len > 0) {
		empty(&sections->heading);
		buf_add(&sections->heading, buf_str(&sections->next));
		empty(&sections->next);
	}
	empty(&sections->text);
	empty(&sections->links);
}

int
sections_next(struct sections *sections, struct section *out)
{
	struct lines_part part;
	int got = 0;

	if (sections->ended)
		return 0;
	do {
		begin(sections);
		while ((got = lines_next(&sections->lines, &part)) == 1)
			if (add_part(sections, &part))
				break;
		/* A heading without text is a section, too. */
	} while (got == 1 && sections->text.len == 0 &&
	    sections->links.len == 0 && sections->heading.len == 0);
	if (got == -1)
		return -1;
	sections->ended = got == 0;
	*out = (struct section){ buf_str(&sections->heading),
		buf_str(&sections->text), buf_str(&sections->links) };
	return out->heading.len + out->text.len + out->links.len > 0;
}
