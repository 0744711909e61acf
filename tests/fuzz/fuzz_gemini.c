/*
 * A Gemini request, against a small capsule: whatever comes, a header that
 * the specification allows, and nothing that is not served.
 */
#include <unistr.h>

#include "capsule.h"
#include "wire/gemini.h"

/* What an answer of this capsule can be. */
static bool
is_status(enum status status)
{
	static const enum status known[] = { STATUS_INPUT, STATUS_SUCCESS,
		STATUS_REDIRECT, STATUS_MOVED, STATUS_FAILURE,
		STATUS_UNAVAILABLE, STATUS_NOT_FOUND, STATUS_REFUSED,
		STATUS_BAD_REQUEST };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i] == status)
			return true;
	return false;
}

/* Two digits, a space, words without control bytes, CRLF. */
static void
check_head(const struct capsule_answer *answer)
{
	struct str head = str_head(answer->text, answer->head), meta;
	unsigned long status;

	CHECK(str_ends(head, STR("\r\n")));
	CHECK(str_number(str_head(head, 2), 69, &status));
	CHECK(status == (unsigned long)answer->status);
	CHECK(head.at[2] == ' ');
	meta = str_tail(str_head(head, head.len - 2), 3);
	CHECK(meta.len > 0 && meta.len <= GEMINI_META_MAX);
	CHECK(u8_check((const uint8_t *)meta.at, meta.len) == NULL);
	for (size_t i = 0; i < meta.len; i++)
		CHECK((unsigned char)meta.at[i] >= ' ' && meta.at[i] != 0x7f);
	/* "//" would lead to another host. */
	if (answer->status == STATUS_REDIRECT || answer->status == STATUS_MOVED)
		CHECK(
		    str_starts(meta, STR("/")) && !str_starts(meta, STR("//")));
}

static void
check_answer(const struct capsule_answer *answer)
{
	if (answer->parse != PARSE_DONE) {
		CHECK(answer->status == 0);
		return;
	}
	CHECK(is_status(answer->status));
	check_head(answer);
	if (answer->status != STATUS_SUCCESS)
		CHECK(answer->text.len == answer->head);
}

/* A request is whole at its CRLF. */
static size_t
length(struct str input)
{
	const char *crlf =
	    input.len > 0 ? memmem(input.at, input.len, "\r\n", 2) : NULL;

	return crlf == NULL ? 0 : (size_t)(crlf - input.at) + 2;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct capsule_fuzz fuzz = { &gemini, check_answer,
		length };

	capsule_fuzz(&fuzz, fuzz_text(data, size));
	return 0;
}
