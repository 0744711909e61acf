#include "daemon/config_rules.h"

#include "configuring.h"
#include "daemon/config_circles.h"
#include "serve/moved.h"
#include "text/uri.h"
#include "tree/zones.h"

/* The part of a host for a decoded path; NULL: its settings as a whole. */
static const struct rules_part *
part_of(const struct host_config *host, struct arena *arena, const char *path)
{
	struct str normal;

	assert_int_equal(zones_path(arena, str_of(path), &normal), 0);
	return rules_part_of(&host->rules, normal);
}

static const struct rules_part *
settings_of(
    const struct host_config *host, struct arena *arena, const char *path)
{
	const struct rules_part *part = part_of(host, arena, path);

	return part != NULL ? part : &host->whole;
}

/* Of all paths that match by whole segments, the longest has its say. */
static void
test_longest(void **state)
{
	static const char text[] = "path \"/a/b/\" { listing = no }\n"
				   "path \"/\" { lang = en }\n"
				   "path \"/a/b/c.gmi\" { lang = it }\n"
				   "path \"/a\" { lang = fr }\n"
				   "path \"/a/b/c/d/\" { lang = es }\n"
				   "path \"/my%20docs/\" { lang = de }\n"
				   "path \"/x/./y/..//z/\" { lang = pt }\n"
				   "path \"/caf%C3%A9/\" { lang = ca }\n"
				   "path \"/o\xcc\x88/\" { lang = sv }\n"
				   "path \"/latin\xe9/\" { lang = nl }\n"
				   "lang = la\n";
	static const struct {
		const char *path, *lang;
		bool listing;
	} table[] = {
		{ "/", "en", true },
		{ "/index.gmi", "en", true },
		{ "/a", "fr", true },
		{ "/a/", "fr", true },
		{ "/a/x", "fr", true },
		{ "/A/x", "en", true },
		{ "/a-b/x", "en", true },
		{ "/ab/x", "en", true },
		{ "/a.gmi", "en", true },
		{ "/a/b", "fr", false },
		{ "/a/b/", "fr", false },
		{ "/a/bc/", "fr", true },
		{ "/a/b/c.gmi", "it", false },
		{ "/a/b/c.gmi.x", "fr", false },
		{ "/a/b/c/", "fr", false },
		{ "/a/b/c/d/e/f", "es", false },
		{ "/my docs/a", "de", true },
		{ "/my%20docs/a", "en", true },
		{ "/x/z/", "pt", true },
		{ "/caf\xc3\xa9/", "ca", true },
		{ "/cafe\xcc\x81/x", "ca", true },
		{ "/cafe/x", "en", true },
		{ "/\xc3\xb6", "sv", true },
		{ "/o\xcc\x88", "sv", true },
		{ "/latin\xe9/", "nl", true },
	};
	struct config config;
	struct arena arena;

	(void)state;
	load_good(&config, text, no_settings);
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct rules_part *part =
		    settings_of(config.hosts, &arena, table[i].path);

		if (!str_equals(part->lang, str_of(table[i].lang)) ||
		    part->listing != table[i].listing)
			fail_msg("%s: [%.*s] %d", table[i].path,
			    STR_ARG(part->lang), part->listing);
	}
	arena_release(&arena);
	config_release(&config);
}

/* A path overrides a host, which overrides what stands outside. */
static void
test_hosts(void **state)
{
	static const char text[] =
	    "path \"/x/\" { lang = fr types = { \"a=text/a\" } }\n"
	    "host \"one\" { lang = de types = { \"o=text/o\" }\n"
	    "  path \"/x/y/\" { types += { \"Y=Text/Y\" } listing = no } }\n"
	    "host \"two\" { path \"/x\" { listing = no lang = it } }\n"
	    "host \"three\" { charset = UTF-16 path '/p' { types += "
	    "{ \"p=text/p\", \"*=text/q\" } } }\n"
	    "types = { \"t=text/t\" }\n";
	static const struct {
		size_t host;
		const char *path, *lang, *first, *last;
	} table[] = {
		{ 0, "/", "de", "text/o", "text/o" },
		{ 0, "/x", "fr", "text/a", "text/a" },
		{ 0, "/x/y", "fr", "text/a", "text/y" },
		{ 1, "/", "", "text/t", "text/t" },
		{ 1, "/x/y", "it", "text/a", "text/a" },
		{ 2, "/", "", "text/t", "text/t" },
		{ 2, "/x", "fr", "text/a", "text/a" },
		{ 2, "/p/", "", "text/t", "text/q" },
	};
	struct config config;
	struct arena arena;

	(void)state;
	load_good(&config, text, no_settings);
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct rules_part *part = settings_of(
		    &config.hosts[table[i].host], &arena, table[i].path);
		const struct media_rules *media = &part->media;

		expect_str(part->lang, table[i].lang);
		expect_str(media->types[0].type, table[i].first);
		expect_str(media->types[media->count - 1].type, table[i].last);
		expect_str(media->charset, table[i].host == 2 ? "utf-16" : "");
	}
	arena_release(&arena);
	config_release(&config);
}

/* The longest path that sets readers, files of the naming file's folder. */
static void
test_readers(void **state)
{
	static const struct {
		const char *path, *first;
	} table[] = {
		{ "/", NULL },
		{ "/a/", "d/friends" },
		{ "/a/b", "d/friends" },
		{ "/a/open", "" },
		{ "/a/open/c/", "any" },
		{ "/s/", "/etc/s" },
	};
	struct config config;
	struct arena arena;

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	write_file("d/x",
	    STR("path \"/a/\" { readers = { friends, any } }\n"
		"path \"/a/open/\" { readers = {} }\n"
		"path \"/a/open/c/\" { readers = any }\n"
		"path \"/a/b\" { lang = de }\n"
		"path \"/s\" { readers = \"/etc/s\" }"));
	load_good(&config, "include(\"d/x\")", no_settings);
	unlink("d/x");
	assert_int_equal(rmdir("d"), 0);
	arena_init(&arena, 1 << 16);
	assert_null(config.hosts->whole.readers);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct rules_part *part =
		    settings_of(config.hosts, &arena, table[i].path);

		if (part->readers == NULL || table[i].first == NULL) {
			assert_null(part->readers);
			assert_null(table[i].first);
			continue;
		}
		if (table[i].first[0] == '\0')
			assert_null(part->readers[0]);
		else
			assert_string_equal(part->readers[0], table[i].first);
	}
	config_release(&config);

	/* Several lines may append to one list. */
	load_good(&config,
	    "readers = a\nreaders += b\nhost \"h\" { readers += c }\n"
	    "readers += { d, e } path \"/o\" { readers = {} }",
	    no_settings);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(
		    part_of(config.hosts, &arena, "/")->readers[i],
		    ((const char *const[]){ "a", "b", "d", "e", "c" })[i]);
	assert_null(part_of(config.hosts, &arena, "/o")->readers[0]);
	config_release(&config);

	/* Those of the whole host are a rule. */
	load_good(
	    &config, "path \"/a\" { readers = {} } readers = x", no_settings);
	assert_string_equal(
	    part_of(config.hosts, &arena, "/b")->readers[0], "x");
	assert_null(part_of(config.hosts, &arena, "/a/")->readers[0]);
	config_release(&config);
	load_good(&config, "host \"a\" {}", no_settings);
	assert_null(part_of(config.hosts, &arena, "/b"));
	config_release(&config);
	arena_release(&arena);
}

static void
test_moves(void **state)
{
	static const char text[] =
	    "moved(\"/2019/\", \"/archive/2019/\")\n"
	    "moved(\"/talk.gmi\", \"gemini://Talks.example.org/\")\n"
	    "moved(\"/talks/\", 'gemini://talks.example.org/all/')\n"
	    "gone(\"/drafts/\")\ngone(\"/old.gmi\")\n"
	    "moved(\"/drafts/good/\", \"/good/\")\n"
	    "moved(\"/idn\", \"gemini://Caf\xc3\xa9.example:70/\xc3\xa9?a\")\n"
	    "moved('/my docs/', '/d\xc3\xb6/')\n"
	    "moved(\"/caf%C3%A9\", \"/coffee.gmi?black\")\n"
	    "moved(\"/1/\", \"/2/\") moved(\"/2/\", \"/3/\")\n"
	    "moved(\"/3/\", \"gopher://h.example/1/\")\n"
	    "moved(\"/x\", \"/x/\")\n"
	    "moved(\"/own\", \"gemini://b/other\")\n"
	    "moved(\"/port\", \"gemini://b:1966/port\")\n"
	    "moved(\"/gopher\", \"gopher://b/1/gopher\")\n"
	    "host \"a\" { moved(\"/2019/may\", \"/may\")\n"
	    "  gone(\"/talks/\") moved(\"/2/\", \"/4/\") }\n"
	    "host \"b\" {}\n";
	static const struct {
		size_t host;
		const char *path;
		enum status status;
		const char *target;
	} table[] = {
		{ 1, "/", 0, NULL },
		{ 1, "/2019", STATUS_MOVED, "/archive/2019/" },
		{ 1, "/2019/", STATUS_MOVED, "/archive/2019/" },
		{ 1, "/2019/a/b%20c", STATUS_MOVED, "/archive/2019/a/b%20c" },
		{ 1, "/2019x", 0, NULL },
		{ 1, "/talk.gmi", STATUS_MOVED, "gemini://talks.example.org/" },
		{ 1, "/talk.gmi/", 0, NULL },
		{ 1, "/talk.gmi/x", 0, NULL },
		{ 1, "/Talk.gmi", 0, NULL },
		{ 1, "/talks/1.gmi", STATUS_MOVED,
		    "gemini://talks.example.org/all/1.gmi" },
		{ 1, "/idn", STATUS_MOVED,
		    "gemini://xn--caf-dma.example:70/%C3%A9?a" },
		{ 1, "/drafts", STATUS_GONE, NULL },
		{ 1, "/drafts/x/y", STATUS_GONE, NULL },
		{ 1, "/drafts/good/y", STATUS_MOVED, "/good/y" },
		{ 1, "/old.gmi", STATUS_GONE, NULL },
		{ 1, "/my%20docs/x", STATUS_MOVED, "/d%C3%B6/x" },
		{ 1, "/cafe%CC%81", STATUS_MOVED, "/coffee.gmi?black" },
		{ 1, "/1/x", STATUS_MOVED, "gopher://h.example/1/x" },
		{ 0, "/1/x", STATUS_MOVED, "/4/x" },
		{ 0, "/2019/may", STATUS_MOVED, "/may" },
		{ 0, "/2019/may/", STATUS_MOVED, "/archive/2019/may/" },
		{ 0, "/talks/1.gmi", STATUS_GONE, NULL },
		{ 1, "/x", STATUS_MOVED, "/x/" },
		{ 1, "/x/", 0, NULL },
	};
	struct config config;
	struct arena arena;

	(void)state;
	load_good(&config, text, no_settings);
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct rules *rules = &config.hosts[table[i].host].rules;
		struct moved moved;
		struct str path;

		assert_int_equal(
		    uri_path_decode(&arena, str_of(table[i].path), &path),
		    URI_PATH_NORMAL);
		moved =
		    moved_follow(rules, &arena, path, str_of(table[i].path));
		if (moved.status != table[i].status)
			fail_msg("%s: %d", table[i].path, (int)moved.status);
		if (table[i].target != NULL)
			expect_str(moved.target, table[i].target);
	}
	arena_release(&arena);
	config_release(&config);
}

/* Many common moves are not checked for each host. */
static void
test_partial_checks(void **state)
{
	static char text[1 << 17];
	struct config config;

	(void)state;
	for (size_t moves = 333; moves <= 334; moves++) {
		struct buf buf = buf_over(text, sizeof text - 1);

		for (size_t i = 0; i < moves; i++)
			buf_printf(&buf, "moved(\"/a%zu\", \"/b\")\n", i);
		for (size_t i = 0; i < 300; i++)
			buf_printf(&buf, "host \"h%zu\" { %s }\n", i,
			    i == 299 ? "gone(\"/c\")" : "");
		text[buf.len] = '\0';
		load_good(&config, text, no_settings);
		assert_int_equal(
		    config_circles_is_partial(&config), moves == 334);
		config_release(&config);
	}
}

static void
test_errors(void **state)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "\npath \"x\" {\n}",
		    "c:2: \"x\" is not a path of a capsule, give one like "
		    "/docs/" },
		{ "path \"\" {}",
		    "c:1: \"\" is not a path of a capsule, give one like "
		    "/docs/" },
		{ "path \"/..\" {}",
		    "c:1: \"/..\" is not a path of a capsule, give one like "
		    "/docs/" },
		{ "path \"/a%2Fb\" {}",
		    "c:1: \"/a%2Fb\" is not a path of a capsule, give one "
		    "like /docs/" },
		{ "path /a {}",
		    "c:1: quotes are missing, give path \"/docs/\" { ... }" },
		{ "path \"/club\" {}\n path \"/club/\" {}",
		    "c:2: \"/club/\" has a rule already, at c:1; remove one "
		    "of them" },
		{ "path \"/my docs\" {} path \"/a\" {}\npath \"/my%20docs\" {}",
		    "c:2: \"/my docs/\" has a rule already, at c:1; remove "
		    "one of them" },
		{ "path \"/caf\xc3\xa9\" {}\npath \"/cafe\xcc\x81\" {}",
		    "c:2: \"/caf\xc3\xa9/\" has a rule already, at c:1; "
		    "remove one of them" },
		{ "path \"/a\" {\n capsule = b }",
		    "c:2: capsule is a setting of the whole host, move it out "
		    "of \"/a\"" },
		{ "path \"/a\" {\n width = 40 user = b }",
		    "c:2: width is a setting of the whole host, move it out "
		    "of \"/a\"" },
		{ "path \"/a\" { workers = 1 }",
		    "c:1: workers is a setting of the whole server, move it "
		    "out of \"/a\"" },
		{ "path \"/a\" {\n lang = en }\npath \"/b\" { lang = '' }\n"
		  "path \"/c\" {\n lang = ',' }",
		    "c:5: lang is \",\", give language tags like en or "
		    "en,fr" },
		{ "path \"/a\" {\n path \"/b\" {} }",
		    "c:2: a path begins within \"/a\", close that section "
		    "with } before" },
		{ "path \"/a\" { host \"/b\" {} }",
		    "c:1: a host begins within \"/a\", close that section "
		    "with } before" },
		{ "path \"/a\" {\n moved(\"/a\", \"/b\") }",
		    "c:2: moved is within a path, move it out of \"/a\"" },
		{ "\nmoved(\"/a\")",
		    "c:2: a comma or parenthesis is wrong, give "
		    "moved(\"/old/\", \"/new/\")" },
		{ "moved(\"/a\" \"/b\")",
		    "c:1: a comma or parenthesis is wrong, give "
		    "moved(\"/old/\", \"/new/\")" },
		{ "moved \"/a\" \"/b\"",
		    "c:1: a comma or parenthesis is wrong, give "
		    "moved(\"/old/\", \"/new/\")" },
		{ "gone \"/a\"",
		    "c:1: a comma or parenthesis is wrong, give "
		    "gone(\"/old/\")" },
		{ "moved(\"/a\", \"/b\"",
		    "c:1: a comma or parenthesis is wrong, give "
		    "moved(\"/old/\", \"/new/\")" },
		{ "gone(\"/a\"\n, \"/b\")",
		    "c:2: a comma or parenthesis is wrong, give "
		    "gone(\"/old/\")" },
		{ "gone()", "c:1: quotes are missing, give gone(\"/old/\")" },
		{ "gone(/a)", "c:1: quotes are missing, give gone(\"/old/\")" },
		{ "gone(\"/a\\x00b\")",
		    "c:1: the text in quotes has an escape or no end, give "
		    "gone(\"/old/\")" },
		{ "moved = a",
		    "c:1: no such key 'moved', see capsuled.conf(5)" },
		{ "\nmoved(\"a\", \"/b\")",
		    "c:2: \"a\" is not a path of a capsule, give one like "
		    "/docs/" },
		{ "moved(\"/a\", \"b\")",
		    "c:1: \"b\" is not a path or URL, give one like /new/" },
		{ "moved(\"/a\", \"//b/\")",
		    "c:1: \"//b/\" is not a path or URL, give one like "
		    "/new/" },
		{ "moved(\"/a\", \"gemini:///b\")",
		    "c:1: \"gemini:///b\" is not a path or URL, give one like "
		    "/new/" },
		{ "moved(\"/a\", \"mailto:b\")",
		    "c:1: \"mailto:b\" is not a path or URL, give one like "
		    "/new/" },
		{ "moved(\"/a\", \"/b#c\")",
		    "c:1: \"/b#c\" is not a path or URL, give one like "
		    "/new/" },
		{ "moved(\"/a/\", \"/b\")",
		    "c:1: \"/b\" is not a folder, end it with a slash" },
		{ "moved(\"/about/\", \"/about\")",
		    "c:1: \"/about\" is not a folder, end it with a slash" },
		{ "moved(\"/a/\", \"gemini://b\")",
		    "c:1: \"gemini://b\" is not a folder, end it with a "
		    "slash" },
		{ "moved(\"/a/\", \"/b?c/\")",
		    "c:1: \"/b?c/\" has a query, give a folder" },
		{ "moved(\"/a\", \"/b\")\nmoved(\"/b\", \"/a\")",
		    "c:1: moved leads in a circle, or over too many moves, by "
		    "way of c:2; change one of them" },
		{ "moved(\"/p/\", \"/q/\")\nhost \"a\" {\n"
		  "moved(\"/q/x/\", \"/p/x/\") }",
		    "c:3: moved leads in a circle, or over too many moves, by "
		    "way of c:1; change one of them" },
		{ "\nmoved(\"/a/\", \"/a/b/\")",
		    "c:2: moved leads in a circle, or over too many moves, by "
		    "way of c:2; change one of them" },
		{ "moved(\"/\", \"/new/\")",
		    "c:1: moved leads in a circle, or over too many moves, by "
		    "way of c:1; change one of them" },
		{ "moved(\"/a\", \"/a\")",
		    "c:1: moved leads in a circle, or over too many moves, by "
		    "way of c:1; change one of them" },
		/* Over the URLs of this server, by any of its names. */
		{ "names = { a, b }\nmoved(\"/a\", \"gemini://B./a\")",
		    "c:2: moved leads in a circle, or over too many moves, by "
		    "way of c:2; change one of them" },
		{ "host \"a\" { moved(\"/x/\", \"gemini://b/y/\") }\n"
		  "host \"*.b\" { moved(\"/y/z/\", \"gemini://a:1965/x/z/\")"
		  "\ngopher = off names = { b } }",
		    "c:2: moved leads in a circle, or over too many moves, by "
		    "way of c:1; change one of them" },
		{ "moved(\"/\", \"gemini://a/\")\n\nhost \"b\" {}\n"
		  "host \"a\" {}",
		    "c:1: moved leads in a circle, or over too many moves, by "
		    "way of c:1; change one of them" },
		{ "gone(\"/a\")\nmoved(\"/b/../a\", \"/c\")",
		    "c:2: \"/a\" has a rule already, at c:1; remove one of "
		    "them" },
		{ "charset = \"a b\"",
		    "c:1: charset is \"a b\", give a name like iso-8859-15" },
		{ "types = { txt }",
		    "c:1: \"txt\" is not a type, give EXTENSION=TYPE like "
		    "txt=text/gemini, or *=TYPE for all files" },
		{ "types = { \".txt=text/a\" }",
		    "c:1: \".txt=text/a\" is not a type, give EXTENSION=TYPE "
		    "like txt=text/gemini, or *=TYPE for all files" },
		{ "types = { \"txt=text/a;b\" }",
		    "c:1: \"txt=text/a;b\" is not a type, give EXTENSION=TYPE "
		    "like txt=text/gemini, or *=TYPE for all files" },
		{ "readers = { \"\" }",
		    "c:1: a name in readers is empty, give a file or any" },
		/* A part must not be open by mistake. */
		{ "readers = any\nreaders = {}",
		    "c:2: readers is set twice in one section, remove one of "
		    "the lines, or append with +=" },
		{ "path \"/a\" { readers = { x }\nlang = de\n"
		  "\"readers\" = {} }",
		    "c:3: readers is set twice in one section, remove one of "
		    "the lines, or append with +=" },
		{ "host \"a\" { readers += x\npath \"/b\" {}\n"
		  "'readers' = y }",
		    "c:3: readers is set twice in one section, remove one of "
		    "the lines, or append with +=" },
		{ "path \"/a\" {\nreaders += { /* none */ } }",
		    "c:2: readers += {} appends nothing, give a file, or = {} "
		    "to open the part to everybody" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		expect_error(table[i].text, no_settings, table[i].want);
}

/* Many rules are found, and loaded, without a search through all. */
static void
test_many(void **state)
{
	static char text[1 << 19];
	struct buf buf = buf_over(text, sizeof text - 1);
	struct config config;

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_printf(&buf, "moved(\"/%d/\", \"/new/%d/\")\n", i, i);
	for (int i = 0; i < 200; i++)
		buf_printf(&buf,
		    "host \"h%d\" { path \"/%d\" {} gone(\"/a\")"
		    "path \"/%d/a\" {} }\n",
		    i, i, i);
	assert_false(buf.overflow);
	text[buf.len] = '\0';
	load_good(&config, text, no_settings);
	assert_int_equal(config.host_count, 200);
	assert_int_equal(config.hosts[7].rules.common->move_count, 5000);
	assert_int_equal(config.hosts[7].rules.part_count, 2);
	config_release(&config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_partial_checks),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(
	    tests, configuring_enter, configuring_leave);
}
