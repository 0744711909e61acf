/*
 * Looks at what there are news of, and nothing else: the index is as if it
 * had been made anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "indexing.h"
#include "text/buf.h"

#define ROUNDS 400
#define NAMES 12
#define WORDS_MAX 12

static struct pathlist news;

static int
set_up(void **state)
{
	(void)state;
	indexing_begin(&indexing, true);
	temporary_folder(&indexing.folder, "d");
	temporary_folder(&indexing.folder, "d/e");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fakeclock_run();
	pathlist_release(&news);
	indexing_end(&indexing);
	return 0;
}

static void
hear(const char *path)
{
	assert_int_equal(pathlist_add(&news, str_of(path)), 0);
}

static void
look(int result)
{
	indexing_settle();
	assert_int_equal(builder_update(indexing.build, &news), result);
	pathlist_release(&news);
}

static void
write_file(const char *name, const char *text)
{
	char path[64];

	temporary_file(&indexing.folder, name, text);
	snprintf(path, sizeof path, "/%s", name);
	hear(path);
}

static int64_t
count(const char *sql)
{
	return indexing_count(&indexing, sql);
}

/* All that an index answers with, as text. */
static void
dump(const struct db_place *place, char *out, size_t size)
{
	static const char sql[] =
	    "SELECT group_concat(line, x'0a') FROM (SELECT line FROM"
	    " (SELECT CAST(path AS TEXT) || ' ' || size || ' ' ||"
	    " coalesce(title, '-') || hex(hash) AS line FROM file)"
	    " UNION ALL SELECT term || doc FROM vocabulary"
	    " UNION ALL SELECT files || ' ' || bytes || waits FROM total"
	    " UNION ALL SELECT text || heading || links FROM words ORDER BY 1)";
	sqlite3 *db = db_open(place, DB_READ);
	struct tokenizer *words = tokenizer_open(db, true);
	sqlite3_stmt *statement = db_prepare(db, sql);

	assert_non_null(statement);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	snprintf(out, size, "%s", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	tokenizer_close(words);
}

static void
expect_as_made_anew(unsigned round)
{
	static char has[1 << 16], wants[1 << 16];
	const struct db_place anew = { indexing.place.directory, "anew", false,
		0 };
	struct builder_setup setup = indexing.setup;
	struct builder *other;

	setup.place = &anew;
	other = builder_new(&setup);
	dump(&indexing.place, has, sizeof has);
	assert_int_equal(builder_update(other, NULL), 1);
	dump(&anew, wants, sizeof wants);
	builder_free(other);
	db_remove(&anew);
	for (size_t i = 0; i < sizeof has && wants[i] != '\0'; i++)
		if (has[i] != wants[i])
			fail_msg("round %u: has\n%s\nwants\n%s", round, has + i,
			    wants + i);
	/* What is known of a file is of it, too: there is nothing to mend. */
	assert_int_equal(builder_update(indexing.build, NULL), 0);
}

static unsigned seed;

static unsigned
pick(unsigned count)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % count;
}

static const char *
some_name(void)
{
	static char name[4][16];
	static unsigned next;
	static const char *const folders[] = { "", "d/", "d/e/", "n/" };
	char *out = name[next++ % 4];

	snprintf(
	    out, sizeof name[0], "%s%u.gmi", folders[pick(4)], pick(NAMES));
	return out;
}

static void
write_something(const char *name)
{
	static const char *const parts[] = { "# Herrings\n", "cod ", "roe ",
		"\n## Running\n", "runs ", "=> /a.gmi label\n", "herring ",
		"\303\274bung ", "x86_64 ", "\n" };
	char text[1024];
	struct buf out = buf_over(text, sizeof text - 1);

	for (unsigned i = pick(WORDS_MAX); i > 0; i--)
		buf_add(
		    &out, str_of(parts[pick(sizeof parts / sizeof *parts)]));
	text[out.len] = '\0';
	temporary_file(&indexing.folder, ".new", text);
	(void)rename(temporary_path(&indexing.folder, ".new"), name);
}

/* One of what happens to a tree; the news of it are exact. */
static void
change(void)
{
	const char *a = some_name(), *b = some_name();
	char from[128], to[128];

	snprintf(from, sizeof from, "%s/%s", indexing.folder.path, a);
	snprintf(to, sizeof to, "%s/%s", indexing.folder.path, b);
	switch (pick(8)) {
	case 0: (void)unlink(from); break;
	case 1: (void)rename(from, to); break;
	case 2:
		(void)unlink(to);
		(void)(link(from, to) == 0);
		break;
	case 3:
		(void)unlink(to);
		(void)(symlink(strrchr(a, '/') ? strrchr(a, '/') + 1 : a, to) ==
		    0);
		break;
	case 4:
		snprintf(from, sizeof from, "%s/n", indexing.folder.path);
		snprintf(to, sizeof to, "%s/d/e", indexing.folder.path);
		if (pick(2) == 0)
			(void)rename(from, to);
		else
			(void)rename(to, from);
		hear("/n");
		hear("/d/e");
		return;
	default: write_something(from); break;
	}
	snprintf(from, sizeof from, "/%s", a);
	snprintf(to, sizeof to, "/%s", b);
	hear(from);
	hear(to);
}

static void
any_news(void **state)
{
	(void)state;
	assert_int_equal(builder_update(indexing.build, NULL), 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		seed = i;
		for (unsigned j = pick(4); j < 4; j++)
			change();
		indexing_settle();
		assert_in_range(builder_update(indexing.build, &news), 0, 1);
		pathlist_release(&news);
		expect_as_made_anew(i);
	}
}

/* What there are no news of is not looked at. */
static void
only_what_is_named(void **state)
{
	(void)state;
	write_file("a.gmi", "herring\n");
	look(1);
	write_file("a.gmi", "cod\n");
	temporary_file(&indexing.folder, "b.gmi", "herring\n");
	look(1);
	assert_int_equal(count("SELECT count(*) FROM file"), 1);
	look(0);
	hear("/.hidden");
	hear("/.hidden/x");
	hear("/none/such");
	hear("/a.gmi");
	look(0);
	hear("/");
	look(1);
	assert_int_equal(count("SELECT count(*) FROM file"), 2);
}

/* Whoever changes a file changes all its names, and all links to it. */
static void
other_names(void **state)
{
	char from[128], to[128];

	(void)state;
	write_file("a.gmi", "herring\n");
	temporary_link(&indexing.folder, "link.gmi", "a.gmi");
	snprintf(from, sizeof from, "%s/a.gmi", indexing.folder.path);
	snprintf(to, sizeof to, "%s/d/hard.gmi", indexing.folder.path);
	assert_int_equal(link(from, to), 0);
	look(1);
	assert_int_equal(count("SELECT count(DISTINCT hash) FROM file"), 1);
	assert_int_equal(count("SELECT count(*) FROM file"), 3);
	write_file("a.gmi", "sprat\n");
	look(1);
	assert_int_equal(count("SELECT count(DISTINCT hash) FROM file"), 1);
	assert_int_equal(count("SELECT count(*) FROM words"
			       " WHERE words MATCH 'sprat'"),
	    2);
	/* Another file by that name: the link leads there. */
	temporary_file(&indexing.folder, ".new", "a cod\n");
	assert_int_equal(
	    rename(temporary_path(&indexing.folder, ".new"), from), 0);
	hear("/a.gmi");
	look(1);
	assert_int_equal(count("SELECT count(DISTINCT hash) FROM file"), 2);
	assert_int_equal(count("SELECT count(*) FROM file WHERE size = 6 AND"
			       " path <> CAST('/d/hard.gmi' AS BLOB)"),
	    2);
	assert_int_equal(unlink(from), 0);
	hear("/a.gmi");
	look(1);
	assert_int_equal(count("SELECT count(*) FROM file"), 1);
	assert_int_equal(count("SELECT count(*) FROM gone"), 2);
}

/* It may change once more within a tick of the file system's clock. */
static void
what_has_just_changed_is_looked_at_again(void **state)
{
	(void)state;
	fakeclock_stop();
	write_file("a.gmi", "herring\n");
	assert_int_equal(builder_update(indexing.build, &news), 1);
	pathlist_release(&news);
	assert_int_equal(count("SELECT count(*) FROM file WHERE ctime = 0"), 1);
	look(1);
	assert_int_equal(count("SELECT count(*) FROM file WHERE ctime = 0"), 0);
	look(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_news),
		TEST(only_what_is_named),
		TEST(other_names),
		TEST(what_has_just_changed_is_looked_at_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
