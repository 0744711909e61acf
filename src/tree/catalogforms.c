/*
 * Stores the unstemmed words of pages.  A cache of hashes avoids looking up the
 * same word again.
 */
#include "tree/catalogforms.h"

#define KNOWN (sizeof((struct catalogforms *)0)->known / sizeof(uint64_t))

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
add(void *context, const struct catalogword *word)
{
	struct catalogforms *forms = context;
	uint64_t hash = word_hash(word->term);
	uint64_t *known = &forms->known[hash % KNOWN];
	char turned[CATALOGWORDS_LONGEST];
	size_t len = word->term.len;

	if (*known == hash)
		return true;
	*known = hash;
	for (size_t i = 0; i < len; i++)
		turned[i] = word->term.at[len - 1 - i];
	catalogdb_bind_bytes(forms->add, 1, word->term);
	catalogdb_bind_bytes(forms->add, 2, (struct str){ turned, len });
	forms->failed |= catalogdb_do(forms->add) == -1;
	return !forms->failed;
}

int
catalogforms_add(struct catalogforms *forms, struct str text)
{
	return catalogwords_each(forms->words, false, text, add, forms) == -1 ||
		forms->failed
	    ? -1
	    : 0;
}
