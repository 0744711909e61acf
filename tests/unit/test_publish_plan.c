/*
 * The files that `capsule publish` sends and deletes, and their order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/publish_plan.h"

#define FILES_MAX 16

/* A version is a letter; '-' is none. */
static void
set(struct publish_plan_item *item, const char *versions)
{
	*item = (struct publish_plan_item){ .path = STR("a") };
	for (size_t i = 0; i < PUBLISH_PLAN_SIDES; i++) {
		item->versions[i].exists = versions[i] != '-';
		memset(item->versions[i].hash, versions[i], MANIFEST_HASH);
	}
}

static void
steps(void **state)
{
	/* Local, server, known; the steps with no rule, deletes, forces, all */
	static const struct {
		const char *versions, *steps, *doubts;
	} cases[] = {
		{ "---", "nnnn", "----" },
		{ "--a", "nnnn", "-d-d" },
		{ "a--", "ssss", "----" },
		{ "aa-", "nnnn", "----" },
		{ "aaa", "nnnn", "----" },
		{ "aab", "nnnn", "dddd" },
		/* Changed here. */
		{ "abb", "ssss", "----" },
		/* Changed on the server only, and on both sides. */
		{ "aba", "ccss", "dddd" },
		{ "abc", "ccss", "dddd" },
		/* Nothing tells which one is newer. */
		{ "ab-", "ccss", "----" },
		/* Deleted on the server. */
		{ "a-a", "ccss", "dddd" },
		{ "a-b", "ccss", "dddd" },
		/* Deleted here; or changed on the server meanwhile. */
		{ "-aa", "kdkd", "----" },
		{ "-ab", "kckd", "-d-d" },
		/* Of another author. */
		{ "-a-", "kkkd", "----" },
	};
	static const char names[] = { [PUBLISH_PLAN_NOTHING] = 'n',
		[PUBLISH_PLAN_SEND] = 's',
		[PUBLISH_PLAN_DELETE] = 'd',
		[PUBLISH_PLAN_KEEP] = 'k',
		[PUBLISH_PLAN_CONFLICT] = 'c' };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct publish_plan_item item;
		char found[5] = "", doubts[5] = "";

		set(&item, cases[i].versions);
		for (size_t j = 0; j < 4; j++) {
			const struct publish_plan_rules rules = {
				.deletes = j % 2 == 1, .forces = j / 2 == 1
			};

			found[j] = names[publish_plan_step(&item, &rules)];
			doubts[j] =
			    publish_plan_doubts(&item, &rules) ? 'd' : '-';
		}
		if (strcmp(found, cases[i].steps) != 0 ||
		    strcmp(doubts, cases[i].doubts) != 0)
			fail_msg("%s: %s %s", cases[i].versions, found, doubts);
	}
}

/* Fills a side with the paths of a list, "a b/c". */
static void
list_files(struct manifest *side, struct manifest_file files[FILES_MAX],
    const char *paths, char version)
{
	struct str rest = str_of(paths);

	*side = (struct manifest){ .files = files };
	while (rest.len > 0) {
		struct manifest_file *file = &files[side->count++];

		assert_true(side->count <= FILES_MAX);
		*file = (struct manifest_file){ .path = str_cut(&rest, ' '),
			.size = 1 };
		memset(file->hash, version, MANIFEST_HASH);
	}
	manifest_sort(files, side->count);
}

/* The paths of the step, in the order of the work. */
static void
list_step(const char *const paths[PUBLISH_PLAN_SIDES],
    enum publish_plan_step step, char *out, size_t size)
{
	struct manifest_file files[PUBLISH_PLAN_SIDES][FILES_MAX];
	struct manifest sides[PUBLISH_PLAN_SIDES];
	const struct manifest *const merged[] = { &sides[0], &sides[1],
		&sides[2] };
	const struct publish_plan_rules rules = { .deletes = true };
	struct publish_plan plan;
	struct publish_plan_item **list;
	struct arena arena;
	size_t count, len = 0;

	arena_init(&arena, (size_t)1 << 20);
	/* A file that all know is changed here. */
	list_files(&sides[0], files[0], paths[0], 'n');
	list_files(&sides[1], files[1], paths[1], 'o');
	list_files(&sides[2], files[2], paths[2], 'o');
	assert_int_equal(publish_plan_merge(&arena, merged, &plan), 0);
	list = publish_plan_list(&plan, &rules, step, &count);
	assert_non_null(list);
	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%.*s",
		    i > 0 ? " " : "", STR_ARG(list[i]->path));
	free(list);
	arena_release(&arena);
}

static void
lists(void **state)
{
	static const struct {
		const char *paths[PUBLISH_PLAN_SIDES];
		enum publish_plan_step step;
		const char *want;
	} cases[] = {
		{ { "", "", "" }, PUBLISH_PLAN_SEND, "" },
		{ { "b a c", "", "" }, PUBLISH_PLAN_SEND, "a b c" },
		{ { "b a c", "a", "a" }, PUBLISH_PLAN_SEND, "a b c" },
		{ { "b a c", "a", "" }, PUBLISH_PLAN_SEND, "b c" },
		{ { "b a c", "a", "" }, PUBLISH_PLAN_CONFLICT, "a" },
		{ { "b", "a b c", "a b" }, PUBLISH_PLAN_DELETE, "a" },
		{ { "b", "a b c", "a b" }, PUBLISH_PLAN_KEEP, "c" },
		/* Neither sent nor deleted. */
		{ { "gophermap a/gophermap x", "", "" }, PUBLISH_PLAN_SEND,
		    "x" },
		{ { "", "gophermap x", "gophermap x" }, PUBLISH_PLAN_DELETE,
		    "x" },
		/* Files, pages, index pages, the first page last. */
		{ { "index.gmi a.gmi pic.png qa/index.gmi qa/z.gmi b.gemini",
		      "qa/y", "" },
		    PUBLISH_PLAN_SEND,
		    "pic.png a.gmi b.gemini qa/z.gmi qa/index.gmi index.gmi" },
		/* A new folder's first file precedes those of its folders. */
		{ { "a/b/c/x.png a/b/y.gmi a/z.gmi a/index.gmi p.png", "", "" },
		    PUBLISH_PLAN_SEND,
		    "a/z.gmi a/b/y.gmi a/b/c/x.png p.png a/index.gmi" },
		{ { "a/b/x.png a/index.gmi", "", "" }, PUBLISH_PLAN_SEND,
		    "a/index.gmi a/b/x.png" },
		/* The server has the folder. */
		{ { "a/b/x.png a/index.gmi", "a/b/old", "" }, PUBLISH_PLAN_SEND,
		    "a/b/x.png a/index.gmi" },
		{ { "a/b/x.png a/index.gmi", "a-b", "" }, PUBLISH_PLAN_SEND,
		    "a/index.gmi a/b/x.png" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char found[512];

		list_step(cases[i].paths, cases[i].step, found, sizeof found);
		assert_string_equal(found, cases[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
