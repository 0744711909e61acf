/*
 * Stores the unstemmed words of pages.  A cache of hashes avoids looking up the
 * same word again.
 */
#include "index/wordforms.h"

#define KNOWN (sizeof((struct wordforms *)0)->known / sizeof(uint64_t))

/*
 * FNV-1a.  A word with the hash of a known word is not added; 64 bits make this
 * rare.
 */
static uint64_t
word_hash(struct str word)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < word.len; i++)
		hash = (hash ^ (unsigned char)word.at[i]) *
		    UINT64_C(0x100000001b3);
	return hash;
}

static bool
add(void *context, const struct tokenizer_word *word)
{
	struct wordforms *forms = context;
	uint64_t hash = word_hash(word->term);
	uint64_t *known = &forms->known[hash % KNOWN];
	char turned[TOKENIZER_LONGEST];
	size_t len = word->term.len;

	if (*known == hash)
		return true;
	*known = hash;
	for (size_t i = 0; i < len; i++)
		turned[i] = word->term.at[len - 1 - i];
	db_bind_bytes(forms->add, 1, word->term);
	db_bind_bytes(forms->add, 2, (struct str){ turned, len });
	forms->failed |= db_do(forms->add) == -1;
	return !forms->failed;
}

int
wordforms_add(struct wordforms *forms, struct str text)
{
	return tokenizer_each(forms->tokenizer, false, text, add, forms) ==
		    -1 ||
		forms->failed
	    ? -1
	    : 0;
}
