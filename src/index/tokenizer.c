/*
 * Tokenizers of the index.  Pages are stemmed.  The terms of a query are stems
 * already, and must not be stemmed again.
 */
#include "index/tokenizer.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "index/db.h"
#include "text/buf.h"

typedef int token_found(void *, int, const char *, int, int, int);

struct tokenizer {
	bool english;
	fts5_tokenizer porter; /* stems the words of `words_kind` */
	Fts5Tokenizer *stemmer;
	struct letters_cache letters;
	struct buf stem; /* its memory is `room` */
	char room[WORDS_LONGEST];
};

/* All tables share this tokenizer: nothing is allocated or freed for one. */
static int
lend(void *context, const char **arguments, int count, Fts5Tokenizer **out)
{
	(void)arguments;
	(void)count;
	*out = context;
	return SQLITE_OK;
}

static void
take_back(Fts5Tokenizer *tokenizer)
{
	(void)tokenizer;
}

/* Divides terms at spaces. */
static int
each_term(void *context, struct str text, token_found *found)
{
	const char *start = text.at;
	int result = SQLITE_OK;

	while (text.len > 0 && result == SQLITE_OK) {
		struct str term = str_cut(&text, ' ');
		int from = (int)(term.at - start);

		if (term.len > 0)
			result = found(context, 0, term.at, (int)term.len, from,
			    from + (int)term.len);
	}
	return result;
}

static int
each_word(Fts5Tokenizer *self, void *context, int flags, const char *text,
    int len, token_found *found)
{
	const struct str whole = { text, len > 0 ? (size_t)len : 0 };
	struct words_reader words =
	    tokenizer_words((struct tokenizer *)self, whole);
	int result = SQLITE_OK;

	if (flags & FTS5_TOKENIZE_QUERY)
		return each_term(context, whole, found);
	while (result == SQLITE_OK && words_next(&words))
		result = found(context, 0, words.word, (int)words.len,
		    (int)words.from, (int)words.to);
	return result;
}

static int
tokenize(Fts5Tokenizer *self, void *context, int flags, const char *text,
    int len, token_found *found)
{
	const struct tokenizer *tokenizer = (const struct tokenizer *)self;

	return tokenizer->english && (flags & FTS5_TOKENIZE_QUERY) == 0
	    ? tokenizer->porter.xTokenize(
		  tokenizer->stemmer, context, flags, text, len, found)
	    : each_word(self, context, flags, text, len, found);
}

/* Registers the tokenizers, and makes the stemmer. */
static int
teach(struct tokenizer *tokenizer, fts5_api *api)
{
	static fts5_tokenizer words_kind = { lend, take_back, each_word };
	static fts5_tokenizer kind = { lend, take_back, tokenize };
	const char *options[] = { "capsule_words" };
	void *context;

	return api->xCreateTokenizer(api, options[0], tokenizer, &words_kind,
		   NULL) == SQLITE_OK &&
		api->xCreateTokenizer(api, "capsule", tokenizer, &kind, NULL) ==
		    SQLITE_OK &&
		api->xFindTokenizer(
		    api, "porter", &context, &tokenizer->porter) == SQLITE_OK &&
		tokenizer->porter.xCreate(
		    context, options, 1, &tokenizer->stemmer) == SQLITE_OK
	    ? 0
	    : -1;
}

struct tokenizer *
tokenizer_open(struct sqlite3 *db, bool english)
{
	struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
	fts5_api *api = db_api(db);

	if (tokenizer == NULL || api == NULL || teach(tokenizer, api) == -1) {
		tokenizer_close(tokenizer);
		return NULL;
	}
	tokenizer->english = english;
	return tokenizer;
}

void
tokenizer_close(struct tokenizer *tokenizer)
{
	if (tokenizer == NULL)
		return;
	if (tokenizer->stemmer != NULL)
		tokenizer->porter.xDelete(tokenizer->stemmer);
	free(tokenizer);
}

static int
keep_stem(void *context, int flags, const char *term, int len, int from, int to)
{
	struct tokenizer *tokenizer = context;

	(void)flags;
	(void)from;
	(void)to;
	tokenizer->stem = buf_over(tokenizer->room, sizeof tokenizer->room);
	buf_add(&tokenizer->stem, (struct str){ term, (size_t)len });
	return SQLITE_OK;
}

struct str
tokenizer_stem(struct tokenizer *tokenizer, struct str word)
{
	if (!tokenizer->english || word.len == 0)
		return word;
	/* As a term, so that it stays one word. */
	return tokenizer->porter.xTokenize(tokenizer->stemmer, tokenizer,
		   FTS5_TOKENIZE_QUERY, word.at, (int)word.len,
		   keep_stem) == SQLITE_OK
	    ? buf_str(&tokenizer->stem)
	    : word;
}

struct words_reader
tokenizer_words(struct tokenizer *tokenizer, struct str text)
{
	return (
	    struct words_reader){ .text = text, .cache = &tokenizer->letters };
}
