/* Finds the rules for a path. */
#include "serve/rules.h"

/* Rules of one kind. */
struct rules_table {
	const void *rules;
	size_t count, size;
};

static const struct rules_place *
nth(const struct rules_table *table, size_t n)
{
	const void *rule = (const char *)table->rules + n * table->size;

	return rule;
}

bool
rules_is_writable(const struct rules_part *part)
{
	return part != NULL && part->upload.writers != NULL &&
	    part->upload.writers[0] != NULL &&
	    part->program.kind == RULES_NO_PROGRAM;
}

const struct rules_part *
rules_first_writable(const struct rules *rules)
{
	for (size_t i = 0; rules != NULL && i < rules->part_count; i++)
		if (rules_is_writable(&rules->parts[i]))
			return &rules->parts[i];
	return NULL;
}

int
rules_compare(const struct rules_place *a, const struct rules_place *b)
{
	int order = str_compare(a->path, b->path);

	return order != 0 ? order : (int)a->is_folder - (int)b->is_folder;
}

static const struct rules_place *
find(const struct rules_table *table, struct str path, bool is_folder)
{
	const struct rules_place wanted = { .path = path,
		.is_folder = is_folder };
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = rules_compare(nth(table, middle), &wanted);

		if (order == 0)
			return nth(table, middle);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The rule with the longest path that matches. */
static const struct rules_place *
find_longest(const struct rules_table *table, struct str path)
{
	const struct rules_place *found = NULL;

	if (table->count == 0)
		return NULL;
	if (str_ends(path, STR("/")))
		path.len--;
	else
		found = find(table, path, false);
	while (found == NULL) {
		found = find(table, path, true);
		if (found != NULL || path.len == 0)
			break;
		/* Remove the last segment. */
		do
			path.len--;
		while (path.at[path.len] != '/');
	}
	return found;
}

const struct rules_part *
rules_part_of(const struct rules *rules, struct str path)
{
	const struct rules_table table = { rules->parts, rules->part_count,
		sizeof *rules->parts };

	return (const struct rules_part *)find_longest(&table, path);
}

static const struct rules_move *
move_of(const struct rules *rules, struct str path)
{
	const struct rules_table table = { rules->moves, rules->move_count,
		sizeof *rules->moves };

	return (const struct rules_move *)find_longest(&table, path);
}

const struct rules_move *
rules_move_of(const struct rules *rules, struct str path)
{
	const struct rules_move *own = move_of(rules, path), *common = NULL;

	if (rules->common != NULL)
		common = move_of(rules->common, path);
	if (own == NULL || common == NULL)
		return own != NULL ? own : common;
	return own->place.path.len >= common->place.path.len ? own : common;
}
