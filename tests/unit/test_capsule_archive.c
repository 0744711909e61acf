/* Downloads of a tree: what is in them, and when they are not finished. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "folder.h"
#include "fakeclock.h"
#include "index/capsule_archive.h"
#include "sys/archive.h"
#include "sys/sha256.h"
#include "text/manifest.h"

#define SIZE ((size_t)4 << 20)

static char first[SIZE], second[SIZE];

static const struct str names[] = { STR_INIT("example.org") };
static const struct site site = {
	.names = names, .name_count = 1, .lang = STR_INIT("en,fr")
};
static uint64_t limit;

static int
set_up(void **state)
{
	(void)state;
	archive_prepare();
	limit = 0;
	/* A look of a moment sees all, however slow the machine is. */
	fakeclock_stop();
	temporary_make(&folder);
	temporary_file(&folder, "index.gmi", "text\n# The harbour\n");
	temporary_file(&folder, "a", "first");
	temporary_folder(&folder, "qa");
	temporary_file(&folder, "qa/page.gmi", "# Page\n");
	temporary_file(&folder, "qa/.draft", "hidden");
	temporary_link(&folder, "qa/up", "..");
	temporary_link(&folder, "out", "/etc");
	arena_init(&arena, 256 << 10);
	return tree_init(&tree, folder.path, NULL);
}

static enum status
try_archive(enum capsule_archive_kind kind, const char *directory,
    struct capsule_archive *out)
{
	*out = (struct capsule_archive){ .kind = kind,
		.arena = &arena,
		.tree = &tree,
		.site = &site,
		.directory = str_of(directory),
		.limit = limit };
	return capsule_archive_open(out);
}

static struct capsule_archive
open_archive(enum capsule_archive_kind kind, const char *directory)
{
	struct capsule_archive archive;

	assert_int_equal(
	    try_archive(kind, directory, &archive), STATUS_SUCCESS);
	return archive;
}

/* What is written; the length, or -1 with errno set. */
static ssize_t
drain(struct capsule_archive archive, char *at)
{
	struct sink_memory out = sink_memory_of(SIZE);
	int result = capsule_archive_write(&archive, &out.sink);
	int error = errno;

	if (result == 0)
		memcpy(at, out.at, out.len);
	free(out.at);
	errno = error;
	return result == -1 ? -1 : (ssize_t)out.len;
}

static char manifest[4096];

/*
 * The text of an archive of small files: "NAME=CONTENT;" for each, but for
 * the manifest, which is kept aside.
 */
static const char *
text_of(const char *bytes, size_t len)
{
	static char text[4096];
	struct buf out = buf_over(text, sizeof text - 1);
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;

	archive_read_support_format_zip(archive);
	archive_read_support_format_tar(archive);
	archive_read_support_filter_gzip(archive);
	assert_int_equal(archive_read_open_memory(archive, bytes, len), 0);
	manifest[0] = '\0';
	while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
		char content[4096];
		la_ssize_t got =
		    archive_read_data(archive, content, sizeof content - 1);

		assert_true(got >= 0);
		content[got] = '\0';
		assert_string_equal(manifest, "");
		if (strcmp(archive_entry_pathname(entry), "manifest") == 0 &&
		    content[0] == '#')
			snprintf(manifest, sizeof manifest, "%s", content);
		else
			buf_printf(&out, "%s=%.*s;",
			    archive_entry_pathname(entry), (int)got, content);
	}
	archive_read_free(archive);
	assert_false(out.overflow);
	text[out.len] = '\0';
	return text;
}

#define METADATA \
	"metadata.txt=title: The harbour\ngpubVersion: 1.0.0\n" \
	"index: index.gmi\ncharset: UTF-8\nlanguage: en\n;"
#define FILES "a=first;index.gmi=text\n# The harbour\n;qa/page.gmi=# Page\n;"

static void
what_visitors_see_is_in_it(void **state)
{
	static const struct {
		enum capsule_archive_kind kind;
		const char *directory, *want;
	} table[] = {
		{ CAPSULE_ARCHIVE_GEMPUB, "/", METADATA FILES },
		{ CAPSULE_ARCHIVE_ZIP, "/", FILES },
		{ CAPSULE_ARCHIVE_TAR, "/", FILES },
		{ CAPSULE_ARCHIVE_TAR, "/qa/", "qa/page.gmi=# Page\n;" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		ssize_t len = drain(
		    open_archive(table[i].kind, table[i].directory), first);

		assert_true(len > 0);
		assert_string_equal(text_of(first, (size_t)len), table[i].want);
	}
}

/* The last file, of all that are in it but what was made for it. */
static void
a_manifest_proves_it(void **state)
{
	static const enum capsule_archive_kind kinds[] = {
		CAPSULE_ARCHIVE_GEMPUB, CAPSULE_ARCHIVE_ZIP, CAPSULE_ARCHIVE_TAR
	};
	unsigned char hash[SHA256_SIZE];
	struct manifest parsed;
	ssize_t len;

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		len = drain(open_archive(kinds[i], "/"), first);
		text_of(first, (size_t)len);
		assert_int_equal(
		    manifest_parse(&arena, str_of(manifest), &parsed), 0);
		assert_int_equal(parsed.count, 3);
		assert_true(str_equals(parsed.files[0].path, STR("a")));
		assert_true(
		    str_equals(parsed.files[2].path, STR("qa/page.gmi")));
		assert_int_equal(parsed.files[0].size, 5);
		assert_int_equal(sha256_of(STR("first"), hash), 0);
		assert_memory_equal(parsed.files[0].hash, hash, sizeof hash);
		assert_int_equal(
		    sha256_of((struct str){ manifest, parsed.hashed }, hash),
		    0);
		assert_memory_equal(parsed.total.hash, hash, sizeof hash);
	}
	len = drain(open_archive(CAPSULE_ARCHIVE_TAR, "/qa/"), first);
	text_of(first, (size_t)len);
	assert_string_equal(manifest, "");
	temporary_file(&folder, "manifest", "mine");
	len = drain(open_archive(CAPSULE_ARCHIVE_TAR, "/"), first);
	assert_non_null(strstr(text_of(first, (size_t)len), "manifest=mine;"));
}

static void
the_author_may_say_what_a_book_is(void **state)
{
	ssize_t len;

	(void)state;
	temporary_file(&folder, "metadata.txt", "title: Mine\n");
	len = drain(open_archive(CAPSULE_ARCHIVE_GEMPUB, "/"), first);
	assert_string_equal(text_of(first, (size_t)len),
	    "a=first;index.gmi=text\n# The harbour\n;"
	    "metadata.txt=title: Mine\n;qa/page.gmi=# Page\n;");
}

static void
a_book_has_a_title_in_any_case(void **state)
{
	ssize_t len;

	(void)state;
	assert_int_equal(unlink(temporary_path(&folder, "index.gmi")), 0);
	temporary_file(&folder, "index.gemini", "no heading\n");
	len = drain(open_archive(CAPSULE_ARCHIVE_GEMPUB, "/"), first);
	assert_memory_equal(text_of(first, (size_t)len),
	    "metadata.txt=title: example.org\ngpubVersion: 1.0.0\n"
	    "index: index.gemini\n",
	    60);
	assert_int_equal(unlink(temporary_path(&folder, "index.gemini")), 0);
	len = drain(open_archive(CAPSULE_ARCHIVE_GEMPUB, "/"), first);
	assert_null(strstr(text_of(first, (size_t)len), "index:"));
}

static void
twice_is_the_same(void **state)
{
	static const enum capsule_archive_kind kinds[] = {
		CAPSULE_ARCHIVE_GEMPUB, CAPSULE_ARCHIVE_TAR
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ssize_t len = drain(open_archive(kinds[i], "/"), first);

		assert_int_equal(
		    chmod(temporary_path(&folder, "a"), 0600 + (mode_t)i * 044),
		    0);
		assert_int_equal(
		    drain(open_archive(kinds[i], "/"), second), len);
		assert_memory_equal(first, second, (size_t)len);
	}
}

/* Changes the file "a" when the first bytes have come. */
struct meddler {
	struct sink sink;
	const char *content; /* then */
	bool done;
};

static int
meddle(struct sink *sink, struct str bytes)
{
	struct meddler *meddler = (struct meddler *)sink;

	(void)bytes;
	if (!meddler->done)
		temporary_file(&folder, "a", meddler->content);
	meddler->done = true;
	return 0;
}

static void
a_file_that_changes_ends_it(void **state)
{
	static char large[300000];
	static const char *const becomes[] = { "shorter", large };
	unsigned noise = 1;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof large; i++) {
		noise = noise * 1103515245 + 12345;
		large[i] = (char)('0' + (noise >> 16) % 64);
	}
	for (size_t i = 0; i < 2; i++) {
		struct meddler meddler = { { meddle }, becomes[i], false };
		struct capsule_archive archive;

		temporary_file(&folder, "a", large);
		archive = open_archive(CAPSULE_ARCHIVE_TAR, "/");
		assert_int_equal(
		    capsule_archive_write(&archive, &meddler.sink), -1);
		assert_int_equal(errno, ESTALE);
		assert_true(str_equals(archive.culprit, STR("a")));
	}
}

/* An empty archive would look like an empty capsule. */
static void
what_is_not_there_is_not_packed(void **state)
{
	struct capsule_archive archive;

	(void)state;
	assert_int_equal(try_archive(CAPSULE_ARCHIVE_TAR, "/none/", &archive),
	    STATUS_NOT_FOUND);
	assert_int_equal(try_archive(CAPSULE_ARCHIVE_TAR, "/a/", &archive),
	    STATUS_NOT_FOUND);
}

static void
too_large_is_told_at_once(void **state)
{
	struct capsule_archive archive;
	int fd = open(temporary_path(&folder, "a"), O_WRONLY);

	(void)state;
	assert_int_equal(ftruncate(fd, 1000), 0);
	close(fd);
	limit = 500;
	assert_int_equal(
	    try_archive(CAPSULE_ARCHIVE_TAR, "/", &archive), STATUS_TOO_LARGE);
	/* Each directory for itself. */
	drain(open_archive(CAPSULE_ARCHIVE_TAR, "/qa/"), first);
	limit = 1100;
	drain(open_archive(CAPSULE_ARCHIVE_TAR, "/"), first);
}

static void
what_grows_too_large_is_cut(void **state)
{
	struct capsule_archive archive;

	(void)state;
	limit = 500;
	archive = open_archive(CAPSULE_ARCHIVE_TAR, "/");
	assert_int_equal(
	    truncate(temporary_path(&folder, "index.gmi"), 1000), 0);
	assert_int_equal(drain(archive, first), -1);
	assert_int_equal(errno, EFBIG);
}

static int
refuse(struct sink *sink, struct str bytes)
{
	(void)sink;
	(void)bytes;
	errno = EPIPE;
	return -1;
}

static void
a_sink_may_refuse(void **state)
{
	struct sink sink = { refuse };
	struct capsule_archive archive = open_archive(CAPSULE_ARCHIVE_TAR, "/");

	(void)state;
	assert_int_equal(capsule_archive_write(&archive, &sink), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(archive.culprit.len, 0);
}

static void
lack_of_memory_leaks_nothing(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct capsule_archive archive;
		enum status status;

		arena_fail_at(&arena, n);
		status = try_archive(CAPSULE_ARCHIVE_GEMPUB, "/", &archive);
		arena_fail_at(&arena, 0);
		if (status == STATUS_SUCCESS) {
			break;
		}
		assert_int_equal(status, STATUS_FAILURE);
		assert_true(n < 20);
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, folder_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_visitors_see_is_in_it),
		TEST(a_manifest_proves_it),
		TEST(the_author_may_say_what_a_book_is),
		TEST(a_book_has_a_title_in_any_case),
		TEST(twice_is_the_same),
		TEST(a_file_that_changes_ends_it),
		TEST(what_is_not_there_is_not_packed),
		TEST(too_large_is_told_at_once),
		TEST(what_grows_too_large_is_cut),
		TEST(a_sink_may_refuse),
		TEST(lack_of_memory_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
