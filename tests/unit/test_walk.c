/* A walk through a tree: what is met, in which order, and what is told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scarce.h"
#include "temporary.h"
#include "tree/walk.h"

#define MANY 5000

static const char *const hide[] = { "*~", "#*#", NULL };
static struct temporary folder;
static struct tree tree;
static char seen[1 << 18];

static int
set_up(void **state)
{
	(void)state;
	temporary_make(&folder);
	return tree_init(&tree, folder.path, hide);
}

static int
tear_down(void **state)
{
	(void)state;
	tree_release(&tree);
	temporary_remove(&folder);
	return 0;
}

/* Makes folders, whose names end in a slash, and files, from the root. */
static void
plant(const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[256];

		snprintf(name, sizeof name, "%s", names[i]);
		if (name[strlen(name) - 1] != '/') {
			temporary_file(&folder, name, "x");
			continue;
		}
		name[strlen(name) - 1] = '\0';
		temporary_folder(&folder, name);
	}
}

#define PLANT(...) \
	plant((const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void
see(const char *before, struct str path)
{
	size_t len = strlen(seen);

	snprintf(
	    seen + len, sizeof seen - len, "%s%.*s\n", before, STR_ARG(path));
}

/* A line for each name, or with "!" for each failure. */
static const char *
names(const char *path, bool hidden)
{
	struct walk *walk = walk_open(&tree, str_of(path), hidden);
	struct walk_entry met;
	int found;

	seen[0] = '\0';
	if (walk == NULL)
		return NULL;
	while ((found = walk_next(walk, &met)) != 0) {
		const char *mark = met.type == DT_LNK ? "@" : "";

		see(found == -1 ? "!" : mark,
		    found == -1 ? walk_path(walk) : met.path);
	}
	walk_close(walk);
	return seen;
}

/* A line for each file, and one with the errno of a failure. */
static const char *
files(const char *path, bool strict)
{
	struct walk *walk = walk_open(&tree, str_of(path), false);
	struct walk_file file;
	int found;

	seen[0] = '\0';
	if (walk == NULL)
		return strerror(errno);
	while ((found = walk_next_file(walk, strict, &file)) == 1) {
		assert_false(tree_is_directory(&file.entry));
		close(file.entry.fd);
		see("", file.path);
	}
	if (found == -1)
		see(strerror(errno), walk_path(walk));
	walk_close(walk);
	return seen;
}

static void
paths_come_in_the_order_of_their_bytes(void **state)
{
	(void)state;
	PLANT("a/", "a/c/", "a/b", "a/c/d", "a.txt", "a-b", "a0", "A", "b\nc",
	    "z\xff", ".well-known/", ".well-known/x", ".hidden", ".git/",
	    ".git/x", "#a.txt#", "d~/", "d~/x", "empty/", "n10", "n9");
	temporary_link(&folder, "linked", "a");
	temporary_link(&folder, "to-file", "a.txt");
	temporary_link(&folder, "outside", "/etc");
	temporary_link(&folder, "dangling", "nowhere");
	temporary_check(
	    mkfifo(temporary_path(&folder, "fifo"), 0644) == 0, "fifo");
	assert_string_equal(names("/", false),
	    "/\n/.well-known/\n/.well-known/x\n/A\n/a-b\n/a.txt\n/a/\n/a/b\n"
	    "/a/c/\n/a/c/d\n/a0\n/b\nc\n@/dangling\n/empty/\n/fifo\n@/linked\n"
	    "/n10\n/n9\n@/outside\n@/to-file\n/z\xff\n");
	/* Hidden directories are met, and what is in them is not. */
	assert_string_equal(names("/", true),
	    "/\n/#a.txt#\n/.git/\n/.hidden\n/.well-known/\n/.well-known/x\n"
	    "/A\n/a-b\n/a.txt\n/a/\n/a/b\n/a/c/\n/a/c/d\n/a0\n/b\nc\n"
	    "@/dangling\n/d~/\n/empty/\n/fifo\n@/linked\n/n10\n/n9\n"
	    "@/outside\n@/to-file\n/z\xff\n");
	assert_string_equal(files("/", true),
	    ".well-known/x\nA\na-b\na.txt\na/b\na/c/d\na0\nb\nc\nn10\nn9\n"
	    "to-file\nz\xff\n");
}

static void
it_may_begin_anywhere(void **state)
{
	static const struct {
		const char *path, *want;
	} table[] = {
		{ "/a.gmi", "/a.gmi\n" },
		{ "/d/b.gmi", "/d/b.gmi\n" },
		{ "/d/e", "/d/e/\n/d/e/c.gmi\n" },
		{ "/d/e/", "/d/e/\n/d/e/c.gmi\n" },
		{ "/linked", "@/linked\n" },
		{ "/linked/",
		    "/linked/\n/linked/b.gmi\n/linked/e/\n"
		    "/linked/e/c.gmi\n" },
		{ "/lost", "@/lost\n" },
		{ "/none", "/none\n" },
		{ "/none/", "/none/\n!/none\n" },
		{ "/a.gmi/", "/a.gmi/\n!/a.gmi\n" },
		{ "/.x", "" },
		{ "/.hidden/x", NULL },
		{ "/d/none/x", NULL },
		{ "/a.gmi/x", NULL },
	};

	(void)state;
	PLANT("d/", "d/e/", ".hidden/", "a.gmi", "d/b.gmi", "d/e/c.gmi",
	    ".hidden/x", ".x");
	temporary_link(&folder, "lost", "nothing");
	temporary_link(&folder, "linked", "d");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *got = names(table[i].path, false);

		if ((got == NULL) != (table[i].want == NULL) ||
		    (got != NULL && strcmp(got, table[i].want) != 0))
			fail_msg("row %zu: %s", i, got);
	}
	assert_string_equal(
	    files("/linked/", true), "linked/b.gmi\nlinked/e/c.gmi\n");
	assert_string_equal(files("/none/", true), "");
}

static void
links_do_not_loop(void **state)
{
	(void)state;
	PLANT("a/", "a/file");
	temporary_link(&folder, "a/up", "..");
	temporary_link(&folder, "loop", "loop");
	assert_string_equal(
	    names("/", false), "/\n/a/\n/a/file\n@/a/up\n@/loop\n");
	assert_string_equal(files("/", true), "a/file\n");
}

static void
many_names_come_in_order(void **state)
{
	struct walk *walk;
	struct walk_entry met;
	char last[64] = "";
	size_t count = 0;

	(void)state;
	temporary_folder(&folder, "many");
	for (int i = 0; i < MANY; i++) {
		char name[32];

		/* In an order that is neither theirs nor its opposite. */
		snprintf(name, sizeof name, "many/%d", i * 1237 % MANY);
		temporary_file(&folder, name, "");
	}
	walk = walk_open(&tree, STR("/many/"), false);
	for (; walk_next(walk, &met) == 1; count++) {
		assert_true(strcmp(last, met.path.at) < 0);
		snprintf(last, sizeof last, "%s", met.path.at);
	}
	walk_close(walk);
	assert_int_equal(count, MANY + 1);
}

/* Deeper than a client could ask for, it is cut. */
static void
deep(void **state)
{
	char path[2048] = "";
	size_t len;

	(void)state;
	PLANT("a");
	for (int i = 0; i < 400; i++) {
		len = strlen(path);
		snprintf(path + len, sizeof path - len, i > 0 ? "/d" : "d");
		temporary_folder(&folder, path);
	}
	assert_string_equal(files("/", true), "a\n");
	(void)names("/", false);
	len = strlen(seen);
	assert_true(seen[len - 1] == '\n' && strstr(seen, "\n!/d/") != NULL);
}

/* Gone, or another thing by now: it is as if it had never been there. */
static void
what_is_gone_is_left_out(void **state)
{
	struct walk *walk;
	struct walk_file file;

	(void)state;
	PLANT("a", "b", "c", "d/", "d/e", "f");
	walk = walk_open(&tree, STR("/"), false);
	assert_int_equal(walk_next_file(walk, true, &file), 1);
	close(file.entry.fd);
	assert_int_equal(unlink(temporary_path(&folder, "b")), 0);
	assert_int_equal(unlink(temporary_path(&folder, "d/e")), 0);
	assert_int_equal(rmdir(temporary_path(&folder, "d")), 0);
	assert_int_equal(unlink(temporary_path(&folder, "f")), 0);
	PLANT("d", "f/");
	assert_int_equal(walk_next_file(walk, true, &file), 1);
	close(file.entry.fd);
	assert_true(str_equals(file.path, STR("c")));
	assert_int_equal(walk_next_file(walk, true, &file), 0);
	walk_close(walk);
}

static void
it_may_be_left_anywhere(void **state)
{
	struct walk *walk;
	struct walk_file file;
	int free_fd = dup(0);

	(void)state;
	close(free_fd);
	PLANT("a/", "a/b/", "a/b/c");
	walk_close(walk_open(&tree, STR("/"), false));
	walk = walk_open(&tree, STR("/"), false);
	assert_int_equal(walk_next_file(walk, false, &file), 1);
	close(file.entry.fd);
	walk_close(walk);
	walk_close(NULL);
	assert_int_equal(dup(0), free_fd);
	close(free_fd);
}

static void
lack_of_memory_is_told(void **state)
{
	enum {
		FILES = 600 /* the list of names has to grow */
	};
	const char *got = "";

	(void)state;
	temporary_folder(&folder, "a");
	for (int i = 0; i < FILES; i++) {
		char name[16];

		snprintf(name, sizeof name, "a/%d", i);
		temporary_file(&folder, name, "x");
	}
	for (size_t n = 1; strstr(got, "a/99\n") == NULL; n++) {
		scarce_memory(n);
		got = files("/", false);
		scarce_memory(0);
		assert_true(strstr(got, "a/99\n") != NULL ||
		    strstr(got, strerror(ENOMEM)) == got);
		assert_true(n > 3 || strstr(got, strerror(ENOMEM)) == got);
	}
}

/* What cannot be opened now is there all the same: no end is claimed. */
static void
lack_of_descriptors_is_told(void **state)
{
	static const struct {
		size_t descriptors;
		const char *names, *files;
	} table[] = {
		{ 0, "/\n!\n", "Too many open files\n" },
		{ 1, "/\n!\n", "Too many open files\n" },
		{ 2, "/\n/a\n/b/\n!/b\n@/l\n", "a\nToo many open files/b\n" },
		/* Without openat2 a path is opened a component at a time. */
		{ 4, "/\n/a\n/b/\n/b/c\n@/l\n", "a\nb/c\nl\n" },
	};

	(void)state;
	PLANT("a", "b/", "b/c");
	temporary_link(&folder, "l", "a");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		scarce_files(table[i].descriptors);
		(void)names("/", false);
		scarce_files_end();
		assert_string_equal(seen, table[i].names);
		scarce_files(table[i].descriptors);
		(void)files("/", false);
		scarce_files_end();
		assert_string_equal(seen, table[i].files);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(paths_come_in_the_order_of_their_bytes),
		TEST(it_may_begin_anywhere),
		TEST(links_do_not_loop),
		TEST(many_names_come_in_order),
		TEST(deep),
		TEST(what_is_gone_is_left_out),
		TEST(it_may_be_left_anywhere),
		TEST(lack_of_memory_is_told),
		TEST(lack_of_descriptors_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
