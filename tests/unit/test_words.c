/* The words of a text, in the scripts of many languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/buf.h"
#include "text/words.h"

static struct letters_cache cache;

/* Writes the words of a text; pairs have "+", the last of a run "-". */
static void
write_words(struct str text, struct buf *out)
{
	static const char *const marks[] = { [WORDS_WORD] = "",
		[WORDS_PAIR] = "+",
		[WORDS_LAST] = "-",
		[WORDS_ALONE] = "." };
	struct words_reader words = { .text = text, .cache = &cache };
	size_t end = 0;

	while (words_next(&words)) {
		if (out->len > 0)
			buf_char(out, ' ');
		buf_add(out, (struct str){ words.word, words.len });
		buf_add(out, str_of(marks[words.kind]));
		assert_in_range(words.len, 1, WORDS_LONGEST);
		assert_in_range(words.from, end, text.len);
		assert_in_range(words.to, words.from + 1, text.len);
		end = words.to;
	}
}

/* A text, and its words. */
static const char *const table[][2] = {
	{ "", "" },
	{ " -- \xe2\x80\x94!", "" },
	{ "Plane CRASH, 1920's", "plane crash 1920 s" },
	{ "a_b caf\xc3\xa9/x", "a b cafe x" },
	{ "\xff"
	  "a\x80"
	  "b\xc3",
	    "a b" },
	/* German, Danish, Polish, Turkish, Azerbaijani, French, Vietnamese. */
	{ "Straße STRASSE STRAẞE", "strasse strasse strasse" },
	{ "Rødgrød på ærø", "rodgrod pa aero" },
	{ "Łódź źdźbło", "lodz zdzblo" },
	{ "İstanbul ISTANBUL ılık IŞIK", "istanbul istanbul ilik isik" },
	{ "Əliyev əliyev Aliyev", "əliyev əliyev aliyev" },
	{ "cœur Cœur", "coeur coeur" },
	{ "Đường đi Việt", "duong di viet" },
	{ "Þór ðe ħ ŧ", "thor de h t" },
	/* The same letters, composed and not. */
	{ "cre\xcc\x80me cr\xc3\xa8me", "creme creme" },
	{ "и\xcc\x86 й Ё ё е", "й й е е е" },
	{ "か\xe3\x82\x99 が", "が. が." },
	{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab 한", "한. 한." },
	{ "क़लम क\xe0\xa4\xbcलम", "क\xe0\xa4\xbcलम क\xe0\xa4\xbcलम" },
	/* Compatibility forms. */
	{ "Ｐｙｔｈｏｎ３ ﬁne ﬀ", "python3 fine ff" },
	{ "ﾄﾏﾄ ｶﾞｽ ﾊﾟ", "トマ+ マト+ ト- ガス+ ス- パ." },
	{ "m² x³ Ⅻ", "m2 x3 xii" },
	/* Greek and Hebrew points, Arabic vowel signs and tatweel. */
	{ "Ἀθήνα ΑΘΗΝΑΣ Αθήνας ᾍδης", "αθηνα αθηνασ αθηνασ αδησ" },
	{ "שָׁלוֹם שלום", "שלום שלום" },
	{ "كِتَابٌ كتـــاب أحمد احمد", "كتاب كتاب احمد احمد" },
	{ "علی على", "علي علي" },
	/* Zero-width joiners and soft hyphens do not divide a word. */
	{ "می\xe2\x80\x8cخواهم ab\xc2\xad"
	  "cd",
	    "ميخواهم abcd" },
	/* Marks belong to their word. */
	{ "किताब", "किताब" },
	{ "தமிழ் বাংলা", "தமிழ் বাংলা" },
	{ "\xe0\xa4\xbf\xcc\x81 \xcc\x81", "" },
	/* Digits of all scripts. */
	{ "१२३ ٣٤ ๒๕๖๙", "123 34 2569" },
	/* Scripts without spaces, and Korean. */
	{ "个人电脑", "个人+ 人电+ 电脑+ 脑-" },
	{ "東京、雨", "東京+ 京- 雨." },
	{ "Python入門3", "python 入門+ 門- 3" },
	{ "トマト", "トマ+ マト+ ト-" },
	{ "ラーメン人々", "ラー+ ーメ+ メン+ ン人+ 人々+ 々-" },
	{ "학교에서", "학교+ 교에+ 에서+ 서-" },
	{ "ที่นี่", "ที่นี่+ นี่-" },
	{ "น้ำ", "น้ำ+ ำ-" },
	{ "ភាសា", "ភាសា+ សា-" },
	{ "မြန်မာ", "မြန်+ န်မာ+ မာ-" },
	{ "ລາວ", "ລາ+ າວ+ ວ-" },
	{ "ก\xe2\x80\x8bข", "ก. ข." },
	{ "𠮷野家", "𠮷野+ 野家+ 家-" },
};

static void
words_are_folded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		char got[512];
		struct buf out = buf_over(got, sizeof got);

		write_words(str_of(table[i][0]), &out);
		assert_false(out.overflow);
		if (!str_equals(buf_str(&out), str_of(table[i][1])))
			fail_msg("%s: got [%.*s], want [%s]", table[i][0],
			    STR_ARG(buf_str(&out)), table[i][1]);
	}
}

/* Words of the index are not folded otherwise when they are read again. */
static void
folding_twice_changes_nothing(void **state)
{
	(void)state;
	for (uint32_t c = 1; c < 0x30000; c++) {
		char bytes[4];
		struct str text = { bytes, 0 };
		struct letters_fold fold;
		size_t read;

		if (c < 0x80)
			bytes[text.len++] = (char)c;
		else if (c < 0x800)
			bytes[text.len++] = (char)(0xc0 | c >> 6);
		else if (c < 0x10000)
			bytes[text.len++] = (char)(0xe0 | c >> 12);
		else
			bytes[text.len++] = (char)(0xf0 | c >> 18);
		for (int shift = c < 0x80 ? -6
			 : c < 0x800      ? 0
			 : c < 0x10000    ? 6
					  : 12;
		     shift >= 0; shift -= 6)
			bytes[text.len++] = (char)(0x80 | (c >> shift & 0x3f));
		fold = *letters_fold(&cache, text, &read);
		if (fold.kind == LETTERS_BREAK)
			continue;
		assert_int_equal(read, text.len);
		text = (struct str){ fold.text, fold.len };
		while (text.len > 0) {
			const struct letters_fold *again =
			    letters_fold(&cache, text, &read);

			if (!str_equals((struct str){ again->text, again->len },
				str_head(text, read)) ||
			    (fold.kind != again->kind &&
				again->kind != LETTERS_MARK))
				fail_msg("U+%04X: [%.*s]", (unsigned)c,
				    STR_ARG(text));
			text = str_tail(text, read);
		}
	}
}

static void
long_words_are_cut(void **state)
{
	static const char *const letters[] = { "a", "ж", "ш\xcc\x81", "漢",
		"क\xe0\xa5\x8d", "ก\xe0\xb9\x88" };
	static char text[4096], got[32768];

	(void)state;
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		struct buf long_word = buf_over(text, sizeof text);
		struct buf out = buf_over(got, sizeof got);

		while (!long_word.overflow)
			buf_add(&long_word, str_of(letters[i]));
		write_words(buf_str(&long_word), &out);
		assert_false(out.overflow);
	}
	/* Any number of marks on one letter. */
	{
		struct buf marks = buf_over(text, sizeof text);
		struct buf out = buf_over(got, sizeof got);

		buf_add(&marks, STR("ก"));
		while (!marks.overflow)
			buf_add(&marks, STR("\xe0\xb9\x88"));
		write_words(buf_str(&marks), &out);
		assert_in_range(out.len, 4, WORDS_LONGEST);
	}
}

static void
letters_are_counted(void **state)
{
	static const struct {
		const char *text;
		size_t count, two; /* characters; the bytes of two */
	} rows[] = {
		{ "", 0, 0 },
		{ "a", 1, 1 },
		{ "abc", 3, 2 },
		{ "уж", 2, 4 },
		{ "東京都", 3, 6 },
		{ "a𠮷b", 3, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str text = str_of(rows[i].text);

		assert_int_equal(letters_count(text), rows[i].count);
		assert_int_equal(letters_length(text, 2), rows[i].two);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_folded),
		cmocka_unit_test(folding_twice_changes_nothing),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(letters_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
