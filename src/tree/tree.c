/*
 * The tree that is served.  Knows which names are out of bounds and what a
 * failed lookup means; knows nothing of protocols or of what files hold.
 */
#include "tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "text/buf.h"
#include "tree/beneath.h"

int
tree_init(struct tree *tree, const char *path)
{
	tree->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree->root == -1 ? -1 : 0;
}

void
tree_release(struct tree *tree)
{
	close(tree->root);
	tree->root = -1;
}

static bool
is_hidden(struct str name)
{
	return str_starts(name, STR(".")) &&
	    !str_equals(name, STR(".well-known"));
}

bool
tree_shows(struct str name)
{
	return !is_hidden(name) && !str_equals(name, STR("gophermap"));
}

static bool
holds_hidden(struct str path)
{
	while (path.len > 0)
		if (is_hidden(str_cut(&path, '/')))
			return true;
	return false;
}

static enum status
status_of(int error, struct str path)
{
	char text[PATH_MAX + 64];
	struct buf line = buf_over(text, sizeof text);

	switch (error) {
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		log_field(&line, "path", path);
		log_line(LOG_LEVEL_ERROR, "tree: cannot open: %s %.*s",
		    strerror(error), STR_ARG(buf_str(&line)));
		return STATUS_FAILURE;
	default: return STATUS_NOT_FOUND;
	}
}

enum status
tree_open(const struct tree *tree, struct str path, struct entry *out)
{
	return tree_open_in(tree, path, STR(""), out);
}

enum status
tree_open_in(const struct tree *tree, struct str path, struct str name,
    struct entry *out)
{
	char text[PATH_MAX];
	struct buf relative = buf_over(text, sizeof text);
	int error;

	if (holds_hidden(path) || is_hidden(name))
		return STATUS_NOT_FOUND;
	/* The root itself is "." to a lookup that begins there. */
	buf_add(&relative, path.len + name.len > 1 ? STR("") : STR("."));
	buf_add(&relative, str_tail(path, 1));
	buf_add(&relative, name);
	/* The system would read the name only to its first NUL. */
	if (str_find(buf_str(&relative), '\0') < relative.len)
		return STATUS_NOT_FOUND;
	buf_char(&relative, '\0');
	if (relative.overflow)
		return STATUS_NOT_FOUND;
	out->fd = beneath_open(tree->root, text);
	if (out->fd == -1)
		return status_of(errno, path);
	if (fstat(out->fd, &out->st) == -1) {
		error = errno;
		close(out->fd);
		return status_of(error, path);
	}
	if (!S_ISREG(out->st.st_mode) && !S_ISDIR(out->st.st_mode)) {
		close(out->fd);
		return STATUS_NOT_FOUND;
	}
	return STATUS_SUCCESS;
}

bool
entry_is_directory(const struct entry *entry)
{
	return S_ISDIR(entry->st.st_mode);
}
