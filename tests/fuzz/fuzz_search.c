/*
 * Questions of any bytes to a small index: each ends, and nothing that is
 * shown could forge a line.
 */
#include "../unit/indexing.h"
#include "fuzz.h"
#include "index/search.h"

#include <unistr.h>

static struct indexing indexing;

static void
remove_all(void)
{
	indexing_end(&indexing);
}

static void
fill(void)
{
	static const char *const files[][2] = {
		{ "a.gmi",
		    "# The harbour\n\nShips come in at dawn. Lamps burn!\n"
		    "## Tides\nHigh water is at noon, or near.\n" },
		{ "b.gmi", "# Lamps\n=> /a.gmi ships\n```\n*art*\n```\n" },
		{ "c.txt", "Ukrainian grain \xff antidisestablishment\n" },
		{ "d.gmi",
		    "# \xc3\x9c"
		    "bung\n\xe4\xb8\x96\xe7\x95\x8c Gr\xc3\xbc\xc3\x9f"
		    "e\n" },
	};

	indexing_begin(&indexing, true);
	atexit(remove_all);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		temporary_file(&indexing.folder, files[i][0], files[i][1]);
	CHECK(builder_update(indexing.build, NULL) == 1);
}

static void
check_text(struct str text)
{
	CHECK(u8_check((const uint8_t *)text.at, text.len) == NULL);
	CHECK(memchr(text.at, '\n', text.len) == NULL);
}

static void
check_hit(const struct hits_page *hit)
{
	CHECK(str_starts(hit->path, STR("/")));
	CHECK(hit->title.len > 0);
	check_text(hit->title);
	if (hit->heading.len > 0)
		check_text(hit->heading);
	if (hit->passage.len > 0)
		check_text(hit->passage);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct search_result result;
	struct arena arena;

	if (indexing.build == NULL)
		fill();
	if (size == 0 || size > 4096)
		return 0;
	arena_init(&arena, (size_t)256 << 10);
	CHECK(search_run(&indexing.place, &arena,
		  &(struct search_wish){ fuzz_text(data + 1, size - 1),
		      data[0] % 3, &indexing.tree },
		  &result) == 0);
	CHECK(result.found == 0 || result.count <= result.found);
	for (size_t i = 0; i < result.count; i++)
		check_hit(&result.hits[i]);
	arena_release(&arena);
	return 0;
}
