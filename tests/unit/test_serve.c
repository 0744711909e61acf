#include "serving.h"

#include <string.h>

#include "fakeclock.h"
#include "serve/menu.h"
#include "serve/serve.h"

/* Asks for the menu of the root; writes its text. */
static void
ask(const struct host *host, struct arena *arena, char text[BODY_ROOM + 1])
{
	struct request request = {
		.arena = arena, .path = STR("/"), .form = FORM_MENU
	};
	struct response response;
	size_t len = 0;

	serve(host, &request, &response);
	menu_project(host, &request, &response);
	assert_int_equal(response.status, STATUS_SUCCESS);
	while (!response.body->ended) {
		ssize_t got = body_pull(response.body, text + len, BODY_ROOM);

		assert_true(got >= 0 && len + (size_t)got < BODY_ROOM);
		len += (size_t)got;
	}
	text[len] = '\0';
	body_release(response.body);
	arena_reset(arena);
}

/* Hosts that share a tree share no cached answer: links have their host. */
static void
a_host_has_its_own_answers(void **state)
{
	static const struct str names[] = { STR_INIT("a.example"),
		STR_INIT("b.example") };
	static const uint16_t port = 1965;
	struct site sites[2];
	struct host hosts[2];
	struct server server = { .hosts = hosts, .host_count = 2 };
	struct temporary folder;
	struct cache cache = { 0 };
	struct arena arena;
	struct tree tree;
	char text[BODY_ROOM + 1], error[256];

	(void)state;
	temporary_make(&folder);
	temporary_file(&folder, "index.gmi", "=> /page.gmi Page\n");
	assert_int_equal(tree_init(&tree, folder.path, NULL), 0);
	server.media = media_new(error, sizeof error);
	server.cache = &cache;
	arena_init(&arena, (size_t)256 << 10);
	for (size_t i = 0; i < 2; i++) {
		sites[i] = (struct site){ .names = &names[i],
			.name_count = 1,
			.gemini_ports = &port,
			.gemini_port_count = 1,
			.gopher_host = names[i],
			.gopher_port = 70,
			.width = 67 };
		hosts[i] = (struct host){
			.server = &server, .site = &sites[i], .tree = &tree
		};
	}
	fakeclock_stop();
	fakeclock_forward_ms(3000);
	for (size_t i = 0; i < 4; i++) {
		ask(&hosts[i % 2], &arena, text);
		assert_non_null(strstr(text, names[i % 2].at));
		assert_null(strstr(text, names[1 - i % 2].at));
	}
	fakeclock_run();
	cache_release(&cache);
	arena_release(&arena);
	media_free(server.media);
	tree_release(&tree);
	temporary_remove(&folder);
}

/* A worker that was taken over asks for what it likes. */
static void
slow_pages_only(void **state)
{
	static const struct {
		const char *path;
		bool entries_only, listing;
		enum status status;
		const char *begin;
	} table[] = {
		{ "/d/", false, true, STATUS_SUCCESS, "# /d/\n" },
		{ "/d/", true, true, STATUS_SUCCESS, "=> ./index.gmi " },
		/* A gophermap may list its directory in any case. */
		{ "/d/", true, false, STATUS_SUCCESS, "=> ./index.gmi " },
		{ "/d/", false, false, STATUS_NOT_FOUND, "" },
		{ "/d", false, true, STATUS_NOT_FOUND, "" },
		{ "/d/index.gmi", false, true, STATUS_NOT_FOUND, "" },
		{ "/d/index.gmi/", false, true, STATUS_NOT_FOUND, "" },
		{ "/.git/", true, true, STATUS_NOT_FOUND, "" },
		{ "/ask", false, true, STATUS_INPUT, "" },
		{ "/d.tar.gz", false, true, STATUS_NOT_FOUND, "" },
	};

	(void)state;
	temporary_folder(&serving.folder, "d");
	temporary_folder(&serving.folder, ".git");
	temporary_file(&serving.folder, "d/index.gmi", "# Page\n");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct request request = { .arena = &serving.arena,
			.path = str_of(table[i].path),
			.entries_only = table[i].entries_only };
		struct response response;
		char text[BODY_ROOM];
		ssize_t got = 0;

		serving.site.listing = table[i].listing;
		serve_slow(&serving.host, &request, &response);
		if (response.body != NULL)
			got = body_pull(response.body, text, sizeof text);
		if (response.status != table[i].status || got < 0 ||
		    !str_starts((struct str){ text, (size_t)got },
			str_of(table[i].begin)))
			fail_msg("row %zu: %d", i, (int)response.status);
		body_release(response.body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_has_its_own_answers),
		cmocka_unit_test_setup_teardown(
		    slow_pages_only, serving_set_up, serving_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
