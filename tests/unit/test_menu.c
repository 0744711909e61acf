/* Menus as bodies: when they let others have their turn. */
#include "serving.h"

#include "fakeclock.h"
#include "serve/menu.h"
#include "serve/serve.h"

/* Files that only their content tells the type of. */
#define UNKNOWN 40

static void
write_files(void)
{
	char page[64 * UNKNOWN] = "", name[32], text[32];
	size_t len = 0;

	temporary_folder(&serving.folder, "f");
	for (int i = 0; i < UNKNOWN; i++) {
		snprintf(name, sizeof name, "f/%d", i);
		snprintf(text, sizeof text, "text %d\n", i);
		temporary_file(&serving.folder, name, text);
		len += (size_t)snprintf(
		    page + len, sizeof page - len, "=> %s\n", name);
	}
	temporary_file(&serving.folder, "links.gmi", page);
}

/* Pulls the menu to its end; how often, and how many of its items are text. */
static size_t
pull(const char *path, size_t *texts)
{
	struct request request = {
		.arena = &serving.arena, .path = str_of(path), .form = FORM_MENU
	};
	struct response response;
	size_t pulls = 0;

	serving.len = 0;
	serve(&serving.host, &request, &response);
	menu_project(&serving.host, &request, &response);
	assert_int_equal(response.status, STATUS_SUCCESS);
	while (!response.body->ended) {
		ssize_t got = body_pull(
		    response.body, serving.answer + serving.len, BODY_ROOM);

		pulls++;
		assert_true(got >= 0);
		serving.len += (size_t)got;
	}
	body_release(response.body);
	arena_release(&serving.arena);
	*texts = 0;
	for (size_t i = 1; i < serving.len; i++)
		*texts +=
		    serving.answer[i - 1] == '\n' && serving.answer[i] == '0';
	*texts += serving.answer[0] == '0';
	return pulls;
}

/*
 * libmagic takes milliseconds for a file, so that there is at most one in a
 * turn; what it has told once takes no turn of its own.
 */
static void
one_lookup_a_turn(void **state)
{
	static const char *const paths[] = { "/links.gmi", "/f/" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t texts, pulls;

		write_files();
		/* Types of files that have just changed are not cached. */
		fakeclock_stop();
		fakeclock_forward_ms(3000);
		pulls = pull(paths[i], &texts);
		assert_int_equal(texts, UNKNOWN);
		assert_in_range(pulls, UNKNOWN, 3 * UNKNOWN);
		pulls = pull(paths[i], &texts);
		assert_int_equal(texts, UNKNOWN);
		assert_in_range(pulls, 1, UNKNOWN / 2);
		fakeclock_run();
		serving_tear_down(NULL);
		serving_set_up(NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_lookup_a_turn),
	};

	return cmocka_run_group_tests(tests, serving_set_up, serving_tear_down);
}
