/* A requested path, split into a script and the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "temporary.h"
#include "serve/programscript.h"
#include "tree/tree.h"
#include "tree/zones.h"

static struct temporary folder;
static struct tree tree;

static const char *const none[] = { NULL };
static const struct zone hidden = { STR_INIT(""), none, true };
static const struct zones zones = { &hidden, 1 };

static int
set_up(void **state)
{
	char path[512];

	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "app");
	temporary_folder(&folder, "app/dir.php");
	temporary_file(&folder, "app/index.php", "");
	temporary_file(&folder, "app/other.php", "");
	temporary_file(&folder, "app/upper.PHP", "");
	temporary_file(&folder, "app/pic.jpg", "");
	temporary_file(&folder, "app/dir.php/in.php", "");
	temporary_file(&folder, "app/.php", "");
	temporary_file(&folder, "app/.hidden.php", "");
	temporary_file(&folder, "app/\xc4\xb0ndex.php", "");
	temporary_file(&folder, "app/\xc8\xba\xc8\xba.php.txt", "");
	temporary_file(&folder, "app/\xc8\xba\xc8\xba.php.txt.php", "");
	snprintf(path, sizeof path, "%s/app/out.php", folder.path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof path, "%s/app/in.php", folder.path);
	assert_int_equal(symlink("other.php", path), 0);
	assert_int_equal(tree_init(&tree, folder.path, NULL), 0);
	/* As all parts with a program are. */
	tree.zones = &zones;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tree_release(&tree);
	temporary_remove(&folder);
	return 0;
}

static void
php(void **state)
{
	static const struct {
		struct str path, script;
	} table[] = {
		{ STR_INIT("/app/index.php"), STR_INIT("/app/index.php") },
		{ STR_INIT("/app/index.php/"), STR_INIT("/app/index.php") },
		{ STR_INIT("/app/index.php/a/b.php"),
		    STR_INIT("/app/index.php") },
		{ STR_INIT("/app/dir.php/in.php/x"),
		    STR_INIT("/app/dir.php/in.php") },
		{ STR_INIT("/app/in.php"), STR_INIT("/app/in.php") },
		{ STR_INIT("/app/\xc4\xb0ndex.php/a"),
		    STR_INIT("/app/\xc4\xb0ndex.php") },
		{ STR_INIT("/app/\xc8\xba\xc8\xba.php.txt.php"),
		    STR_INIT("/app/\xc8\xba\xc8\xba.php.txt.php") },
		{ STR_INIT("/app/\xc8\xba\xc8\xba.php.txt"), STR_INIT("") },
		{ STR_INIT("/app/upper.PHP"), STR_INIT("") },
		{ STR_INIT("/app/pic.jpg"), STR_INIT("") },
		{ STR_INIT("/app/pic.jpg/x.php"), STR_INIT("") },
		{ STR_INIT("/app/none.php"), STR_INIT("") },
		{ STR_INIT("/app/.php"), STR_INIT("") },
		{ STR_INIT("/app/.hidden.php"), STR_INIT("") },
		{ STR_INIT("/app/out.php"), STR_INIT("") },
		{ STR_INIT("/app/dir.php"), STR_INIT("") },
		{ STR_INIT("/app/"), STR_INIT("") },
		{ STR_INIT("/app"), STR_INIT("") },
		{ STR_INIT("/"), STR_INIT("") },
		{ STR_INIT("/.php"), STR_INIT("") },
	};
	const struct host host = { .tree = &tree };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t len = programscript_php(&host, table[i].path);

		if (len != table[i].script.len ||
		    !str_starts(table[i].path, table[i].script))
			fail_msg("%s: %zu", table[i].path.at, len);
	}
}

/* A request costs a bounded number of lookups. */
static void
deep(void **state)
{
	const struct host host = { .tree = &tree };
	char bytes[512];
	struct buf path = buf_over(bytes, sizeof bytes - 1);
	size_t folder_len;

	(void)state;
	memset(bytes, 0, sizeof bytes);
	buf_add(&path, STR("/deep"));
	temporary_folder(&folder, bytes + 1);
	for (int i = 0; i < 15; i++) {
		buf_add(&path, STR("/d.php"));
		temporary_folder(&folder, bytes + 1);
	}
	folder_len = path.len;
	buf_add(&path, STR("/16.php"));
	temporary_file(&folder, bytes + 1, "");
	assert_int_equal(programscript_php(&host, buf_str(&path)), path.len);
	memset(bytes + folder_len, 0, sizeof bytes - folder_len);
	path.len = folder_len;
	buf_add(&path, STR("/d.php"));
	temporary_folder(&folder, bytes + 1);
	buf_add(&path, STR("/17.php"));
	temporary_file(&folder, bytes + 1, "");
	assert_int_equal(programscript_php(&host, buf_str(&path)), 0);
}

/* A name longer than any file's is none, and costs one lookup. */
static void
long_names(void **state)
{
	static char path[8192];
	const struct host host = { .tree = &tree };

	(void)state;
	memset(path, 'a', sizeof path);
	path[0] = '/';
	assert_int_equal(
	    programscript_php(&host, (struct str){ path, sizeof path }), 0);
	memcpy(path + sizeof path - 4, ".php", 4);
	assert_int_equal(
	    programscript_php(&host, (struct str){ path, sizeof path }), 0);
}

static void
prefixes(void **state)
{
	static const struct {
		struct str path, rule, prefix;
	} table[] = {
		{ STR_INIT("/app/x"), STR_INIT("/app"), STR_INIT("/app") },
		{ STR_INIT("/app/"), STR_INIT("/app"), STR_INIT("/app") },
		{ STR_INIT("/app"), STR_INIT("/app"), STR_INIT("/app") },
		{ STR_INIT("/a/b/c/"), STR_INIT("/a/b"), STR_INIT("/a/b") },
		{ STR_INIT("/x"), STR_INIT(""), STR_INIT("") },
		{ STR_INIT("/"), STR_INIT(""), STR_INIT("") },
		/* "é", not composed and composed. */
		{ STR_INIT("/cafe\xcc\x81/x"), STR_INIT("/caf\xc3\xa9"),
		    STR_INIT("/cafe\xcc\x81") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (programscript_prefix(table[i].path, table[i].rule) !=
		    table[i].prefix.len)
			fail_msg("row %zu", i);
}

static void
clean(void **state)
{
	(void)state;
	assert_true(programscript_is_clean(STR("/a \xc3\xa9\xff")));
	assert_false(programscript_is_clean(STR("/x\ny")));
	assert_false(programscript_is_clean(STR("/x\ty")));
	assert_false(programscript_is_clean(STR("/x\0y")));
	assert_false(programscript_is_clean(STR("/x\x7f")));
	assert_true(programscript_is_clean(STR("/")));
	assert_true(programscript_is_clean(STR("/x/.y/...")));
	assert_true(programscript_is_clean(STR("/x/y/")));
	assert_false(programscript_is_clean(STR("//x")));
	assert_false(programscript_is_clean(STR("/x//y")));
	assert_false(programscript_is_clean(STR("/x//")));
	assert_false(programscript_is_clean(STR("/x/./y")));
	assert_false(programscript_is_clean(STR("/x/../y")));
	assert_false(programscript_is_clean(STR("/x/..")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(php, set_up, tear_down),
		cmocka_unit_test_setup_teardown(deep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_names, set_up, tear_down),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
