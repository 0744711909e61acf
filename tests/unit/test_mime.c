#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/mime.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void
assert_text(struct str got, const char *want, const char *in)
{
	if (!str_equals(got, str_of(want)))
		fail_msg("%s: got '%.*s', want '%s'", in, STR_ARG(got), want);
}

/* A type, and the extensions that tell it. */
static const char *const types[][2] = {
	{ "text/gemini", "gmi gemini" },
	{ "text/markdown", "md markdown" },
	{ "text/plain",
	    "txt text log asc pem conf ini toml yaml yml awk c cpp el go h lua "
	    "pl py rb rs sh sql" },
	{ "text/x-diff", "diff patch" },
	{ "text/csv", "csv" },
	{ "text/tab-separated-values", "tsv" },
	{ "text/css", "css" },
	{ "text/html", "html htm" },
	{ "text/javascript", "js" },
	{ "text/calendar", "ics" },
	{ "text/vcard", "vcf" },
	{ "text/xml", "xml" },
	{ "application/xhtml+xml", "xhtml" },
	{ "application/atom+xml", "atom atom.xml" },
	{ "application/rss+xml", "rss rss.xml" },
	{ "application/json", "json" },
	{ "application/gpub+zip", "gpub" },
	{ "application/epub+zip", "epub" },
	{ "application/gzip", "tar.gz tgz" },
	{ "audio/ogg", "ogg oga opus" },
	{ "video/ogg", "ogv" },
	{ "image/svg+xml", "svg" },
};

static void
extensions_tell_the_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct str rest = str_of(types[i][1]);

		while (rest.len > 0) {
			char room[32];
			struct buf name = buf_over(room, sizeof room);

			buf_add(&name, STR("a."));
			buf_add(&name, str_cut(&rest, ' '));
			buf_char(&name, '\0');
			assert_text(
			    mime_of_name(str_of(room)), types[i][0], room);
		}
	}
}

static const char *const names[][2] = {
	{ "PAGE.GMI", "text/gemini" },
	{ "a.b.gmi", "text/gemini" },
	{ "a.tar.GZ", "application/gzip" },
	{ "atom.xml", "application/atom+xml" },
	{ "log.atom.xml", "application/atom+xml" },
	{ "feed.xml", "text/xml" },
	{ "my-atom.xml", "text/xml" },
	{ "/docs/page.gmi", "text/gemini" },
	{ "/docs.gmi/page.md", "text/markdown" },
	{ "/atom.xml", "application/atom+xml" },
	{ "gmi..gmi", "text/gemini" },
	/* These are known by content. */
	{ "", "" },
	{ ".", "" },
	{ "..", "" },
	{ "/", "" },
	{ "gmi", "" },
	{ "c", "" },
	{ ".gmi", "" },
	{ "/a/.gmi", "" },
	{ "a.", "" },
	{ "a.gmi.", "" },
	{ "a.gmi/", "" },
	{ "/docs.gmi/page", "" },
	{ "gophermap", "text/plain" },
	{ "a/gophermap", "text/plain" },
	{ "agophermap", "" },
	{ "a.png", "" },
	{ "a.pdf", "" },
	{ "a.zip", "" },
	{ "a.gz", "" },
	{ "a.gm", "" },
	{ "a.gmix", "" },
	{ "a.extension-of-no-use", "" },
	{ "a.\xff", "" },
};

static void
names_have_extensions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_text(mime_of_name(str_of(names[i][0])), names[i][1],
		    names[i][0]);
	assert_text(mime_of_name((struct str){ 0 }), "", "nothing");
}

static const char *const guesses[][2] = {
	{ "a.png", "image/png" },
	{ "/d.gmi/A.JPEG", "image/jpeg" },
	{ "a.avif", "image/avif" },
	{ "a.jxl", "image/jxl" },
	{ "a.7z", "application/x-7z-compressed" },
	{ "a.zst", "application/zstd" },
	{ "a.gmi.mp3", "audio/mpeg" },
	/* These are known by the name, or by nothing. */
	{ "a.gmi", "" },
	{ "a.tar.gz.png.", "" },
	{ "png", "" },
	{ ".png", "" },
	{ "a.doc", "" },
	{ "", "" },
};

static void
names_have_usual_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(guesses); i++)
		assert_text(mime_usual(str_of(guesses[i][0])), guesses[i][1],
		    guesses[i][0]);
}

static void
some_types_are_textual(void **state)
{
	static const struct {
		const char *mime;
		bool textual;
	} table[] = {
		{ "text/plain", true },
		{ "Text/X-C; charset=utf-8", true },
		{ "image/svg+xml", true },
		{ "application/pdf", true },
		{ "application/postscript", true },
		{ "image/png", false },
		{ "application/json", false },
		{ "message/rfc822", false },
		{ "application/octet-stream", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (mime_is_textual(str_of(table[i].mime)) != table[i].textual)
			fail_msg("%s", table[i].mime);
}

static void
types_are_compared_without_parameters(void **state)
{
	static const struct {
		const char *mime, *type;
		bool same;
	} table[] = {
		{ "text/gemini", "text/gemini", true },
		{ "Text/Gemini", "text/gemini", true },
		{ "text/gemini;lang=en", "text/gemini", true },
		{ "text/gemini ; lang=en", "text/gemini", true },
		{ "text/gemini;", "text/gemini", true },
		{ "text/geminis", "text/gemini", false },
		{ "text/gemin", "text/gemini", false },
		{ "text/plain;text/gemini", "text/gemini", false },
		{ "", "text/gemini", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		if (mime_is(str_of(table[i].mime), str_of(table[i].type)) !=
		    table[i].same)
			fail_msg("%s", table[i].mime);
	}
	assert_true(mime_is_text(STR("text/plain")));
	assert_true(mime_is_text(STR("TEXT/x; charset=utf-8")));
	assert_false(mime_is_text(STR("texture/plain")));
	assert_false(mime_is_text(STR("text")));
	assert_false(mime_is_text(STR("image/text/")));
	assert_false(mime_is_text((struct str){ 0 }));
}

static void
assert_items(const struct site *site, const char *const table[][2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char got = mime_item_type(site, str_of(table[i][0]));

		if (got != table[i][1][0])
			fail_msg("%s: got %c, want %s", table[i][0], got,
			    table[i][1]);
	}
}

static void
items_follow_the_projection(void **state)
{
	static const char *const table[][2] = {
		{ "text/gemini", "1" },
		{ "text/gemini; lang=en", "1" },
		{ "text/html", "h" },
		{ "image/gif", "g" },
		{ "image/png", "I" },
		{ "image/svg+xml", "I" },
		{ "audio/ogg", "s" },
		{ "application/zip", "5" },
		{ "application/gzip", "5" },
		{ "application/x-tar", "5" },
		{ "application/x-bzip2", "5" },
		{ "application/x-xz", "5" },
		{ "application/json", "0" },
		{ "application/xml", "0" },
		{ "application/atom+xml", "0" },
		{ "Text/Plain;charset=utf-8", "0" },
		{ "text/markdown", "0" },
		{ "application/pdf", "9" },
		{ "video/mp4", "9" },
		{ "application/gpub+zip", "9" },
		{ "application/octet-stream", "9" },
		{ "+xml", "9" },
		{ "nonsense", "9" },
		{ "", "9" },
	};
	struct site site = { 0 };

	(void)state;
	assert_items(&site, table, COUNT(table));
}

static void
the_sites_rules_come_first(void **state)
{
	const struct site_type rules[] = {
		{ STR("image"), 'p' },
		{ STR("image/png"), 'q' },
		{ STR("application/pdf"), 'd' },
		{ STR("text/html"), '0' },
		{ STR("video"), ';' },
		{ STR("video/mp4"), 'm' },
		{ STR("video"), 'n' },
		{ STR("video/mp4"), 'n' },
	};
	static const char *const table[][2] = {
		{ "image/png", "q" },
		{ "image/gif", "p" },
		{ "image/jpeg", "p" },
		{ "application/pdf;x=y", "d" },
		{ "text/html", "0" },
		{ "text/gemini", "1" },
		{ "video/mp4", "m" },
		{ "video/webm", ";" },
		{ "audio/ogg", "s" },
	};
	struct site site = { .types = rules, .type_count = COUNT(rules) };

	(void)state;
	assert_items(&site, table, COUNT(table));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extensions_tell_the_type),
		cmocka_unit_test(names_have_extensions),
		cmocka_unit_test(names_have_usual_types),
		cmocka_unit_test(some_types_are_textual),
		cmocka_unit_test(types_are_compared_without_parameters),
		cmocka_unit_test(items_follow_the_projection),
		cmocka_unit_test(the_sites_rules_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
