/* What Gopher clients get for each of Gemini's statuses. */
#include "serving.h"

#include "wire/gopherreply.h"

#define NO_MEMORY \
	"3Something failed here, please try again later\t\terror.host\t1\r\n" \
	".\r\n"
#define HOME "1Home\t/\tg.example\t70\r\n.\r\n"
#define ONLY_GEMINI(meta) \
	"3Only over Gemini: " meta "\t\terror.host\t1\r\n" \
	"h" meta "\tURL:gemini://example.org/a%20b\tg.example\t70\r\n" HOME
#define WORDS(words) "3" words "\t\terror.host\t1\r\n" HOME

static const struct {
	enum status status;
	struct str meta;
	const char *answer;
} table[] = {
	{ STATUS_INPUT, STR_INIT("Enter a word"),
	    "7Enter a word\t/a%20b\tg.example\t70\r\n"
	    "iIf you see no prompt, add ? and your words: /a%20b?words\t\t"
	    "null.host\t1\r\n" HOME },
	{ STATUS_SENSITIVE_INPUT, STR_INIT("Password"),
	    ONLY_GEMINI("Password") },
	{ STATUS_CERTIFICATE_REQUIRED, STR_INIT("Who are you?"),
	    ONLY_GEMINI("Who are you?") },
	{ STATUS_CERTIFICATE_REFUSED, STR_INIT("Not you"),
	    ONLY_GEMINI("Not you") },
	{ STATUS_CERTIFICATE_INVALID, STR_INIT("Expired"),
	    ONLY_GEMINI("Expired") },
	{ STATUS_REDIRECT, STR_INIT("gemini://w.example/x"),
	    "hgemini://w.example/x\tURL:gemini://w.example/x\tg.example\t70"
	    "\r\n" HOME },
	{ STATUS_MOVED, STR_INIT("https://w.example/"),
	    "hhttps://w.example/\tURL:https://w.example/\tg.example\t70"
	    "\r\n" HOME },
	{ STATUS_FAILURE, STR_INIT("Broken"), WORDS("Broken") },
	{ STATUS_UNAVAILABLE, STR_INIT("Later"), WORDS("Later") },
	{ STATUS_SLOW_DOWN, STR_INIT("Slower"), WORDS("Slower") },
	{ STATUS_NOT_FOUND, STR_INIT("Nothing"), WORDS("Not found. Nothing") },
	{ STATUS_GONE, STR_INIT("Removed"), WORDS("Gone for good. Removed") },
	{ STATUS_REFUSED, STR_INIT("No"), WORDS("No") },
	{ STATUS_BAD_REQUEST, STR_INIT("What?"), WORDS("What?") },
};

static const struct request request = {
	.arena = &serving.arena,
	.path = STR_INIT("/a b"),
};

/* The answer is all head, and lies in the arena. */
static struct str
answer_to(enum status status, struct str meta, enum status *answered)
{
	struct exchange exchange = {
		.host = &serving.host, .arena = &serving.arena, .fd = -1
	};
	struct response response = { .status = status, .meta = meta };

	gopherreply_response(&exchange, &request, &response);
	assert_null(exchange.body);
	*answered = exchange.status;
	return exchange.head;
}

static void
statuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		enum status status;
		struct str answer =
		    answer_to(table[i].status, table[i].meta, &status);

		assert_int_equal(status, table[i].status);
		if (!str_equals(answer, str_of(table[i].answer)))
			fail_msg(
			    "%d: %.*s", (int)table[i].status, STR_ARG(answer));
		arena_release(&serving.arena);
	}
}

/* All or nothing: never a line that leads to somewhere else. */
static void
lack_of_memory_is_an_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		enum status status;
		size_t n;

		for (n = 1; n < 20; n++) {
			struct str answer;

			arena_fail_at(&serving.arena, n);
			answer =
			    answer_to(table[i].status, table[i].meta, &status);
			arena_fail_at(&serving.arena, 0);
			if (str_equals(answer, str_of(table[i].answer)))
				break;
			if (!str_equals(answer, STR(NO_MEMORY)) ||
			    status != STATUS_FAILURE)
				fail_msg("%d: %.*s", (int)table[i].status,
				    STR_ARG(answer));
			arena_release(&serving.arena);
		}
		assert_in_range(n, 2, 19);
		arena_release(&serving.arena);
	}
}

/* A target that there is no room for is no target to follow. */
static void
long_words_are_whole_or_nothing(void **state)
{
	static const enum status statuses[] = { STATUS_REDIRECT,
		STATUS_SENSITIVE_INPUT };
	static char words[GOPHERREPLY_SIZE];
	enum status status;

	(void)state;
	memset(words, 'w', sizeof words);
	for (size_t len = 1; len < sizeof words; len += 61) {
		struct str meta = { words, len };

		for (size_t i = 0; i < 2; i++) {
			struct str answer =
			    answer_to(statuses[i], meta, &status);

			if (status == STATUS_FAILURE)
				assert_true(str_equals(answer, STR(NO_MEMORY)));
			else
				/* They stand in each of them twice. */
				assert_true(answer.len > 2 * len);
			arena_release(&serving.arena);
		}
	}
	assert_int_equal(status, STATUS_FAILURE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(lack_of_memory_is_an_answer),
		cmocka_unit_test(long_words_are_whole_or_nothing),
	};

	return cmocka_run_group_tests(tests, serving_set_up, serving_tear_down);
}
