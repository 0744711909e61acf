/*
 * A Gopher request, against a small capsule: whatever comes, an answer in
 * Gopher's form, and nothing that is not served.
 */
#include "capsule.h"
#include "menu.h"
#include "wire/gopher.h"

/* A menu whose first item says what the answer is. */
static void
check_menu(struct str menu, struct str type)
{
	menu_check(menu, true);
	CHECK(str_starts(menu, type));
}

static void
check_answer(const struct capsule_answer *answer)
{
	if (answer->parse != PARSE_DONE) {
		CHECK(answer->status == 0);
		return;
	}
	if (answer->status == STATUS_INPUT)
		check_menu(answer->text, STR("7"));
	else if (answer->status != STATUS_SUCCESS)
		check_menu(answer->text, STR("3"));
	else if (str_starts(answer->text, STR("i")) && !answer->cut)
		menu_check(answer->text, true);
}

/* A request is whole at its LF. */
static size_t
length(struct str input)
{
	size_t end = str_find(input, '\n');

	return end == input.len ? 0 : end + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct capsule_fuzz fuzz = { &gopher, check_answer,
		length };

	capsule_fuzz(&fuzz, fuzz_text(data, size));
	return 0;
}
