/* Bodies: what is pulled, in which pieces, and how a failure shows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "serve/body.h"
#include "temporary.h"

static struct arena arena;

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* All of a body, which is released; the length, or -1. */
static ssize_t
drain(struct body *body, char *at, size_t size)
{
	size_t len = 0;
	ssize_t got = 1;

	assert_non_null(body);
	while (!body->ended && got > 0) {
		assert_true(size - len >= BODY_ROOM);
		got = body_pull(body, at + len, BODY_ROOM);
		if (got > 0)
			len += (size_t)got;
	}
	body_release(body);
	return got == -1 ? -1 : (ssize_t)len;
}

static void
text_is_pulled_whole(void **state)
{
	static char text[10000], out[20000];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t len = 0; len <= sizeof text; len += 2500) {
		struct str in = { text, len };

		assert_int_equal(
		    drain(body_of_text(&arena, in), out, sizeof out), len);
		assert_memory_equal(out, text, len);
	}
}

static void
lines_get_their_form(void **state)
{
	static const struct {
		const char *in, *want;
	} table[] = {
		{ "", ".\r\n" },
		{ "a", "a\r\n.\r\n" },
		{ "a\n", "a\r\n.\r\n" },
		{ "a\r\nb", "a\r\nb\r\n.\r\n" },
		{ ".", "..\r\n.\r\n" },
		{ ".a\n..\nb.\n", "..a\r\n...\r\nb.\r\n.\r\n" },
		{ "\n\n", "\r\n\r\n.\r\n" },
	};
	static char out[20000];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct body *text = body_of_text(&arena, str_of(table[i].in));
		ssize_t len =
		    drain(body_of_lines(&arena, text), out, sizeof out);

		assert_int_equal(len, strlen(table[i].want));
		assert_memory_equal(out, table[i].want, (size_t)len);
	}
}

/* Whatever grows when it is written fits the room it is given. */
static void
lines_grow_in_any_room(void **state)
{
	static char text[30000], out[100000];
	struct body *body;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 0 ? '.' : '\n';
	body = body_of_text(&arena, (struct str){ text, sizeof text });
	assert_int_equal(drain(body_of_lines(&arena, body), out, sizeof out),
	    sizeof text * 2 + 3);
}

static struct entry
open_entry(const char *path)
{
	struct entry entry = { .fd = open(path, O_RDONLY) };

	assert_int_not_equal(entry.fd, -1);
	assert_int_equal(fstat(entry.fd, &entry.st), 0);
	return entry;
}

static void
files_are_as_long_as_promised(void **state)
{
	static char out[20000];
	struct temporary folder;
	struct entry entry;
	struct body *body;

	(void)state;
	temporary_make(&folder);
	temporary_file(&folder, "file", "twelve bytes");
	entry = open_entry(temporary_path(&folder, "file"));
	assert_int_equal(
	    drain(body_of_file(&arena, &entry), out, sizeof out), 12);
	assert_memory_equal(out, "twelve bytes", 12);

	/* Longer by now: what was there when it was asked for is sent. */
	entry = open_entry(temporary_path(&folder, "file"));
	body = body_of_file(&arena, &entry);
	temporary_file(&folder, "file", "twelve bytes and more");
	assert_int_equal(drain(body, out, sizeof out), 12);

	/* Shorter: a failure, which the client gets to see. */
	entry = open_entry(temporary_path(&folder, "file"));
	body = body_of_file(&arena, &entry);
	temporary_file(&folder, "file", "less");
	assert_int_equal(drain(body, out, sizeof out), -1);
	assert_int_equal(errno, EIO);
	temporary_remove(&folder);
}

static void
lack_of_memory_leaks_nothing(void **state)
{
	struct temporary folder;
	struct entry entry;

	(void)state;
	temporary_make(&folder);
	temporary_file(&folder, "file", "x");
	entry = open_entry(temporary_path(&folder, "file"));
	arena_fail_at(&arena, 1);
	assert_null(body_of_file(&arena, &entry));
	assert_int_equal(fcntl(entry.fd, F_GETFD), -1);
	assert_null(body_of_text(&arena, STR("x")));
	arena_fail_at(&arena, 0);
	temporary_remove(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_pulled_whole),
		cmocka_unit_test(lines_get_their_form),
		cmocka_unit_test(lines_grow_in_any_room),
		cmocka_unit_test(files_are_as_long_as_promised),
		cmocka_unit_test(lack_of_memory_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
