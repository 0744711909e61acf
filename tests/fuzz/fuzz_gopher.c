/*
 * A Gopher request, against a small capsule: whatever comes, an answer in
 * Gopher's form, and nothing that is not served.
 */
#include "capsule.h"
#include "menu.h"
#include "wire/gopher.h"

/* Only an error has items of type 3, and nothing beside them. */
static void
check_error(struct str menu)
{
	menu_check(menu, true);
	CHECK(str_starts(menu, STR("3")));
}

static void
check_answer(const struct capsule_answer *answer)
{
	if (answer->parse != PARSE_DONE) {
		CHECK(answer->status == 0);
		return;
	}
	if (answer->status != STATUS_SUCCESS)
		check_error(answer->text);
	else if (str_starts(answer->text, STR("i")) && !answer->cut)
		menu_check(answer->text, true);
}

/* The request is whole at its LF, not before, and what follows is not it. */
static void
check_end(struct capsule_request request)
{
	struct str input = request.input;
	size_t end = str_find(input, '\n');
	struct capsule_answer whole, part;

	if (end == input.len)
		return;
	request.input = str_head(input, end);
	CHECK(capsule_ask(&request).parse == PARSE_MORE);
	request.input = input;
	whole = capsule_ask(&request);
	request.input = str_head(input, end + 1);
	part = capsule_ask(&request);
	CHECK(whole.status == part.status);
	CHECK(whole.text.len == part.text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capsule *capsule = capsule_open();
	struct capsule_request request = { .protocol = &gopher,
		.input = fuzz_text(data, size) };
	struct capsule_answer answer;

	if (request.input.len > gopher.request_max)
		request.input.len = gopher.request_max;
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
