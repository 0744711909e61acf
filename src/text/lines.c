/* Splits a stream into lines, and long lines at UTF-8 characters. */
#include "text/lines.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define BOM STR("\xef\xbb\xbf")

int
lines_open(struct lines *lines, struct arena *arena)
{
	assert(lines->longest >= 4 && lines->longest <= LINES_BUFFER / 2);
	lines->at = arena_buffer(arena, LINES_BUFFER);
	return lines->at == NULL ? -1 : 0;
}

/* Reads more bytes, or the end; returns 0, LINES_LATER or -1 as lines_next. */
static int
fill(struct lines *lines)
{
	ssize_t got;

	if (lines->error != 0) {
		errno = lines->error;
		return -1;
	}
	if (lines->turn > 0 && lines->reads == lines->turn)
		return LINES_LATER;
	lines->reads++;
	/* Less than a part is buffered, so the source gets enough room. */
	if (lines->start > 0) {
		memmove(lines->at, lines->at + lines->start,
		    lines->end - lines->start);
		lines->end -= lines->start;
		lines->start = 0;
	}
	got = lines->read(
	    lines->context, lines->at + lines->end, LINES_BUFFER - lines->end);
	if (got == LINES_NOT_YET)
		return LINES_LATER;
	if (got == -1) {
		lines->error = errno != 0 ? errno : EIO;
		return -1;
	}
	assert((size_t)got <= LINES_BUFFER - lines->end);
	lines->end += (size_t)got;
	lines->ended = got == 0;
	return 0;
}

/* `text` without the start of a character at its end. */
static struct str
whole_characters(struct str text)
{
	size_t trail = 0; /* bytes after the last start of a character */
	unsigned char lead;

	while (trail < 3 && (text.at[text.len - 1 - trail] & 0xc0) == 0x80)
		trail++;
	lead = (unsigned char)text.at[text.len - 1 - trail];
	if ((lead >= 0xc0 && trail < 1) || (lead >= 0xe0 && trail < 2) ||
	    (lead >= 0xf0 && trail < 3))
		text.len -= trail + 1;
	return text;
}

static void
give(struct lines *lines, struct str text, bool last, struct lines_part *out)
{
	lines->start += text.len;
	*out = (struct lines_part){ text, !lines->within_line, last };
	if (!lines->begun && str_starts(text, BOM))
		out->text = str_tail(text, BOM.len);
	lines->begun = true;
	lines->within_line = !last;
}

int
lines_next(struct lines *lines, struct lines_part *out)
{
	int filled = 0;

	while (filled == 0) {
		struct str held = { lines->at + lines->start,
			lines->end - lines->start };
		size_t most =
		    held.len < lines->longest ? held.len : lines->longest;
		size_t len = str_find(str_head(held, most), '\n');

		if (len < most) {
			give(lines, str_head(held, len), true, out);
			lines->start++;
			return 1;
		}
		if (most == lines->longest) {
			give(lines, whole_characters(str_head(held, most)),
			    false, out);
			return 1;
		}
		if (lines->ended) {
			if (held.len == 0 && !lines->within_line)
				return 0;
			give(lines, held, true, out);
			return 1;
		}
		filled = fill(lines);
	}
	return filled;
}

void
lines_turn(struct lines *lines)
{
	lines->reads = 0;
}
