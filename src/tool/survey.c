/* Visits all names in a tree, and finds how the server treats each. */
#include "tool/survey.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "text/buf.h"
#include "tree/walk.h"

/* Visits a name, and returns whether it is a directory to be entered. */
static bool
visit(struct survey *survey, const struct walk_entry *met)
{
	char linked[PATH_MAX + 1];
	struct buf path = buf_over(linked, sizeof linked);
	struct stat within;
	struct survey_entry entry = {
		.path = met->path, .name = met->name, .type = met->type
	};
	bool is_open;

	if (met->directory != -1 && fstat(met->directory, &within) == 0)
		entry.within = &within;
	entry.status = tree_open(survey->tree, met->path, &entry.found);
	entry.error = met->path.len < PATH_MAX ? errno : ENAMETOOLONG;
	is_open = entry.status == STATUS_SUCCESS;
	/* Only the path of a directory that is served ends with a slash. */
	if (!is_open && met->type == DT_DIR && met->path.len > 1)
		entry.path.len--;
	if (is_open && met->type == DT_LNK && tree_is_directory(&entry.found)) {
		buf_add(&path, met->path);
		buf_char(&path, '/');
		entry.path = buf_str(&path);
	}
	survey->visit(survey->context, &entry);
	if (is_open)
		close(entry.found.fd);
	return is_open && met->type == DT_DIR;
}

/* Visits again a directory whose names cannot all be read. */
static void
visit_unlisted(struct survey *survey, struct str path)
{
	const struct survey_entry entry = { .path = path,
		.type = DT_DIR,
		.status = STATUS_FAILURE,
		.unlisted = true };

	survey->visit(survey->context, &entry);
}

int
survey_run(struct survey *survey)
{
	struct walk *walk = walk_open(survey->tree, STR("/"), true);
	struct walk_entry met;
	bool is_open = false;
	int found;

	if (walk == NULL)
		return -1;
	while ((found = walk_next(walk, &met)) != 0) {
		if (found == 1)
			is_open = visit(survey, &met);
		else if (is_open)
			visit_unlisted(survey, walk_path(walk));
	}
	walk_close(walk);
	return 0;
}
