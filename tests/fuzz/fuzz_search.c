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
	struct search *search;
	struct arena arena;

	if (indexing.build == NULL)
		fill();
	if (size == 0 || size > 4096)
		return 0;
	arena_init(&arena, (size_t)256 << 10);
	search = search_begin(&indexing.place, &arena,
	    &(struct search_wish){
		fuzz_text(data + 1, size - 1), data[0] % 3, &indexing.tree });
	CHECK(search != NULL);
	CHECK(search_run(search) == 0);
	CHECK(search_result(search)->count <= search_result(search)->found);
	for (size_t i = 0; i < search_result(search)->count; i++)
		check_hit(&search_result(search)->hits[i]);
	search_end(search);
	arena_release(&arena);
	return 0;
}
