/* Visits everything in a tree, in order. */
#include "tool/survey.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/arena.h"
#include "text/array.h"

/* For more than a million names of one directory. */
#define NAMES_MEMORY ((size_t)128 << 20)

struct name {
	char *text;
	unsigned char type;
};

struct names {
	struct arena arena;
	struct name *all;
	size_t count, room;
};

static int
add_name(struct names *names, struct str text, unsigned char type)
{
	struct name *name;
	struct name *all =
	    array_grow(names->all, names->count, &names->room, sizeof *all);

	if (all == NULL)
		return -1;
	names->all = all;
	name = &names->all[names->count];
	name->type = type;
	name->text = arena_string(&names->arena, text);
	if (name->text == NULL)
		return -1;
	names->count++;
	return 0;
}

/* Not every file system reports the type with the name. */
static unsigned char
type_of(int fd, const struct dirent *found)
{
	struct stat st;

	if (found->d_type != DT_UNKNOWN ||
	    fstatat(fd, found->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return found->d_type;
	return (unsigned char)IFTODT(st.st_mode);
}

static int
read_names(struct names *names, int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *found;
	int result = 0;

	if (stream == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (result == 0 && (errno = 0, found = readdir(stream)) != NULL)
		if (strcmp(found->d_name, ".") != 0 &&
		    strcmp(found->d_name, "..") != 0)
			result = add_name(
			    names, str_of(found->d_name), type_of(fd, found));
	if (errno != 0)
		result = -1;
	closedir(stream);
	return result;
}

static int
in_order(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	return strverscmp(a->text, b->text);
}

static void visit_name(
    struct survey *survey, const struct stat *within, const struct name *name);

/* Visits a directory, and everything in it; takes its descriptor. */
static void
visit_directory(struct survey *survey, struct survey_entry *directory)
{
	struct names names = { 0 };
	struct stat st = directory->found.st;

	arena_init(&names.arena, NAMES_MEMORY);
	directory->unlisted = read_names(&names, directory->found.fd) == -1;
	survey->visit(survey->context, directory);
	/* Close it before descending: a tree may be deep. */
	close(directory->found.fd);
	if (names.count > 0)
		qsort(names.all, names.count, sizeof *names.all, in_order);
	for (size_t i = 0; i < names.count; i++)
		visit_name(survey, &st, &names.all[i]);
	arena_release(&names.arena);
	free(names.all);
}

/* Appends a name to the path, leaving room for a slash and a NUL. */
static bool
append(struct survey *survey, struct str name)
{
	if (survey->len + name.len + 2 > sizeof survey->path)
		return false;
	memcpy(survey->path + survey->len, name.at, name.len);
	survey->len += name.len;
	return true;
}

static void
visit_name(
    struct survey *survey, const struct stat *within, const struct name *name)
{
	struct survey_entry entry = { .name = str_of(name->text),
		.type = name->type,
		.within = within,
		.status = STATUS_NOT_FOUND,
		.error = ENAMETOOLONG };
	const size_t len = survey->len;

	if (append(survey, entry.name)) {
		entry.status = tree_open_in(survey->tree,
		    (struct str){ survey->path, len }, entry.name,
		    &entry.found);
		entry.error = errno;
	}
	if (entry.status == STATUS_SUCCESS && tree_is_directory(&entry.found))
		survey->path[survey->len++] = '/';
	entry.path = (struct str){ survey->path, survey->len };
	if (entry.status != STATUS_SUCCESS) {
		survey->visit(survey->context, &entry);
	} else if (entry.type == DT_DIR) {
		visit_directory(survey, &entry);
	} else {
		survey->visit(survey->context, &entry);
		close(entry.found.fd);
	}
	survey->len = len;
}

void
survey_run(struct survey *survey)
{
	struct survey_entry root = { .type = DT_DIR };

	survey->path[0] = '/';
	survey->len = 1;
	root.path = (struct str){ survey->path, 1 };
	root.status = tree_open(survey->tree, root.path, &root.found);
	root.error = errno;
	if (root.status == STATUS_SUCCESS)
		visit_directory(survey, &root);
	else
		survey->visit(survey->context, &root);
}
