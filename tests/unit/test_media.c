/* MIME types of real files: by name, by content, and remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "fakeclock.h"
#include "scarce.h"
#include "temporary.h"
#include "tree/media.h"

static struct temporary folder;
static struct media *media;

static int
set_up(void **state)
{
	char error[256];

	(void)state;
	temporary_make(&folder);
	media = media_new(error, sizeof error);
	return media == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	media_free(media);
	temporary_remove(&folder);
	return 0;
}

static struct str
type_of(const char *name)
{
	struct entry entry = {
		.fd = open(temporary_path(&folder, name), O_RDONLY),
	};
	struct str type;

	temporary_check(
	    entry.fd != -1 && fstat(entry.fd, &entry.st) == 0, name);
	type = media_type(media, str_of(name), &entry);
	close(entry.fd);
	return type;
}

static const struct {
	const char *name, *content, *type;
} table[] = {
	{ "page.gmi", "# Title\n", "text/gemini" },
	{ "page.GEMINI", "# Title\n", "text/gemini" },
	{ "code.gmi", "#include <stdio.h>\nint main(void) {}\n",
	    "text/gemini" },
	{ "latin.gmi",
	    "Gr\xfc\xdf"
	    "e aus K\xf6ln\n",
	    "text/gemini; charset=iso-8859-1" },
	{ "empty.gmi", "", "text/gemini" },
	{ "notes.txt", "plain\n", "text/plain" },
	{ "utf8.txt",
	    "Gr\xc3\xbc\xc3\x9f"
	    "e\n",
	    "text/plain" },
	{ "latin.txt",
	    "Gr\xfc\xdf"
	    "e aus K\xf6ln\n",
	    "text/plain; charset=iso-8859-1" },
	{ "README", "words without an extension\n", "text/plain" },
	{ "empty", "", "text/plain" },
	{ "feed.atom", "<feed/>", "application/atom+xml" },
	{ "book.gpub", "PK\003\004", "application/gpub+zip" },
	{ "style.css", "a { }", "text/css" },
	{ "readme.md", "# x", "text/markdown" },
	{ "picture", "\xff\xd8\xff\xe0JFIF", "image/jpeg" },
	{ "animation", "GIF89a\x01\x01\x01\x01", "image/gif" },
	{ "paper", "%PDF-1.4\n", "application/pdf" },
	{ "svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>\n",
	    "image/svg+xml" },
	{ "print", "%!PS-Adobe-3.0\n", "application/postscript" },
	{ "page", "<!DOCTYPE html>\n<html></html>\n", "text/html" },
	/* Text that begins as some format does. */
	{ "byte", "x", "text/plain" },
	{ "blank", "\n", "text/plain" },
	{ "law", "Article 1 of the law\n", "text/plain" },
	{ "way", "Path: to the sea\n", "text/plain" },
	{ "letter", "From: the sea\n", "text/plain" },
	{ "day", "Date: 2024-01-01\n", "text/plain" },
	{ "name", "BZh is nothing\n", "text/plain" },
	{ "name.txt.png", "GIF89a is the name of a format\n", "text/plain" },
	{ "script", "#!/usr/bin/env node\nconsole.log(1)\n", "text/plain" },
	{ "module.mjs", "export const x = 1;\n", "text/plain" },
	{ "lines.jsonl", "{\"a\":1}\n{\"a\":2}\n", "text/plain" },
	{ "line.jsonl", "{\"a\":1}\n", "text/plain" },
	{ "film.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello\n",
	    "text/plain" },
	{ "rfc", "Page 1\n\f\nPage 2\n", "text/plain" },
	/* Content that tells nothing. */
	{ "cut.png", "\x89PNG", "image/png" },
	{ "cut.AVIF",
	    "\x01\x01\x01\x1c"
	    "ftyp",
	    "image/avif" },
	{ "cut.jxl", "\xff", "image/jxl" },
	{ "empty.mp3", "", "audio/mpeg" },
	{ "old.png",
	    "Gr\xfc\xdf"
	    "e aus K\xf6ln\n",
	    "text/plain; charset=iso-8859-1" },
	{ "noise.unknown", "\x01\x02\x03\xfe\xff\x80\x81",
	    "application/octet-stream" },
};

static void
types(void **state)
{
	(void)state;
	/* Twice: found out, and remembered. */
	for (size_t i = 0; i < 2 * sizeof table / sizeof *table; i++) {
		size_t row = i % (sizeof table / sizeof *table);
		struct str type;

		if (i == row)
			temporary_file(
			    &folder, table[row].name, table[row].content);
		type = type_of(table[row].name);
		if (!str_equals(type, str_of(table[row].type)))
			fail_msg("%s: %.*s", table[row].name, STR_ARG(type));
	}
}

/* Remembered by identity: what the file becomes is seen at once. */
static void
changes_are_seen(void **state)
{
	(void)state;
	temporary_file(&folder, "thing", "words\n");
	assert_true(str_equals(type_of("thing"), STR("text/plain")));
	temporary_file(&folder, "thing", "GIF89a\x01\x01\x01\x01\x01");
	assert_true(str_equals(type_of("thing"), STR("image/gif")));
	/* The same file under a name that says more. */
	temporary_link(&folder, "thing.gmi", "thing");
	assert_true(str_starts(type_of("thing.gmi"), STR("text/gemini")));
	assert_true(str_equals(type_of("thing"), STR("image/gif")));
}

/* A character that only the sample's end cuts is no other encoding. */
static void
cut_character_is_utf8(void **state)
{
	static char text[16384 + 3];

	(void)state;
	for (size_t cut = 1; cut < 3; cut++) {
		memset(text, 'x', sizeof text - 1);
		memcpy(text + 16384 - cut, "\xe4\xb8\x96", 3);
		temporary_file(&folder, "cut.txt", text);
		assert_true(str_equals(type_of("cut.txt"), STR("text/plain")));
	}
}

/* What cannot be told is said to be so, and is told the next time. */
static void
unreadable(void **state)
{
	struct entry entry = { .fd = -1 };

	(void)state;
	assert_int_equal(media_type(media, STR("page.gmi"), &entry).len, 0);
	assert_int_equal(media_type(media, STR("README"), &entry).len, 0);
	temporary_file(&folder, "scarce", "text that is not known yet\n");
	scarce_memory(1);
	assert_int_equal(type_of("scarce").len, 0);
	scarce_memory(0);
	assert_true(str_equals(type_of("scarce"), STR("text/plain")));
}

/* The least processor time of several looks at files of this content. */
static clock_t
least_time(const char *part)
{
	static char text[16384 + 1];
	static int files;
	clock_t least = 0;

	for (size_t i = 0; i < sizeof text - 1; i++)
		text[i] = part[i % strlen(part)];
	text[0] = '_';
	for (int i = 0; i < 5; i++) {
		clock_t took;
		char name[32];

		snprintf(name, sizeof name, "slow%d", files++);
		/* Another file each time: nothing is remembered of it. */
		temporary_file(&folder, name, text);
		took = clock();
		assert_true(str_equals(type_of(name), STR("text/plain")));
		took = clock() - took;
		if (i == 0 || took < least)
			least = took;
	}
	return least;
}

/* Against prose; blank text took 130 times as long. */
static void
no_text_takes_long(void **state)
{
	static const char *const slow[] = { "\n", "\r\n", "\t", " " };
	clock_t prose = least_time("lorem ipsum dolor sit amet\n");

	(void)state;
	for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
		clock_t took = least_time(slow[i]);

		if (took > 15 * prose)
			fail_msg("row %zu: %ld, prose %ld", i, (long)took,
			    (long)prose);
	}
}

/* What libmagic must not be shown now is told later, as all else is at once. */
/* What is known, and what its name or its bytes tell, takes no time. */
static void
lookups_are_counted(void **state)
{
	static const struct {
		const char *name;
		size_t lookups;
	} rows[] = { { "known", 1 }, { "known", 0 }, { "page.gmi", 0 },
		{ "latin.gmi", 0 }, { "nothing", 0 }, { "second", 1 } };

	(void)state;
	temporary_file(&folder, "known", "text\n");
	temporary_file(&folder, "nothing", "");
	temporary_file(&folder, "second", "second text\n");
	/* Types of files that have just changed are not cached. */
	fakeclock_stop();
	fakeclock_forward_ms(3000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t before = media_lookups(media);

		assert_int_not_equal(type_of(rows[i].name).len, 0);
		if (media_lookups(media) - before != rows[i].lookups)
			fail_msg("row %zu", i);
	}
	fakeclock_run();
}

static void
no_database(void **state)
{
	char error[256] = "";

	(void)state;
	temporary_check(setenv("MAGIC", "/dev/null/none", 1) == 0, "setenv");
	assert_null(media_new(error, sizeof error));
	assert_non_null(strstr(error, "libmagic's database"));
	unsetenv("MAGIC");
	scarce_memory(1);
	assert_null(media_new(error, sizeof error));
	scarce_memory(0);
	assert_string_equal(error, "out of memory");
	media_free(NULL);
}

#define OWN_TYPES 200
#define LONG_WORD \
	"long-long-long-long-long-long-long-long-long-long-long-long-long-" \
	"long-sun"

/* A database in which each of many words is a type of its own. */
static struct media *
own_database(void)
{
	static char text[OWN_TYPES * 64];
	char error[256];
	size_t len = (size_t)snprintf(text, sizeof text,
	    "0 string \\001odd odd\n!:mime odd\n"
	    "0 string \\001loud loud\n!:mime Model/LOUD\n"
	    "0 string long long\n!:mime text/" LONG_WORD "\n");
	struct media *own;

	for (int i = 0; i < OWN_TYPES; i++)
		len += (size_t)snprintf(text + len, sizeof text - len,
		    "0 string \\001word%03d word\n!:mime own/%03d\n", i, i);
	temporary_file(&folder, "magic", text);
	setenv("MAGIC", temporary_path(&folder, "magic"), 1);
	own = media_new(error, sizeof error);
	unsetenv("MAGIC");
	return own;
}

static struct str
own_type(struct media *own, const char *content)
{
	struct media *usual = media;
	struct str type;

	temporary_file(&folder, "thing", content);
	media = own;
	type = type_of("thing");
	media = usual;
	return type;
}

/* Whatever a database holds, a type is one, and memory is bounded. */
static void
odd_databases(void **state)
{
	struct media *own = own_database();
	size_t known = 0;

	(void)state;
	assert_non_null(own);
	assert_true(str_equals(
	    own_type(own, "\001odd"), STR("application/octet-stream")));
	/* Some clients know no type in capitals. */
	assert_true(str_equals(own_type(own, "\001loud"), STR("model/loud")));
	assert_true(str_equals(own_type(own, "long"), STR("text/" LONG_WORD)));
	/* With its charset it is too long. */
	assert_true(str_equals(own_type(own,
				   "long Gr\xfc\xdf"
				   "e"),
	    STR("application/octet-stream")));
	for (int i = 0; i < OWN_TYPES; i++) {
		char word[16], type[16];
		struct str told;

		snprintf(word, sizeof word, "\001word%03d", i);
		snprintf(type, sizeof type, "own/%03d", i);
		told = own_type(own, word);
		if (str_equals(told, str_of(type)))
			known++;
		else
			assert_true(
			    str_equals(told, STR("application/octet-stream")));
	}
	assert_in_range(known, 100, OWN_TYPES - 1);
	media_free(own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),
		cmocka_unit_test(changes_are_seen),
		cmocka_unit_test(cut_character_is_utf8),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(no_text_takes_long),
		cmocka_unit_test(lookups_are_counted),
		cmocka_unit_test(no_database),
		cmocka_unit_test(odd_databases),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
