/*
 * Stores the unstemmed words of pages.  A cache of hashes avoids looking up the
 * same word again; a word with the hash of another is lost, which 64 bits make
 * rare.
 */
#include "index/wordforms.h"

#define KNOWN (sizeof((struct wordforms *)0)->known / sizeof(uint64_t))

static bool
add(void *context, struct str word)
{
	struct wordforms *forms = context;
	uint64_t hash = str_hash(word);
	uint64_t *known = &forms->known[hash % KNOWN];
	char turned[TOKENIZER_LONGEST];
	size_t len = word.len;

	if (*known == hash)
		return true;
	*known = hash;
	for (size_t i = 0; i < len; i++)
		turned[i] = word.at[len - 1 - i];
	db_bind_bytes(forms->add, 1, word);
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
