/* The page behind a "URL:" selector. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/gopherurl.h"

static const struct {
	const char *url;
	const char *holds; /* NULL: refused */
} table[] = {
	{ "https://w.example/?q=1", "<a href=\"https://w.example/?q=1\">" },
	{ "gemini://g.example/", "content=\"5; url=gemini://g.example/\"" },
	{ "mailto:a@b.example", "<a href=\"mailto:a@b.example\">" },
	{ "titan://g.example/x", "titan://g.example/x</a>" },
	{ "http://a/?x=1&y=2", "url=http://a/?x=1&amp;y=2\"" },
	{ "http://a/\"><b>'", "http://a/&quot;&gt;&lt;b&gt;&#39;</a>" },
	{ "x+y-z.1:q", "x+y-z.1:q</a>" },
	{ "javascript:alert(1)", NULL },
	{ "JavaScript:alert(1)", NULL },
	{ "data:text/html,x", NULL },
	{ "vbscript:x", NULL },
	{ "file:///etc/passwd", NULL },
	{ "no scheme", NULL },
	{ "noscheme", NULL },
	{ "", NULL },
	{ ":x", NULL },
	{ "http:", NULL },
	{ "1a:x", NULL },
	{ "java\tscript:x", NULL },
	{ "http://a/ b", NULL },
};

static void
pages(void **state)
{
	static char memory[GOPHERURL_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf page = buf_over(memory, sizeof memory);
		int made = gopherurl_page(&page, str_of(table[i].url));

		if ((made == 0) != (table[i].holds != NULL))
			fail_msg("%s: %d", table[i].url, made);
		buf_char(&page, '\0');
		if (made == 0 && strstr(memory, table[i].holds) == NULL)
			fail_msg("%s: %s", table[i].url, memory);
		if (made == -1)
			assert_int_equal(page.len, 1);
	}
}

/* The longest selector, of what grows most when it is escaped, fits. */
static void
longest_fits(void **state)
{
	static char memory[GOPHERURL_SIZE];
	struct buf page = buf_over(memory, sizeof memory);
	char url[1024];

	(void)state;
	memset(url, '"', sizeof url);
	memcpy(url, "a:", 2);
	assert_int_equal(
	    gopherurl_page(&page, (struct str){ url, sizeof url }), 0);
	assert_false(page.overflow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),
		cmocka_unit_test(longest_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
