/* Links in the projection of gemtext, byte for byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "projection.h"
#include "text/gopherlink.h"

/* Links: the reference and its label, and the line before OURS or END. */
#define LINK(in, want) \
	{ \
		"=> " in, want OURS ".\r\n" \
	}
#define TEXT_LINK(in, want) \
	{ \
		"=> " in, want END ".\r\n" \
	}

static const struct link_row {
	const char *in, *want;
} links[] = {
	LINK("notes.txt Notes", "0Notes\t/docs/notes.txt"),
	LINK("notes.txt", "0notes.txt\t/docs/notes.txt"),
	LINK("./notes.txt Notes", "0Notes\t/docs/notes.txt"),
	LINK("/docs/", "1/docs/\t/docs/"),
	LINK("/", "1/\t/"),
	LINK(". Here", "1Here\t/docs/"),
	LINK(".. Up", "1Up\t/"),
	LINK("../../../x.txt Up", "0Up\t/x.txt"),
	LINK("../pics/a%20b.png A picture", "IA picture\t/pics/a%20b.png"),
	LINK("/a//b.txt x", "0x\t/a//b.txt"),
	LINK("a.b..txt x", "0x\t/docs/a.b..txt"),
	LINK("%7euser/ x", "1x\t/docs/~user/"),
	LINK("gr\xc3\xbc.txt x", "0x\t/docs/gr%C3%BC.txt"),
	LINK("/page?x=1 With query", "1With query\t/page?x=1"),
	LINK("/page.png?x=1 x", "1x\t/page.png?x=1"),
	LINK("?x=1 x", "1x\t/docs/page.gmi?x=1"),
	LINK("/search? Search", "7Search\t/search"),
	LINK("/ask Ask", "7Ask\t/ask"),
	LINK("/ask? Ask", "7Ask\t/ask"),
	LINK("/ask?word Ask", "1Ask\t/ask?word"),
	LINK("p.gmi#s Part", "1Part\t/docs/p.gmi"),
	LINK("p.gmi?#s Part", "7Part\t/docs/p.gmi"),
	LINK("p.gmi?q#s Part", "1Part\t/docs/p.gmi?q"),
	TEXT_LINK("#top Top", "iTop"),
	TEXT_LINK("#top", "i#top"),
	LINK("gemini://example.org Home", "1Home\t/"),
	LINK("gemini://example.org?q Home", "1Home\t/?q"),
	LINK("gemini://example.org#x Home", "1Home\t/"),
	LINK("GEMINI://EXAMPLE.org:1965/a.txt x", "0x\t/a.txt"),
	LINK("gemini://alias.example:1967/a.txt x", "0x\t/a.txt"),
	LINK("//alias.example/a.txt x", "0x\t/a.txt"),
	LINK("gemini://example.orgs/ x", "hx\tURL:gemini://example.orgs/"),
	LINK("gemini://other.example/x Far",
	    "hFar\tURL:gemini://other.example/x"),
	LINK("//other.example/x Far", "hFar\tURL:gemini://other.example/x"),
	LINK("gemini://example.org:1966/ Odd",
	    "hOdd\tURL:gemini://example.org:1966/"),
	LINK("gemini://me@example.org/ x", "hx\tURL:gemini://me@example.org/"),
	{ "=> gopher://g2.example/0/a%20b Text",
	    "0Text\t/a b\tg2.example\t70\r\n.\r\n" },
	{ "=> gopher://g2.example Root", "1Root\t\tg2.example\t70\r\n.\r\n" },
	{ "=> gopher://g2.example/ Root", "1Root\t\tg2.example\t70\r\n.\r\n" },
	{ "=> gopher://G2.example:7070/1/x?y Menu",
	    "1Menu\t/x?y\tg2.example\t7070\r\n.\r\n" },
	{ "=> gopher://g2.example/7 Search",
	    "7Search\t\tg2.example\t70\r\n.\r\n" },
	{ "=> gopher://b\xc3\xbc.example/ x",
	    "1x\t\txn--b-eha.example\t70\r\n.\r\n" },
	{ "=> gopher://[::1]/ x", "1x\t\t::1\t70\r\n.\r\n" },
	LINK("gopher://g2.example/0/a%09b x",
	    "hx\tURL:gopher://g2.example/0/a%09b"),
	LINK("gopher://g2.example/0/a%00b x",
	    "hx\tURL:gopher://g2.example/0/a%00b"),
	LINK("gopher://g2.example/3/a x", "hx\tURL:gopher://g2.example/3/a"),
	LINK("gopher://g2.example/i/a x", "hx\tURL:gopher://g2.example/i/a"),
	LINK(
	    "gopher://g2.example/%20/a x", "hx\tURL:gopher://g2.example/%20/a"),
	LINK("gopher://g2.example/%C3%BC x",
	    "hx\tURL:gopher://g2.example/%C3%BC"),
	LINK("gopher://g2.example:0/ x", "hx\tURL:gopher://g2.example:0/"),
	LINK("gopher://g2.example:70000/ x",
	    "hx\tURL:gopher://g2.example:70000/"),
	LINK("gopher://g2.example?x x", "hx\tURL:gopher://g2.example?x"),
	LINK("https://w.example/?q=1 Web", "hWeb\tURL:https://w.example/?q=1"),
	LINK("mailto:a@b.example Write", "hWrite\tURL:mailto:a@b.example"),
	LINK("titan://example.org/x x", "hx\tURL:titan://example.org/x"),
	LINK("spartan://s.example/#f x", "hx\tURL:spartan://s.example/#f"),
	LINK("finger://f.example/me",
	    "hfinger://f.example/me\tURL:finger://f.example/me"),
	LINK("gophers://s.example/1/ x", "hx\tURL:gophers://s.example/1/"),
	LINK("xmpp:a@b.example", "hxmpp:a@b.example\tURL:xmpp:a@b.example"),
	TEXT_LINK("javascript:alert(1) x", "ix"),
	TEXT_LINK("data:text/html,x", "idata:text/html,x"),
	TEXT_LINK("file:///etc/passwd x", "ix"),
	TEXT_LINK("gemini://[ Broken", "iBroken"),
	TEXT_LINK("a%zz Broken", "iBroken"),
	TEXT_LINK("a%zz", "ia%zz"),
	TEXT_LINK("a%2Fb Slash", "iSlash"),
	TEXT_LINK("a%00b Nul", "iNul"),
	{ "=> deep.gmi A label that runs past the sixty-seven columns a menu "
	  "line should keep to",
	    "1A label that runs past the sixty-seven columns a menu line should"
	    "\t/docs/deep.gmi" OURS "i  keep to" END ".\r\n" },
	{ "=> https://w.example/ " SIXTY_SEVEN " " SIXTY "12345 67",
	    "h" SIXTY_SEVEN "\tURL:https://w.example/" OURS "i  " SIXTY
	    "12345" END "i  67" END ".\r\n" },
	LINK("a.txt a\tb\x1b\xff", "0a b" BAD "\t/docs/a.txt"),
};

static void
projects_links(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++)
		assert_projection(
		    source_of(str_of(links[i].in)), links[i].want, i);
}

/* Another base: a directory, an encoded one, a port that is not 1965. */
static void
resolves_against_base(void **state)
{
	struct page_source source = source_of(STR("=> a.txt A"));

	(void)state;
	source.base = STR("gemini://example.org/a%20b/");
	assert_projection(source, "0A\t/a%20b/a.txt" OURS ".\r\n", 0);
	source.base = STR("gemini://example.org:1967/x");
	assert_projection(source, "0A\t/a.txt" OURS ".\r\n", 1);
	source.base = STR("gemini://example.org");
	assert_projection(source, "0A\t/a.txt" OURS ".\r\n", 2);
	source.base = STR("gemini://example.org/x?/y");
	assert_projection(source, "0A\t/a.txt" OURS ".\r\n", 3);
}

static void
long_urls(void **state)
{
	static const struct {
		size_t len;
		const char *want;
	} lengths[] = {
		{ 992, "0x\t/docs/aaa" },
		{ 993, "0x\t/docs/aaa" },
		{ 994, "hx\tURL:gemini://example.org/docs/aaa" },
		{ 2019, "hx\tURL:gemini://example.org/docs/aaa" },
		{ 2100, "ix\t\tnull.host\t1\r\n" },
		{ 5000, "iaaa" },
		{ 100000, "iaaa" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		size_t size = lengths[i].len + 20;
		char *at = malloc(size);
		struct buf in = buf_over(at, size);
		struct str got;

		buf_add(&in, STR("=> "));
		while (in.len < lengths[i].len)
			buf_char(&in, 'a');
		buf_add(&in, STR(".txt x"));
		got = project(source_of(buf_str(&in)));
		if (!str_starts(got, str_of(lengths[i].want)))
			fail_msg("length %zu: got %.*s", lengths[i].len,
			    STR_ARG(got));
		release(got);
		free(at);
	}
}

/* Without memory a link leads nowhere, and nothing worse happens. */
static void
no_memory(void **state)
{
	static const char *const urls[] = { "a.txt", "../a.txt", "?",
		"https://w.example/", "gopher://g2.example/0/x",
		"gemini://alias.example" };
	struct page_source source = source_of(STR(""));
	struct gopherlink_page page = {
		.site = &site, .base = source.base, .item_type = item_type
	};

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct gopherlink link = { .type = 'i' };
		size_t n = 0;

		while (n < 100 && link.type == 'i') {
			struct arena arena;

			arena_init(&arena, CAP);
			arena_fail_at(&arena, ++n);
			link = gopherlink_of(&arena, &page, str_of(urls[i]));
			arena_release(&arena);
		}
		assert_in_range(n, 2, 99);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(projects_links),
		cmocka_unit_test(resolves_against_base),
		cmocka_unit_test(long_urls),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
