/*
 * Parses a plain text into a lead, questions and answers: finds the paragraphs,
 * and labels that a web page has left.
 */
#include "text/article.h"

#include <unictype.h>
#include <unistr.h>

#include "text/buf.h"
#include "text/letters.h"
#include "text/slug.h"
#include "text/utf8.h"

/* Characters; a longer line is not a label. */
#define LABEL_MAX ((size_t)40)
#define SLUG_MAX ((size_t)40) /* bytes, without a number at the end */
#define WRAP_LEAST 60 /* the narrowest column that a text is wrapped at */
#define WRAP_MOST 120 /* the widest */
#define TITLE_MOST 100 /* characters of a title within the text */
#define QUESTION_LINES 8 /* lines that a question is wrapped over, at most */
#define QUESTION_MOST ((size_t)4 * QUESTION_LINES * WRAP_MOST) /* bytes */

struct article_reader {
	struct arena *arena;
	struct article *article;
	struct article_text **lead_end, **answer_end, **left_out_end;
	struct article_text **unanswered; /* the labels since the question */
	struct article_question *question; /* the last one */
	size_t width; /* the column that the text is wrapped at; 0: none */
	bool has_questions;
	struct str rest; /* the text after the current line */
	bool in_block; /* a line that is not blank came before */
	/* The current paragraph; empty between two paragraphs. */
	struct str open;
	struct str open_last; /* its last line */
	size_t open_line;
	bool open_begins; /* a blank line came before it */
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
		if (letters_count(line) > longest)
			longest = letters_count(line);
	return longest <= WRAP_MOST ? longest : 0;
}

static struct article_text *
append(struct arena *arena, struct article_text ***end, struct str text,
    size_t line)
{
	struct article_text *added = arena_alloc(arena, sizeof *added);

	if (added == NULL)
		return NULL;
	*added = (struct article_text){ .text = text, .line = line };
	**end = added;
	*end = &added->next;
	return added;
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

	if (slug_add(&slug, text, SLUG_LATIN, SLUG_MAX) == -1)
		return -1;
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
	/* First, since the text of a whole paragraph may be counted. */
	if (text.len > 4 * LABEL_MAX)
		return false;
	return letters_count(text) < LABEL_MAX && !ends_sentence(text);
}

static bool
is_digit(struct str s)
{
	return s.len > 0 && s.at[0] >= '0' && s.at[0] <= '9';
}

static size_t
words_in(struct str s)
{
	size_t count = 0;

	while (s.len > 0)
		count += str_cut(&s, ' ').len > 0;
	return count;
}

/* Whether the paragraph between two blank lines, one line, is the title. */
static bool
is_title(const struct article_reader *reader, struct str text)
{
	const struct article *article = reader->article;

	return article->title.len == 0 && article->lead == NULL &&
	    article->questions == NULL && article->left_out == NULL &&
	    text.len == reader->open_last.len &&
	    letters_count(text) <= TITLE_MOST && !ends_sentence(text) &&
	    (!is_digit(text) || words_in(text) > 3) && article_is_title(text);
}

struct str
article_unmarked(struct str text)
{
	struct str rest = text, marks = str_cut(&rest, ' ');

	return marks.len <= 3 && rest.len > 0 && str_starts(STR("###"), marks)
	    ? str_trim_start(rest)
	    : text;
}

/* Adds a paragraph that is neither title nor question. */
static enum article_result
add_text(struct article_reader *reader, struct str text, bool is_alone)
{
	struct article_text ***end = &reader->lead_end;
	struct article_text *added;
	bool label = is_label(text) && !str_starts(text, STR("* ")) &&
	    !str_starts(text, STR("- "));

	if (label && reader->has_questions)
		end = &reader->left_out_end;
	else if (reader->question != NULL)
		end = &reader->answer_end;
	added = append(reader->arena, end, text, reader->open_line);
	if (added == NULL)
		return ARTICLE_NO_MEMORY;
	added->is_heading = !reader->has_questions &&
	    (is_alone || reader->width == 0) &&
	    (label || article_unmarked(text).len < text.len);
	return ARTICLE_OK;
}

/* Adds the open paragraph; `ends` if a blank line or no line follows it. */
static enum article_result
close_paragraph(struct article_reader *reader, bool ends)
{
	struct str text;
	bool is_alone = ends && reader->open_begins;

	if (reader->open.len == 0)
		return ARTICLE_OK;
	if (join(reader->arena, reader->open, &text) == -1)
		return ARTICLE_NO_MEMORY;
	reader->open = (struct str){ NULL, 0 };
	if (is_question(text))
		return add_question(reader, text);
	if (!is_alone || !is_title(reader, text))
		return add_text(reader, text, is_alone);
	reader->article->title = text;
	reader->article->title_line = reader->open_line;
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
 * Whether the paragraph is the beginning of a question that `line` and the
 * lines after it continue.
 */
static bool
is_wrapped_question(const struct article_reader *reader, struct str line)
{
	struct str rest = reader->rest;

	if (!reader->open_begins || reader->open.len > QUESTION_MOST ||
	    is_digit(reader->open) || words_in(reader->open) < 2 ||
	    ends_sentence(reader->open_last) ||
	    letters_count(reader->open_last) > WRAP_MOST)
		return false;
	for (int i = 0; i < QUESTION_LINES && line.len > 0; i++) {
		if (ends_sentence(line))
			return is_question(line);
		if (letters_count(line) > WRAP_MOST || !next_line(&rest, &line))
			break;
	}
	return false;
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

	if (is_wrapped_question(reader, line))
		return false;
	if (reader->width == 0)
		return true;
	if (letters_count(reader->open_last) + 1 + letters_count(word) >
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
		result = close_paragraph(reader, line.len == 0);
	if (result != ARTICLE_OK)
		return result;
	if (line.len == 0) {
		reader->in_block = false;
		return ARTICLE_OK;
	}
	if (reader->open.len == 0) {
		reader->open = line;
		reader->open_line = number;
		reader->open_begins = !reader->in_block;
	}
	reader->in_block = true;
	reader->open.len = (size_t)(line.at - reader->open.at) + line.len;
	reader->open_last = line;
	return ARTICLE_OK;
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
	struct str rest = text, taken;
	uint32_t c;
	const uint8_t *bad = u8_check((const uint8_t *)text.at, text.len);

	if (bad != NULL) {
		out->line = line_of(text, (const char *)bad);
		return ARTICLE_NOT_UTF8;
	}
	while (rest.len > 0 && utf8_take(&rest, &c, &taken))
		if (utf8_is_control(c) && c != '\t' && c != '\n' && c != '\r') {
			out->line = line_of(text, taken.at);
			return ARTICLE_CONTROL;
		}
	return ARTICLE_OK;
}

/* Reads all paragraphs; labels are left out in a text with questions only. */
static enum article_result
read_paragraphs(struct arena *arena, struct str text, bool has_questions,
    struct article *out)
{
	struct article_reader reader = { .arena = arena,
		.article = out,
		.width = width_of(text),
		.has_questions = has_questions,
		.rest = text };
	enum article_result result = ARTICLE_OK;
	struct str line;
	size_t number = 0;

	*out = (struct article){ 0 };
	reader.lead_end = &out->lead;
	reader.left_out_end = &out->left_out;
	while (result == ARTICLE_OK && next_line(&reader.rest, &line))
		result = add_line(&reader, line, ++number);
	if (result == ARTICLE_OK)
		result = close_paragraph(&reader, true);
	if (result == ARTICLE_OK)
		close_question(&reader);
	return result;
}

/* A heading at the end, and a title alone, are the text themselves. */
static enum article_result
mend_end(struct arena *arena, struct article *article)
{
	struct article_text **end = &article->lead;

	if (article->lead == NULL && article->title.len > 0) {
		if (append(arena, &end, article->title, article->title_line) ==
		    NULL)
			return ARTICLE_NO_MEMORY;
		article->title = (struct str){ NULL, 0 };
		return ARTICLE_OK;
	}
	while (*end != NULL && (*end)->next != NULL)
		end = &(*end)->next;
	if (*end != NULL)
		(*end)->is_heading = false;
	return *end == NULL ? ARTICLE_EMPTY : ARTICLE_OK;
}

enum article_result
article_read(struct arena *arena, struct str text, struct article *out)
{
	enum article_result result;

	*out = (struct article){ 0 };
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_tail(text, 3);
	if (text.len == 0)
		return ARTICLE_EMPTY;
	result = check_bytes(text, out);
	if (result == ARTICLE_OK)
		result = read_paragraphs(arena, text, true, out);
	if (result == ARTICLE_OK && out->questions == NULL)
		result = read_paragraphs(arena, text, false, out);
	if (result == ARTICLE_OK && out->questions == NULL)
		result = mend_end(arena, out);
	return result;
}

bool
article_is_title(struct str s)
{
	struct article unused;

	return s.len > 0 && s.len <= ARTICLE_TITLE_MAX &&
	    str_find(s, '\n') == s.len && str_find(s, '\r') == s.len &&
	    check_bytes(s, &unused) == ARTICLE_OK;
}
