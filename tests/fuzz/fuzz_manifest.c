/*
 * A manifest from a server.  Whatever it is: what was read could be in a
 * capsule, is in order, and is written again as the bytes that were read.
 */
#include "fuzz.h"
#include "text/manifest.h"
#include "text/utc.h"

#define ARENA_CAP ((size_t)16 << 20)

static void
check_file(const struct manifest_file *file)
{
	CHECK(manifest_lists(file->path));
	CHECK(strlen(file->path.at) == file->path.len);
	CHECK(file->path.at[0] != '/' && file->path.at[0] != '\0');
	CHECK(strncmp(file->path.at, "../", 3) != 0);
	CHECK(strstr(file->path.at, "/../") == NULL);
	CHECK(file->time >= 0 && file->time <= UTC_MAX);
	CHECK(file->size <= INT64_MAX);
}

static void
check_written(const struct manifest *manifest, struct str text)
{
	struct buf out = buf_over(malloc(text.len), text.len);

	manifest_begin(&out, manifest->is_changes ? &manifest->since : NULL);
	for (size_t i = 0; i < manifest->count; i++)
		manifest_add(&out, &manifest->files[i]);
	if (manifest->is_changes)
		manifest_whole(&out, &manifest->whole);
	CHECK(out.len == manifest->hashed);
	manifest_end(&out, &manifest->total);
	CHECK(!out.overflow);
	CHECK(str_equals(buf_str(&out), text));
	free(out.at);
}

static void
check_manifest(const struct manifest *manifest, struct str text)
{
	uint64_t files = 0, bytes = 0;

	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_file *file = &manifest->files[i];

		check_file(file);
		CHECK(i == 0 || strcmp(file[-1].path.at, file->path.at) < 0);
		CHECK(manifest->is_changes || !file->removed);
		files += !file->removed;
		bytes += file->size;
	}
	CHECK(files == manifest->total.files);
	CHECK(bytes == manifest->total.bytes);
	check_written(manifest, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_text(data, size);
	struct manifest manifest;
	struct arena arena;
	int64_t time;

	arena_init(&arena, ARENA_CAP);
	if (manifest_parse(&arena, text, &manifest) == 0)
		check_manifest(&manifest, text);
	else
		CHECK(manifest.error != NULL && manifest.line > 0);
	arena_release(&arena);
	/* Again, with an allocation that fails. */
	arena_init(&arena, ARENA_CAP);
	arena_fail_at(&arena, 1 + size % 23);
	(void)!manifest_parse(&arena, text, &manifest);
	arena_release(&arena);
	if (utc_read(text, &time)) {
		char again[UTC_SIZE];

		utc_format(time, again);
		CHECK(str_equals(str_of(again), text));
	}
	return 0;
}
