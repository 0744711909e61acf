/* Writes and parses the manifest of a capsule; computes no hash. */
#include "text/manifest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "text/hex.h"
#include "text/utc.h"

#define HASH_DIGITS ((size_t)(2 * MANIFEST_HASH))
#define FIRST "# capsule manifest 1"

/* Bytes that must be escaped; see coreutils, "md5sum invocation". */
static bool
is_escaped(struct str path)
{
	return str_find(path, '\\') < path.len ||
	    str_find(path, '\n') < path.len || str_find(path, '\r') < path.len;
}

static bool
is_component(struct str name)
{
	if (str_starts(name, STR(".")))
		return str_equals(name, STR(".well-known"));
	return name.len > 0;
}

bool
manifest_lists(struct str path)
{
	struct str rest = path;

	if (path.len == 0 || path.len > MANIFEST_PATH_MAX ||
	    str_find(path, '\0') < path.len || str_ends(path, STR("/")) ||
	    str_equals(path, STR("manifest")) ||
	    str_equals(path, STR("manifest.sig")))
		return false;
	while (rest.len > 0)
		if (!is_component(str_cut(&rest, '/')))
			return false;
	return true;
}

/* Writing. */

static void
add_hash(struct buf *out, const unsigned char hash[MANIFEST_HASH])
{
	char digits[HASH_DIGITS + 1];

	hex_format(hash, MANIFEST_HASH, digits);
	buf_add(out, (struct str){ digits, HASH_DIGITS });
}

static void
add_time(struct buf *out, int64_t time)
{
	char text[UTC_SIZE];

	utc_format(time, text);
	buf_add(out, str_of(text));
}

static void
add_path(struct buf *out, struct str path)
{
	for (size_t i = 0; i < path.len; i++)
		switch (path.at[i]) {
		case '\\': buf_add(out, STR("\\\\")); break;
		case '\n': buf_add(out, STR("\\n")); break;
		case '\r': buf_add(out, STR("\\r")); break;
		default: buf_char(out, path.at[i]); break;
		}
	buf_char(out, '\n');
}

void
manifest_begin(struct buf *out, const int64_t *since)
{
	buf_add(out, STR(FIRST));
	if (since != NULL) {
		buf_add(out, STR(" since "));
		add_time(out, *since);
	}
	buf_char(out, '\n');
}

void
manifest_add(struct buf *out, const struct manifest_file *file)
{
	if (file->removed) {
		buf_add(out, STR("# removed *"));
		add_path(out, file->path);
		return;
	}
	buf_printf(out, "# %llu ", (unsigned long long)file->size);
	add_time(out, file->time);
	buf_add(out, is_escaped(file->path) ? STR("\n\\") : STR("\n"));
	add_hash(out, file->hash);
	buf_add(out, STR(" *"));
	add_path(out, file->path);
}

static void
add_total(
    struct buf *out, const char *which, const struct manifest_total *total)
{
	buf_printf(out, "# %s %llu %llu ", which,
	    (unsigned long long)total->files, (unsigned long long)total->bytes);
	add_hash(out, total->hash);
	buf_char(out, '\n');
}

void
manifest_whole(struct buf *out, const struct manifest_total *whole)
{
	add_total(out, "whole", whole);
}

void
manifest_end(struct buf *out, const struct manifest_total *total)
{
	add_total(out, "end", total);
}

/* Reading. */

struct manifest_reader {
	struct arena *arena;
	struct str text, rest;
	struct manifest *out;
	struct manifest_file *files;
	size_t room; /* of `files` */
	bool has_whole;
};

static int
bad(struct manifest_reader *reader, const char *what)
{
	reader->out->error = what;
	return -1;
}

/* Takes the next line, without its LF; a line without LF is incomplete. */
static int
take_line(struct manifest_reader *reader, struct str *line)
{
	reader->out->line++;
	if (str_find(reader->rest, '\n') == reader->rest.len)
		return bad(reader, "the manifest is incomplete");
	*line = str_cut(&reader->rest, '\n');
	return 0;
}

/* Removes `part` from the start; false when it is not there. */
static bool
take(struct str *rest, struct str part)
{
	if (!str_starts(*rest, part))
		return false;
	*rest = str_tail(*rest, part.len);
	return true;
}

/* Takes a number without sign or leading zeros. */
static bool
take_number(struct str *rest, uint64_t *out)
{
	struct str digits = str_cut(rest, ' ');
	unsigned long number;

	if ((digits.len > 1 && digits.at[0] == '0') ||
	    !str_number(digits, INT64_MAX, &number))
		return false;
	*out = number;
	return true;
}

static bool
take_hash(struct str *rest, unsigned char hash[MANIFEST_HASH])
{
	char digits[HASH_DIGITS + 1];

	if (rest->len < HASH_DIGITS)
		return false;
	for (size_t i = 0; i < MANIFEST_HASH; i++) {
		int high = hex_value(rest->at[2 * i]);
		int low = hex_value(rest->at[2 * i + 1]);

		if (high == -1 || low == -1)
			return false;
		hash[i] = (unsigned char)(high << 4 | low);
	}
	/* There is one form: upper-case digits are not part of it. */
	hex_format(hash, MANIFEST_HASH, digits);
	if (memcmp(digits, rest->at, HASH_DIGITS) != 0)
		return false;
	*rest = str_tail(*rest, HASH_DIGITS);
	return true;
}

bool
manifest_hash_read(struct str text, unsigned char hash[MANIFEST_HASH])
{
	return text.len == HASH_DIGITS && take_hash(&text, hash);
}

static bool
unescape(struct buf *out, struct str path)
{
	for (size_t i = 0; i < path.len; i++) {
		char c = path.at[i];

		if (c == '\r')
			return false;
		if (c == '\\') {
			if (++i == path.len)
				return false;
			switch (path.at[i]) {
			case '\\': break;
			case 'n': c = '\n'; break;
			case 'r': c = '\r'; break;
			default: return false;
			}
		}
		buf_char(out, c);
	}
	return true;
}

/* Adds a file, whose other fields are set. */
static int
append(struct manifest_reader *reader, struct manifest_file *file,
    struct str path, bool escaped)
{
	struct manifest *out = reader->out;
	struct buf text = buf_in(reader->arena, path.len + 1);

	if (text.overflow)
		return bad(reader, "out of memory");
	if (!escaped)
		buf_add(&text, path);
	else if (!unescape(&text, path))
		return bad(reader, "invalid escape in a path");
	text.at[text.len] = '\0';
	file->path = buf_str(&text);
	if (!manifest_lists(file->path))
		return bad(reader, "a path that a capsule cannot have");
	/* Each path has one form: it is written as it was parsed. */
	if (!file->removed && escaped != is_escaped(file->path))
		return bad(reader, "wrong escape in a path");
	if (out->count > 0 &&
	    manifest_compare(&reader->files[out->count - 1], file) >= 0)
		return bad(reader, "the paths are not sorted");
	assert(out->count < reader->room);
	reader->files[out->count++] = *file;
	return 0;
}

/* Parses the two lines of a file; the first is already taken up to the size. */
static int
read_file(struct manifest_reader *reader, struct str line)
{
	struct manifest_total *total = &reader->out->total;
	struct manifest_file file = { 0 };
	bool escaped;

	if (!take_number(&line, &file.size) || !utc_read(line, &file.time))
		return bad(reader, "no valid size and time");
	if (take_line(reader, &line) == -1)
		return -1;
	escaped = take(&line, STR("\\"));
	if (!take_hash(&line, file.hash) || !take(&line, STR(" *")))
		return bad(reader, "no valid hash");
	if (file.size > (uint64_t)INT64_MAX - total->bytes)
		return bad(reader, "the sizes are too large");
	total->files++;
	total->bytes += file.size;
	return append(reader, &file, line, escaped);
}

static bool
read_total(struct str line, struct manifest_total *out)
{
	return take_number(&line, &out->files) &&
	    take_number(&line, &out->bytes) && take_hash(&line, out->hash) &&
	    line.len == 0;
}

static int
read_whole(struct manifest_reader *reader, struct str line)
{
	if (!reader->out->is_changes || reader->has_whole ||
	    !read_total(line, &reader->out->whole))
		return bad(reader, "unexpected line");
	reader->has_whole = true;
	return 0;
}

static int
read_end(struct manifest_reader *reader, struct str line)
{
	struct manifest_total total;

	if (!read_total(line, &total) || reader->rest.len > 0 ||
	    total.files != reader->out->total.files ||
	    total.bytes != reader->out->total.bytes ||
	    reader->has_whole != reader->out->is_changes)
		return bad(reader,
		    "the totals at the end do not match the lines before");
	reader->out->total = total;
	return 0;
}

/* Parses one record; returns 1 at the end. */
static int
read_record(struct manifest_reader *reader)
{
	struct str line;
	size_t start = reader->text.len - reader->rest.len;

	if (take_line(reader, &line) == -1)
		return -1;
	if (!take(&line, STR("# ")))
		return bad(reader, "unexpected line");
	if (take(&line, STR("end "))) {
		reader->out->hashed = start;
		return read_end(reader, line) == -1 ? -1 : 1;
	}
	if (take(&line, STR("whole ")))
		return read_whole(reader, line);
	if (reader->has_whole)
		return bad(reader, "unexpected line");
	if (reader->out->is_changes && take(&line, STR("removed *")))
		return append(reader,
		    &(struct manifest_file){ .removed = true }, line, true);
	return read_file(reader, line);
}

static int
read_begin(struct manifest_reader *reader)
{
	struct str line;

	if (take_line(reader, &line) == -1)
		return -1;
	if (!take(&line, STR(FIRST)))
		return bad(reader, "not a manifest of a capsule");
	reader->out->is_changes = take(&line, STR(" since "));
	if (reader->out->is_changes ? !utc_read(line, &reader->out->since)
				    : line.len > 0)
		return bad(reader, "a manifest of another version");
	return 0;
}

/* An upper limit on the number of files in the text. */
static size_t
count_room(const struct manifest_reader *reader)
{
	struct str rest = reader->rest;
	size_t lines = 0;

	while (rest.len > 0) {
		str_cut(&rest, '\n');
		lines++;
	}
	return reader->out->is_changes ? lines : lines / 2;
}

int
manifest_parse(struct arena *arena, struct str text, struct manifest *out)
{
	struct manifest_reader reader = {
		.arena = arena, .text = text, .rest = text, .out = out
	};
	int result;

	*out = (struct manifest){ 0 };
	if (read_begin(&reader) == -1)
		return -1;
	reader.room = count_room(&reader);
	reader.files = arena_alloc(arena, reader.room * sizeof *reader.files);
	if (reader.files == NULL)
		return bad(&reader, "out of memory");
	do
		result = read_record(&reader);
	while (result == 0);
	out->files = reader.files;
	return result == 1 ? 0 : -1;
}

int
manifest_compare(const struct manifest_file *a, const struct manifest_file *b)
{
	return str_compare(a->path, b->path);
}

static int
in_order(const void *a, const void *b)
{
	return manifest_compare(a, b);
}

void
manifest_sort(struct manifest_file *files, size_t count)
{
	if (count > 0)
		qsort(files, count, sizeof *files, in_order);
}

const struct manifest_file *
manifest_at_or_after(const struct manifest *manifest, struct str path)
{
	struct manifest_file wanted = { .path = path };
	size_t low = 0, high = manifest->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (manifest_compare(&manifest->files[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < manifest->count ? &manifest->files[low] : NULL;
}

const struct manifest_file *
manifest_find(const struct manifest *manifest, struct str path)
{
	const struct manifest_file *file = manifest_at_or_after(manifest, path);

	return file != NULL && str_equals(file->path, path) ? file : NULL;
}

void
manifest_merge(
    const struct manifest *old, const struct manifest *changes, struct buf *out)
{
	size_t i = 0, j = 0;

	manifest_begin(out, NULL);
	while (i < old->count || j < changes->count) {
		const struct manifest_file *file;
		int order = i == old->count ? 1
		    : j == changes->count
		    ? -1
		    : manifest_compare(&old->files[i], &changes->files[j]);

		file = order < 0 ? &old->files[i] : &changes->files[j];
		i += order <= 0;
		j += order >= 0;
		if (!file->removed)
			manifest_add(out, file);
	}
	manifest_end(out, &changes->whole);
}
