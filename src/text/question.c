/* Parses a search into words and quoted phrases. */
#include "text/question.h"

#include <stdlib.h>
#include <string.h>

/* The quotes of a phrase; German closes with the English opening one. */
static const struct {
	struct str open, close[2];
} quotes[] = {
	{ STR_INIT("\""), { STR_INIT("\""), STR_INIT("\"") } },
	{ STR_INIT("\xe2\x80\x9c"),
	    { STR_INIT("\xe2\x80\x9d"), STR_INIT("\xe2\x80\x9d") } },
	{ STR_INIT("\xe2\x80\x9e"),
	    { STR_INIT("\xe2\x80\x9c"), STR_INIT("\xe2\x80\x9d") } },
	{ STR_INIT("\xc2\xab"),
	    { STR_INIT("\xc2\xbb"), STR_INIT("\xc2\xbb") } },
};

#define QUOTES (sizeof quotes / sizeof *quotes)

static size_t
find(struct str text, struct str part)
{
	const char *at =
	    text.len > 0 ? memmem(text.at, text.len, part.at, part.len) : NULL;

	return at != NULL ? (size_t)(at - text.at) : text.len;
}

static bool
is_blank(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] > ' ')
			return false;
	return true;
}

static void
add(struct question *out, struct str text, bool is_phrase)
{
	if (out->count < QUESTION_PARTS && !is_blank(text))
		out->parts[out->count++] =
		    (struct question_part){ text, is_phrase };
}

/* The length of the phrase that begins at `text` with its quotes, or 0. */
static size_t
phrase_length(struct str text, struct str *inner)
{
	for (size_t i = 0; i < QUOTES; i++) {
		struct str rest;
		size_t first, second, end;

		if (!str_starts(text, quotes[i].open))
			continue;
		rest = str_tail(text, quotes[i].open.len);
		first = find(rest, quotes[i].close[0]);
		second = find(rest, quotes[i].close[1]);
		end = first < second ? first : second;
		if (end == rest.len)
			return 0;
		*inner = str_head(rest, end);
		return quotes[i].open.len + end + quotes[i].close[0].len;
	}
	return 0;
}

void
question_read(struct str text, struct question *out)
{
	size_t from = 0, at = 0;

	out->count = 0;
	while (at < text.len) {
		struct str inner;
		size_t len = phrase_length(str_tail(text, at), &inner);

		if (len == 0) {
			at++;
			continue;
		}
		add(out, str_head(str_tail(text, from), at - from), false);
		add(out, inner, true);
		at += len;
		from = at;
	}
	add(out, str_tail(text, from), false);
}

/* Sorted.  Without "may" and "will", which are also a month and a name. */
static const char *const fillers[] = { "a", "about", "above", "across", "after",
	"again", "against", "all", "along", "also", "am", "among", "an", "and",
	"any", "are", "around", "as", "at", "away", "be", "because", "been",
	"before", "behind", "being", "below", "beneath", "beside", "between",
	"beyond", "both", "but", "by", "can", "cannot", "could", "d", "did",
	"do", "does", "doing", "done", "down", "during", "each", "either",
	"else", "even", "ever", "every", "few", "for", "from", "get", "go",
	"goes", "going", "got", "had", "has", "have", "having", "he", "her",
	"here", "hers", "him", "his", "how", "however", "i", "if", "in", "into",
	"is", "it", "its", "just", "like", "ll", "m", "made", "make", "many",
	"me", "more", "most", "much", "must", "my", "near", "no", "nor", "not",
	"now", "of", "off", "on", "once", "one", "only", "or", "other", "our",
	"out", "over", "own", "please", "put", "re", "s", "said", "same", "say",
	"says", "shall", "she", "should", "since", "so", "some", "still",
	"such", "t", "tell", "than", "that", "the", "their", "them", "then",
	"there", "these", "they", "this", "those", "though", "through", "thus",
	"to", "too", "toward", "towards", "under", "until", "up", "upon", "us",
	"ve", "very", "via", "was", "we", "well", "were", "what", "when",
	"where", "whether", "which", "while", "who", "whom", "whose", "why",
	"with", "within", "without", "would", "yet", "you", "your" };

static int
compare(const void *key, const void *element)
{
	const struct str *word = key;
	const char *filler = *(const char *const *)element;
	int order = strncmp(word->at, filler, word->len);

	return order != 0 ? order : filler[word->len] != '\0' ? -1 : 0;
}

bool
question_is_filler(struct str word)
{
	return word.len > 0 &&
	    bsearch(&word, fillers, sizeof fillers / sizeof *fillers,
		sizeof *fillers, compare) != NULL;
}
