/*
 * Texts of any bytes: their words are UTF-8 of limited length, in order, and
 * remain as they are when they are read again.
 */
#include "fuzz.h"
#include "text/words.h"

#include <unistr.h>

static struct letters_cache cache;

static void
check_again(const struct words_reader *words)
{
	struct words_reader again = { .text = { words->word, words->len },
		.cache = &cache };

	CHECK(words_next(&again));
	CHECK(again.kind ==
	    (words->kind == WORDS_LAST ? WORDS_ALONE : words->kind));
	/* An Indic vowel without a letter is a mark without a word. */
	CHECK(again.len == words->len);
	CHECK(memcmp(again.word, words->word, words->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct words_reader words = { .text = fuzz_text(data, size),
		.cache = &cache };
	size_t end = 0, count = 0;

	while (words_next(&words)) {
		struct str word = { words.word, words.len };

		CHECK(word.len > 0 && word.len <= WORDS_LONGEST);
		CHECK(u8_check((const uint8_t *)word.at, word.len) == NULL);
		CHECK(words.from >= end && words.to > words.from);
		CHECK(words.to <= size);
		CHECK(letters_length(word, letters_count(word)) == word.len);
		CHECK(letters_length(word, SIZE_MAX) == word.len);
		end = words.to;
		if (++count < 1000 && words.kind == WORDS_WORD)
			check_again(&words);
	}
	CHECK(count <= size);
	return 0;
}
