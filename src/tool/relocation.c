/* Finds the paths that pages and folders have after a move. */
#include "tool/relocation.h"

#include "text/buf.h"

static int
joined(
    struct relocation *moved, struct str head, struct str tail, struct str *out)
{
	struct buf buf = buf_in(&moved->arena, head.len + tail.len);

	buf_add(&buf, head);
	buf_add(&buf, tail);
	*out = buf_str(&buf);
	return buf.overflow ? -1 : 0;
}

struct str
relocation_folder(struct str path)
{
	while (path.len > 0 && path.at[path.len - 1] != '/')
		path.len--;
	return path;
}

static struct str
without_slash(struct str path)
{
	return path.len > 1 && str_ends(path, STR("/"))
	    ? str_head(path, path.len - 1)
	    : path;
}

bool
relocation_is_index(struct str path)
{
	return str_ends(path, STR("/index.gmi")) ||
	    str_ends(path, STR("/index.gemini"));
}

/* Whether the path of a folder leads to the moved page, its index. */
static bool
is_its_folder(const struct relocation *moved, struct str path)
{
	struct str folder = relocation_folder(moved->from);

	return !moved->is_folder && relocation_is_index(moved->from) &&
	    str_equals(without_slash(path), without_slash(folder)) &&
	    !(relocation_is_index(moved->to) &&
		str_equals(relocation_folder(moved->to), folder));
}

/* Whether the path is that of the moved page without its extension. */
static bool
is_short(const struct relocation *moved, struct str path)
{
	struct str rest;

	if (moved->is_folder || !str_starts(moved->from, path))
		return false;
	rest = str_tail(moved->from, path.len);
	return (str_equals(rest, STR(".gmi")) ||
		   str_equals(rest, STR(".gemini"))) &&
	    !moved->exists(moved->context, path);
}

int
relocation_path(struct relocation *moved, struct str path, struct str *out)
{
	*out = path;
	if (str_equals(path, moved->from) || is_its_folder(moved, path) ||
	    is_short(moved, path)) {
		*out = moved->to;
		return 0;
	}
	if (!moved->is_folder || !str_starts(path, moved->from) ||
	    path.at[moved->from.len] != '/')
		return 0;
	return joined(moved, moved->to, str_tail(path, moved->from.len), out);
}

int
relocation_selector(struct relocation *moved, struct str path, struct str *out)
{
	struct str rest, after;

	if (relocation_path(moved, path, out) == -1)
		return -1;
	if (!str_equals(*out, path) || path.len < 3 || path.at[2] != '/' ||
	    moved->exists(moved->context, path))
		return 0;
	rest = str_tail(path, 2);
	if (relocation_path(moved, rest, &after) == -1)
		return -1;
	return str_equals(after, rest)
	    ? 0
	    : joined(moved, str_head(path, 2), after, out);
}
