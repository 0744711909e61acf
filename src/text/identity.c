/* Fingerprints of clients' certificates, and lists of them. */
#include "text/identity.h"

#include <string.h>

#include "text/hex.h"

#define PREFIX STR("SHA256:")

bool
identity_read(struct str text, unsigned char hash[IDENTITY_SIZE])
{
	if (text.len > PREFIX.len &&
	    str_equals_nocase(str_head(text, PREFIX.len), PREFIX))
		text = str_tail(text, PREFIX.len);
	for (size_t i = 0; i < IDENTITY_SIZE; i++) {
		int high, low;

		if (i > 0 && text.len > 0 && text.at[0] == ':')
			text = str_tail(text, 1);
		if (text.len < 2)
			return false;
		high = hex_value(text.at[0]);
		low = hex_value(text.at[1]);
		if (high == -1 || low == -1)
			return false;
		hash[i] = (unsigned char)(high << 4 | low);
		text = str_tail(text, 2);
	}
	return text.len == 0;
}

void
identity_format(
    const unsigned char hash[IDENTITY_SIZE], char out[IDENTITY_TEXT])
{
	char *digit = out + PREFIX.len;

	memcpy(out, PREFIX.at, PREFIX.len);
	hex_format(hash, IDENTITY_SIZE, digit);
	for (; *digit != '\0'; digit++)
		if (*digit >= 'a')
			*digit = (char)(*digit - 'a' + 'A');
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
holds_control(struct str line)
{
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.at[i] < ' ' && line.at[i] != '\t')
			return true;
	return false;
}

/* Removes the first word, and the blanks around it. */
static struct str
cut_word(struct str *line)
{
	struct str word;
	size_t len = 0;

	while (line->len > 0 && is_blank(line->at[0]))
		*line = str_tail(*line, 1);
	while (len < line->len && !is_blank(line->at[len]))
		len++;
	word = str_head(*line, len);
	*line = str_tail(*line, len);
	return word;
}

enum identity_line
identity_read_line(struct str line, unsigned char hash[IDENTITY_SIZE])
{
	unsigned char other[IDENTITY_SIZE];
	struct str word;

	if (str_ends(line, STR("\r")))
		line.len--;
	if (line.len > IDENTITY_LINE_MAX || holds_control(line))
		return IDENTITY_LINE_BAD;
	line.len = str_find(line, '#');
	word = cut_word(&line);
	if (word.len == 0)
		return IDENTITY_LINE_BLANK;
	if (!identity_read(word, hash))
		return IDENTITY_LINE_BAD;
	/* Two on a line: one of them would be lost. */
	while ((word = cut_word(&line)).len > 0)
		if (identity_read(word, other))
			return IDENTITY_LINE_BAD;
	return IDENTITY_LINE_GOOD;
}
