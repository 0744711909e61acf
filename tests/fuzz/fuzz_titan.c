/*
 * The parameters of a Titan URL: what is read of a URL can be written again,
 * and is then read as the same.
 */
#include <inttypes.h>

#include "fuzz.h"
#include "text/hex.h"
#include "text/titan.h"

#define ARENA_CAP ((size_t)1 << 20)

/* Writes the parameters in an order of their own. */
static void
write_again(struct buf *out, const struct titan *titan)
{
	buf_add(out, STR("titan://h"));
	buf_add(out, titan->path);
	if (titan->edits) {
		buf_add(out, STR(";edit"));
		return;
	}
	if (titan->has_base) {
		char text[2 * TITAN_BASE_SIZE + 1];

		hex_format(titan->base, TITAN_BASE_SIZE, text);
		buf_printf(out, ";base=%s", text);
	}
	buf_add(out, STR(";mime="));
	for (size_t i = 0; i < titan->mime.len; i++)
		buf_printf(out, "%%%02X", (unsigned char)titan->mime.at[i]);
	buf_printf(out, ";size=%" PRIu64, titan->size);
}

static void
check(struct arena *arena, const struct titan *titan)
{
	struct buf text = buf_in(arena, titan->path.len + 2048);
	struct titan again;
	struct uri uri;

	CHECK(titan->mime.len > 0 && titan->mime.len <= TITAN_MIME_MAX);
	for (size_t i = 0; i < titan->mime.len; i++)
		CHECK(titan->mime.at[i] >= ' ' && titan->mime.at[i] <= '~');
	write_again(&text, titan);
	CHECK(!text.overflow);
	CHECK(uri_parse(arena, buf_str(&text), &uri) == 0);
	CHECK(titan_read(arena, &uri, &again).len == 0);
	CHECK(str_equals(again.path, titan->path));
	CHECK(str_equals(again.mime, titan->mime));
	CHECK(again.edits == titan->edits && again.size == titan->size);
	CHECK(again.has_base == titan->has_base);
	CHECK(memcmp(again.base, titan->base, TITAN_BASE_SIZE) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct titan titan;
	struct uri uri;

	if (size > 4096)
		return 0;
	arena_init(&arena, ARENA_CAP);
	if (uri_parse(&arena, fuzz_text(data, size), &uri) == 0 &&
	    uri.scheme.len > 0 && uri.has_authority) {
		struct str defect = titan_read(&arena, &uri, &titan);

		for (size_t i = 0; i < defect.len; i++)
			CHECK(defect.at[i] >= ' ' && defect.at[i] <= '~');
		if (defect.len == 0)
			check(&arena, &titan);
	}
	arena_release(&arena);
	return 0;
}
