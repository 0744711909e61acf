/* Archives: the same bytes for the same files, and what libarchive reads. */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "sys/archive.h"

#define SIZE ((size_t)4 << 20)

static char bytes[SIZE], again[SIZE], content[300000];

/* What comes out, at most SIZE bytes. */
struct collector {
	struct sink sink;
	char *at;
	size_t len;
};

static int
collect(struct sink *sink, struct str part)
{
	struct collector *collector = (struct collector *)sink;

	assert_true(part.len < SIZE - collector->len);
	memcpy(collector->at + collector->len, part.at, part.len);
	collector->len += part.len;
	return 0;
}

static int
discard(struct sink *sink, struct str part)
{
	(void)sink;
	(void)part;
	return 0;
}

struct refuser {
	struct sink sink;
	int left; /* parts that it still takes */
};

static int
refuse(struct sink *sink, struct str part)
{
	(void)part;
	errno = EPIPE;
	return ((struct refuser *)sink)->left-- > 0 ? 0 : -1;
}

static void
pack_file(
    struct archive_writer *writer, const char *path, size_t size, int64_t time)
{
	const struct archive_file file = {
		.path = str_of(path), .size = size, .time = time
	};

	assert_int_equal(archive_writer_begin(writer, &file), 0);
	for (size_t at = 0; at < size; at += 5000)
		assert_int_equal(archive_writer_write(writer,
				     (struct str){ content + at,
					 size - at < 5000 ? size - at : 5000 }),
		    0);
}

static const struct {
	const char *path;
	size_t size;
	int64_t time, stored;
} files[] = {
	{ "a.gmi", 12, 1000000000, 1000000000 },
	{ "empty", 0, 1000000001, 1000000001 },
	{ "long/0123456789012345678901234567890123456789012345678901234567890"
	  "123456789012345678901234567890123456789012345678901234567890123456"
	  "7890123456789",
	    5, 1000000000, 1000000000 },
	{ "gr\xc3\xbc\xc3\x9f"
	  "e.txt",
	    5, 1000000000, 1000000000 },
	{ "large", sizeof content, 1500000000, 1500000000 },
	{ "before 1970", 1, -5, 0 },
	{ "past 2106", 1, INT64_C(99999999999), INT64_C(0xffffffff) },
	{ "\xff\xfe", 1, 1000000000, 1000000000 },
};

#define FILE_COUNT (sizeof files / sizeof *files)

static size_t
pack_files(enum archive_type type, char *at)
{
	struct collector out = { { collect }, at, 0 };
	struct archive_writer *writer = archive_writer_new(type, &out.sink);

	assert_non_null(writer);
	for (size_t i = 0; i < FILE_COUNT; i++)
		pack_file(writer, files[i].path, files[i].size, files[i].time);
	assert_int_equal(archive_writer_end(writer), 0);
	archive_writer_free(writer);
	return out.len;
}

static void
check_entry(struct archive *archive, struct archive_entry *entry, size_t i)
{
	static char got[sizeof content + 1];

	assert_string_equal(archive_entry_pathname(entry), files[i].path);
	assert_int_equal(archive_entry_mtime(entry), files[i].stored);
	assert_int_equal(archive_entry_uid(entry), 0);
	assert_int_equal(archive_entry_gid(entry), 0);
	assert_int_equal(archive_entry_mode(entry), AE_IFREG | 0644);
	assert_int_equal(
	    archive_read_data(archive, got, sizeof got), files[i].size);
	assert_memory_equal(got, content, files[i].size);
}

static void
what_goes_in_comes_out(void **state)
{
	(void)state;
	for (int type = ARCHIVE_ZIP; type <= ARCHIVE_TAR; type++) {
		size_t len = pack_files((enum archive_type)type, bytes);
		struct archive *archive = archive_read_new();
		struct archive_entry *entry;

		/* What is read comes in the locale's encoding. */
		assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
		assert_int_equal(archive_read_support_format_zip(archive), 0);
		assert_int_equal(archive_read_support_format_tar(archive), 0);
		assert_int_equal(archive_read_support_filter_gzip(archive), 0);
		assert_int_equal(
		    archive_read_open_memory(archive, bytes, len), 0);
		for (size_t i = 0; i < FILE_COUNT; i++) {
			assert_int_equal(
			    archive_read_next_header(archive, &entry), 0);
			check_entry(archive, entry, i);
		}
		assert_int_equal(
		    archive_read_next_header(archive, &entry), ARCHIVE_EOF);
		archive_read_free(archive);
		assert_non_null(setlocale(LC_CTYPE, "C"));
	}
}

static void
it_is_the_same_each_time(void **state)
{
	(void)state;
	for (int type = ARCHIVE_ZIP; type <= ARCHIVE_TAR; type++) {
		size_t len = pack_files((enum archive_type)type, bytes);

		/* Wherever the machine stands. */
		setenv("TZ", "Asia/Baku", 1);
		archive_prepare();
		assert_int_equal(
		    pack_files((enum archive_type)type, again), len);
		assert_memory_equal(bytes, again, len);
	}
}

/* A gzip tells the time of its making, unless it is told not to. */
static void
a_tar_has_no_time_of_its_own(void **state)
{
	static const char none[4] = "";

	(void)state;
	pack_files(ARCHIVE_TAR, bytes);
	assert_memory_equal(bytes, "\x1f\x8b\x08", 3);
	assert_memory_equal(bytes + 4, none, 4);
}

/* Bit 11 of a zip's flags: names are UTF-8. */
static void
a_zip_says_that_names_are_utf8(void **state)
{
	struct collector out = { { collect }, bytes, 0 };
	struct archive_writer *writer =
	    archive_writer_new(ARCHIVE_ZIP, &out.sink);

	(void)state;
	pack_file(writer,
	    "gr\xc3\xbc\xc3\x9f"
	    "e.txt",
	    5, 0);
	assert_int_equal(archive_writer_end(writer), 0);
	assert_true(out.len > 30);
	assert_memory_equal(bytes, "PK\3\4", 4);
	assert_int_equal(bytes[7] & 8, 8);
	archive_writer_free(writer);
	/* But not where that would be a lie. */
	out.len = 0;
	writer = archive_writer_new(ARCHIVE_ZIP, &out.sink);
	pack_file(writer, "\xff\xfe", 5, 0);
	assert_int_equal(archive_writer_end(writer), 0);
	assert_true(out.len > 30);
	assert_int_equal(bytes[7] & 8, 0);
	archive_writer_free(writer);
}

/* Packs files of that size until the sink takes no more. */
static void
pack_refused(enum archive_type type, int parts, size_t size)
{
	struct refuser refuser = { { refuse }, parts };
	struct archive_writer *writer = archive_writer_new(type, &refuser.sink);
	const struct archive_file file = { .path = STR("noise"), .size = size };
	int result = 0;

	for (size_t at = 0; result == 0 && at + size <= sizeof content;
	     at += size) {
		result = archive_writer_begin(writer, &file);
		if (result == 0)
			result = archive_writer_write(
			    writer, (struct str){ content + at, size });
	}
	if (result == 0)
		result = archive_writer_end(writer);
	assert_int_equal(result, -1);
	assert_int_equal(errno, EPIPE);
	archive_writer_free(writer);
}

/* A sink that takes no more is no fault of libarchive's. */
static void
a_sink_may_refuse(void **state)
{
	unsigned noise = 1;

	(void)state;
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (char)((noise = noise * 1103515245 + 12345) >> 16);
	pack_refused(ARCHIVE_ZIP, 0, 75000);
	for (int parts = 0; parts < 18; parts++) {
		pack_refused(ARCHIVE_TAR, parts, 1000);
		pack_refused(ARCHIVE_TAR, parts, 75000);
	}
}

static void
it_may_be_left_anywhere(void **state)
{
	const struct archive_file file = { .path = STR("a"), .size = 100 };

	(void)state;
	for (int type = ARCHIVE_ZIP; type <= ARCHIVE_TAR; type++) {
		struct sink sink = { discard };
		struct archive_writer *writer =
		    archive_writer_new((enum archive_type)type, &sink);

		archive_writer_free(writer);
		writer = archive_writer_new((enum archive_type)type, &sink);
		assert_int_equal(archive_writer_begin(writer, &file), 0);
		archive_writer_free(writer);
		writer = archive_writer_new((enum archive_type)type, &sink);
		assert_int_equal(archive_writer_begin(writer, &file), 0);
		assert_int_equal(archive_writer_write(writer, STR("some")), 0);
		archive_writer_free(writer);
	}
	archive_writer_free(NULL);
}

static void
a_path_has_an_end(void **state)
{
	struct sink sink = { discard };
	struct archive_writer *writer = archive_writer_new(ARCHIVE_TAR, &sink);
	const struct archive_file file = { .path = { content, 5000 } };

	(void)state;
	assert_int_equal(archive_writer_begin(writer, &file), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	archive_writer_free(writer);
}

static int
set_up(void **state)
{
	(void)state;
	archive_prepare();
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (char)(i * i / 7 % 61 + ' ');
	return 0;
}

/* Counts what an archive has; `most` files are welcome. */
struct counter {
	struct archive_visitor visitor;
	size_t files, len, most;
	uint64_t promised;
};

static int
count_file(struct archive_visitor *visitor, const struct archive_file *file)
{
	struct counter *counter = (struct counter *)visitor;

	assert_int_equal(counter->len, counter->promised);
	counter->promised += file->size;
	errno = EPIPE;
	return ++counter->files > counter->most ? -1 : 0;
}

static int
count_bytes(struct archive_visitor *visitor, struct str part)
{
	((struct counter *)visitor)->len += part.len;
	return 0;
}

/* Reads the archive in `bytes`; returns 0 or errno. */
static int
read_back(size_t len, uint64_t limit, struct counter *counter)
{
	FILE *file = tmpfile();
	size_t most = counter->most;
	int error = 0;

	*counter = (struct counter){ .visitor = { count_file, count_bytes },
		.most = most };
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	rewind(file);
	if (archive_read(fileno(file), limit, &counter->visitor) == -1)
		error = errno;
	fclose(file);
	return error;
}

static void
reading_has_limits(void **state)
{
	size_t len = pack_files(ARCHIVE_TAR, bytes);
	struct counter counter = { .most = SIZE_MAX };
	size_t all;

	(void)state;
	assert_int_equal(read_back(len, UINT64_MAX, &counter), 0);
	assert_int_equal(counter.files, sizeof files / sizeof *files);
	assert_int_equal(counter.len, counter.promised);
	all = counter.len;
	assert_int_equal(read_back(len, all / 2, &counter), EFBIG);
	assert_in_range(counter.len, 0, all / 2);
	assert_int_equal(read_back(len, 0, &counter), EFBIG);
	assert_int_equal(counter.files, 0);
	assert_int_equal(read_back(len / 2, UINT64_MAX, &counter), EINVAL);
	assert_in_range(counter.len, 1, all - 1);
	assert_int_equal(read_back(0, UINT64_MAX, &counter), EINVAL);
	counter.most = 1;
	assert_int_equal(read_back(len, UINT64_MAX, &counter), EPIPE);
	assert_int_equal(counter.files, 2);
	len = pack_files(ARCHIVE_ZIP, bytes);
	assert_int_equal(read_back(len, UINT64_MAX, &counter), EINVAL);
	assert_int_equal(counter.files, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(it_is_the_same_each_time),
		cmocka_unit_test(a_tar_has_no_time_of_its_own),
		cmocka_unit_test(a_zip_says_that_names_are_utf8),
		cmocka_unit_test(a_sink_may_refuse),
		cmocka_unit_test(it_may_be_left_anywhere),
		cmocka_unit_test(a_path_has_an_end),
		cmocka_unit_test(reading_has_limits),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
