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

/* Nothing that appears between the preparation and the commit is replaced. */
static void
appeared_meanwhile(void **state)
{
	static const char *const moved[] = { NULL, "file", "folder" };
	struct changes changes;
	char from[4096], to[4096];

	(void)state;
	temporary_make(&folder);
	snprintf(to, sizeof to, "%s", temporary_path(&folder, "page"));
	temporary_file(&folder, "file", "old\n");
	temporary_folder(&folder, "folder");
	for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
		changes_init(&changes);
		if (moved[i] == NULL) {
			assert_int_equal(
			    changes_create(&changes, to, STR("new\n")), 0);
		} else {
			snprintf(from, sizeof from, "%s",
			    temporary_path(&folder, moved[i]));
			assert_int_equal(changes_move(&changes, from, to), 0);
		}
		/* rename(2) would replace an empty folder by a folder. */
		if (i == 2)
			temporary_folder(&folder, "page");
		else
			temporary_file(&folder, "page", "other\n");
		assert_int_equal(changes_commit(&changes), -1);
		assert_int_equal(errno, EEXIST);
		assert_string_equal(changes.culprit, to);
		changes_release(&changes);
		if (moved[i] != NULL)
			assert_int_equal(access(from, F_OK), 0);
		if (i != 2)
			assert_text("page", "other\n");
		assert_int_equal(remove(to), 0);
	}
	temporary_remove(&folder);
}

/* The folders that were synced, by inode, instead of the call of libc. */
static ino_t synced[16];
static size_t synced_count;

int
fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	if (S_ISDIR(st.st_mode)) {
		assert_true(synced_count < 16);
		synced[synced_count++] = st.st_ino;
	}
	return 0;
}

static bool
is_synced(const char *name)
{
	struct stat st;
	size_t i = 0;

	assert_int_equal(stat(temporary_path(&folder, name), &st), 0);
	while (i < synced_count && synced[i] != st.st_ino)
		i++;
	return i < synced_count;
}

static void
copy_path(char out[4096], const char *name)
{
	snprintf(out, 4096, "%s", temporary_path(&folder, name));
}

/* Without a sync of its folder, a power failure may undo a rename. */
static void
folders_are_synced(void **state)
{
	struct changes changes;
	char made[4096], page[4096], old[4096], in[4096], from[4096], to[4096];

	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "a");
	temporary_folder(&folder, "b");
	temporary_folder(&folder, "c");
	temporary_folder(&folder, "other");
	temporary_file(&folder, "a/old", "old\n");
	temporary_folder(&folder, "b/from");
	temporary_file(&folder, "b/from/in", "old\n");
	copy_path(made, "made");
	copy_path(page, "made/page");
	copy_path(old, "a/old");
	copy_path(in, "b/from/in");
	copy_path(from, "b/from");
	copy_path(to, "c/to");
	changes_init(&changes);
	assert_int_equal(changes_folder(&changes, made), 0);
	assert_int_equal(changes_create(&changes, page, STR("new\n")), 0);
	assert_int_equal(changes_replace(&changes, old, STR("new\n")), 0);
	assert_int_equal(changes_replace(&changes, in, STR("new\n")), 0);
	assert_int_equal(changes_move(&changes, from, to), 0);
	synced_count = 0;
	assert_int_equal(changes_commit(&changes), 0);
	changes_release(&changes);
	assert_true(is_synced("."));
	assert_true(is_synced("made"));
	assert_true(is_synced("a"));
	assert_true(is_synced("b"));
	assert_true(is_synced("c"));
	assert_true(is_synced("c/to"));
	assert_false(is_synced("other"));
	assert_text("a/old", "new\n");
	temporary_remove(&folder);
}

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

/* A signal ends the preparation, unless it is ignored, as by nohup(1). */
static void
interrupted(void **state)
{
	static const struct {
		void (*handler)(int);
		int result;
	} table[] = { { catch, -1 }, { SIG_IGN, 0 } };
	struct changes changes;
	char path[4096];

	(void)state;
	temporary_make(&folder);
	snprintf(path, sizeof path, "%s", temporary_path(&folder, "page"));
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_true(signal(SIGHUP, table[i].handler) != SIG_ERR);
		changes_init(&changes);
		assert_int_equal(raise(SIGHUP), 0);
		assert_int_equal(changes_create(&changes, path, STR("new\n")),
		    table[i].result);
		if (table[i].result == -1)
			assert_int_equal(errno, EINTR);
		assert_int_equal(caught, 0);
		changes_release(&changes);
		assert_int_equal(caught, table[i].result == -1 ? SIGHUP : 0);
		caught = 0;
	}
	assert_true(signal(SIGHUP, SIG_DFL) != SIG_ERR);
	temporary_remove(&folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edited_meanwhile),
		cmocka_unit_test(appeared_meanwhile),
		cmocka_unit_test(folders_are_synced),
		cmocka_unit_test(interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
