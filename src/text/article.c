/*
 * Parses a plain text into a lead, questions and answers: finds the paragraphs,
 * and labels that a web page has left.
 */
#include "text/article.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "text/buf.h"

#define LABEL_MAX 40 /* in characters; a longer line is not a label */
#define WRAP_LEAST 60 /* the narrowest column that a text is wrapped at */
#define WRAP_MOST 120 /* the widest */
#define SLUG_MAX ((size_t)40) /* bytes, without a number at the end */

struct article_reader {
	struct arena *arena;
	struct article *article;
	struct article_text **lead_end, **answer_end, **left_out_end;
	struct article_text **unanswered; /* the labels since the question */
	struct article_question *question; /* the last one */
	size_t width; /* the column that the text is wrapped at; 0: none */
	/* The current paragraph; empty between two paragraphs. */
	struct str open;
	struct str open_last; /* its last line */
	size_t open_line;
};

/* Takes a line from `rest`; false when none is left. */
static bool
next_line(struct str *rest, struct str *line)
{
	size_t at = 0;

	if (rest->len == 0)
		return false;
	while (at < rest->len && rest->at[at] != '\n' && rest->at[at] != '\r')
		at++;
	*line = str_trim_end(str_trim_start(str_head(*rest, at)));
	if (at + 1 < rest->len && rest->at[at] == '\r' &&
	    rest->at[at + 1] == '\n')
		at++;
	*rest = str_tail(*rest, at < rest->len ? at + 1 : at);
	return true;
}

static size_t
characters(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; i++)
		count += ((unsigned char)s.at[i] & 0xc0) != 0x80;
	return count;
}

/* Removes one of `marks`, a list that ends with NULL, from the end of `s`. */
static bool
take_mark(struct str *s, const char *const *marks)
{
	for (; *marks != NULL; marks++)
		if (str_ends(*s, str_of(*marks))) {
			s->len -= str_of(*marks).len;
			return true;
		}
	return false;
}

static bool
is_question(struct str s)
{
	/* Latin, full-width and Arabic. */
	static const char *const marks[] = { "?", "\uff1f", "\u061f", NULL };

	return take_mark(&s, marks);
}

static bool
ends_sentence(struct str s)
{
	static const char *const closing[] = { "\"", "'", ")", "]", "*", "_",
		"\u201d", "\u2019", "\u201c", "\u00bb", "\u00ab", "\u203a",
		"\u300d", NULL };
	/* Also the full stops of Chinese, Urdu, Hindi and Armenian. */
	static const char *const marks[] = { ".", "!", "\u2026", "\u3002",
		"\uff01", "\uff0e", "\u06d4", "\u0964", "\u0589", NULL };

	while (take_mark(&s, closing))
		continue;
	return is_question(s) || take_mark(&s, marks);
}

static size_t
width_of(struct str text)
{
	size_t longest = WRAP_LEAST;
	struct str line;

	while (next_line(&text, &line))
		if (characters(line) > longest)
			longest = characters(line);
	return longest <= WRAP_MOST ? longest : 0;
}

static int
append(struct arena *arena, struct article_text ***end, struct str text,
    size_t line)
{
	struct article_text *added = arena_alloc(arena, sizeof *added);

	if (added == NULL)
		return -1;
	*added = (struct article_text){ .text = text, .line = line };
	**end = added;
	*end = &added->next;
	return 0;
}

/* Removes differences of case and accents, as Unicode defines them. */
static uint8_t *
folded(struct str s, size_t *len)
{
	size_t cut = s.len < 4 * SLUG_MAX ? s.len : 4 * SLUG_MAX;

	while (cut < s.len && ((unsigned char)s.at[cut] & 0xc0) == 0x80)
		cut--;
	return u8_casefold(
	    (const uint8_t *)s.at, cut, NULL, UNINORM_NFKD, NULL, len);
}

/*
 * Removes whole words from the end of `slug` until it is short enough, and then
 * words of up to three letters such as "of", "to", "the".
 */
static void
shorten(struct buf *slug)
{
	bool cut = false;

	while (slug->len > 0) {
		size_t word = slug->len;

		while (word > 0 && slug->at[word - 1] != '-')
			word--;
		if (slug->len <= SLUG_MAX &&
		    (!cut || word == 0 || slug->len - word > 3))
			return;
		cut = true;
		/* A single long word is cut anywhere. */
		slug->len = word > 0 ? word - 1 : SLUG_MAX;
	}
}

/* Appends the letters and digits of `text` as words with "-" between. */
static void
add_words(struct buf *slug, const uint8_t *text, size_t len)
{
	bool gap = false;

	for (size_t i = 0; i < len;) {
		ucs4_t c;

		i += (size_t)u8_mbtouc(&c, text + i, len - i);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
			if (gap && slug->len > 0)
				buf_char(slug, '-');
			gap = false;
			buf_char(slug, (char)c);
		} else if (c != '\'' && c != 0x2019 &&
		    uc_combining_class(c) == 0) {
			/* Apostrophes and accents do not separate words. */
			gap = true;
		}
	}
}

static bool
slug_is_taken(const struct article *article, struct str slug)
{
	const struct article_question *question = article->questions;

	if (str_equals(slug, STR("index")))
		return true;
	for (; question != NULL; question = question->next)
		if (str_equals(question->slug, slug))
			return true;
	return false;
}

/* The earlier questions have their slugs; this one is not yet in the list. */
static int
slug_of(struct article_reader *reader, struct str text, struct str *out)
{
	const struct article *article = reader->article;
	char room[20 * SLUG_MAX];
	struct buf slug = buf_over(room, sizeof room);
	size_t len;
	uint8_t *plain = folded(text, &len);

	if (plain == NULL)
		return -1;
	add_words(&slug, plain, len);
	free(plain);
	shorten(&slug);
	if (slug.len == 0)
		buf_add(&slug, STR("question"));
	/*
	 * Each changed slug ends with its own number, so two of them differ.
	 * Each turn makes it longer, until it is longer than any unchanged one.
	 */
	while (slug_is_taken(article, buf_str(&slug)))
		buf_printf(&slug, "-%zu", article->question_count + 1);
	return arena_copy(reader->arena, buf_str(&slug), out);
}

/* Labels after a question are its answer if there is no other. */
static void
close_question(struct article_reader *reader)
{
	if (reader->question == NULL || reader->question->answer != NULL)
		return;
	reader->question->answer = *reader->unanswered;
	*reader->unanswered = NULL;
	reader->left_out_end = reader->unanswered;
}

static enum article_result
add_question(struct article_reader *reader, struct str text)
{
	struct article *article = reader->article;
	struct article_question *added;

	if (article->question_count == ARTICLE_QUESTIONS_MAX)
		return ARTICLE_TOO_MANY;
	close_question(reader);
	added = arena_alloc(reader->arena, sizeof *added);
	if (added == NULL || slug_of(reader, text, &added->slug) == -1)
		return ARTICLE_NO_MEMORY;
	added->text = text;
	added->line = reader->open_line;
	added->previous = reader->question;
	if (added->previous != NULL)
		added->previous->next = added;
	else
		article->questions = added;
	reader->question = added;
	reader->answer_end = &added->answer;
	reader->unanswered = reader->left_out_end;
	article->question_count++;
	return ARTICLE_OK;
}

/* Joins the lines of a paragraph. */
static int
join(struct arena *arena, struct str lines, struct str *out)
{
	struct buf joined;
	struct str line;

	*out = lines;
	if (str_find(lines, '\n') == lines.len &&
	    str_find(lines, '\r') == lines.len)
		return 0;
	joined = buf_in(arena, lines.len);
	while (next_line(&lines, &line)) {
		if (joined.len > 0)
			buf_char(&joined, ' ');
		buf_add(&joined, line);
	}
	*out = buf_str(&joined);
	return joined.overflow ? -1 : 0;
}

static bool
is_label(struct str text)
{
	return characters(text) < LABEL_MAX && !ends_sentence(text);
}

static enum article_result
close_paragraph(struct article_reader *reader)
{
	struct article_text ***end = &reader->lead_end;
	struct str text;

	if (reader->open.len == 0)
		return ARTICLE_OK;
	if (join(reader->arena, reader->open, &text) == -1)
		return ARTICLE_NO_MEMORY;
	reader->open = (struct str){ NULL, 0 };
	if (is_question(text))
		return add_question(reader, text);
	if (is_label(text))
		end = &reader->left_out_end;
	else if (reader->question != NULL)
		end = &reader->answer_end;
	if (append(reader->arena, end, text, reader->open_line) == -1)
		return ARTICLE_NO_MEMORY;
	return ARTICLE_OK;
}

static bool
starts_lower(struct str line)
{
	ucs4_t c;

	u8_mbtouc(&c, (const uint8_t *)line.at, line.len);
	return uc_is_lower(c);
}

/*
 * Whether the paragraph ends before `line`, although no blank line separates
 * them.
 */
static bool
is_apart(const struct article_reader *reader, struct str line)
{
	struct str rest = line;
	struct str word = str_cut(&rest, ' ');

	if (reader->width == 0)
		return true;
	if (characters(reader->open_last) + 1 + characters(word) >
	    reader->width)
		return false;
	return ends_sentence(reader->open_last) ||
	    (is_label(reader->open) && !starts_lower(line));
}

static enum article_result
add_line(struct article_reader *reader, struct str line, size_t number)
{
	enum article_result result = ARTICLE_OK;

	if (reader->open.len > 0 && (line.len == 0 || is_apart(reader, line)))
		result = close_paragraph(reader);
	if (result != ARTICLE_OK || line.len == 0)
		return result;
	if (reader->open.len == 0) {
		reader->open = line;
		reader->open_line = number;
	}
	reader->open.len = (size_t)(line.at - reader->open.at) + line.len;
	reader->open_last = line;
	return ARTICLE_OK;
}

static bool
is_control(const char *at, const char *end)
{
	unsigned char c = (unsigned char)*at;

	if (c < 0x20)
		return c != '\t' && c != '\n' && c != '\r';
	return c == 0x7f ||
	    (c == 0xc2 && at + 1 < end && (unsigned char)at[1] < 0xa0);
}

/* The line number of the byte at `where`. */
static size_t
line_of(struct str text, const char *where)
{
	struct str line;
	size_t number = 0;

	while (next_line(&text, &line)) {
		number++;
		if (text.at > where)
			break;
	}
	return number;
}

static enum article_result
check_bytes(struct str text, struct article *out)
{
	const char *end = text.at + text.len;
	const uint8_t *bad = u8_check((const uint8_t *)text.at, text.len);

	if (bad != NULL) {
		out->line = line_of(text, (const char *)bad);
		return ARTICLE_NOT_UTF8;
	}
	for (const char *at = text.at; at < end; at++)
		if (is_control(at, end)) {
			out->line = line_of(text, at);
			return ARTICLE_CONTROL;
		}
	return ARTICLE_OK;
}

enum article_result
article_read(struct arena *arena, struct str text, struct article *out)
{
	struct article_reader reader = { .arena = arena, .article = out };
	enum article_result result;
	struct str line;
	size_t number = 0;

	*out = (struct article){ 0 };
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_tail(text, 3);
	if (text.len == 0)
		return ARTICLE_EMPTY;
	result = check_bytes(text, out);
	reader.lead_end = &out->lead;
	reader.left_out_end = &out->left_out;
	reader.width = width_of(text);
	while (result == ARTICLE_OK && next_line(&text, &line))
		result = add_line(&reader, line, ++number);
	if (result == ARTICLE_OK)
		result = close_paragraph(&reader);
	if (result != ARTICLE_OK)
		return result;
	close_question(&reader);
	if (out->questions != NULL)
		return ARTICLE_OK;
	return out->lead != NULL || out->left_out != NULL ? ARTICLE_NO_QUESTION
							  : ARTICLE_EMPTY;
}

bool
article_is_title(struct str s)
{
	struct article unused;

	return s.len > 0 && s.len <= ARTICLE_TITLE_MAX &&
	    str_find(s, '\n') == s.len && str_find(s, '\r') == s.len &&
	    check_bytes(s, &unused) == ARTICLE_OK;
}
