/* Splits a requested path into a script and the rest. */
#include "serve/programscript.h"

#include <unistd.h>

#include "tree/tree.h"

/* The most files that one request may look for. */
#define LOOKUPS_MAX 16

bool
programscript_is_clean(struct str path)
{
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.at[i] < ' ' || path.at[i] == 0x7f)
			return false;
	path = str_tail(path, path.len > 0);
	while (path.len > 0) {
		struct str name = str_cut(&path, '/');

		if (name.len == 0 || str_equals(name, STR(".")) ||
		    str_equals(name, STR("..")))
			return false;
	}
	return true;
}

/* The offset of the slash after the segment at `start`, or path.len. */
static size_t
segment_end(struct str path, size_t start)
{
	size_t next = start < path.len ? start + 1 : path.len;

	return next + str_find(str_tail(path, next), '/');
}

size_t
programscript_prefix(struct str path, struct str rule)
{
	size_t end = 0;

	for (size_t at = 0; at < rule.len; at = segment_end(rule, at))
		end = segment_end(path, end);
	return end;
}

static bool
is_file(const struct tree *tree, struct str path)
{
	struct entry entry;

	if (tree_find(tree, path, &entry) != STATUS_SUCCESS)
		return false;
	close(entry.fd);
	return !tree_is_directory(&entry);
}

size_t
programscript_php(const struct host *host, struct str path)
{
	struct tree tree = *host->tree;
	size_t lookups = 0, found = 0;

	/* The files of a part with a program are hidden from visitors. */
	tree.zones = NULL;
	for (size_t end = segment_end(path, 0); found == 0 && end > 0;
	     end = segment_end(path, end)) {
		struct str file = str_head(path, end);

		if (str_ends(file, STR(".php")) && lookups++ < LOOKUPS_MAX &&
		    is_file(&tree, file))
			found = end;
		if (end == path.len)
			break;
	}
	return found;
}
