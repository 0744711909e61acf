/* Finds the place of a file that a client wants to write. */
#include "tree/storepath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"
#include "text/utf8.h"
#include "tree/beneath.h"

#define DEPTH_MAX 64

static enum status
refuse(struct storepath *out, const char *reason)
{
	out->reason = reason;
	return STATUS_BAD_REQUEST;
}

/* Whether a name has a character that no author writes, or is not UTF-8. */
static bool
is_odd(struct str name)
{
	struct str rest = name, character;
	uint32_t c;

	while (rest.len > 0)
		if (!utf8_take(&rest, &c, &character) || utf8_is_control(c) ||
		    utf8_misleads(c))
			return true;
	return false;
}

/* The fault of a name, without those of the last name; NULL: none. */
static const char *
fault_of(const struct tree *tree, struct str name)
{
	if (name.len == 0)
		return "A name in this path is empty";
	if (name.at[0] == '.')
		return "Names that begin with a dot cannot be written here";
	if (is_odd(name))
		return "A name must be UTF-8 without control characters";
	if (!tree_shows(tree, name))
		return "Files with such a name are not served here";
	return NULL;
}

/* The fault of the name of the file; NULL: none. */
static const char *
fault_of_last(const struct tree *tree, struct str name)
{
	if (str_equals_nocase(name, STR("gophermap")))
		return "A gophermap cannot be written here";
	if (name.len > VERSIONS_NAME_MAX)
		return "The name is too long";
	return fault_of(tree, name);
}

/* Checks the names; sets the last one in `out`. */
static enum status
check_names(struct storepath *out, const struct tree *tree, struct str path)
{
	const char *reason = NULL;
	size_t depth = 0;

	while (reason == NULL && str_find(path, '/') < path.len) {
		reason = fault_of(tree, str_cut(&path, '/'));
		if (++depth > DEPTH_MAX)
			reason = "This path has too many folders";
	}
	if (reason == NULL && path.len == 0)
		path = STR("index.gmi");
	if (reason == NULL)
		reason = fault_of_last(tree, path);
	if (reason != NULL)
		return refuse(out, reason);
	snprintf(out->name, sizeof out->name, "%.*s", STR_ARG(path));
	return STATUS_SUCCESS;
}

/* The answer after the failure of a lookup, with errno. */
static enum status
refuse_lookup(struct storepath *out)
{
	switch (errno) {
	case ENOTDIR:
	case ELOOP:
	case EMLINK:
		return refuse(out, "This path leads through a link or a file");
	case EXDEV:
		return refuse(out, "This path leads to another file system");
	case ENOENT:
		return refuse(out,
		    "The folder above this one does not exist; make it first");
	default: return STATUS_FAILURE;
	}
}

/* Enters the directories of the path; all but the last must exist. */
static enum status
enter_all(struct storepath *out, struct str path, size_t depth)
{
	for (size_t i = 0; str_find(path, '/') < path.len; i++) {
		struct str part = str_cut(&path, '/');
		char name[NAME_MAX + 1];
		int fd;

		snprintf(name, sizeof name, "%.*s", STR_ARG(part));
		fd = beneath_enter(out->folder, name, i >= depth);
		if (fd == -1 && errno == ENOENT && i >= depth &&
		    str_find(path, '/') == path.len) {
			memcpy(out->missing, name, sizeof name);
			return STATUS_SUCCESS;
		}
		if (fd == -1)
			return refuse_lookup(out);
		close(out->folder);
		out->folder = fd;
	}
	return STATUS_SUCCESS;
}

static enum status
find_file(struct storepath *out)
{
	if (out->missing[0] != '\0')
		return STATUS_SUCCESS;
	if (fstatat(out->folder, out->name, &out->st, AT_SYMLINK_NOFOLLOW) ==
	    -1)
		return errno == ENOENT ? STATUS_SUCCESS : STATUS_FAILURE;
	out->exists = true;
	return S_ISREG(out->st.st_mode)
	    ? STATUS_SUCCESS
	    : refuse(out, "This is not a file that can be written");
}

enum status
storepath_open(struct storepath *out, const struct tree *tree, struct str path,
    size_t depth)
{
	struct str names = str_tail(path, str_starts(path, STR("/")));
	enum status status;

	*out = (struct storepath){ .folder = -1 };
	if (!tree_shows_path(tree, path))
		status = refuse(out, "This path cannot be written");
	else
		status = check_names(out, tree, names);
	if (status != STATUS_SUCCESS)
		return status;
	out->folder =
	    openat(tree->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->folder == -1)
		return STATUS_FAILURE;
	status = enter_all(out, names, depth);
	if (status == STATUS_SUCCESS)
		status = find_file(out);
	if (status != STATUS_SUCCESS)
		storepath_close(out);
	return status;
}

void
storepath_close(struct storepath *storepath)
{
	process_close(storepath->folder);
	storepath->folder = -1;
}
