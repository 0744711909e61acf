/* A walk through a tree: everything once, in order, and no way out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "temporary.h"
#include "tool/survey.h"

/* One line for each visit. */
struct notes {
	char text[4096];
	size_t len;
};

static void
note(void *context, const struct survey_entry *entry)
{
	struct notes *notes = context;
	const char *what = "-";

	if (entry->status == STATUS_SUCCESS)
		what = tree_is_directory(&entry->found) ? "d" : "f";
	notes->len += (size_t)snprintf(notes->text + notes->len,
	    sizeof notes->text - notes->len, "%s %.*s\n", what,
	    STR_ARG(entry->path));
	assert_true(notes->len < sizeof notes->text);
	assert_int_equal(entry->within == NULL, entry->path.len == 1);
	assert_true(str_find(entry->path, '\0') == entry->path.len);
}

static void
visits_all_in_order(void **state)
{
	static const char *const want = "d /\n"
					"- /.git\n"
					"d /.well-known/\n"
					"f /.well-known/x\n"
					"d /a/\n"
					"d /a/b/\n"
					"f /a/b/c\n"
					"d /a/up/\n"
					"f /file\n"
					"f /n1\n"
					"f /n10\n"
					"f /n2\n"
					"- /none\n"
					"- /out\n"
					"- /round\n"
					"f /to\n";
	static const char *const folders[] = { ".git", ".well-known", "a",
		"a/b" };
	static const char *const files[] = { ".git/x", ".well-known/x", "a/b/c",
		"n10", "n2", "n1", "file" };
	struct temporary folder;
	struct tree tree;
	struct notes notes = { .len = 0 };
	struct survey survey = {
		.tree = &tree, .visit = note, .context = &notes
	};

	(void)state;
	temporary_make(&folder);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		temporary_folder(&folder, folders[i]);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		temporary_file(&folder, files[i], "x");
	temporary_link(&folder, "a/up", "..");
	temporary_link(&folder, "out", "/etc");
	temporary_link(&folder, "none", "nothing");
	temporary_link(&folder, "round", "round");
	temporary_link(&folder, "to", "a/b/c");
	assert_int_equal(tree_init(&tree, folder.path, NULL), 0);
	assert_int_equal(survey_run(&survey), 0);
	assert_string_equal(notes.text, want);
	tree_release(&tree);
	temporary_remove(&folder);
}

/* A tree that goes away is a walk with less in it. */
static void
nothing_is_there(void **state)
{
	struct temporary folder;
	struct tree tree;
	struct notes notes = { .len = 0 };
	struct survey survey = {
		.tree = &tree, .visit = note, .context = &notes
	};

	(void)state;
	temporary_make(&folder);
	assert_int_equal(tree_init(&tree, folder.path, NULL), 0);
	temporary_remove(&folder);
	assert_int_equal(survey_run(&survey), 0);
	assert_string_equal(notes.text, "d /\n");
	tree_release(&tree);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visits_all_in_order),
		cmocka_unit_test(nothing_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
