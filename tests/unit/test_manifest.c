/* The manifest's lines, written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/manifest.h"

#define ARENA_CAP ((size_t)1 << 20)

/* Hashes as they stand in a text, and a time. */
#define A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UPPER \
	"00112233445566778899AABBCCDDEEFF" \
	"00112233445566778899AABBCCDDEEFF"
#define B "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define TIME "2026-11-24T20:29:42Z"
#define FIRST "# capsule manifest 1\n"
#define SINCE "# capsule manifest 1 since " TIME "\n"
#define ENTRY(size, name) "# " size " " TIME "\n" A " *" name "\n"
#define FILE_A "# 5 " TIME "\n" A " *a\n"

static const struct {
	const char *path;
	bool listed;
} paths[] = {
	{ "a", true },
	{ "a/b.gmi", true },
	{ "a/b/c/d e", true },
	{ "a/manifest", true },
	{ "manifest.gmi", true },
	{ ".well-known/x", true },
	{ "a/.well-known/x", true },
	{ "a..b", true },
	{ "\xff\xfe", true },
	{ "a\nb", true },
	{ "", false },
	{ "/", false },
	{ "/a", false },
	{ "a/", false },
	{ "a//b", false },
	{ ".", false },
	{ "..", false },
	{ "a/./b", false },
	{ "a/../b", false },
	{ "../a", false },
	{ "a/..", false },
	{ ".a", false },
	{ "a/.b", false },
	{ ".mirror/x", false },
	{ ".well-knownx", false },
	{ "manifest", false },
	{ "manifest.sig", false },
};

static void
lists(void **state)
{
	char longest[MANIFEST_PATH_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (manifest_lists(str_of(paths[i].path)) != paths[i].listed)
			fail_msg("%s", paths[i].path);
	assert_false(manifest_lists((struct str){ "a\0b", 3 }));
	memset(longest, 'a', sizeof longest);
	assert_true(manifest_lists((struct str){ longest, MANIFEST_PATH_MAX }));
	assert_false(manifest_lists((struct str){ longest, sizeof longest }));
}

static void
fill_hash(unsigned char hash[MANIFEST_HASH])
{
	for (int i = 0; i < MANIFEST_HASH; i++)
		hash[i] = (unsigned char)((i & 15) * 17);
}

/* Written as sha256sum would, and as the header of the room promises. */
static void
written(void **state)
{
	char memory[4096];
	struct buf out = buf_over(memory, sizeof memory);
	struct manifest_file file = { .size = 5, .time = 1795552182 };
	struct manifest_total total = { .files = 2, .bytes = 10 };

	(void)state;
	fill_hash(file.hash);
	fill_hash(total.hash);
	manifest_begin(&out, NULL);
	file.path = STR("a b");
	manifest_add(&out, &file);
	file.path = STR("a\\\n\rb");
	manifest_add(&out, &file);
	manifest_end(&out, &total);
	buf_char(&out, '\0');
	assert_string_equal(memory,
	    FIRST "# 5 " TIME "\n" A " *a b\n"
		  "# 5 " TIME "\n\\" A " *a\\\\\\n\\rb\n"
		  "# end 2 10 " A "\n");
}

static void
written_changes(void **state)
{
	char memory[4096];
	struct buf out = buf_over(memory, sizeof memory);
	struct manifest_file gone = { .path = STR("x\\y"), .removed = true };
	struct manifest_total total = { .files = 2, .bytes = 10 };
	int64_t since = 1795552182;

	(void)state;
	fill_hash(total.hash);
	manifest_begin(&out, &since);
	manifest_add(&out, &gone);
	manifest_whole(&out, &total);
	manifest_end(&out, &(struct manifest_total){ 0 });
	buf_char(&out, '\0');
	assert_string_equal(memory,
	    SINCE "# removed *x\\\\y\n"
		  "# whole 2 10 " A "\n"
		  "# end 0 0 00000000000000000000000000000000"
		  "00000000000000000000000000000000\n");
}

/* The longest of each fits what the header says. */
static void
longest_fits(void **state)
{
	static char memory[MANIFEST_RECORD_MAX], name[MANIFEST_PATH_MAX];
	struct buf out = buf_over(memory, sizeof memory);
	struct manifest_file file = { .path = { name, sizeof name },
		.size = UINT64_MAX,
		.time = INT64_MAX };
	struct manifest_total total = { UINT64_MAX, UINT64_MAX, { 0 } };

	(void)state;
	memset(name, '\n', sizeof name);
	manifest_add(&out, &file);
	assert_false(out.overflow);
	out.len = 0;
	file.removed = true;
	manifest_add(&out, &file);
	assert_false(out.overflow);
	out.len = 0;
	manifest_begin(&out, &file.time);
	manifest_whole(&out, &total);
	assert_false(out.overflow);
}

static void
parsed(void **state)
{
	static const char text[] = FIRST "# 0 1970-01-01T00:00:00Z\n" B " *a\n"
					 "# 7 " TIME "\n" A " *a-b\n"
					 "# 1 " TIME "\n\\" A " *a/\\\\\\n\n"
					 "# end 3 8 " B "\n";
	struct manifest manifest;
	struct arena arena;

	(void)state;
	arena_init(&arena, ARENA_CAP);
	assert_int_equal(manifest_parse(&arena, str_of(text), &manifest), 0);
	assert_false(manifest.is_changes);
	assert_int_equal(manifest.count, 3);
	assert_int_equal(manifest.total.files, 3);
	assert_int_equal(manifest.total.bytes, 8);
	assert_int_equal(manifest.total.hash[0], 0xca);
	assert_int_equal(
	    manifest.hashed, strstr(text, "# end") - (const char *)text);
	assert_string_equal(manifest.files[0].path.at, "a");
	assert_int_equal(manifest.files[0].size, 0);
	assert_int_equal(manifest.files[0].time, 0);
	assert_int_equal(manifest.files[0].hash[31], 0xbb);
	assert_string_equal(manifest.files[1].path.at, "a-b");
	assert_int_equal(manifest.files[1].size, 7);
	assert_int_equal(manifest.files[1].time, 1795552182);
	assert_string_equal(manifest.files[2].path.at, "a/\\\n");
	arena_release(&arena);
}

static void
parsed_changes(void **state)
{
	static const char text[] = SINCE FILE_A "# removed *b\\\\\n"
						"# removed *c\n"
						"# whole 9 99 " B "\n"
						"# end 1 5 " A "\n";
	struct manifest manifest;
	struct arena arena;

	(void)state;
	arena_init(&arena, ARENA_CAP);
	assert_int_equal(manifest_parse(&arena, str_of(text), &manifest), 0);
	assert_true(manifest.is_changes);
	assert_int_equal(manifest.since, 1795552182);
	assert_int_equal(manifest.count, 3);
	assert_false(manifest.files[0].removed);
	assert_true(manifest.files[1].removed);
	assert_string_equal(manifest.files[1].path.at, "b\\");
	assert_int_equal(manifest.whole.files, 9);
	assert_int_equal(manifest.whole.bytes, 99);
	assert_int_equal(manifest.whole.hash[0], 0xca);
	assert_int_equal(manifest.total.files, 1);
	arena_release(&arena);
}

/* What is no manifest, and the line that says so. */
static const struct {
	const char *text;
	size_t line;
} bad[] = {
	{ "", 1 },
	{ "51 Not found\r\n", 1 },
	{ "# capsule manifest 1", 1 },
	{ "# capsule manifest 2\n", 1 },
	{ "# capsule manifest 10\n# end 0 0 " A "\n", 1 },
	{ "# capsule manifest 1 since\n", 1 },
	{ "# capsule manifest 1 since now\n", 1 },
	{ FIRST, 2 },
	{ FIRST "\n", 2 },
	{ FIRST A " *a\n", 2 },
	{ FIRST FILE_A, 4 },
	{ FIRST FILE_A "# end 1 5 " A, 4 },
	{ FIRST FILE_A "# end 1 5 " A " \n", 4 },
	{ FIRST FILE_A "# end 1 5 " A "\n\n", 4 },
	{ FIRST FILE_A "# end 2 5 " A "\n", 4 },
	{ FIRST FILE_A "# end 1 4 " A "\n", 4 },
	{ FIRST FILE_A "# end 1 05 " A "\n", 4 },
	{ FIRST FILE_A "# end -1 5 " A "\n", 4 },
	{ FIRST FILE_A "# whole 1 5 " A "\n# end 1 5 " A "\n", 4 },
	{ FIRST "# removed *a\n# end 0 0 " A "\n", 2 },
	{ FIRST FILE_A FILE_A "# end 2 10 " A "\n", 5 },
	{ FIRST "# 5 " TIME "\n" A " *b\n" FILE_A "# end 2 10 " A "\n", 5 },
	{ FIRST "# 5 " TIME "\n" A " *a/b\n" FILE_A "# end 2 10 " A "\n", 5 },
	{ FIRST "# 5 " TIME "\n" A " *../a\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n" A " */a\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n" A " *.a\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n" A " *\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n" A " *manifest\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n" A " a\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n" A "  a\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n" A " *a\\b\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n\\" A " *ab\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n\\" A " *a\\tb\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n\\" A " *a\r\\n\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n\\" A " *a\\\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n0" A " *a\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\nA0\n", 3 },
	{ FIRST "# 5 " TIME "\n" UPPER " *a\n# end 1 5 " A "\n", 3 },
	{ FIRST "# 5 " TIME "\n", 3 },
	{ FIRST "# 5 " TIME " x\n" A " *a\n# end 1 5 " A "\n", 2 },
	{ FIRST "# 5\n" A " *a\n# end 1 5 " A "\n", 2 },
	{ FIRST "# 05 " TIME "\n" A " *a\n# end 1 5 " A "\n", 2 },
	{ FIRST "# 9223372036854775808 " TIME "\n" A " *a\n", 2 },
	{ FIRST "# 9223372036854775807 " TIME "\n" A " *a\n"
		"# 1 " TIME "\n" A " *b\n",
	    5 },
	{ FIRST "# hello\n", 2 },
	{ FIRST "#\n", 2 },
	{ SINCE "# end 0 0 " A "\n", 2 },
	{ SINCE "# whole 0 0 " A "\n", 3 },
	{ SINCE "# whole 0 0 " A "\n# whole 0 0 " A "\n", 3 },
	{ SINCE "# whole 0 0 " A "\n" FILE_A, 3 },
	{ SINCE "# removed *..\n", 2 },
	{ SINCE "# removed *a\\\n", 2 },
	{ SINCE "# removed *a\n" FILE_A, 4 },
	{ SINCE "# removed a\n", 2 },
};

static void
refused(void **state)
{
	struct manifest manifest;
	struct arena arena;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int result;

		arena_init(&arena, ARENA_CAP);
		result = manifest_parse(&arena, str_of(bad[i].text), &manifest);
		if (result != -1 || manifest.error == NULL ||
		    manifest.line != bad[i].line)
			fail_msg("%s: %d, line %zu, %s", bad[i].text, result,
			    manifest.line, manifest.error);
		arena_release(&arena);
	}
}

/* Without memory it is refused, wherever that ends. */
static void
no_memory(void **state)
{
	static const char text[] =
	    FIRST FILE_A "# 0 " TIME "\n" B " *b\n# end 2 5 " B "\n";
	struct manifest manifest;
	struct arena arena;
	int result = -1;
	size_t n = 0;

	(void)state;
	while (result == -1) {
		arena_init(&arena, ARENA_CAP);
		arena_fail_at(&arena, ++n);
		result = manifest_parse(&arena, str_of(text), &manifest);
		if (result == -1)
			assert_string_equal(manifest.error, "out of memory");
		arena_release(&arena);
	}
	assert_int_equal(n, 4);
}

/* A million lines cost no more than a few times themselves. */
static void
memory_in_proportion(void **state)
{
	size_t lines = 1000000, cap;
	struct buf text;
	struct manifest manifest;
	struct arena arena;
	char *memory = malloc(14 * lines + 200);

	(void)state;
	assert_non_null(memory);
	text = buf_over(memory, 14 * lines + 200);
	buf_add(&text, STR(SINCE));
	for (size_t i = 0; i < lines; i++)
		buf_add(&text, STR("# removed *a\n"));
	cap = text.len * 8;
	arena_init(&arena, cap);
	assert_int_equal(manifest_parse(&arena, buf_str(&text), &manifest), -1);
	assert_string_equal(manifest.error, "the paths are not sorted");
	arena_release(&arena);
	free(memory);
}

/* What the old one becomes by changes: added, replaced, removed. */
static void
merged(void **state)
{
	static const char was[] = FIRST ENTRY("1", "b") ENTRY("1", "c")
	    ENTRY("1", "e") "# end 3 3 " A "\n";
	static const char changed[] = SINCE ENTRY("2", "a")
	    ENTRY("2", "b") "# removed *c\n# removed *d\n" ENTRY(
		"2", "f") "# whole 4 7 " B "\n# end 3 6 " A "\n";
	char memory[4096];
	struct buf out = buf_over(memory, sizeof memory);
	struct manifest old, changes, now;
	struct arena arena;

	(void)state;
	arena_init(&arena, ARENA_CAP);
	assert_int_equal(manifest_parse(&arena, str_of(was), &old), 0);
	assert_int_equal(manifest_parse(&arena, str_of(changed), &changes), 0);
	manifest_merge(&old, &changes, &out);
	assert_int_equal(manifest_parse(&arena, buf_str(&out), &now), 0);
	buf_char(&out, '\0');
	assert_string_equal(memory,
	    FIRST ENTRY("2", "a") ENTRY("2", "b") ENTRY("1", "e")
		ENTRY("2", "f") "# end 4 7 " B "\n");
	arena_release(&arena);
}

static void
found(void **state)
{
	static const char text[] = FIRST ENTRY("1", "a/b") ENTRY("1", "a/c")
	    ENTRY("1", "b") "# end 3 3 " A "\n";
	static const struct {
		const char *path, *at_or_after;
	} rows[] = { { "", "a/b" }, { "a", "a/b" }, { "a/", "a/b" },
		{ "a/b", "a/b" }, { "a/b!", "a/c" }, { "a/c", "a/c" },
		{ "a/d", "b" }, { "b", "b" }, { "b/", NULL }, { "c", NULL } };
	struct manifest manifest;
	struct arena arena;

	(void)state;
	arena_init(&arena, ARENA_CAP);
	assert_int_equal(manifest_parse(&arena, str_of(text), &manifest), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str path = str_of(rows[i].path);
		const struct manifest_file *file =
		    manifest_at_or_after(&manifest, path);

		if (rows[i].at_or_after == NULL) {
			assert_null(file);
		} else {
			assert_non_null(file);
			assert_string_equal(file->path.at, rows[i].at_or_after);
		}
		if (file != NULL && str_equals(file->path, path))
			assert_ptr_equal(manifest_find(&manifest, path), file);
		else
			assert_null(manifest_find(&manifest, path));
	}
	manifest.count = 0;
	assert_null(manifest_find(&manifest, STR("a/b")));
	arena_release(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(written),
		cmocka_unit_test(written_changes),
		cmocka_unit_test(longest_fits),
		cmocka_unit_test(parsed),
		cmocka_unit_test(parsed_changes),
		cmocka_unit_test(refused),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(memory_in_proportion),
		cmocka_unit_test(merged),
		cmocka_unit_test(found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
