/* Changes of files: all or none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "temporary.h"
#include "tool/changes.h"
#include "tool/textfile.h"

static struct temporary folder;

static void
assert_text(const char *name, const char *want)
{
	struct str text;

	assert_int_equal(
	    textfile_read(temporary_path(&folder, name), &text), 0);
	assert_true(str_equals(text, str_of(want)));
	free((char *)(uintptr_t)text.at);
}

/* An edit between the preparation and the commit is not lost. */
static void
edited_meanwhile(void **state)
{
	static const char *const edits[] = { "an edit\n", "old.\n" };
	struct changes changes;
	char path[4096];

	(void)state;
	temporary_make(&folder);
	snprintf(path, sizeof path, "%s", temporary_path(&folder, "page"));
	for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
		temporary_file(&folder, "page", "old\n");
		changes_init(&changes);
		assert_int_equal(
		    changes_replace(&changes, path, STR("new\n")), 0);
		temporary_file(&folder, "page", edits[i]);
		assert_int_equal(changes_commit(&changes), -1);
		assert_int_equal(errno, ESTALE);
		assert_string_equal(changes.culprit, path);
		assert_false(changes.is_stuck);
		changes_release(&changes);
		assert_text("page", edits[i]);
	}
	changes_init(&changes);
	assert_int_equal(changes_replace(&changes, path, STR("new\n")), 0);
	assert_int_equal(changes_commit(&changes), 0);
	changes_release(&changes);
	assert_text("page", "new\n");
	temporary_remove(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edited_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
