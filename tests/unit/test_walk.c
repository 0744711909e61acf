/* Every file that is served, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "scarce.h"
#include "temporary.h"
#include "tree/walk.h"

static const char *const hide[] = { "*~", "#*#", NULL };

struct visits {
	char text[4096];
	int stop_after; /* visits, or 0 */
	int count;
};

static void
note(struct visits *visits, const char *before, struct str path,
    const char *after)
{
	size_t len = strlen(visits->text);

	snprintf(visits->text + len, sizeof visits->text - len, "%s%.*s%s",
	    before, STR_ARG(path), after);
}

static int
on_enter(void *context, const char *directory)
{
	note(context, "[", str_of(directory), "]");
	return 0;
}

static int
on_file(void *context, const struct walk_file *file)
{
	struct visits *visits = context;

	note(visits, " ", file->path, file->is_link ? "@ " : " ");
	assert_true(S_ISREG(file->st.st_mode));
	assert_true(str_ends(file->path, file->name));
	errno = EIO;
	return ++visits->count == visits->stop_after ? -1 : 0;
}

static void
expect_once(const struct visits *visits, const char *what)
{
	const char *at = strstr(visits->text, what);

	if (at == NULL || strstr(at + 1, what) != NULL)
		fail_msg("%s: not once in %s", what, visits->text);
}

static void
visits(void **state)
{
	static const char *const once[] = { "[.]", "[d/]", "[d/e/]",
		"[.well-known/]", " /a.gmi ", " /d/b.txt ", " /d/e/c ",
		" /.well-known/x ", " /in@ ", " /sp ace " };
	struct temporary folder;
	struct visits visits = { .text = "" };
	struct tree tree;
	struct walk walk = { &tree, on_enter, on_file, NULL, NULL, &visits };
	int closed;

	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "root");
	temporary_folder(&folder, "root/d");
	temporary_folder(&folder, "root/d/e");
	temporary_folder(&folder, "root/.git");
	temporary_folder(&folder, "root/.well-known");
	temporary_file(&folder, "secret", "no");
	temporary_file(&folder, "root/a.gmi", "a");
	temporary_file(&folder, "root/sp ace", "a");
	temporary_file(&folder, "root/d/b.txt", "b");
	temporary_file(&folder, "root/d/e/c", "c");
	temporary_file(&folder, "root/d/b.txt~", "no");
	temporary_file(&folder, "root/.hidden", "no");
	temporary_file(&folder, "root/.git/x", "no");
	temporary_file(&folder, "root/.well-known/x", "x");
	temporary_link(&folder, "root/in", "d/b.txt");
	temporary_link(&folder, "root/out", "../secret");
	temporary_link(&folder, "root/none", "none");
	temporary_link(&folder, "root/loop", "loop");
	temporary_link(&folder, "root/d/up", "..");
	temporary_link(&folder, "root/dd", "d");
	assert_int_equal(mkfifo(temporary_path(&folder, "root/fifo"), 0644), 0);
	assert_int_equal(
	    tree_init(&tree, temporary_path(&folder, "root"), hide), 0);
	closed = dup(0);
	close(closed);
	assert_int_equal(walk_tree(&walk), 0);
	for (size_t i = 0; i < sizeof once / sizeof *once; i++)
		expect_once(&visits, once[i]);
	assert_int_equal(visits.count, 6);
	visits = (struct visits){ .stop_after = 2 };
	assert_int_equal(walk_tree(&walk), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(visits.count, 2);
	/* No descriptor is left open. */
	assert_int_equal(dup(0), closed);
	close(closed);
	tree_release(&tree);
	temporary_remove(&folder);
}

/* Deeper than anybody could ask for, it is cut, and does not fail. */
static void
deep(void **state)
{
	struct temporary folder;
	struct visits visits = { .text = "" };
	struct tree tree;
	struct walk walk = { &tree, NULL, on_file, NULL, NULL, &visits };
	char path[2048] = "";

	(void)state;
	temporary_make(&folder);
	for (int i = 0; i < 400; i++) {
		snprintf(path + strlen(path), sizeof path - strlen(path), "%sd",
		    i > 0 ? "/" : "");
		temporary_folder(&folder, path);
	}
	temporary_file(&folder, "a", "a");
	assert_int_equal(tree_init(&tree, folder.path, NULL), 0);
	assert_int_equal(walk_tree(&walk), 0);
	assert_int_equal(visits.count, 1);
	tree_release(&tree);
	temporary_remove(&folder);
}

struct removal {
	struct temporary folder;
	int count;
};

/* Who is met first removes all the others: then they were never there. */
static int
remove_others(void *context, const struct walk_file *file)
{
	static const char *const names[] = { "/a", "/b", "/c/d", "/c", "/e/f",
		"/e" };
	struct removal *removal = context;

	removal->count++;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		/* Where it is itself, its directory stays. */
		if (!str_equals(file->path, str_of(names[i])))
			(void)remove(
			    temporary_path(&removal->folder, names[i]));
	return 0;
}

static void
what_goes_meanwhile_is_left_out(void **state)
{
	struct removal removal = { .count = 0 };
	struct tree tree;
	struct walk walk = { &tree, NULL, remove_others, NULL, NULL, &removal };

	(void)state;
	temporary_make(&removal.folder);
	temporary_folder(&removal.folder, "c");
	temporary_folder(&removal.folder, "e");
	temporary_file(&removal.folder, "a", "a");
	temporary_file(&removal.folder, "b", "b");
	temporary_file(&removal.folder, "c/d", "d");
	temporary_file(&removal.folder, "e/f", "f");
	assert_int_equal(tree_init(&tree, removal.folder.path, NULL), 0);
	assert_int_equal(walk_tree(&walk), 0);
	assert_int_equal(removal.count, 1);
	tree_release(&tree);
	temporary_remove(&removal.folder);
}

/* What could not be opened is not gone: the walk does not say it saw all. */
static void
want_of_descriptors_is_said(void **state)
{
	static const struct {
		const char *link; /* what is in the tree, or a directory */
		size_t files;
		int result;
	} table[] = {
		{ "a", 0, -1 },
		{ "a", 1, -1 },
		{ "a", 2, 0 },
		{ NULL, 1, -1 },
		{ NULL, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct temporary folder;
		struct visits visits = { .text = "" };
		struct tree tree;
		struct walk walk = { &tree, NULL, on_file, NULL, NULL,
			&visits };
		int result, error;

		temporary_make(&folder);
		temporary_file(&folder, "a", "a");
		if (table[i].link != NULL)
			temporary_link(&folder, "b", table[i].link);
		else
			temporary_folder(&folder, "b");
		assert_int_equal(tree_init(&tree, folder.path, NULL), 0);
		scarce_files(table[i].files);
		result = walk_tree(&walk);
		error = errno;
		scarce_files_end();
		assert_int_equal(result, table[i].result);
		assert_true(result == 0 || error == EMFILE);
		tree_release(&tree);
		temporary_remove(&folder);
	}
}

static int
on_fail(void *context, struct str path)
{
	struct visits *visits = context;

	assert_int_equal(errno, EMFILE);
	note(visits, " !", path, " ");
	return visits->stop_after == -1 ? -1 : 0;
}

/* A visitor that takes a failure for what it is sees the rest. */
static void
failures_are_told(void **state)
{
	struct temporary folder;
	struct visits visits = { .text = "" };
	struct tree tree;
	struct walk walk = { &tree, NULL, on_file, on_fail, NULL, &visits };

	(void)state;
	temporary_make(&folder);
	temporary_file(&folder, "a", "a");
	temporary_folder(&folder, "b");
	temporary_file(&folder, "b/c", "c");
	temporary_link(&folder, "l", "a");
	assert_int_equal(tree_init(&tree, folder.path, NULL), 0);
	scarce_files(1);
	assert_int_equal(walk_tree(&walk), 0);
	expect_once(&visits, " /a ");
	expect_once(&visits, " !/b ");
	expect_once(&visits, " !/l ");
	assert_int_equal(visits.count, 1);
	visits = (struct visits){ .stop_after = -1 };
	assert_int_equal(walk_tree(&walk), -1);
	scarce_files_end();
	tree_release(&tree);
	temporary_remove(&folder);
}

static int
on_dangle(void *context, struct str path)
{
	note(context, "?", path, "");
	return 0;
}

/* One path of a tree: what a whole walk meets there, and nothing else. */
static void
one_path(void **state)
{
	static const struct {
		const char *path, *visits;
	} table[] = {
		{ "a.gmi", " /a.gmi " },
		{ "d/b.gmi", " /d/b.gmi " },
		{ "d/e", "[d/e/] /d/e/c.gmi " },
		{ "link", " /link@ " },
		{ "lost", "?/lost" },
		{ "linked", "" },
		{ "none", "" },
		{ "d/none/x", "" },
		{ "a.gmi/x", "" },
		{ ".hidden/x", "" },
		{ ".x", "" },
	};
	struct temporary folder;
	struct tree tree;

	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "d");
	temporary_folder(&folder, "d/e");
	temporary_folder(&folder, ".hidden");
	temporary_file(&folder, "a.gmi", "x");
	temporary_file(&folder, "d/b.gmi", "x");
	temporary_file(&folder, "d/e/c.gmi", "x");
	temporary_file(&folder, ".hidden/x", "x");
	temporary_file(&folder, ".x", "x");
	temporary_link(&folder, "link", "d/b.gmi");
	temporary_link(&folder, "lost", "nothing");
	temporary_link(&folder, "linked", "d");
	assert_int_equal(tree_init(&tree, folder.path, NULL), 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct visits visits = { .text = "" };
		const struct walk walk = { &tree, on_enter, on_file, NULL,
			on_dangle, &visits };

		assert_int_equal(walk_path(&walk, table[i].path), 0);
		assert_string_equal(visits.text, table[i].visits);
	}
	tree_release(&tree);
	temporary_remove(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visits),
		cmocka_unit_test(one_path),
		cmocka_unit_test(deep),
		cmocka_unit_test(what_goes_meanwhile_is_left_out),
		cmocka_unit_test(want_of_descriptors_is_said),
		cmocka_unit_test(failures_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
