/* Divides a text into the words of the index. */
#include "text/words.h"

#include <string.h>

/* The lower case of ASCII letters and digits; 0 for other bytes. */
static char
ascii(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c;
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return '\0';
}

/* Appends what fits; returns whether it did. */
static bool
append(struct words_reader *words, const char *at, size_t len)
{
	if (len > WORDS_LONGEST - words->len)
		return false;
	memcpy(words->word + words->len, at, len);
	words->len += len;
	return true;
}

/* Reads a word to its end. */
static void
read_word(struct words_reader *words)
{
	struct str text = words->text;
	bool fits = true;
	size_t read;

	while (words->at < text.len) {
		const char c = ascii(text.at[words->at]);
		const struct letters_fold *fold;

		if (c != '\0') {
			fits = fits && append(words, &c, 1);
			words->to = ++words->at;
			continue;
		}
		if ((text.at[words->at] & 0x80) == 0)
			break;
		fold = letters_fold(
		    words->cache, str_tail(text, words->at), &read);
		if (fold->kind == LETTERS_BREAK ||
		    fold->kind == LETTERS_SPACELESS)
			break;
		words->at += read;
		words->to = words->at;
		fits = fits && append(words, fold->text, fold->len);
	}
}

/* Reads a letter of a script without spaces; false when none is next. */
static bool
read_unit(struct words_reader *words)
{
	struct words_unit *unit = &words->unit;

	unit->len = 0;
	unit->from = words->at;
	while (words->at < words->text.len) {
		size_t read;
		const struct letters_fold *fold = letters_fold(
		    words->cache, str_tail(words->text, words->at), &read);

		if (fold->kind == LETTERS_BREAK || fold->kind == LETTERS_WORD ||
		    (fold->kind == LETTERS_SPACELESS && unit->len > 0))
			break;
		words->at += read;
		if (fold->len <= sizeof unit->text - unit->len) {
			memcpy(unit->text + unit->len, fold->text, fold->len);
			unit->len += fold->len;
		}
	}
	unit->to = words->at;
	return unit->len > 0;
}

/* Makes a word of the unit that was read ahead, and of the next one. */
static void
pair(struct words_reader *words, bool is_first)
{
	words->from = words->unit.from;
	words->to = words->unit.to;
	(void)append(words, words->unit.text, words->unit.len);
	words->has_unit = read_unit(words);
	if (words->has_unit)
		(void)append(words, words->unit.text, words->unit.len);
	words->kind = words->has_unit ? WORDS_PAIR
	    : is_first                ? WORDS_ALONE
				      : WORDS_LAST;
}

/* Skips to the next word; its kind, or LETTERS_BREAK at the end. */
static enum letters_kind
skip(struct words_reader *words)
{
	struct str text = words->text;

	while (words->at < text.len) {
		const struct letters_fold *fold;
		size_t read = 1;

		if (ascii(text.at[words->at]) != '\0')
			return LETTERS_WORD;
		if ((text.at[words->at] & 0x80) != 0) {
			fold = letters_fold(
			    words->cache, str_tail(text, words->at), &read);
			if (fold->kind == LETTERS_WORD ||
			    fold->kind == LETTERS_SPACELESS)
				return (enum letters_kind)fold->kind;
		}
		words->at += read;
	}
	return LETTERS_BREAK;
}

bool
words_next(struct words_reader *words)
{
	enum letters_kind kind;

	words->len = 0;
	if (words->has_unit) {
		pair(words, false);
		return true;
	}
	kind = skip(words);
	words->from = words->at;
	words->kind = WORDS_WORD;
	if (kind == LETTERS_BREAK)
		return false;
	if (kind == LETTERS_WORD) {
		read_word(words);
	} else {
		(void)read_unit(words);
		pair(words, true);
	}
	return true;
}
