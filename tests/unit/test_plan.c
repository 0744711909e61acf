/* Searches in many languages: a page is found by any of its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "indexing.h"
#include "index/plan.h"
#include "index/search.h"
#include "text/buf.h"

static const char *const pages[][2] = {
	{ "zh", "# 我的电脑\n\n这是一台个人电脑，用来学习Python入门。\n" },
	{ "zh2", "# 旅行\n\n我去年去过北京和上海。\n" },
	{ "ja", "# 料理\n\n東京でトマトとひらがなの本を買いました。\n" },
	{ "ja2", "# 関東\n\n雨の日に海を見た。ラーメン屋があります。\n" },
	{ "ko", "# 학교\n\n학교에서 한국어를 배웁니다. 물을 마셔요.\n" },
	{ "th", "# อาหาร\n\nฉันชอบกินข้าวที่โรงเรียนทุกวัน\n" },
	{ "hi", "# पुस्तकालय\n\nमैं किताब पढ़ता हूँ और हिन्दी सीखता हूँ।\n" },
	{ "ar", "# المكتبة\n\nقَرَأَ الطَّالِبُ كِتَابًا جديدا\n" },
	{ "he", "# ספרייה\n\nשָׁלוֹם לְכֻלָּם\n" },
	{ "fa", "# خانه\n\nمن می\xe2\x80\x8cخواهم به خانه بروم\n" },
	{ "el", "# Ελλάδα\n\nΗ Αθήνα είναι η πρωτεύουσα. Ο δρόμος.\n" },
	{ "ru", "# Код\n\nВесь код лежит на сервере, ёлка в лесу.\n" },
	{ "ru2", "# Кот\n\nКот спит, а ум отдыхает.\n" },
	{ "uk", "# Мова\n\nУкраїнська мова та її сусіди.\n" },
	{ "de", "# Straßen\n\nDie Großmutter grüßt die Straßenbahn.\n" },
	{ "pl", "# Łódź\n\nŻółty żuk siedzi na źdźble.\n" },
	{ "tr", "# İzmir\n\nIşık ılık bir akşamda yanıyor.\n" },
	{ "az", "# Prezident\n\nİlham Əliyev Bakıda çıxış etdi.\n" },
	{ "vi", "# Đà Nẵng\n\nTôi muốn uống cà phê sữa đá.\n" },
	{ "da", "# Rødgrød\n\nPå Ærø spiser vi smørrebrød.\n" },
	{ "fr", "# Œuvre\n\nLe cœur de la forêt.\n" },
	{ "ta", "# தமிழ்\n\nநான் புத்தகம் படிக்கிறேன்\n" },
	{ "km", "# ខ្មែរ\n\nខ្ញុំរៀនភាសាខ្មែរនៅសាលា\n" },
	{ "my", "# စာ\n\nကျွန်တော်မြန်မာစာသင်ယူနေသည်\n" },
	{ "lo", "# ອາຫານ\n\nຂ້ອຍມັກກິນເຂົ້າຢູ່ບ້ານ\n" },
	{ "en", "# Forms\n\nＡｎ ｅｄｉｔｏｒ and a ﬁle, Aliyev said.\n" },
};

static int
set_up(void **state)
{
	(void)state;
	indexing_begin(&indexing, true);
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		char name[16];

		snprintf(name, sizeof name, "%s.gmi", pages[i][0]);
		temporary_file(&indexing.folder, name, pages[i][1]);
	}
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	return 0;
}

/* Writes the names of the pages that are found, or "-" and a similar one's. */
static void
find(const char *words, struct buf *out)
{
	static struct search_result result;
	const struct search_wish wish = { str_of(words), 0, &indexing.tree };
	struct arena arena;

	arena_init(&arena, (size_t)256 << 10);
	assert_int_equal(
	    search_run(&indexing.place, &arena, &wish, &result), 0);
	if (result.unknown.len > 0)
		buf_add(out, result.is_near ? STR("~") : STR("-"));
	for (size_t i = 0; i < result.count && result.found > 0; i++) {
		struct str path = str_tail(result.hits[i].path, 1);

		if (i > 0)
			buf_char(out, ' ');
		buf_add(out, str_cut(&path, '.'));
	}
	arena_release(&arena);
}

static void
check(const char *const table[][2], size_t count)
{
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		char got[256];
		struct buf out = buf_over(got, sizeof got);

		find(table[i][0], &out);
		if (str_equals(buf_str(&out), str_of(table[i][1])))
			continue;
		print_error("%s: got [%.*s], want [%s]\n", table[i][0],
		    STR_ARG(buf_str(&out)), table[i][1]);
		failed++;
	}
	assert_int_equal(failed, 0);
}

static void
without_spaces(void **state)
{
	static const char *const table[][2] = {
		{ "电脑", "zh" },
		{ "个人电脑", "zh" },
		{ "入门", "zh" },
		{ "python", "zh" },
		{ "Python入门", "zh" },
		{ "北京", "zh2" },
		{ "东京", "-" },
		{ "电", "zh" },
		{ "脑", "zh" },
		{ "上海", "zh2" },
		{ "上海北京", "~zh2" },
		{ "脑在哪里", "~zh" },
		{ "海里哪里 nothing", "~zh2 ja2" },
		{ "海里哪里 python", "-zh" },
		{ "哪里哪里", "-" },
		{ "\"个人电脑\"", "zh" },
		{ "\"电脑人\"", "~zh" },
		{ "トマト", "ja" },
		{ "ﾄﾏﾄ", "ja" },
		{ "東京", "ja" },
		{ "ひらがな", "ja" },
		{ "ひらか\xe3\x82\x99な", "ja" },
		{ "ラーメン", "ja2" },
		{ "東", "ja2 ja" },
		{ "雨", "ja2" },
		{ "関東", "ja2" },
		{ "학교", "ko" },
		{ "한국어", "ko" },
		{ "학교는", "~ko" },
		{ "물", "ko" },
		{ "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xa8\xe1\x84\x80\xe1\x85"
		  "\xad",
		    "ko" },
		{ "ข้าว", "th" },
		{ "โรงเรียน", "th" },
		{ "เรียน", "th" },
		{ "ภาษา", "-" },
		{ "ភាសា", "km" },
		{ "မြန်မာ", "my" },
		{ "ເຂົ້າ", "lo" },
	};

	(void)state;
	check(table, sizeof table / sizeof *table);
}

static void
with_spaces(void **state)
{
	static const char *const table[][2] = {
		{ "किताब", "hi" },
		{ "हिन्दी", "hi" },
		{ "पढ\xe0\xa4\xbc"
		  "ता",
		    "hi" },
		{ "كتابا", "ar" },
		{ "كِتَابًا", "ar" },
		{ "الطالب", "ar" },
		{ "طالب", "ar" },
		{ "مكتبة", "ar" },
		{ "الجديدا", "ar" },
		{ "المن", "-" },
		{ "שלום", "he" },
		{ "שָׁלוֹם", "he" },
		{ "میخواهم", "fa" },
		{ "خانه", "fa" },
		{ "αθηνα", "el" },
		{ "ΑΘΗΝΑ", "el" },
		{ "δρομος", "el" },
		{ "ёлка", "ru" },
		{ "елка", "ru" },
		{ "код", "ru" },
		{ "кот", "ru2" },
		{ "уж", "-" },
		{ "кох", "-" },
		{ "сервера", "~ru" },
		{ "ее", "-" },
		{ "українська", "uk" },
		{ "strasse", "~de" },
		{ "strassen", "de" },
		{ "GROSSMUTTER", "de" },
		{ "grusst", "de" },
		{ "lodz", "pl" },
		{ "zolty", "pl" },
		{ "isik", "tr" },
		{ "ILIK", "tr" },
		{ "izmir", "tr" },
		{ "Əliyev", "az" },
		{ "Aliyev", "en" },
		{ "Eliyev", "~az en" },
		{ "bakida", "az" },
		{ "da nang", "vi" },
		{ "ca phe", "vi" },
		{ "rodgrod", "da" },
		{ "aero", "da" },
		{ "coeur", "fr" },
		{ "oeuvre", "fr" },
		{ "தமிழ்", "ta" },
		{ "editor", "en" },
		{ "ﬁle", "en" },
	};

	(void)state;
	check(table, sizeof table / sizeof *table);
}

/* The passage of one character has it, however far into the text it is. */
static void
passage_of_character(void **state)
{
	static const struct {
		size_t before; /* characters */
		const char *start, *end;
	} table[] = {
		{ 0, "\xe8\x8c\xb6\xe5\xa5\xbd", "\xe5\xa5\xbd\xe2\x80\xa6" },
		{ 59, "\xe6\xb0\xb4", "\xe5\xa5\xbd\xe2\x80\xa6" },
		{ 300, "\xe2\x80\xa6\xe6\xb0\xb4", "\xe5\xa5\xbd\xe2\x80\xa6" },
		{ 570, "\xe2\x80\xa6\xe6\xb0\xb4", "\xe5\xa5\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct search_wish wish = { STR("\xe8\x8c\xb6"), 0,
			NULL };
		static struct search_result result;
		char room[4096];
		struct buf page = buf_over(room, sizeof room);
		struct arena arena;
		struct str passage;

		for (size_t j = 0; j < 600; j++)
			buf_add(&page,
			    j == table[i].before      ? wish.words
				: j < table[i].before ? STR("\xe6\xb0\xb4")
						      : STR("\xe5\xa5\xbd"));
		buf_add(&page, STR("\n"));
		buf_char(&page, '\0');
		temporary_file(&indexing.folder, "tea.gmi", page.at);
		assert_int_equal(builder_update(indexing.build, NULL), 1);
		arena_init(&arena, (size_t)256 << 10);
		assert_int_equal(
		    search_run(&indexing.place, &arena, &wish, &result), 0);
		assert_int_equal(result.count, 1);
		passage = result.hits[0].passage;
		assert_true(str_starts(passage, str_of(table[i].start)));
		assert_true(str_ends(passage, str_of(table[i].end)));
		assert_non_null(
		    memmem(passage.at, passage.len, wish.words.at, 3));
		assert_in_range(letters_count(passage), 50, 122);
		arena_release(&arena);
	}
}

/* The work for a row grows with the phrases: a phrase counts once. */
static void
repeated(void **state)
{
	struct question question;
	struct index index;
	struct plan plan;
	struct arena arena;

	(void)state;
	question_read(
	    STR("\"said an\" \"Said an\" said \"said\" \"said\""), &question);
	arena_init(&arena, (size_t)256 << 10);
	assert_int_equal(index_open(&index, &indexing.place), 0);
	assert_int_equal(plan_make(&plan, &index, &arena, &question), 0);
	assert_int_equal(plan.count, 3);
	/* Each of many phrases is looked up in each row. */
	question_read(STR("\"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" "
			  "\"i\" \"j\" k"),
	    &question);
	assert_int_equal(plan_make(&plan, &index, &arena, &question), 0);
	assert_int_equal(plan.count, PLAN_PHRASES + 1);
	index_close(&index);
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_spaces),
		cmocka_unit_test(with_spaces),
		cmocka_unit_test(passage_of_character),
		cmocka_unit_test(repeated),
	};

	return cmocka_run_group_tests(tests, set_up, indexing_tear_down);
}
