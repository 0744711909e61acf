/* Finds the files to send to a server and to delete there, and their order. */
#include "tool/publish_plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The last component of a path. */
static struct str
name_of(struct str path)
{
	size_t start = path.len;

	while (start > 0 && path.at[start - 1] != '/')
		start--;
	return str_tail(path, start);
}

/* The folder of a path, with its final slash; "" is the base. */
static struct str
folder_of(struct str path)
{
	return str_head(path, path.len - name_of(path).len);
}

static size_t
depth_of(struct str path)
{
	size_t depth = 0;

	for (size_t i = 0; i < path.len; i++)
		depth += path.at[i] == '/';
	return depth;
}

/* Merging. */

/* The first of the next files of all sides, by path; NULL at the end. */
static const struct manifest_file *
first_of(const struct manifest *const sides[PUBLISH_PLAN_SIDES],
    const size_t next[PUBLISH_PLAN_SIDES])
{
	const struct manifest_file *first = NULL;

	for (int i = 0; i < PUBLISH_PLAN_SIDES; i++) {
		const struct manifest_file *file;

		if (next[i] == sides[i]->count)
			continue;
		file = &sides[i]->files[next[i]];
		if (first == NULL || manifest_compare(file, first) < 0)
			first = file;
	}
	return first;
}

/* Takes the file from each side that has it. */
static void
take_versions(const struct manifest *const sides[PUBLISH_PLAN_SIDES],
    size_t next[PUBLISH_PLAN_SIDES], struct publish_plan_item *item)
{
	const struct manifest_file wanted = { .path = item->path };

	for (int i = 0; i < PUBLISH_PLAN_SIDES; i++) {
		const struct manifest_file *file;

		if (next[i] == sides[i]->count)
			continue;
		assert(sides[i]->files != NULL);
		file = &sides[i]->files[next[i]];
		if (manifest_compare(file, &wanted) != 0)
			continue;
		next[i]++;
		item->versions[i].exists = true;
		memcpy(item->versions[i].hash, file->hash, MANIFEST_HASH);
		if (i == PUBLISH_PLAN_LOCAL) {
			item->size = file->size;
			item->failed = file->removed;
		}
	}
}

int
publish_plan_merge(struct arena *arena,
    const struct manifest *const sides[PUBLISH_PLAN_SIDES],
    struct publish_plan *out)
{
	size_t next[PUBLISH_PLAN_SIDES] = { 0 }, room = 1;
	const struct manifest_file *first;

	for (int i = 0; i < PUBLISH_PLAN_SIDES; i++)
		room += sides[i]->count;
	*out = (struct publish_plan){ .items = arena_alloc(
					  arena, room * sizeof *out->items) };
	if (out->items == NULL)
		return -1;
	while ((first = first_of(sides, next)) != NULL) {
		struct publish_plan_item *item = &out->items[out->count];

		*item = (struct publish_plan_item){ .path = first->path };
		take_versions(sides, next, item);
		out->count +=
		    !str_equals(name_of(item->path), STR("gophermap"));
	}
	return 0;
}

/* Deciding. */

bool
publish_plan_same(
    const struct publish_plan_version *a, const struct publish_plan_version *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return memcmp(a->hash, b->hash, MANIFEST_HASH) == 0;
}

bool
publish_plan_agrees(const struct publish_plan_item *item,
    enum publish_plan_side a, enum publish_plan_side b)
{
	return publish_plan_same(&item->versions[a], &item->versions[b]);
}

/* Whether the last run sent the server's version, or found it there. */
static bool
is_from_here(const struct publish_plan_item *item)
{
	return publish_plan_agrees(
	    item, PUBLISH_PLAN_SERVER, PUBLISH_PLAN_KNOWN);
}

static enum publish_plan_step
step_without_local(const struct publish_plan_item *item,
    const struct publish_plan_rules *rules)
{
	if (!item->versions[PUBLISH_PLAN_SERVER].exists)
		return PUBLISH_PLAN_NOTHING;
	if (!rules->deletes)
		return PUBLISH_PLAN_KEEP;
	if (is_from_here(item) || rules->forces)
		return PUBLISH_PLAN_DELETE;
	/* A file that this folder never had is another author's. */
	return item->versions[PUBLISH_PLAN_KNOWN].exists ? PUBLISH_PLAN_CONFLICT
							 : PUBLISH_PLAN_KEEP;
}

enum publish_plan_step
publish_plan_step(const struct publish_plan_item *item,
    const struct publish_plan_rules *rules)
{
	if (!item->versions[PUBLISH_PLAN_LOCAL].exists)
		return step_without_local(item, rules);
	if (publish_plan_agrees(item, PUBLISH_PLAN_LOCAL, PUBLISH_PLAN_SERVER))
		return PUBLISH_PLAN_NOTHING;
	return is_from_here(item) || rules->forces ? PUBLISH_PLAN_SEND
						   : PUBLISH_PLAN_CONFLICT;
}

bool
publish_plan_doubts(const struct publish_plan_item *item,
    const struct publish_plan_rules *rules)
{
	return item->versions[PUBLISH_PLAN_KNOWN].exists &&
	    !is_from_here(item) &&
	    (item->versions[PUBLISH_PLAN_LOCAL].exists || rules->deletes);
}

/* The order. */

/* An item of the list, and the properties that decide its place. */
struct ranked {
	struct publish_plan_item *item;
	bool opens; /* the first file of a new folder */
	int kind; /* 0: a file, 1: a page, 2: an index page */
	size_t depth;
};

static int
kind_of(struct str path)
{
	struct str name = name_of(path);

	if (str_equals(name, STR("index.gmi")) ||
	    str_equals(name, STR("index.gemini")))
		return 2;
	return str_ends(name, STR(".gmi")) || str_ends(name, STR(".gemini"));
}

/* Whether the server has a file in the folder or beneath it. */
static bool
is_on_server(const struct publish_plan *plan, struct str folder)
{
	const struct manifest_file wanted = { .path = folder };
	size_t low = 0, high = plan->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct manifest_file file = {
			.path = plan->items[middle].path
		};

		if (manifest_compare(&file, &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < plan->count && str_starts(plan->items[low].path, folder);
	     low++)
		if (plan->items[low].versions[PUBLISH_PLAN_SERVER].exists)
			return true;
	return false;
}

/*
 * Marks the file that opens `folder`, if it is new and has folders in it.  Its
 * files begin at `ranked`, sorted by path.
 */
static void
open_folder(const struct publish_plan *plan, struct ranked *ranked,
    size_t count, struct str folder)
{
	struct ranked *first = NULL;
	bool has_folders = false;

	for (size_t i = 0;
	     i < count && str_starts(ranked[i].item->path, folder); i++) {
		if (folder_of(ranked[i].item->path).len > folder.len)
			has_folders = true;
		else if (first == NULL || ranked[i].kind < first->kind)
			first = &ranked[i];
	}
	if (has_folders && first != NULL && !is_on_server(plan, folder))
		first->opens = true;
}

static void
open_folders(
    const struct publish_plan *plan, struct ranked *ranked, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str path = ranked[i].item->path;

		for (size_t end = 0; end < path.len; end++) {
			struct str folder = str_head(path, end + 1);

			/* Once for each folder: at its first file. */
			if (path.at[end] == '/' &&
			    (i == 0 ||
				!str_starts(ranked[i - 1].item->path, folder)))
				open_folder(
				    plan, ranked + i, count - i, folder);
		}
	}
}

/* Files that open folders first, from the top; then by kind; see the header. */
static int
compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->opens != b->opens)
		return a->opens ? -1 : 1;
	if (a->opens && a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	/* The first page last. */
	if (a->kind == 2 && a->depth != b->depth)
		return a->depth > b->depth ? -1 : 1;
	/* Both are in one array, sorted by path. */
	return a->item < b->item ? -1 : a->item > b->item;
}

struct publish_plan_item **
publish_plan_list(const struct publish_plan *plan,
    const struct publish_plan_rules *rules, enum publish_plan_step step,
    size_t *count)
{
	struct publish_plan_item **list =
	    calloc(plan->count + 1, sizeof(struct publish_plan_item *));
	struct ranked *ranked = calloc(plan->count + 1, sizeof *ranked);

	*count = 0;
	for (size_t i = 0; list != NULL && ranked != NULL && i < plan->count;
	     i++) {
		struct publish_plan_item *item = &plan->items[i];

		if (!item->failed && publish_plan_step(item, rules) == step)
			ranked[(*count)++] = (struct ranked){ .item = item,
				.kind = kind_of(item->path),
				.depth = depth_of(item->path) };
	}
	if (list == NULL || ranked == NULL) {
		free(list);
		free(ranked);
		return NULL;
	}
	open_folders(plan, ranked, *count);
	qsort(ranked, *count, sizeof *ranked, compare);
	for (size_t i = 0; i < *count; i++)
		list[i] = ranked[i].item;
	free(ranked);
	return list;
}
