/* Finds the faults of a text: its encoding, controls, unclosed blocks. */
#include "text/textfault.h"

#include <errno.h>
#include <unistr.h>

#include "text/gemtext.h"
#include "text/utf8.h"

#define MEMORY ((size_t)64 << 10)
#define PART_MAX ((size_t)2048)
#define MARK STR("\xef\xbb\xbf")

/* A source that looks for a byte order mark, which lines_next removes. */
struct textfault_source {
	lines_source *read;
	void *context;
	bool begun, has_mark;
};

bool
textfault_has_mark(struct str start)
{
	return str_starts(start, MARK);
}

const uint8_t *
textfault_bad_byte(struct str part)
{
	return part.len == 0 ? NULL
			     : u8_check((const uint8_t *)part.at, part.len);
}

bool
textfault_has_control(struct str part)
{
	struct str rest = str_trim_end(part), character;
	uint32_t c;

	while (rest.len > 0)
		if (utf8_take(&rest, &c, &character) && c != '\t' &&
		    utf8_is_control(c))
			return true;
	return false;
}

static ssize_t
read_source(void *context, char *at, size_t room)
{
	struct textfault_source *source = context;
	ssize_t got = source->read(source->context, at, room);

	if (got > 0 && !source->begun)
		source->has_mark =
		    textfault_has_mark((struct str){ at, (size_t)got });
	source->begun = source->begun || got > 0;
	return got;
}

static enum textfault_kind
fault_of(struct str part)
{
	if (textfault_bad_byte(part) != NULL)
		return TEXTFAULT_ENCODING;
	return textfault_has_control(part) ? TEXTFAULT_CONTROL : TEXTFAULT_NONE;
}

/* Reads the lines until the first fault; -1 with errno set. */
static int
find(struct lines *lines, bool is_gemtext, struct textfault *out)
{
	const struct textfault_source *source = lines->context;
	bool preformatted = false;
	struct lines_part part;
	int got;

	while ((got = lines_next(lines, &part)) == 1) {
		out->line += part.first;
		out->kind =
		    source->has_mark ? TEXTFAULT_MARK : fault_of(part.text);
		if (out->kind != TEXTFAULT_NONE)
			return 0;
		if (is_gemtext && part.first)
			(void)gemtext_read(part.text, &preformatted);
	}
	if (got == 0 && source->has_mark)
		*out = (struct textfault){ TEXTFAULT_MARK, 1 };
	else if (got == 0 && preformatted)
		out->kind = TEXTFAULT_UNCLOSED;
	return got;
}

int
textfault_find(
    lines_source *read, void *context, bool is_gemtext, struct textfault *out)
{
	struct textfault_source source = { read, context, false, false };
	struct lines lines = {
		.read = read_source, .context = &source, .longest = PART_MAX
	};
	struct arena arena;
	int result = -1;

	*out = (struct textfault){ 0 };
	arena_init(&arena, MEMORY);
	errno = ENOMEM;
	if (lines_open(&lines, &arena) == 0)
		result = find(&lines, is_gemtext, out);
	arena_release(&arena);
	return result;
}
