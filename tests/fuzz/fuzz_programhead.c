/*
 * The header of a program's answer: one line without control characters; its
 * end depends on no byte after it but the next two, and it is never waited for
 * beyond the limit.
 */
#include "fuzz.h"
#include "serve/programhead.h"

static void
check_meta(struct str meta)
{
	CHECK(meta.len > 0 && meta.len <= PROGRAMHEAD_META_MAX);
	for (size_t i = 0; i < meta.len; i++)
		CHECK((unsigned char)meta.at[i] >= ' ' && meta.at[i] != 0x7f);
	CHECK(!fuzz_holds(meta, STR("\xc2\x85")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_text(data, size);
	struct programhead head, again;
	enum programhead_state state = programhead_read(text, false, &head);
	enum programhead_state last = programhead_read(text, true, &again);

	CHECK(last != PROGRAMHEAD_MORE);
	CHECK(state != PROGRAMHEAD_MORE || size < PROGRAMHEAD_MAX);
	/* A header that is complete is so whatever follows. */
	if (state != PROGRAMHEAD_MORE)
		CHECK(last == state);
	if (last == PROGRAMHEAD_BAD) {
		CHECK(again.fault != NULL);
		return 0;
	}
	CHECK(again.status >= 10 && (int)again.status < 70);
	CHECK(again.len > 0 && again.len <= size);
	check_meta(again.meta);
	if (state == PROGRAMHEAD_DONE) {
		CHECK(head.status == again.status && head.len == again.len);
		CHECK(programhead_read(str_head(text, head.len), true,
			  &again) == PROGRAMHEAD_DONE);
		CHECK(again.len == head.len && again.status == head.status);
	}
	return 0;
}
