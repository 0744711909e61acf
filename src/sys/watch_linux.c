/*
 * Notifications about changes in directories, by inotify(7).
 */
#include "sys/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* IN_IGNORED, IN_Q_OVERFLOW and IN_UNMOUNT arrive unrequested. */
#define CHANGES \
	(IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | \
	    IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR | IN_DONT_FOLLOW)

struct watched {
	int number; /* of the kernel */
	size_t tree;
	char *path; /* NULL: no longer watched */
};

struct watch {
	int fd;
	struct watched *directories; /* sorted by number and tree */
	size_t count, room;
};

struct watch *
watch_open(void)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return NULL;
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd != -1)
		return watch;
	free(watch);
	return NULL;
}

void
watch_close(struct watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->count; i++)
		free(watch->directories[i].path);
	free(watch->directories);
	close(watch->fd);
	free(watch);
}

int
watch_fd(const struct watch *watch)
{
	return watch->fd;
}

static bool
is_before(const struct watched *watched, int number, size_t tree)
{
	return watched->number < number ||
	    (watched->number == number && watched->tree < tree);
}

/*
 * The position of the directory with that number in that tree, or its insert
 * position.
 */
static size_t
find(const struct watch *watch, int number, size_t tree)
{
	size_t from = 0, to = watch->count;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (is_before(&watch->directories[middle], number, tree))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Whether there is a directory with that number at the position. */
static bool
has(const struct watch *watch, size_t at, int number)
{
	return at < watch->count && watch->directories[at].number == number;
}

static struct watched *
directory_of(const struct watch *watch, int number, size_t tree)
{
	size_t at = find(watch, number, tree);

	return has(watch, at, number) && watch->directories[at].tree == tree
	    ? &watch->directories[at]
	    : NULL;
}

/*
 * Removes directories that are no longer watched; doubles the room if it is
 * full.
 */
static int
make_room(struct watch *watch)
{
	size_t kept = 0, room;
	struct watched *larger;

	for (size_t i = 0; i < watch->count; i++)
		if (watch->directories[i].path != NULL)
			watch->directories[kept++] = watch->directories[i];
	watch->count = kept;
	if (kept < watch->room / 2)
		return 0;
	room = watch->room * 2 + 16;
	larger = realloc(watch->directories, room * sizeof *larger);
	if (larger == NULL)
		return -1;
	watch->directories = larger;
	watch->room = room;
	return 0;
}

/* Takes ownership of `added.path`. */
static int
note(struct watch *watch, struct watched added)
{
	struct watched *known = directory_of(watch, added.number, added.tree);
	size_t at;

	if (known != NULL) {
		free(known->path);
		known->path = added.path;
		return 0;
	}
	if (watch->count == watch->room && make_room(watch) == -1) {
		free(added.path);
		return -1;
	}
	/*
	 * The kernel counts upwards: this is the end, except after an overflow,
	 * and for a directory of two trees.
	 */
	at = find(watch, added.number, added.tree);
	memmove(&watch->directories[at + 1], &watch->directories[at],
	    (watch->count - at) * sizeof *watch->directories);
	watch->directories[at] = added;
	watch->count++;
	return 0;
}

int
watch_add(struct watch *watch, size_t tree, const char *directory)
{
	struct watched added = { .tree = tree };
	const struct watched *known;

	added.number = inotify_add_watch(watch->fd, directory, CHANGES);
	if (added.number == -1)
		return errno == ENOSPC || errno == ENOMEM ? -1 : 0;
	known = directory_of(watch, added.number, tree);
	if (known != NULL && known->path != NULL &&
	    strcmp(known->path, directory) == 0)
		return 0;
	added.path = strdup(directory);
	return added.path == NULL ? -1 : note(watch, added);
}

/*
 * Writes the path of an event; false when the event may concern any path. An
 * event without a name concerns the directory itself.
 */
static bool
path_of(const struct watched *directory, const struct inotify_event *event,
    char *path)
{
	const char *name = event->len > 0 ? event->name : "";
	int len;

	if (directory->path == NULL)
		return false;
	if (strcmp(directory->path, ".") == 0)
		len = snprintf(path, PATH_MAX, "%s", name);
	else
		len = snprintf(path, PATH_MAX, "%s%s", directory->path, name);
	return len > 0 && len < PATH_MAX;
}

/* Forgets a directory whose number the kernel has freed. */
static void
forget(struct watch *watch, int number)
{
	for (size_t at = find(watch, number, 0); has(watch, at, number); at++) {
		free(watch->directories[at].path);
		watch->directories[at].path = NULL;
	}
}

/* Reports an event for each tree that has the directory. */
static void
tell(const struct watch *watch, const struct inotify_event *event,
    watch_changed *changed, void *context)
{
	size_t at = find(watch, event->wd, 0);
	char path[PATH_MAX];

	if (!has(watch, at, event->wd))
		changed(context, WATCH_ANY, NULL);
	for (; has(watch, at, event->wd); at++) {
		const struct watched *directory = &watch->directories[at];

		changed(context, directory->tree,
		    path_of(directory, event, path) ? path : NULL);
	}
}

bool
watch_read(struct watch *watch, watch_changed *changed, void *context)
{
	_Alignas(struct inotify_event) char news[16384];
	bool any = false;
	ssize_t got;

	while ((got = read(watch->fd, news, sizeof news)) > 0)
		for (ssize_t at = 0; at < got;) {
			struct inotify_event *event =
			    (struct inotify_event *)(void *)(news + at);

			at += (ssize_t)(sizeof *event + event->len);
			/* The parent directory reports this, too. */
			if (event->mask & IN_IGNORED) {
				forget(watch, event->wd);
				continue;
			}
			any = true;
			tell(watch, event, changed, context);
		}
	return any;
}
