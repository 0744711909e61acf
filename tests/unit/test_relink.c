/* Links after a move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tool/relink.h"

static const struct str names[] = { STR_INIT("example.org"),
	STR_INIT("xn--caf-dma.example") };
static const uint16_t ports[] = { 1965 };
static const struct site site = { .names = names,
	.name_count = 2,
	.gemini_ports = ports,
	.gemini_port_count = 1,
	.gopher_host = STR_INIT("example.org"),
	.gopher_port = 70 };

struct relink_case {
	const char *from, *to; /* a final slash: a folder */
	const char *page, *in, *want; /* NULL: unchanged */
};

static const struct relink_case gemtext[] = {
	/* A relative link stays relative, and other links stay as they are. */
	{ "/old.gmi", "/a/new.gmi", "/index.gmi",
	    "x old.gmi\n=> old.gmi Old\n=>\told.gmi?q#f\tOld \r\n"
	    "=> ./old.gmi\n=> older.gmi\n=> /old.gmi\n=> a/../old.gmi",
	    "x old.gmi\n=> a/new.gmi Old\n=>\ta/new.gmi?q#f\tOld \r\n"
	    "=> a/new.gmi\n=> older.gmi\n=> /a/new.gmi\n=> a/new.gmi" },
	{ "/old.gmi", "/a/new.gmi", "/b/c/p.gmi",
	    "=> ../../old.gmi\n=> //example.org/old.gmi x\n"
	    "=> gemini://EXAMPLE.org:1965/old.gmi#f x\n"
	    "=> gemini://caf\xc3\xa9.example/old.gmi\n"
	    "=> gemini://example.org:1966/old.gmi\n"
	    "=> gemini://other.example/old.gmi\n=> https://example.org/old.gmi",
	    "=> ../../a/new.gmi\n=> //example.org/a/new.gmi x\n"
	    "=> gemini://EXAMPLE.org:1965/a/new.gmi#f x\n"
	    "=> gemini://caf\xc3\xa9.example/a/new.gmi\n"
	    "=> gemini://example.org:1966/old.gmi\n"
	    "=> gemini://other.example/old.gmi\n"
	    "=> https://example.org/old.gmi" },
	/* Preformatted text is no link; nor is it a link without a URL. */
	{ "/old.gmi", "/new.gmi", "/index.gmi",
	    "\xef\xbb\xbf=> old.gmi\n```\n=> old.gmi\n```\n=>\n=> %zz old.gmi",
	    "\xef\xbb\xbf=> new.gmi\n```\n=> old.gmi\n```\n=>\n"
	    "=> %zz old.gmi" },
	/* Encoded names. */
	{ "/a b.gmi", "/\xc3\xa9:%.gmi", "/index.gmi",
	    "=> a%20b.gmi\n=> /%61%20b.gmi\n=> gemini:a%20b.gmi",
	    "=> ./%C3%A9:%25.gmi\n=> /%C3%A9:%25.gmi\n=> gemini:a%20b.gmi" },
	/* Relative links of the page that moves. */
	{ "/old.gmi", "/a/b.gmi", "/old.gmi",
	    "=> x.gmi\n=> ./\n=> old.gmi\n=> #f\n=> ?atom\n=> a/c.gmi\n"
	    "=> ask?q\n=> /x.gmi\n=> ../x.gmi\n=> a/\n=> a",
	    "=> ../x.gmi\n=> ../\n=> b.gmi\n=> #f\n=> ?atom\n=> c.gmi\n"
	    "=> ../ask?q\n=> /x.gmi\n=> ../x.gmi\n=> ./\n=> ../a" },
	{ "/old.gmi", "/new.gmi", "/old.gmi", "=> x.gmi\n=> a/x.gmi#f", NULL },
	/* A folder. */
	{ "/a/", "/c/d/", "/index.gmi",
	    "=> a\n=> a/\n=> a/x.gmi\n=> ab/\n=> /a/?atom",
	    "=> c/d\n=> c/d/\n=> c/d/x.gmi\n=> ab/\n=> /c/d/?atom" },
	{ "/a/", "/c/d/", "/a/x.gmi",
	    "=> y.gmi\n=> ../a/y.gmi\n=> ../z.gmi\n=> /a/y.gmi\n=> .",
	    "=> y.gmi\n=> y.gmi\n=> ../../z.gmi\n=> /c/d/y.gmi\n=> ." },
	/* An index page, and names without extension. */
	{ "/a/index.gmi", "/a/all.gmi", "/index.gmi",
	    "=> a/\n=> a\n=> a/index.gmi\n=> a/b.gmi",
	    "=> a/all.gmi\n=> a/all.gmi\n=> a/all.gmi\n=> a/b.gmi" },
	{ "/a/index.gemini", "/a/index.gmi", "/index.gmi",
	    "=> a/\n=> a/index.gemini", "=> a/\n=> a/index.gmi" },
	{ "/old.gmi", "/new.gmi", "/index.gmi", "=> old\n=> old/\n=> ol",
	    "=> new.gmi\n=> old/\n=> ol" },
	{ "/taken.gmi", "/new.gmi", "/index.gmi", "=> taken", NULL },
	/* Gopher. */
	{ "/old.gmi", "/n w.gmi", "/index.gmi",
	    "=> gopher://example.org/1/old.gmi x\n"
	    "=> gopher://example.org:70/00/old.gmi\n"
	    "=> gopher://Xn--caf-dma.example./1/old.gmi\n"
	    "=> gopher://example.org/\n=> gopher://example.org:71/1/old.gmi",
	    "=> gopher://example.org/1/n%2520w.gmi x\n"
	    "=> gopher://example.org:70/0/0/n%2520w.gmi\n"
	    "=> gopher://Xn--caf-dma.example./1/n%2520w.gmi\n"
	    "=> gopher://example.org/\n=> gopher://example.org:71/1/old.gmi" },
};

static const struct relink_case maps[] = {
	{ "/a/old.gmi", "/a/b/new.gmi", "/a/gophermap",
	    "Text old.gmi\n1Old\told.gmi\r\n0Old\t/a/old.gmi?q\texample.org\t70"
	    "\n1Old \t old.gmi \n0old.gmi\t\n0old.gmi\t\t\t\n"
	    "i\told.gmi\n#1Old\told.gmi\n!1\told.gmi\n"
	    "1Old\t/a/old.gmi\tother.example\t70\n"
	    "1Old\t/a/old.gmi\tCaf\xc3\xa9.example.\n"
	    "1Old\t/a/old.gmi\tcaf\xc3\xa9.example\t71\n"
	    ".\n1Old\told.gmi\n",
	    "Text old.gmi\n1Old\tb/new.gmi\r\n0Old\t/a/b/new.gmi?q\texample.org"
	    "\t70\n1Old \t b/new.gmi \n0old.gmi\tb/new.gmi\n"
	    "0old.gmi\tb/new.gmi\t\t\n"
	    "i\told.gmi\n#1Old\told.gmi\n!1\told.gmi\n"
	    "1Old\t/a/old.gmi\tother.example\t70\n"
	    "1Old\t/a/b/new.gmi\tCaf\xc3\xa9.example.\n"
	    "1Old\t/a/old.gmi\tcaf\xc3\xa9.example\t71\n"
	    ".\n1Old\told.gmi\n" },
	{ "/a/old.gmi", "/n w.gmi", "/a/gophermap",
	    "1Old\told.gmi\n1Old\t/1/a/old.gmi\nhOld\tURL:/a/old.gmi\n"
	    "hOld\tURL:gemini://example.org/a/old.gmi\n"
	    "hOld\t/URL:gemini://example.org/a/old.gmi\thost\t70\n*\n",
	    "1Old\t/n%20w.gmi\n1Old\t/1/n%20w.gmi\nhOld\tURL:/n%20w.gmi\n"
	    "hOld\tURL:gemini://example.org/n%20w.gmi\n"
	    "hOld\t/URL:gemini://example.org/n%20w.gmi\thost\t70\n*\n" },
	/* A map that moves. */
	{ "/a/", "/b/c/", "/a/gophermap",
	    "1X\tx.gmi\n1X\t/a/x.gmi\n1X\t../x.gmi\n1X\t..\n1X\t../a/x.gmi\n",
	    "1X\tx.gmi\n1X\t/b/c/x.gmi\n1X\t/x.gmi\n1X\t/\n1X\tx.gmi\n" },
	{ "/a/gophermap", "/b/gophermap", "/a/gophermap",
	    "1X\tx.gmi\n1X\t/x.gmi\n", "1X\t/a/x.gmi\n1X\t/x.gmi\n" },
};

static bool
exists(void *context, struct str path)
{
	(void)context;
	return str_equals(path, STR("/taken"));
}

static struct str
trimmed(const char *path)
{
	struct str out = str_of(path);

	return str_ends(out, STR("/")) ? str_head(out, out.len - 1) : out;
}

static void
check(const struct relink_case *one,
    int (*rewrite)(struct relink *, const struct relink_page *, struct sink *))
{
	struct relink move = { .site = &site,
		.moved = { .from = trimmed(one->from),
		    .to = trimmed(one->to),
		    .is_folder = str_ends(str_of(one->from), STR("/")),
		    .exists = exists } };
	struct relink_page page = { str_of(one->page), str_of(one->page),
		str_of(one->in) };
	struct sink_memory out = sink_memory_of(4096);
	char after[256];
	struct buf name = buf_over(after, sizeof after);

	if (str_starts(page.before, str_of(one->from))) {
		buf_add(&name, str_of(one->to));
		buf_add(&name, str_tail(page.before, str_of(one->from).len));
		page.after = buf_str(&name);
	}
	relink_init(&move);
	assert_int_equal(rewrite(&move, &page, &out.sink), 0);
	relink_release(&move);
	assert_int_equal(out.sink.write(&out.sink, (struct str){ "", 1 }), 0);
	assert_string_equal(out.at, one->want != NULL ? one->want : one->in);
	assert_int_equal(move.count == 0, one->want == NULL);
	free(out.at);
}

static void
pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof gemtext / sizeof *gemtext; i++)
		check(&gemtext[i], relink_gemtext);
}

static void
gophermaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		check(&maps[i], relink_gophermap);
}

static void
no_room(void **state)
{
	struct relink move = { .site = &site,
		.moved = { .from = STR("/a.gmi"),
		    .to = STR("/b.gmi"),
		    .exists = exists } };
	const struct relink_page page = { STR("/c.gmi"), STR("/c.gmi"),
		STR("=> a.gmi\n") };
	struct sink_memory out = sink_memory_of(4);

	(void)state;
	relink_init(&move);
	assert_int_equal(relink_gemtext(&move, &page, &out.sink), -1);
	free(out.at);
	out = sink_memory_of(4096);
	arena_fail_at(&move.moved.arena, 1);
	assert_int_equal(relink_gemtext(&move, &page, &out.sink), -1);
	relink_release(&move);
	free(out.at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pages),
		cmocka_unit_test(gophermaps), cmocka_unit_test(no_room) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
