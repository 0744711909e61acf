/*
 * Opens files of the tree by path: hides names, maps errors to statuses, and
 * logs failures.
 */
#include "tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/log.h"
#include "text/buf.h"
#include "tree/beneath.h"
#include "tree/zones.h"

/* The time without a log line for a repeated failure; the failures stored. */
#define SAID_AGAIN_MS 60000
#define FAILURES 256

/* A failure that was logged lately. */
struct failure {
	struct timespec until; /* when it may be logged again */
	unsigned long unsaid;
};

static struct failure failures_of_process[FAILURES];
static struct failure *failures = failures_of_process;

int
tree_init(struct tree *tree, const char *path, const char *const *hide)
{
	*tree = (struct tree){ .hide = hide };
	tree->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree->root == -1 ? -1 : 0;
}

const char *
tree_init_remedy(int error)
{
	return error == EACCES
	    ? "open it and each folder above it with chmod a+rx"
	    : "name the capsule's folder, or make one with capsule new DIR";
}

void
tree_release(struct tree *tree)
{
	close(tree->root);
	tree->root = -1;
}

bool
tree_shows(const struct tree *tree, struct str name)
{
	const char *const *hide = tree->hide;
	char text[NAME_MAX + 1];

	if (str_starts(name, STR(".")))
		return str_equals(name, STR(".well-known"));
	/* Such names exist on a few file systems, as by FUSE. */
	if (name.len > NAME_MAX)
		return false;
	if (hide == NULL || name.len == 0)
		return true;
	memcpy(text, name.at, name.len);
	text[name.len] = '\0';
	while (*hide != NULL && fnmatch(*hide, text, 0) != 0)
		hide++;
	return *hide == NULL;
}

/* Whether all names of a path are shown, in whatever zone. */
static bool
shows_names(const struct tree *tree, struct str path)
{
	while (path.len > 0)
		if (!tree_shows(tree, str_cut(&path, '/')))
			return false;
	return true;
}

bool
tree_shows_path(const struct tree *tree, struct str path)
{
	return shows_names(tree, path) &&
	    zones_show(tree->zones, tree->own, path);
}

int
tree_open_beneath(const struct tree *tree, const char *path)
{
	char real[BENEATH_REAL_MAX];
	int fd;

	if (tree->zones == NULL)
		return beneath_open(tree->root, path);
	/* The path itself may be a link in a hidden zone. */
	snprintf(real, sizeof real, "/%s", strcmp(path, ".") == 0 ? "" : path);
	if (!zones_show(tree->zones, tree->own, str_of(real))) {
		errno = ENOENT;
		return -1;
	}
	fd = beneath_open_real(tree->root, path, real);
	if (fd == -1 || zones_show(tree->zones, tree->own, str_of(real)))
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

static void
log_path(enum log_level level, struct str text, struct str path)
{
	char field[1024];
	struct buf line = buf_over(field, sizeof field);

	log_field(
	    &line, "path", str_head(path, path.len < 256 ? path.len : 256));
	log_line(
	    level, "tree: %.*s %.*s", STR_ARG(text), STR_ARG(buf_str(&line)));
}

void
tree_log_failure(const char *what, int error, struct str path)
{
	struct failure *failure =
	    &failures[(str_hash(str_of(what)) + (uint64_t)error) % FAILURES];
	char bytes[256];
	struct buf text = buf_over(bytes, sizeof bytes);

	if (clock_until_ms(&failure->until) > 0) {
		failure->unsaid++;
		return;
	}
	buf_printf(&text, "%s: %s", what, strerror(error));
	if (failure->unsaid > 0)
		buf_printf(&text, " (%lu more since the last such line)",
		    failure->unsaid);
	log_path(LOG_LEVEL_ERROR, buf_str(&text), path);
	failure->until = clock_in(SAID_AGAIN_MS);
	failure->unsaid = 0;
}

int
tree_share_failures(void)
{
	struct failure *shared = mmap(NULL, sizeof *shared * FAILURES,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return -1;
	memcpy(shared, failures, sizeof *shared * FAILURES);
	failures = shared;
	return 0;
}

/*
 * The status of a lookup of the whole path `text` that failed with `error`.
 * With `warns`, a lack of permission is logged.
 */
static enum status
status_of(int error, const char *text, bool warns)
{
	char absolute[PATH_MAX + 1];
	struct str path = { absolute,
		(size_t)snprintf(absolute, sizeof absolute, "/%s",
		    strcmp(text, ".") == 0 ? "" : text) };

	if (!beneath_is_absent(error)) {
		tree_log_failure("cannot open", error, path);
		errno = error == EAGAIN ? EIO : error;
		return STATUS_FAILURE;
	}
	if (error == EACCES && warns)
		log_path(LOG_LEVEL_WARN, STR("cannot open: Permission denied"),
		    path);
	errno = error == EACCES ? EACCES : ENOENT;
	return STATUS_NOT_FOUND;
}

/* Not found for a reason that is not logged. */
static enum status
not_found(void)
{
	errno = ENOENT;
	return STATUS_NOT_FOUND;
}

/* Writes the path for system calls; -1 when that is not possible. */
static int
relative_path(struct str path, struct str name, char text[PATH_MAX])
{
	struct buf relative = buf_over(text, PATH_MAX);

	/* The root is "." relative to its descriptor. */
	buf_add(&relative, path.len + name.len > 1 ? STR("") : STR("."));
	buf_add(&relative, str_tail(path, 1));
	buf_add(&relative, name);
	/* A system call would read the name only to its first NUL. */
	if (str_find(buf_str(&relative), '\0') < relative.len)
		return -1;
	buf_char(&relative, '\0');
	return relative.overflow ? -1 : 0;
}

static enum status
open_in(const struct tree *tree, struct str path, struct str name, bool warns,
    struct entry *out)
{
	char text[PATH_MAX];
	int error;

	if (!shows_names(tree, path) || !tree_shows(tree, name) ||
	    relative_path(path, name, text) == -1)
		return not_found();
	out->fd = tree_open_beneath(tree, text);
	if (out->fd == -1)
		return status_of(errno, text, warns);
	if (fstat(out->fd, &out->st) == -1) {
		error = errno;
		close(out->fd);
		return status_of(error, text, warns);
	}
	if (!S_ISREG(out->st.st_mode) && !S_ISDIR(out->st.st_mode)) {
		close(out->fd);
		return not_found();
	}
	return STATUS_SUCCESS;
}

enum status
tree_open_in(const struct tree *tree, struct str path, struct str name,
    struct entry *out)
{
	return open_in(tree, path, name, true, out);
}

enum status
tree_open(const struct tree *tree, struct str path, struct entry *out)
{
	return open_in(tree, path, STR(""), true, out);
}

enum status
tree_status(const struct tree *tree, struct str path)
{
	struct entry entry;
	enum status status = tree_open(tree, path, &entry);

	if (status == STATUS_SUCCESS)
		close(entry.fd);
	return status;
}

enum status
tree_find(const struct tree *tree, struct str path, struct entry *out)
{
	return open_in(tree, path, STR(""), false, out);
}

int
tree_stat_in(
    const struct tree *tree, struct str path, struct str name, struct stat *out)
{
	char text[PATH_MAX];

	if (relative_path(path, name, text) == -1) {
		errno = EINVAL;
		return -1;
	}
	return fstatat(tree->root, text, out, AT_SYMLINK_NOFOLLOW);
}

int64_t
tree_ns(const struct timespec *time)
{
	const int64_t most = INT64_MAX / 1000000000 - 1;
	int64_t seconds = time->tv_sec;

	if (seconds > most || seconds < -most)
		return seconds > 0 ? INT64_MAX : INT64_MIN;
	return seconds * 1000000000 + time->tv_nsec;
}

bool
tree_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    tree_ns(&a->st_mtim) == tree_ns(&b->st_mtim) &&
	    tree_ns(&a->st_ctim) == tree_ns(&b->st_ctim);
}

bool
tree_is_settled(const struct stat *st)
{
	/* Some file systems count in steps of two seconds. */
	int64_t tick = st->st_ctim.tv_nsec == 0 ? 3000000000 : 50000000;
	struct timespec now;

	return clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	    tree_ns(&now) - tick >= tree_ns(&st->st_ctim);
}

bool
tree_is_directory(const struct entry *entry)
{
	return S_ISDIR(entry->st.st_mode);
}

bool
tree_is_unchanged(const struct entry *entry)
{
	struct stat now;

	return fstat(entry->fd, &now) == 0 &&
	    now.st_size == entry->st.st_size &&
	    tree_ns(&now.st_mtim) == tree_ns(&entry->st.st_mtim);
}

int
tree_hash(const struct entry *entry, unsigned char out[SHA256_SIZE],
    const struct sha256_pause *pause)
{
	uint64_t size;

	if (sha256_file(entry->fd, out, &size, pause) == -1)
		return -1;
	if (size == (uint64_t)entry->st.st_size && tree_is_unchanged(entry))
		return 0;
	errno = ESTALE;
	return -1;
}
