/* A menu's lines, as a client reads and keeps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/gopheritem.h"

static const struct {
	const char *line;
	int type; /* 0: no item */
	const char *display, *selector, *host;
	int port;
	bool leads;
	const char *ours, *others; /* in a gophermap */
} table[] = {
	{ "0Notes\t/notes.txt\tg.example\t70\r", '0', "Notes", "/notes.txt",
	    "g.example", 70, true, "0Notes\t/notes.txt\n",
	    "0Notes\t/notes.txt\tg.example\t70\n" },
	{ "1Menu\tdocs\tg.example\t7070", '1', "Menu", "docs", "g.example",
	    7070, true, "1Menu\t/docs\n", "1Menu\tdocs\tg.example\t7070\n" },
	{ "1Root\t\tg.example\t70", '1', "Root", "", "g.example", 70, true,
	    "1Root\t/\n", "1Root\t\tg.example\t70\n" },
	{ "0Plus\t/a\tg.example\t70\t+", '0', "Plus", "/a", "g.example", 70,
	    true, "0Plus\t/a\n", "0Plus\t/a\tg.example\t70\n" },
	{ "iwords\tTITLE\tnull.host\t1", 'i', "words", "TITLE", "null.host", 1,
	    false, NULL, "iwords\tTITLE\tnull.host\t1\n" },
	{ "3Not found\t\terror.host\t1", '3', "Not found", "", "error.host", 1,
	    false, NULL, "3Not found\t\terror.host\t1\n" },
	{ "7Search\t/ask\tg.example\t70", '7', "Search", "/ask", "g.example",
	    70, false, "7Search\t/ask\n", "7Search\t/ask\tg.example\t70\n" },
	{ "1Asked\t/ask?x\tg.example\t70", '1', "Asked", "/ask?x", "g.example",
	    70, false, "1Asked\t/ask?x\n", "1Asked\t/ask?x\tg.example\t70\n" },
	{ "hWeb\tURL:https://w.example/\tg.example\t70", 'h', "Web",
	    "URL:https://w.example/", "g.example", 70, false,
	    "hWeb\tURL:https://w.example/\n",
	    "hWeb\tURL:https://w.example/\tg.example\t70\n" },
	{ "hWeb\t/URL:https://w.example/\tg.example\t70", 'h', "Web",
	    "/URL:https://w.example/", "g.example", 70, false,
	    "hWeb\t/URL:https://w.example/\n",
	    "hWeb\t/URL:https://w.example/\tg.example\t70\n" },
	{ "8Shell\t\tg.example\t23", '8', "Shell", "", "g.example", 23, false,
	    NULL, "8Shell\t\tg.example\t23\n" },
	{ "9\t/x\tg.example\t70", '9', "", "/x", "g.example", 70, true,
	    "9\t/x\n", "9\t/x\tg.example\t70\n" },
	{ "", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ ".", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ ".\r", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ "hello", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ "\t\t\t70", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ "0a\tb", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ "0a\tb\tc", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ "0a\tb\tc\t", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ "0a\tb\tc\tx", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ "0a\tb\tc\t65536", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
	{ "0a\tb\t\t70", 0, NULL, NULL, NULL, 0, false, NULL, NULL },
};

static void
check_written(const struct gopheritem *item, bool is_ours, const char *want)
{
	char memory[256];
	struct buf out = buf_over(memory, sizeof memory);

	if (want == NULL)
		return;
	gopheritem_write(&out, item, is_ours);
	buf_char(&out, '\0');
	assert_string_equal(memory, want);
}

static void
items(void **state)
{
	struct gopheritem item;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		bool is_item = gopheritem_read(str_of(table[i].line), &item);

		if (is_item != (table[i].type != 0))
			fail_msg("%s: %d", table[i].line, is_item);
		if (!is_item)
			continue;
		assert_int_equal(item.type, table[i].type);
		assert_true(str_equals(item.display, str_of(table[i].display)));
		assert_true(
		    str_equals(item.selector, str_of(table[i].selector)));
		assert_true(str_equals(item.host, str_of(table[i].host)));
		assert_int_equal(item.port, table[i].port);
		if (gopheritem_leads(&item) != table[i].leads)
			fail_msg("%s: %d", table[i].line, !table[i].leads);
		check_written(&item, true, table[i].ours);
		check_written(&item, false, table[i].others);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
