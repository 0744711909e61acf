/* The mutator of replay.c. */
#include "mutate.h"

#include <stdlib.h>

#define CHANGES_MAX 6

struct mutant {
	char *at;
	size_t len;
};

/* SplitMix64 (Steele, Lea, Flood 2014): good numbers of any seed. */
static size_t
below(struct mutator *mutator, size_t limit)
{
	uint64_t z = mutator->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return limit == 0 ? 0 : (size_t)((z ^ z >> 31) % limit);
}

/* Up to `most`, each power of two as likely as the next. */
static size_t
length_below(struct mutator *mutator, size_t most)
{
	size_t len = below(mutator, ((size_t)1 << below(mutator, 13)) + 1);

	return len < most ? len : most;
}

static struct str
one_of(struct mutator *mutator, struct mutate_texts texts)
{
	return texts.count == 0 ? (struct str){ 0 }
				: texts.at[below(mutator, texts.count)];
}

static struct str
part_of(struct mutator *mutator, struct str text)
{
	text = str_tail(text, below(mutator, text.len));
	return str_head(text, length_below(mutator, text.len));
}

/* A piece to put in, valid until the next; it may lie within `mutant`. */
static struct str
a_piece(struct mutator *mutator, const struct mutant *mutant)
{
	static const struct str numbers[] = { STR_INIT("0"), STR_INIT("-1"),
		STR_INIT("255"), STR_INIT("65536"), STR_INIT("2147483648"),
		STR_INIT("18446744073709551616"), STR_INIT("\0"),
		STR_INIT("\x7f"), STR_INIT("\xff"), STR_INIT("\xe2\x82") };
	static char bytes[64];
	size_t len;

	switch (below(mutator, 6)) {
	case 0: return one_of(mutator, mutator->words);
	case 1: return part_of(mutator, one_of(mutator, mutator->inputs));
	case 2:
		return part_of(
		    mutator, (struct str){ mutant->at, mutant->len });
	case 3:
		return one_of(mutator,
		    (struct mutate_texts){
			numbers, sizeof numbers / sizeof *numbers });
	case 4:
		len = 1 + below(mutator, sizeof bytes);
		memset(bytes, (int)below(mutator, 256), len);
		return (struct str){ bytes, len };
	default: return (struct str){ 0 };
	}
}

/* Puts `piece` in the place of `removed` bytes; what is too long is cut. */
static void
splice(struct mutant *mutant, size_t at, size_t removed, struct str piece)
{
	static char copy[MUTATE_MAX];
	size_t room = MUTATE_MAX - at;
	size_t rest = mutant->len - at - removed;

	if (piece.len > room)
		piece.len = room;
	if (rest > room - piece.len)
		rest = room - piece.len;
	if (piece.len > 0)
		memcpy(copy, piece.at, piece.len);
	memmove(mutant->at + at + piece.len, mutant->at + at + removed, rest);
	memcpy(mutant->at + at, copy, piece.len);
	mutant->len = at + piece.len + rest;
}

/* Inserts a piece, overwrites as much with it, or puts it for a part. */
static void
change(struct mutator *mutator, struct mutant *mutant)
{
	struct str piece = a_piece(mutator, mutant);
	size_t at = below(mutator, mutant->len + 1), rest = mutant->len - at;
	size_t removed = 0;

	switch (below(mutator, 3)) {
	case 0: break;
	case 1: removed = piece.len < rest ? piece.len : rest; break;
	default: removed = length_below(mutator, rest); break;
	}
	splice(mutant, at, removed, piece);
}

size_t
mutate_next(struct mutator *mutator, char *out)
{
	struct mutant mutant = { out, 0 };

	if (below(mutator, 16) > 0)
		splice(&mutant, 0, 0, one_of(mutator, mutator->inputs));
	for (size_t i = 1 + below(mutator, CHANGES_MAX); i > 0; i--)
		change(mutator, &mutant);
	return mutant.len;
}

size_t
mutate_word(struct str line, char *out)
{
	size_t len = 0;

	str_cut(&line, '"');
	while (line.len > 0 && line.at[0] != '"') {
		char digits[3] = "";

		if (str_starts(line, STR("\\x")) && line.len >= 4) {
			memcpy(digits, line.at + 2, 2);
			out[len++] = (char)strtoul(digits, NULL, 16);
			line = str_tail(line, 4);
			continue;
		}
		if (line.at[0] == '\\' && line.len > 1)
			line = str_tail(line, 1);
		out[len++] = line.at[0];
		line = str_tail(line, 1);
	}
	return len;
}
