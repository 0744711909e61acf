#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/uri.h"

/* STR is no constant, as the tables here have to be. */
#define TEXT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}
#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define CAP ((size_t)1 << 20)

/* More allocations than any call here makes. */
#define ALLOCATIONS 200

static void
assert_text(struct str got, const char *want, const char *in)
{
	if (!str_equals(got, str_of(want)))
		fail_msg("%s: got '%.*s', want '%s'", in, STR_ARG(got), want);
}

/* Scheme, userinfo, host, port, path, query, fragment; "-" is missing. */
static const char *const parsed[][2] = { { "gemini://h/",
					     "[gemini] - [h] - [/] - -" },
	{ "gemini://h", "[gemini] - [h] - [] - -" },
	{ "GEMINI://H:1965/A?B#C", "[GEMINI] - [H] [1965] [/A] [B] [C]" },
	{ "gemini://h:/", "[gemini] - [h] [] [/] - -" },
	{ "gemini://h:?", "[gemini] - [h] [] [] [] -" },
	{ "gemini://h?q", "[gemini] - [h] - [] [q] -" },
	{ "gemini://h/?", "[gemini] - [h] - [/] [] -" },
	{ "gemini://h/#", "[gemini] - [h] - [/] - []" },
	{ "gemini://h/a?b?c/d", "[gemini] - [h] - [/a] [b?c/d] -" },
	{ "gemini://@h/", "[gemini] [] [h] - [/] - -" },
	{ "gemini://u:p@h:1/", "[gemini] [u:p] [h] [1] [/] - -" },
	{ "gemini:///x", "[gemini] - [] - [/x] - -" },
	{ "gemini://", "[gemini] - [] - [] - -" },
	{ "gemini://:70/", "[gemini] - [] [70] [/] - -" },
	{ "gemini:/x", "[gemini] - - - [/x] - -" },
	{ "gemini:", "[gemini] - - - [] - -" },
	{ "gemini://h//a//", "[gemini] - [h] - [//a//] - -" },
	{ "gemini://h/a/./../b", "[gemini] - [h] - [/a/./../b] - -" },
	{ "gemini://h/%2e%2E/a%20b", "[gemini] - [h] - [/%2e%2E/a%20b] - -" },
	{ "gemini://h:99999/", "[gemini] - [h] [99999] [/] - -" },
	{ "g://127.0.0.1/", "[g] - [127.0.0.1] - [/] - - address" },
	{ "g://127.0.0.1:70", "[g] - [127.0.0.1] [70] [] - - address" },
	{ "g://127.0.0.256/", "[g] - [127.0.0.256] - [/] - -" },
	{ "g://[::1]/", "[g] - [::1] - [/] - - address" },
	{ "g://[::1]:70/a?b", "[g] - [::1] [70] [/a] [b] - address" },
	{ "g://u@[FE80::1]", "[g] [u] [FE80::1] - [] - - address" },
	{ "g://[v1.a]:7/b", "[g] - [[v1.a]] [7] [/b] - -" },
	{ "mailto:a@b.example", "[mailto] - - - [a@b.example] - -" },
	{ "titan://h/p;size=5;mime=text/plain",
	    "[titan] - [h] - [/p;size=5;mime=text/plain] - -" },
	{ "//h/x", "[] - [h] - [/x] - -" }, { "/x/y", "[] - - - [/x/y] - -" },
	{ "../x", "[] - - - [../x] - -" }, { "./a:b", "[] - - - [./a:b] - -" },
	{ "?q", "[] - - - [] [q] -" }, { "#f", "[] - - - [] - [f]" },
	{ "", "[] - - - [] - -" },
	{ "g://h/\xc3\xbc?\xc3\xbc#\xc3\xbc",
	    "[g] - [h] - [/%C3%BC] [%C3%BC] [%C3%BC]" },
	{ "g://b\xc3\xb6ll.example:7/\xc3\xbc",
	    "[g] - [b\xc3\xb6ll.example] [7] [/%C3%BC] - -" },
	{ "g://\xc3\xbc%C3%BC\xc3\xbc",
	    "[g] - [\xc3\xbc%C3%BC\xc3\xbc] - [] - -" },
	{ "g://[::1]/\xc3\xbc", "[g] - [::1] - [/%C3%BC] - - address" },
	{ "g://[v1.a]/\xc3\xbc", "[g] - [[v1.a]] - [/%C3%BC] - -" },
	{ "\xf0\x9f\x98\x80", "[] - - - [%F0%9F%98%80] - -" },
	{ "?\xc3\xbc", "[] - - - [] [%C3%BC] -" } };

static void
show(struct buf *out, bool has, struct str part)
{
	if (has)
		buf_printf(out, "[%.*s] ", STR_ARG(part));
	else
		buf_add(out, STR("- "));
}

static struct str
shown(const struct uri *uri, struct buf *out)
{
	show(out, true, uri->scheme);
	show(out, uri->has_userinfo, uri->userinfo);
	show(out, uri->has_authority, uri->host);
	show(out, uri->has_port, uri->port);
	show(out, true, uri->path);
	show(out, uri->has_query, uri->query);
	show(out, uri->has_fragment, uri->fragment);
	buf_add(out, uri->host_is_address ? STR("address") : STR(""));
	return str_trim_end(buf_str(out));
}

static void
parse_takes_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(parsed); i++) {
		const char *in = parsed[i][0];
		char room[256];
		struct buf got = buf_over(room, sizeof room);
		struct arena arena;
		struct uri uri;

		arena_init(&arena, CAP);
		if (uri_parse(&arena, str_of(in), &uri) == -1)
			fail_msg("%s: refused", in);
		assert_text(shown(&uri, &got), parsed[i][1], in);
		arena_release(&arena);
	}
}

static const char *const refused[] = { " ", "gemini://h/a b", "gemini://h/ ",
	" gemini://h/", "gemini://h/\t", "gemini://h/\r", "gemini://h/\n",
	"gemini://h/\x01", "gemini://h/\x7f", "gemini://h/%", "gemini://h/%4",
	"gemini://h/%4g", "gemini://h/?%zz", "gemini://%/", "gemini://h:7a/",
	"gemini://h:-1/", "gemini://h:1:2/", "gemini://[::1/",
	"gemini://[::1]x/", "gemini://[::g]/", "gemini://[]/", "gemini://a[b/",
	"gemini://h/[", "gemini://h/a#b#c", "gemini://h/\"", "gemini://h/<a>",
	"gemini://h/a\\b", "gemini://h/a|b", "gemini://h/a^b", "gemini://h/a`b",
	"gemini://h/{a}", "gemini://u@v@h/", "1gemini://h/", "ge mini://h/",
	"g\xc3\xbc://h/", "gemini://h:\xc3\xbc/", "://h/", "gemini://h/\xff",
	"gemini://h/\xc3", "gemini://h/\xc0\xaf", "gemini://h/\xed\xa0\x80",
	"gemini://\xff/", "\xef\xbb\xbfgemini://h/",
	"gemini://h/\xef\xbb\xbf" };

static void
parse_refuses(void **state)
{
	struct arena arena;
	struct uri uri;

	(void)state;
	arena_init(&arena, CAP);
	for (size_t i = 0; i < COUNT(refused); i++) {
		if (uri_parse(&arena, str_of(refused[i]), &uri) != -1)
			fail_msg("taken: '%s'", refused[i]);
	}
	assert_int_equal(uri_parse(&arena, STR("gemini://h/\0"), &uri), -1);
	assert_int_equal(uri_parse(&arena, STR("gemini://h\0/"), &uri), -1);
	/* No bytes at all are a reference, to where one is. */
	assert_int_equal(uri_parse(&arena, (struct str){ 0 }, &uri), 0);
	arena_release(&arena);
}

static void
parse_is_bounded(void **state)
{
	static char text[1 << 17] = "gemini://h/";
	struct arena arena;
	struct uri uri;

	(void)state;
	for (size_t i = strlen(text); i < sizeof text; i++)
		text[i] = i % 2 ? '/' : 'a';
	arena_init(&arena, (size_t)1 << 24);
	assert_int_equal(
	    uri_parse(&arena, (struct str){ text, 1 << 15 }, &uri), 0);
	assert_int_equal(uri.path.len, (1 << 15) - 10);
	assert_int_equal(
	    uri_parse(&arena, (struct str){ text, sizeof text }, &uri), -1);
	arena_release(&arena);
}

/* RFC 3986 section 5.4. */
static const char *const examples[][2] = { { "g:h", "g:h" },
	{ "g", "http://a/b/c/g" }, { "./g", "http://a/b/c/g" },
	{ "g/", "http://a/b/c/g/" }, { "/g", "http://a/g" },
	{ "//g", "http://g" }, { "?y", "http://a/b/c/d;p?y" },
	{ "g?y", "http://a/b/c/g?y" }, { "#s", "http://a/b/c/d;p?q#s" },
	{ "g#s", "http://a/b/c/g#s" }, { "g?y#s", "http://a/b/c/g?y#s" },
	{ ";x", "http://a/b/c/;x" }, { "g;x", "http://a/b/c/g;x" },
	{ "g;x?y#s", "http://a/b/c/g;x?y#s" }, { "", "http://a/b/c/d;p?q" },
	{ ".", "http://a/b/c/" }, { "./", "http://a/b/c/" },
	{ "..", "http://a/b/" }, { "../", "http://a/b/" },
	{ "../g", "http://a/b/g" }, { "../..", "http://a/" },
	{ "../../", "http://a/" }, { "../../g", "http://a/g" },
	{ "../../../g", "http://a/g" }, { "../../../../g", "http://a/g" },
	{ "/./g", "http://a/g" }, { "/../g", "http://a/g" },
	{ "g.", "http://a/b/c/g." }, { ".g", "http://a/b/c/.g" },
	{ "g..", "http://a/b/c/g.." }, { "..g", "http://a/b/c/..g" },
	{ "./../g", "http://a/b/g" }, { "./g/.", "http://a/b/c/g/" },
	{ "g/./h", "http://a/b/c/g/h" }, { "g/../h", "http://a/b/c/h" },
	{ "g;x=1/./y", "http://a/b/c/g;x=1/y" },
	{ "g;x=1/../y", "http://a/b/c/y" },
	{ "g?y/./x", "http://a/b/c/g?y/./x" },
	{ "g?y/../x", "http://a/b/c/g?y/../x" },
	{ "g#s/./x", "http://a/b/c/g#s/./x" },
	{ "g#s/../x", "http://a/b/c/g#s/../x" }, { "http:g", "http:g" } };

static const char page[] = "gemini://example.org/docs/page.gmi";

/* What an author may write, and what cannot be mended. */
static const char *const resolved[][3] = { { "gemini://example.org", "x",
					       "gemini://example.org/x" },
	{ "gemini://example.org", "../x", "gemini://example.org/x" },
	{ "gemini://example.org/a/b", "..//x", "gemini://example.org//x" },
	{ page, "../pics/a%20b.png", "gemini://example.org/pics/a%20b.png" },
	{ page, "a//../b", "gemini://example.org/docs/a/b" },
	{ page, "/search?", "gemini://example.org/search?" },
	{ page, "GEMINI://EXAMPLE.org/A", "gemini://example.org/A" },
	{ page, "%7Euser/%3a%2f", "gemini://example.org/docs/~user/%3A%2F" },
	{ page, "%2e%2e/a?%7e#%7e", "gemini://example.org/a?~#~" },
	{ page, "gemini://[::1]:7/a", "gemini://[::1]:7/a" },
	{ page, "gemini://[FE80::A]/a", "gemini://[fe80::a]/a" },
	{ "gemini://[::1]/a/", "b", "gemini://[::1]/a/b" },
	{ "gemini://10.0.0.1:7/a/", "b", "gemini://10.0.0.1:7/a/b" },
	{ page, "mailto:a@b.example", "mailto:a@b.example" },
	{ page, "gopher://g2.example", "gopher://g2.example" },
	{ page, "a b.gmi", "gemini://example.org/docs/a%20b.gmi" },
	{ page, "a|b\\c^\"<>`{}",
	    "gemini://example.org/docs/"
	    "a%7Cb%5Cc%5E%22%3C%3E%60%7B%7D" },
	{ page, "gr\xc3\xbc\xc3\x9f.gmi",
	    "gemini://example.org/docs/gr%C3%BC%C3%9F.gmi" },
	{ page, "\xff\x01", "gemini://example.org/docs/%FF%01" },
	{ page, "gemini://b\xc3\xb6ll.example/",
	    "gemini://b%C3%B6ll.example/" },
	{ page, "gemini://%c3%B6%4c", "gemini://%C3%B6l" },
	{ page, "x:/.//evil.example/", NULL }, { page, "x:a/..//b", "x:/b" },
	{ page, "/.//b", "gemini://example.org//b" }, { page, "100%", NULL },
	{ page, "a:b:c://[", NULL }, { page, "gemini://h:x/", NULL },
	{ page, "a#b#c", NULL }, { page, ":", NULL }, { "no-base", "a", NULL },
	{ "", "a", NULL } };

static void
assert_resolves(const char *base, const char *in, const char *want)
{
	struct arena arena;
	struct str got;
	int status;

	arena_init(&arena, CAP);
	status = uri_resolve(&arena, str_of(base), str_of(in), &got);
	if ((status == -1) != (want == NULL))
		fail_msg("%s: %s", in, want == NULL ? "taken" : "refused");
	if (want != NULL)
		assert_text(got, want, in);
	arena_release(&arena);
}

static void
resolve_finds_the_target(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		assert_resolves(
		    "http://a/b/c/d;p?q", examples[i][0], examples[i][1]);
	for (size_t i = 0; i < COUNT(resolved); i++)
		assert_resolves(resolved[i][0], resolved[i][1], resolved[i][2]);
}

/* A path, and the resource, or why there is none. */
static const char *const decoded[][2] = { { "", "/" }, { "/", "/" },
	{ "a", "/a" }, { "/a", "/a" }, { "a/", "/a/" },
	{ "/a/b.gmi", "/a/b.gmi" }, { "//", "/" }, { "///a///b///", "/a/b/" },
	{ "/.", "/" }, { ".", "/" }, { "/./", "/" }, { "/a/.", "/a/" },
	{ "/a/./b", "/a/b" }, { "/a/..", "/" }, { "/a/b/..", "/a/" },
	{ "/a/b/../", "/a/" }, { "/a/../b", "/b" }, { "/a/b/../../c", "/c" },
	{ "/a//../b", "/a/b" }, { "/a/..b/.c/d../...", "/a/..b/.c/d../..." },
	{ "/..", "climbs" }, { "..", "climbs" }, { "../a", "climbs" },
	{ "/../a", "climbs" }, { "/a/../..", "climbs" },
	{ "/a/../../a/b", "climbs" }, { "/./../a", "climbs" },
	{ "/%2e%2E/a", "climbs" }, { "/.%2e", "climbs" },
	{ "/a/%2E%2e/b", "/b" }, { "/a/%2e/b", "/a/b" },
	{ "/%252e%252e/a", "/%2e%2e/a" }, { "/%252fa", "/%2fa" },
	{ "/%25", "/%" }, { "/a%20b", "/a b" }, { "/a b", "/a b" },
	{ "/%c3%Bc", "/\xc3\xbc" }, { "/\xff%ff", "/\xff\xff" },
	{ "/a%0Ab", "/a\nb" }, { "/a?b", "/a?b" }, { "/%", "/%" },
	{ "/%a", "/%a" }, { "/%zz", "/%zz" }, { "/%%41", "/%A" },
	{ "/%4/1", "/%4/1" }, { "/100%/a", "/100%/a" }, { "/%2F", "encoded" },
	{ "/a%2fb", "encoded" }, { "/..%2f", "encoded" }, { "/%00", "encoded" },
	{ "/a%00b/c", "encoded" } };

static void
assert_decodes(struct str in, const char *want)
{
	struct arena arena;
	struct str got = { 0 };

	arena_init(&arena, CAP);
	switch (uri_path_decode(&arena, in, &got)) {
	case URI_PATH_NORMAL: break;
	case URI_PATH_CLIMBS: got = STR("climbs"); break;
	case URI_PATH_ENCODED: got = STR("encoded"); break;
	case URI_PATH_NO_MEMORY: got = STR("no memory"); break;
	}
	assert_text(got, want, in.at);
	arena_release(&arena);
}

static void
path_becomes_a_resource(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decoded); i++)
		assert_decodes(str_of(decoded[i][0]), decoded[i][1]);
	assert_decodes(STR("/a\0b"), "encoded");
}

/*
 * All short paths of these letters: whatever comes out is normal, and is
 * what a client would have asked for that had resolved the path itself.
 */
static void
path_agrees_with_resolution(void **state)
{
	static const char letters[] = "/.a%2e";
	static const char base[] = "gemini://h";
	enum {
		LETTERS = sizeof letters - 1,
		LONGEST = 6
	};
	struct arena arena;
	unsigned long count = 1;

	(void)state;
	arena_init(&arena, CAP);
	for (size_t i = 0; i < LONGEST; i++)
		count *= LETTERS;
	for (unsigned long n = 0; n < count; n++) {
		char text[sizeof base + 1 + LONGEST] = "gemini://h/";
		size_t len = sizeof base;
		struct str path, got, full, again;
		struct uri uri;

		/* Each digit counts from one, so that "/" is no zero. */
		for (unsigned long m = n; m > 0; m = (m - 1) / LETTERS)
			text[len++] = letters[(m - 1) % LETTERS];
		path = str_tail((struct str){ text, len }, sizeof base - 1);
		arena_reset(&arena);
		if (uri_path_decode(&arena, path, &got) != URI_PATH_NORMAL)
			continue;
		if (got.at[0] != '/')
			fail_msg("%.*s", STR_ARG(got));
		assert_null(memmem(got.at, got.len, "//", 2));
		assert_null(memmem(got.at, got.len, "/../", 4));
		assert_null(memmem(got.at, got.len, "/./", 3));
		assert_false(str_ends(got, STR("/.")));
		assert_false(str_ends(got, STR("/..")));
		if (uri_resolve(&arena, STR("gemini://h/"),
			(struct str){ text, len }, &full) == -1)
			continue;
		assert_int_equal(uri_parse(&arena, full, &uri), 0);
		assert_int_equal(
		    uri_path_decode(&arena, uri.path, &again), URI_PATH_NORMAL);
		if (!str_equals(got, again))
			fail_msg("%.*s: '%.*s', but '%.*s' resolved",
			    STR_ARG(path), STR_ARG(got), STR_ARG(again));
	}
	arena_release(&arena);
}

static const struct {
	struct str in;
	const char *want;
} encodings[] = {
	{ TEXT(""), "" },
	{ TEXT("/a/b.gmi"), "/a/b.gmi" },
	{ TEXT("azAZ09-._~!$&'()*+,;=:@/"), "azAZ09-._~!$&'()*+,;=:@/" },
	{ TEXT(" \"#%<>?[\\]^`{|}"),
	    "%20%22%23%25%3C%3E%3F%5B%5C%5D%5E%60%7B%7C%7D" },
	{ TEXT("\0\x01\t\r\n\x7f"), "%00%01%09%0D%0A%7F" },
	{ TEXT("gr\xc3\xbc\xff"), "gr%C3%BC%FF" },
};

static void
encode_and_back(void **state)
{
	char room[128], back[128];

	(void)state;
	for (size_t i = 0; i < COUNT(encodings); i++) {
		struct buf buf = buf_over(room, sizeof room);
		struct buf again = buf_over(back, sizeof back);

		uri_encode(&buf, encodings[i].in);
		assert_text(
		    buf_str(&buf), encodings[i].want, encodings[i].want);
		uri_decode(&again, buf_str(&buf));
		assert_true(str_equals(buf_str(&again), encodings[i].in));
	}
}

static void
encode_never_cuts_an_escape(void **state)
{
	char room[5];
	struct buf buf = buf_over(room, sizeof room);

	(void)state;
	uri_encode(&buf, STR("abc d"));
	assert_true(buf.overflow);
	assert_text(buf_str(&buf), "abcd", "abc d");
}

static const char *const plain[][2] = { { "", "" }, { "a+b", "a+b" },
	{ "%41%7a%7A", "Azz" }, { "%", "%" }, { "%%", "%%" }, { "%4", "%4" },
	{ "%4g", "%4g" }, { "%g4", "%g4" }, { "%%41", "%A" },
	{ "%2541", "%41" }, { "a%20b%20", "a b " } };

static void
decode_keeps_what_it_cannot_read(void **state)
{
	char room[32];

	(void)state;
	for (size_t i = 0; i < COUNT(plain); i++) {
		struct buf buf = buf_over(room, sizeof room);

		uri_decode(&buf, str_of(plain[i][0]));
		assert_false(buf.overflow);
		assert_text(buf_str(&buf), plain[i][1], plain[i][0]);
	}
}

static void
mend_encodes_what_is_raw(void **state)
{
	static const char *const table[][2] = {
		{ "gemini://h/a b c", "gemini://h/a%20b%20c" },
		{ "gemini://h/a b?c d", "gemini://h/a%20b?c%20d" },
		{ "gemini://h/?\"<>\\^`{|}",
		    "gemini://h/?%22%3C%3E%5C%5E%60%7B%7C%7D" },
		{ "gemini://h?[a b]", "gemini://h?%5Ba%20b%5D" },
		{ "gemini://h h/a b", "gemini://h h/a%20b" },
		{ "gemini://h/a b?%41?c", "gemini://h/a%20b?%41?c" },
	};
	/* Stay as they are, without a copy. */
	static const char *const mended[] = {
		"",
		"gemini://h",
		"gemini://h/a%20b?c%20d?e",
		"gemini://h/\xc3\xbc?\xc3\xbc",
		"gemini://h/a^b{c}",
		"gemini://h/?a\tb\x7f",
	};
	struct arena arena;
	struct str out;

	(void)state;
	arena_init(&arena, CAP);
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(
		    uri_mend(&arena, str_of(table[i][0]), &out), 0);
		assert_text(out, table[i][1], table[i][0]);
	}
	arena_release(&arena);
	for (size_t i = 0; i < COUNT(mended); i++) {
		assert_int_equal(uri_mend(&arena, str_of(mended[i]), &out), 0);
		assert_text(out, mended[i], mended[i]);
	}
	assert_int_equal(arena.held, 0);
}

static void
want_of_memory_is_no_crash(void **state)
{
	struct str text =
	    STR("GEMINI://b\xc3\xbc.example:1/a%7e/../\xc3\xbc?b");
	struct str base = STR("gemini://[::1]/a/b"), out;
	struct uri uri;
	size_t parse = 0, resolve = 0, decode = 0;

	(void)state;
	for (size_t n = 1; n <= ALLOCATIONS; n++) {
		struct arena arena;

		arena_init(&arena, CAP);
		arena_fail_at(&arena, n);
		parse += uri_parse(&arena, text, &uri) == -1;
		arena_fail_at(&arena, n);
		resolve += uri_resolve(&arena, base, text, &out) == -1;
		arena_fail_at(&arena, n);
		resolve +=
		    uri_resolve(&arena, base, STR("../ \xff"), &out) == -1;
		arena_fail_at(&arena, n);
		decode += uri_path_decode(&arena, STR("/a"), &out) ==
		    URI_PATH_NO_MEMORY;
		arena_release(&arena);
	}
	assert_in_range(parse, 2, ALLOCATIONS / 2);
	assert_in_range(resolve, 10, ALLOCATIONS);
	assert_int_equal(decode, 1);
}

/* The longest request is taken in little memory, whatever it looks like. */
static void
memory_has_a_budget(void **state)
{
	char text[1024] = "gemini://h/";
	struct arena arena;
	struct uri uri;
	struct str path;

	(void)state;
	memset(text + 11, '/', sizeof text - 11);
	arena_init(&arena, (size_t)128 << 10);
	assert_int_equal(
	    uri_parse(&arena, (struct str){ text, sizeof text }, &uri), 0);
	assert_int_equal(
	    uri_path_decode(&arena, uri.path, &path), URI_PATH_NORMAL);
	assert_text(path, "/", "slashes");
	arena_release(&arena);

	arena_init(&arena, (size_t)2 << 10);
	assert_int_equal(
	    uri_parse(&arena, STR("gemini://example.org/docs/a.gmi"), &uri), 0);
	arena_release(&arena);
}

static void
dot_segments(void **state)
{
	static const struct {
		const char *segment;
		size_t dots;
	} table[] = {
		{ "", 0 },
		{ ".", 1 },
		{ "..", 2 },
		{ "...", 0 },
		{ "....", 0 },
		{ "%2e", 1 },
		{ "%2E.", 2 },
		{ ".%2e", 2 },
		{ "%2e%2E", 2 },
		{ "%2e%2E.", 0 },
		{ ".a", 0 },
		{ "a.", 0 },
		{ "%2", 0 },
		{ "%2f", 0 },
		{ ".%", 0 },
	};
	static const struct {
		const char *path;
		bool has;
	} paths[] = {
		{ "", false },
		{ "/", false },
		{ "..", true },
		{ "/..", true },
		{ "/a/../b", true },
		{ "a/%2e./", true },
		{ "/...", false },
		{ "/.", false },
		{ "/a..b/", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (uri_dots(str_of(table[i].segment)) != table[i].dots)
			fail_msg("%s", table[i].segment);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (uri_has_parent(str_of(paths[i].path)) != paths[i].has)
			fail_msg("%s", paths[i].path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dot_segments),
		cmocka_unit_test(parse_takes_apart),
		cmocka_unit_test(parse_refuses),
		cmocka_unit_test(parse_is_bounded),
		cmocka_unit_test(resolve_finds_the_target),
		cmocka_unit_test(path_becomes_a_resource),
		cmocka_unit_test(path_agrees_with_resolution),
		cmocka_unit_test(encode_and_back),
		cmocka_unit_test(encode_never_cuts_an_escape),
		cmocka_unit_test(decode_keeps_what_it_cannot_read),
		cmocka_unit_test(mend_encodes_what_is_raw),
		cmocka_unit_test(want_of_memory_is_no_crash),
		cmocka_unit_test(memory_has_a_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
