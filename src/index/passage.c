/*
 * Finds the sentence of a text that matches a query best, and marks its words.
 */
#include "index/passage.h"

#include <string.h>

#include "text/buf.h"

#define MARKS 64
/* Bytes of a passage, and bytes of it before the first mark. */
#define LONGEST ((size_t)320)
#define BEFORE ((size_t)80)
/* With the marks around words, and the ellipses. */
#define LINE_MAX (LONGEST + (size_t)2 * MARKS + 16)
#define ELLIPSIS STR("\xe2\x80\xa6 ")
#define ELLIPSIS_AFTER STR(" \xe2\x80\xa6")

/* A word of the text that matches the query. */
struct mark {
	size_t start, end;
	size_t want;
	double weight; /* of its term */
};

struct passage_search {
	const struct plan *plan;
	struct mark marks[MARKS];
	size_t count;
};

/* Whether a term of the index is one word of a phrase. */
static bool
is_in_phrase(struct str phrase, struct str term)
{
	while (phrase.len > 0)
		if (str_equals(str_cut(&phrase, ' '), term))
			return true;
	return false;
}

/* The weight of a term for a word of the query; 0: no match. */
static double
weight_of(const struct plan_want *want, struct str term)
{
	if (want->is_phrase)
		return is_in_phrase(want->stem, term) ? 1 : 0;
	for (size_t i = 0; i < want->count; i++)
		if (str_equals(want->terms[i].text, term))
			return want->terms[i].weight;
	return 0;
}

static bool
on_word(void *context, const struct tokenizer_word *word)
{
	struct passage_search *finding = context;
	const struct plan *plan = finding->plan;

	for (size_t i = 0; i < plan->count; i++) {
		double weight = weight_of(&plan->wants[i], word->term);

		if (weight <= 0)
			continue;
		finding->marks[finding->count++] =
		    (struct mark){ word->start, word->end, i, weight };
		break;
	}
	return finding->count < MARKS;
}

/* The end of the sentence that begins at `from`, before any space. */
static size_t
sentence_end(struct str text, size_t from)
{
	size_t at = from;

	while (at < text.len && text.at[at] != '\n') {
		char c = text.at[at++];

		if (at < text.len && text.at[at] == ' ' &&
		    (c == '.' || c == '!' || c == '?'))
			break;
	}
	return at;
}

/*
 * The worth of the marks in a range; each word of the query counts once, by its
 * best match.
 */
static double
worth_of(const struct passage_search *finding, const double *worth,
    size_t start, size_t end)
{
	double had[PLAN_WANTS] = { 0 };
	double sum = 0;

	for (size_t i = 0; i < finding->count; i++) {
		const struct mark *mark = &finding->marks[i];

		if (mark->start < start || mark->end > end ||
		    mark->weight <= had[mark->want])
			continue;
		sum += worth[mark->want] * (mark->weight - had[mark->want]);
		had[mark->want] = mark->weight;
	}
	return sum;
}

/* Finds the best sentence; of equals, the first. */
static void
choose(const struct passage_search *finding, const double *worth,
    struct str text, struct mark *best)
{
	double most = -1;
	size_t at = 0;

	*best = (struct mark){ 0 };
	while (at < text.len) {
		size_t end = sentence_end(text, at);
		double sum = worth_of(finding, worth, at, end);

		if (end > at && sum > most) {
			most = sum;
			*best = (struct mark){ .start = at, .end = end };
		}
		at = end + 1;
	}
}

/* Shortens a sentence to the text around its first mark. */
static void
shorten(
    const struct passage_search *finding, struct str text, struct mark *part)
{
	size_t i = 0;

	if (part->end - part->start <= LONGEST)
		return;
	while (i < finding->count && finding->marks[i].start < part->start)
		i++;
	if (i < finding->count && finding->marks[i].end <= part->end &&
	    finding->marks[i].start > part->start + BEFORE) {
		size_t start = finding->marks[i].start - BEFORE;

		while (start < finding->marks[i].start &&
		    text.at[start - 1] != ' ')
			start++;
		part->start = start;
	}
	if (part->end - part->start > LONGEST) {
		size_t end = part->start + LONGEST;

		while (end > part->start + LONGEST / 2 && text.at[end] != ' ')
			end--;
		/* No space in reach: cut between characters. */
		while (end > part->start && (text.at[end] & 0xc0) == 0x80)
			end--;
		part->end = end;
	}
}

static void
write_marked(const struct passage_search *finding, struct str text,
    const struct mark *part, struct buf *out)
{
	size_t at = part->start;

	for (size_t i = 0; i < finding->count; i++) {
		const struct mark *mark = &finding->marks[i];

		if (mark->start < at || mark->end > part->end)
			continue;
		buf_add(out, str_head(str_tail(text, at), mark->start - at));
		buf_char(out, '*');
		buf_add(out,
		    str_head(
			str_tail(text, mark->start), mark->end - mark->start));
		buf_char(out, '*');
		at = mark->end;
	}
	buf_add(out, str_head(str_tail(text, at), part->end - at));
}

int
passage_find(const struct plan *plan, const double *worth, struct str text,
    struct str *out)
{
	struct passage_search finding = { .plan = plan };
	struct mark whole, part;
	struct buf line = buf_in(plan->arena, LINE_MAX);

	if (line.overflow ||
	    tokenizer_each(
		plan->index->tokenizer, true, text, on_word, &finding) == -1)
		return -1;
	choose(&finding, worth, text, &whole);
	part = whole;
	shorten(&finding, text, &part);
	if (part.start > whole.start)
		buf_add(&line, ELLIPSIS);
	write_marked(&finding, text, &part, &line);
	if (part.end < whole.end)
		buf_add(&line, ELLIPSIS_AFTER);
	*out = buf_str(&line);
	return 0;
}
