/*
 * Finds the file whose path differs only in case: some file systems do not
 * distinguish "A" from "a", but the server does.
 */
#include "tool/nearest.h"

#include <errno.h>
#include <unicase.h>
#include <unistd.h>

#include "text/uri.h"
#include "tree/directory.h"
#include "tree/tree.h"

/* The most words after the first space of a name. */
#define SPACED_WORDS 8

static bool
is_same_but_case(struct str a, struct str b)
{
	int order = -1;

	if (str_equals_nocase(a, b))
		return true;
	if (str_is_ascii(a) || str_is_ascii(b))
		return false;
	/* On an error, as for invalid UTF-8, they are different. */
	return u8_casecmp((const uint8_t *)a.at, a.len, (const uint8_t *)b.at,
		   b.len, NULL, NULL, &order) == 0 &&
	    order == 0;
}

/* Appends the name in the open directory that equals `segment` but for case. */
static bool
find_in(struct offline *offline, const struct entry *entry, struct str segment,
    struct buf *path)
{
	const struct directory_place place = { offline->host.tree,
		buf_str(path), entry->fd };
	struct directory directory;
	bool found = false;

	if (directory_read(&place, SIZE_MAX, &directory) != STATUS_SUCCESS)
		return false;
	for (size_t i = 0; i < directory.count && !found; i++) {
		struct str name = directory.entries[i].name;

		found = is_same_but_case(name, segment);
		if (found)
			buf_add(path, name);
	}
	directory_release(&directory);
	return found;
}

/* Appends one segment to `path`, which ends with a slash. */
static bool
descend(struct offline *offline, struct str segment, struct buf *path)
{
	const struct tree *tree = offline->host.tree;
	struct entry entry;
	bool found;

	if (tree_open_in(tree, buf_str(path), segment, &entry) ==
	    STATUS_SUCCESS) {
		close(entry.fd);
		buf_add(path, segment);
		return true;
	}
	if (tree_open(tree, buf_str(path), &entry) != STATUS_SUCCESS)
		return false;
	found = find_in(offline, &entry, segment, path);
	close(entry.fd);
	return found;
}

struct str
nearest_path(struct offline *offline, struct arena *arena, struct str path)
{
	/* The other case may take more bytes. */
	struct buf near = buf_in(arena, path.len * 4 + 256);
	struct buf encoded = buf_in(arena, 3 * near.cap);
	struct str rest = path;

	if (path.len == 0)
		return path;
	(void)str_cut(&rest, '/');
	buf_char(&near, '/');
	while (rest.len > 0) {
		bool is_last = str_find(rest, '/') == rest.len;

		if (!descend(offline, str_cut(&rest, '/'), &near))
			return (struct str){ 0 };
		if (!is_last)
			buf_char(&near, '/');
	}
	uri_encode(&encoded, buf_str(&near));
	/* The file may exist and not be served. */
	if (near.overflow || encoded.overflow ||
	    str_equals(buf_str(&near), path))
		return (struct str){ 0 };
	return buf_str(&encoded);
}

struct str
nearest_spaced(struct offline *offline, struct arena *arena, struct str path,
    struct str label)
{
	struct buf spaced = buf_in(arena, path.len + 1 + label.len);
	struct buf encoded = buf_in(arena, 3 * spaced.cap);

	if (path.len == 0 || encoded.overflow)
		return (struct str){ 0 };
	buf_add(&spaced, path);
	for (int i = 0; i < SPACED_WORDS && label.len > 0; i++) {
		buf_char(&spaced, ' ');
		buf_add(&spaced, str_cut(&label, ' '));
		if (tree_status(offline->host.tree, buf_str(&spaced)) !=
		    STATUS_SUCCESS)
			continue;
		uri_encode(&encoded, buf_str(&spaced));
		return buf_str(&encoded);
	}
	return (struct str){ 0 };
}
