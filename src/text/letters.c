/* Folds the characters of words that differ in spelling only. */
#include "text/letters.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>
#include <unictype.h>

/* Characters of the longest decomposition: U+FDFA has 18. */
#define LONGEST 24
/* Characters of the longest case folding. */
#define FOLDS 3

/* Letters without a decomposition that are also spelled otherwise. */
static const struct {
	ucs4_t from;
	struct str to;
} spellings[] = {
	{ 0xe6, STR_INIT("ae") },
	{ 0xf0, STR_INIT("d") },
	{ 0xf8, STR_INIT("o") },
	{ 0xfe, STR_INIT("th") },
	{ 0x111, STR_INIT("d") },
	{ 0x127, STR_INIT("h") },
	{ 0x131, STR_INIT("i") },
	{ 0x142, STR_INIT("l") },
	{ 0x153, STR_INIT("oe") },
	{ 0x167, STR_INIT("t") },
	/* Arabic and Persian keyboards differ in these. */
	{ 0x649, STR_INIT("\xd9\x8a") },
	{ 0x6a9, STR_INIT("\xd9\x83") },
	{ 0x6cc, STR_INIT("\xd9\x8a") },
};

/* Scripts written without spaces, and Korean, with particles attached. */
static const struct {
	ucs4_t first, last;
} spaceless[] = {
	{ 0xe00, 0xeff }, /* Thai, Lao */
	{ 0x1000, 0x109f }, /* Burmese */
	{ 0x1100, 0x11ff }, /* Hangul */
	{ 0x1780, 0x17ff }, /* Khmer */
	{ 0x1950, 0x19df }, /* Tai Le, New Tai Lue */
	{ 0x1a20, 0x1aaf }, /* Tai Tham */
	{ 0x3005, 0x3007 }, /* Chinese and Japanese: marks, then kana */
	{ 0x3031, 0x31bf },
	{ 0x31f0, 0x31ff },
	{ 0x3400, 0x4dbf },
	{ 0x4e00, 0xa4cf }, /* with Yi */
	{ 0xa960, 0xa97f },
	{ 0xa980, 0xa9ff }, /* Javanese, Burmese */
	{ 0xaa60, 0xaadf },
	{ 0xac00, 0xd7ff },
	{ 0xf900, 0xfaff },
	{ 0x1b000, 0x1b16f },
	{ 0x20000, 0x3ffff },
};

static bool
is_spaceless(ucs4_t c)
{
	for (size_t i = 0; i < sizeof spaceless / sizeof *spaceless; i++)
		if (c <= spaceless[i].last)
			return c >= spaceless[i].first;
	return false;
}

/*
 * Whether texts may omit a mark: accents, Hebrew points, Arabic vowel signs.
 * In other scripts, as in Devanagari and Thai, marks are vowels.
 */
static bool
is_optional(ucs4_t mark)
{
	static const char *const scripts[] = { "Inherited", "Arabic", "Coptic",
		"Cyrillic", "Greek", "Hebrew", "Latin", "Syriac" };
	const uc_script_t *script = uc_script(mark);

	for (size_t i = 0;
	     script != NULL && i < sizeof scripts / sizeof *scripts; i++)
		if (strcmp(script->name, scripts[i]) == 0)
			return true;
	return false;
}

/*
 * The one letter that two characters make although the second is an optional
 * mark or a part of a syllable: Hangul, kana with their sound marks, and the
 * Cyrillic short letters.  0: they remain two.
 */
static ucs4_t
compose(ucs4_t letter, ucs4_t next)
{
	return (next >= 0x1161 && next <= 0x11c2) || next == 0x3099 ||
		next == 0x309a ||
		(next == 0x306 && letter >= 0x400 && letter < 0x530)
	    ? uc_composition(letter, next)
	    : 0;
}

/* The letter of full width that one of half width stands for. */
static ucs4_t
widen(ucs4_t c)
{
	ucs4_t wide[UC_DECOMPOSITION_MAX_LENGTH];
	int tag;

	return c >= 0xff66 && c <= 0xff9f &&
		uc_decomposition(c, &tag, wide) == 1
	    ? wide[0]
	    : c;
}

/*
 * Reads a character, with the following ones that make one letter with it.  The
 * first bytes of those rule the others out quickly.
 */
static ucs4_t
read_letter(struct str text, size_t *read)
{
	const uint8_t *at = (const uint8_t *)text.at;
	ucs4_t letter, next, both;
	int len = u8_mbtoucr(&letter, at, text.len);

	*read = len > 0 ? (size_t)len : 1;
	if (len <= 0)
		return 0;
	letter = widen(letter);
	while (letter >= 0x400 && *read < text.len &&
	    (at[*read] == 0xcc || at[*read] == 0xe1 || at[*read] == 0xe3 ||
		at[*read] == 0xef)) {
		len = u8_mbtoucr(&next, at + *read, text.len - *read);
		both = len > 0 ? compose(letter, widen(next)) : 0;
		if (both == 0)
			break;
		letter = both;
		*read += (size_t)len;
	}
	return letter;
}

struct str
letters_spelling(uint32_t c)
{
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (spellings[i].from == c)
			return spellings[i].to;
	return STR("");
}

static void
add(struct letters_fold *fold, ucs4_t c)
{
	uint8_t bytes[6];
	int len = u8_uctomb(bytes, c, sizeof bytes);
	int digit = uc_decimal_value(c);
	struct str text = letters_spelling(c);

	if (text.len == 0)
		text = (struct str){ (const char *)bytes,
			len > 0 ? (size_t)len : 0 };
	if (digit >= 0) {
		bytes[0] = (uint8_t)('0' + digit);
		text = (struct str){ (const char *)bytes, 1 };
	}
	if (text.len <= LETTERS_ROOM - fold->len) {
		memcpy(fold->text + fold->len, text.at, text.len);
		fold->len = (uint8_t)(fold->len + text.len);
	}
}

static void
add_lower(struct letters_fold *fold, ucs4_t c)
{
	ucs4_t room[FOLDS];
	size_t count = FOLDS;
	ucs4_t *lower = u32_casefold(&c, 1, NULL, NULL, room, &count);

	for (size_t i = 0; lower != NULL && i < count; i++)
		add(fold, lower[i]);
	if (lower != room)
		free(lower);
}

/* Decomposes a character, and puts together the letters that remain. */
static size_t
decompose(ucs4_t c, ucs4_t out[LONGEST])
{
	ucs4_t parts[LONGEST];
	size_t count = LONGEST, kept = 0;
	ucs4_t *got;

	/* Thai and Lao vowels of two parts are written in one. */
	if (c >= 0xe00 && c <= 0xeff) {
		out[0] = c;
		return 1;
	}
	got = u32_normalize(UNINORM_NFKD, &c, 1, parts, &count);
	/* More than there is room for, or no memory. */
	if (got != parts) {
		free(got);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		ucs4_t both = kept > 0 ? compose(out[kept - 1], parts[i]) : 0;

		if (both != 0)
			out[kept - 1] = both;
		else
			out[kept++] = parts[i];
	}
	return kept;
}

static enum letters_kind
kind_of(ucs4_t c)
{
	/* The tatweel only makes a word longer; U+200B separates Thai words. */
	if (c == 0x640 ||
	    (c != 0x200b &&
		uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cf)))
		return LETTERS_IGNORED;
	if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M))
		return LETTERS_MARK;
	return uc_is_general_category_withtable(
		   c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N)
	    ? LETTERS_WORD
	    : LETTERS_BREAK;
}

static void
make(struct letters_fold *fold, ucs4_t c)
{
	ucs4_t parts[LONGEST];
	size_t count = 0;
	bool joins = false;

	*fold = (struct letters_fold){ .from = c, .kind = (uint8_t)kind_of(c) };
	if (fold->kind == LETTERS_WORD || fold->kind == LETTERS_MARK)
		count = decompose(c, parts);
	for (size_t i = 0; i < count; i++) {
		enum letters_kind kind = kind_of(parts[i]);

		if (kind == LETTERS_MARK ? is_optional(parts[i])
					 : kind != LETTERS_WORD)
			continue;
		add_lower(fold, parts[i]);
		joins |=
		    is_spaceless(parts[i]) && uc_decimal_value(parts[i]) < 0;
	}
	if (fold->len == 0 && fold->kind != LETTERS_BREAK)
		fold->kind = LETTERS_IGNORED;
	else if (fold->kind == LETTERS_WORD && joins)
		fold->kind = LETTERS_SPACELESS;
}

const struct letters_fold *
letters_fold(struct letters_cache *cache, struct str text, size_t *read)
{
	ucs4_t c = read_letter(text, read);
	struct letters_fold *fold =
	    &cache->folds[c % (sizeof cache->folds / sizeof *cache->folds)];

	if (fold->from != c || c == 0)
		make(fold, c);
	return fold;
}

size_t
letters_count(struct str text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += (text.at[i] & 0xc0) != 0x80;
	return count;
}

size_t
letters_length(struct str text, size_t count)
{
	size_t len = 0;

	while (len < text.len && ((text.at[len] & 0xc0) == 0x80 || count-- > 0))
		len++;
	return len;
}
