/*
 * Tokenizers of the index.  Pages are stemmed.  The terms of a query are stems
 * already, and must not be stemmed again.
 */
#include "index/tokenizer.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "index/db.h"

struct tokenizer_kind {
	fts5_tokenizer kind;
	Fts5Tokenizer *one;
};

struct tokenizer {
	struct tokenizer_kind plain;
	struct tokenizer_kind
	    stemming; /* of pages; as `plain` unless English */
	void (*told)(void *context, struct str term); /* or NULL */
	void *context;
};

static int
make(fts5_api *api, struct tokenizer_kind *tokenizer, bool english)
{
	static const char *const arguments[] = { "unicode61",
		"remove_diacritics", "2" };
	void *context;
	const char *options[3];
	int skipped = english ? 0 : 1;

	for (int i = 0; i + skipped < 3; i++)
		options[i] = arguments[i + skipped];
	if (api->xFindTokenizer(api, english ? "porter" : "unicode61", &context,
		&tokenizer->kind) != SQLITE_OK)
		return -1;
	return tokenizer->kind.xCreate(
		   context, options, 3 - skipped, &tokenizer->one) == SQLITE_OK
	    ? 0
	    : -1;
}

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

/* FTS5's callback, called after words->told. */
struct told {
	const struct tokenizer *words;
	int (*found)(void *, int, const char *, int, int, int);
	void *context;
};

static int
tell(void *context, int flags, const char *term, int len, int start, int end)
{
	const struct told *told = context;

	told->words->told(
	    told->words->context, (struct str){ term, (size_t)len });
	return told->found(told->context, flags, term, len, start, end);
}

static int
tokenize(Fts5Tokenizer *self, void *context, int flags, const char *text,
    int len, int (*found)(void *, int, const char *, int, int, int))
{
	struct tokenizer *words = (struct tokenizer *)self;
	struct tokenizer_kind *tokenizer =
	    flags & FTS5_TOKENIZE_QUERY ? &words->plain : &words->stemming;
	struct told told = { words, found, context };

	if (words->told != NULL && (flags & FTS5_TOKENIZE_DOCUMENT))
		return tokenizer->kind.xTokenize(
		    tokenizer->one, &told, flags, text, len, tell);
	return tokenizer->kind.xTokenize(
	    tokenizer->one, context, flags, text, len, found);
}

struct tokenizer *
tokenizer_open(struct sqlite3 *db, bool english)
{
	static fts5_tokenizer kind = { lend, take_back, tokenize };
	struct tokenizer *words = calloc(1, sizeof *words);
	fts5_api *api = db_api(db);

	if (words == NULL || api == NULL ||
	    make(api, &words->plain, false) == -1 ||
	    make(api, &words->stemming, english) == -1 ||
	    api->xCreateTokenizer(api, "capsule", words, &kind, NULL) !=
		SQLITE_OK) {
		tokenizer_close(words);
		return NULL;
	}
	return words;
}

void
tokenizer_tell(struct tokenizer *words,
    void (*told)(void *context, struct str term), void *context)
{
	words->told = told;
	words->context = context;
}

void
tokenizer_close(struct tokenizer *words)
{
	if (words == NULL)
		return;
	if (words->plain.one != NULL)
		words->plain.kind.xDelete(words->plain.one);
	if (words->stemming.one != NULL)
		words->stemming.kind.xDelete(words->stemming.one);
	free(words);
}

struct each {
	bool (*found)(void *context, const struct tokenizer_word *word);
	void *context;
};

static int
pass_on(void *context, int flags, const char *term, int len, int start, int end)
{
	struct each *each = context;
	const struct tokenizer_word word = { { term, (size_t)len },
		(size_t)start, (size_t)end };

	(void)flags;
	if (word.term.len == 0 || word.term.len > TOKENIZER_LONGEST)
		return SQLITE_OK;
	return each->found(each->context, &word) ? SQLITE_OK : SQLITE_DONE;
}

int
tokenizer_each(const struct tokenizer *words, bool stemmed, struct str text,
    bool (*found)(void *context, const struct tokenizer_word *word),
    void *context)
{
	const struct tokenizer_kind *tokenizer =
	    stemmed ? &words->stemming : &words->plain;
	struct each each = { found, context };
	int result = tokenizer->kind.xTokenize(tokenizer->one, &each,
	    FTS5_TOKENIZE_DOCUMENT, text.len > 0 ? text.at : "", (int)text.len,
	    pass_on);

	return result == SQLITE_OK || result == SQLITE_DONE ? 0 : -1;
}
