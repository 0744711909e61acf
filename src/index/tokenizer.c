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
	struct tokenizer_kind stemming; /* as `plain` unless English */
};

static int
make(fts5_api *api, struct tokenizer_kind *out, bool stems)
{
	/* "porter" stems the words of the tokenizer that follows it. */
	const char *options[] = { "unicode61", "remove_diacritics", "2" };
	int skipped = stems ? 0 : 1;
	void *context;

	return api->xFindTokenizer(api, stems ? "porter" : "unicode61",
		   &context, &out->kind) == SQLITE_OK &&
		out->kind.xCreate(context, options + skipped, 3 - skipped,
		    &out->one) == SQLITE_OK
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

static int
tokenize(Fts5Tokenizer *self, void *context, int flags, const char *text,
    int len, int (*found)(void *, int, const char *, int, int, int))
{
	const struct tokenizer *tokenizer = (struct tokenizer *)self;
	const struct tokenizer_kind *used = flags & FTS5_TOKENIZE_QUERY
	    ? &tokenizer->plain
	    : &tokenizer->stemming;

	return used->kind.xTokenize(
	    used->one, context, flags, text, len, found);
}

struct tokenizer *
tokenizer_open(struct sqlite3 *db, bool english)
{
	static fts5_tokenizer kind = { lend, take_back, tokenize };
	struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
	fts5_api *api = db_api(db);

	if (tokenizer == NULL || api == NULL ||
	    make(api, &tokenizer->plain, false) == -1 ||
	    make(api, &tokenizer->stemming, english) == -1 ||
	    api->xCreateTokenizer(api, "capsule", tokenizer, &kind, NULL) !=
		SQLITE_OK) {
		tokenizer_close(tokenizer);
		return NULL;
	}
	return tokenizer;
}

void
tokenizer_close(struct tokenizer *tokenizer)
{
	if (tokenizer == NULL)
		return;
	if (tokenizer->plain.one != NULL)
		tokenizer->plain.kind.xDelete(tokenizer->plain.one);
	if (tokenizer->stemming.one != NULL)
		tokenizer->stemming.kind.xDelete(tokenizer->stemming.one);
	free(tokenizer);
}

struct each {
	tokenizer_found *found;
	void *context;
};

static int
pass_on(void *context, int flags, const char *term, int len, int start, int end)
{
	struct each *each = context;
	const struct str word = { term, (size_t)len };

	(void)flags;
	(void)start;
	(void)end;
	return word.len == 0 || word.len > TOKENIZER_LONGEST ||
		each->found(each->context, word)
	    ? SQLITE_OK
	    : SQLITE_DONE;
}

int
tokenizer_each(const struct tokenizer *tokenizer, bool stemmed, struct str text,
    tokenizer_found *found, void *context)
{
	const struct tokenizer_kind *used =
	    stemmed ? &tokenizer->stemming : &tokenizer->plain;
	struct each each = { found, context };
	int result =
	    used->kind.xTokenize(used->one, &each, FTS5_TOKENIZE_DOCUMENT,
		text.len > 0 ? text.at : "", (int)text.len, pass_on);

	return result == SQLITE_OK || result == SQLITE_DONE ? 0 : -1;
}
