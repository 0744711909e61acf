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
	char *path; /* NULL: no longer watched */
};

struct watch {
	int fd;
	struct watched *directories; /* sorted by number */
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

/* The position of the directory with that number, or its insert position. */
static size_t
find(const struct watch *watch, int number)
{
	size_t from = 0, to = watch->count;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (watch->directories[middle].number < number)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static struct watched *
directory_of(const struct watch *watch, int number)
{
	size_t at = find(watch, number);

	return at < watch->count && watch->directories[at].number == number
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

/* Takes ownership of `path`. */
static int
note(struct watch *watch, int number, char *path)
{
	struct watched *known = directory_of(watch, number);
	size_t at;

	if (known != NULL) {
		free(known->path);
		known->path = path;
		return 0;
	}
	if (watch->count == watch->room && make_room(watch) == -1) {
		free(path);
		return -1;
	}
	/*
	 * The kernel counts upwards: this is the end, except after an overflow.
	 */
	at = find(watch, number);
	memmove(&watch->directories[at + 1], &watch->directories[at],
	    (watch->count - at) * sizeof *watch->directories);
	watch->directories[at] = (struct watched){ number, path };
	watch->count++;
	return 0;
}

int
watch_add(struct watch *watch, const char *directory)
{
	int number = inotify_add_watch(watch->fd, directory, CHANGES);
	const struct watched *known;
	char *path;

	if (number == -1)
		return errno == ENOSPC || errno == ENOMEM ? -1 : 0;
	known = directory_of(watch, number);
	if (known != NULL && known->path != NULL &&
	    strcmp(known->path, directory) == 0)
		return 0;
	path = strdup(directory);
	return path == NULL ? -1 : note(watch, number, path);
}

/*
 * Writes the path of an event; false when the event may concern any path. An
 * event without a name concerns the directory itself.
 */
static bool
path_of(
    const struct watch *watch, const struct inotify_event *event, char *path)
{
	const struct watched *directory = directory_of(watch, event->wd);
	const char *name = event->len > 0 ? event->name : "";
	int len;

	if (directory == NULL || directory->path == NULL)
		return false;
	if (strcmp(directory->path, ".") == 0)
		len = snprintf(path, PATH_MAX, "%s", name);
	else
		len = snprintf(path, PATH_MAX, "%s%s", directory->path, name);
	return len > 0 && len < PATH_MAX;
}

/* Whether the event is the last one of a directory; it frees the number. */
static bool
forget(struct watch *watch, const struct inotify_event *event)
{
	struct watched *directory = directory_of(watch, event->wd);

	if (!(event->mask & IN_IGNORED))
		return false;
	if (directory != NULL) {
		free(directory->path);
		directory->path = NULL;
	}
	return true;
}

bool
watch_read(struct watch *watch,
    void (*changed)(void *context, const char *path), void *context)
{
	_Alignas(struct inotify_event) char news[16384];
	char path[PATH_MAX];
	bool any = false;
	ssize_t got;

	while ((got = read(watch->fd, news, sizeof news)) > 0)
		for (ssize_t at = 0; at < got;) {
			struct inotify_event *event =
			    (struct inotify_event *)(void *)(news + at);

			at += (ssize_t)(sizeof *event + event->len);
			/* The parent directory reports this, too. */
			if (forget(watch, event))
				continue;
			any = true;
			changed(
			    context, path_of(watch, event, path) ? path : NULL);
		}
	return any;
}
