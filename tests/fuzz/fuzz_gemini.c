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
	static const enum status known[] = { STATUS_SUCCESS, STATUS_MOVED,
		STATUS_FAILURE, STATUS_UNAVAILABLE, STATUS_NOT_FOUND,
		STATUS_REFUSED, STATUS_BAD_REQUEST };

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
	if (answer->status == STATUS_MOVED)
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

/* The request is whole at its CRLF, not before, and what follows is not it. */
static void
check_end(struct capsule_request request)
{
	struct str input = request.input;
	const char *crlf =
	    input.len > 0 ? memmem(input.at, input.len, "\r\n", 2) : NULL;
	size_t end = crlf == NULL ? input.len : (size_t)(crlf - input.at) + 2;
	struct capsule_answer whole, part;

	if (crlf == NULL || end > gemini.request_max)
		return;
	request.input = str_head(input, end - 1);
	CHECK(capsule_ask(&request).parse == PARSE_MORE);
	request.input = input;
	whole = capsule_ask(&request);
	request.input = str_head(input, end);
	part = capsule_ask(&request);
	CHECK(whole.status == part.status);
	CHECK(whole.text.len == part.text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capsule *capsule = capsule_open();
	struct capsule_request request = { .protocol = &gemini,
		.input = fuzz_text(data, size) };
	struct capsule_answer answer;

	if (request.input.len > gemini.request_max)
		request.input.len = gemini.request_max;
	for (size_t i = 0; i < CAPSULE_SERVERS; i++) {
		request.server = &capsule->servers[i];
		request.ended = i == 1;
		answer = capsule_ask(&request);
		CHECK(!request.ended || answer.parse != PARSE_MORE);
		check_answer(&answer);
	}
	request.ended = false;
	check_end(request);
	request.fail_at = 1 + size % 23;
	answer = capsule_ask(&request);
	check_answer(&answer);
	return 0;
}
