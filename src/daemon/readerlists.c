/*
 * Reads the lists of readers and writers, and detects changes of them. This is
 * done in the master, so that no other process can add a reader or writer.
 */
#include "daemon/readerlists.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/process.h"
#include "text/array.h"
#include "text/identity.h"
#include "tree/tree.h"

/* The largest file of a list. */
#define BYTES_MOST ((size_t)32 << 20)
/* Wrong lines of a list that are reported. */
#define WRONG_MOST 10
/* Bytes of a path in an error: the log cuts long lines at the end. */
#define PATH_SHOWN ((size_t)1024)

/* A list while it is read. */
struct reading {
	struct readerlists_file *file;
	void (*say)(const char *text);
	struct buf *error;
	unsigned char (*hashes)[IDENTITY_SIZE];
	size_t count;
	unsigned wrong; /* lines */
};

const char *
readerlists_kind(const struct readerlists_file *file)
{
	return file->has_readers || !file->has_writers ? "readers" : "writers";
}

static int
fail(struct reading *reading, const char *problem)
{
	struct str path = str_of(reading->file->path);

	buf_printf(reading->error, "%s: ", readerlists_kind(reading->file));
	buf_add(reading->error,
	    str_head(path, path.len < PATH_SHOWN ? path.len : PATH_SHOWN));
	buf_printf(reading->error, ": %s", problem);
	return -1;
}

static int
fail_errno(struct reading *reading)
{
	char problem[256];

	snprintf(problem, sizeof problem, "%s; %s", strerror(errno),
	    errno == ENOENT ? "make this file, or correct its name"
			    : "make it a file that this user can read");
	return fail(reading, problem);
}

static void
report_line(struct reading *reading, unsigned line)
{
	char text[PATH_MAX + 128];

	if (++reading->wrong > WRONG_MOST)
		return;
	snprintf(text, sizeof text,
	    "%s: %s:%u: not an entry, give a SHA-256 fingerprint of 64 "
	    "hexadecimal digits, and a name",
	    readerlists_kind(reading->file), reading->file->path, line);
	reading->say(text);
}

static void
report_rest(const struct reading *reading)
{
	char text[PATH_MAX + 128];

	if (reading->wrong <= WRONG_MOST)
		return;
	snprintf(text, sizeof text, "%s: %s: %u more lines are not entries",
	    readerlists_kind(reading->file), reading->file->path,
	    reading->wrong - WRONG_MOST);
	reading->say(text);
}

/* Takes the readers from the text of a list. */
static int
read_lines(struct reading *reading, struct str text)
{
	unsigned char hash[IDENTITY_SIZE];

	/* Some Windows editors write a byte order mark. */
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_tail(text, 3);
	for (unsigned line = 1; text.len > 0; line++) {
		switch (identity_read_line(str_cut(&text, '\n'), hash)) {
		case IDENTITY_LINE_BLANK: continue;
		case IDENTITY_LINE_BAD: report_line(reading, line); continue;
		case IDENTITY_LINE_GOOD: break;
		}
		if (reading->count == READERLISTS_MOST)
			return fail(reading,
			    "has over 100,000 entries; divide it into several "
			    "lists");
		memcpy(reading->hashes[reading->count++], hash, sizeof hash);
	}
	report_rest(reading);
	return 0;
}

static int
compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, IDENTITY_SIZE);
}

/* Sorts the readers, and removes duplicates. */
static void
sort(struct reading *reading)
{
	size_t count = 0;

	if (reading->count == 0)
		return;
	qsort(reading->hashes, reading->count, IDENTITY_SIZE, compare_hashes);
	for (size_t i = 1; i < reading->count; i++)
		if (memcmp(reading->hashes[i], reading->hashes[count],
			IDENTITY_SIZE) != 0)
			memmove(reading->hashes[++count], reading->hashes[i],
			    IDENTITY_SIZE);
	reading->count = count + 1;
}

/* Reads `size` bytes and, if there are, one more; -1 with errno set. */
static ssize_t
read_all(int fd, char *at, size_t size)
{
	size_t len = 0;
	ssize_t got = 1;

	while (len <= size && got > 0) {
		got = read(fd, at + len, size + 1 - len);
		if (got == -1 && errno == EINTR)
			got = 1;
		else if (got > 0)
			len += (size_t)got;
	}
	return got == -1 ? -1 : (ssize_t)len;
}

/* Reads an open list. */
static int
read_open(struct reading *reading, int fd)
{
	struct stat *st = &reading->file->st;
	char *text;
	ssize_t len;
	int result;

	if (fstat(fd, st) == -1)
		return fail_errno(reading);
	if (!S_ISREG(st->st_mode))
		return fail(reading, "is not a file; name a file");
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fail(reading,
		    "its group or others may write to it, and so add entries; "
		    "forbid that with chmod go-w");
	if ((uintmax_t)st->st_size > BYTES_MOST)
		return fail(reading, "is over 32 MiB; make it shorter");
	text = malloc((size_t)st->st_size + 1);
	/* A reader takes 64 bytes at least. */
	reading->hashes = calloc((size_t)st->st_size / 64 + 1, IDENTITY_SIZE);
	if (text == NULL || reading->hashes == NULL) {
		free(text);
		return fail(reading, "no memory; make it shorter");
	}
	len = read_all(fd, text, (size_t)st->st_size);
	if (len == -1)
		result = fail_errno(reading);
	else
		result = read_lines(reading,
		    (struct str){ text,
			(uintmax_t)len > (uintmax_t)st->st_size
			    ? (size_t)st->st_size
			    : (size_t)len });
	free(text);
	return result;
}

/* Reads a list; reading->hashes is to be freed. */
static int
read_list(struct reading *reading)
{
	struct readerlists_file *file = reading->file;
	/* A FIFO must not block. */
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result;

	file->st = (struct stat){ 0 };
	if (fd == -1)
		return fail_errno(reading);
	result = read_open(reading, fd);
	close(fd);
	if (result == 0)
		sort(reading);
	file->count = reading->count;
	file->is_settled = tree_is_settled(&file->st);
	return result;
}

/* Reads all lists into `readings`, and makes a set of them. */
static int
read_set(const struct readerlists *lists, struct reading *readings,
    struct readerset_list *made)
{
	size_t total = 0;
	int fd;

	for (size_t i = 0; i < lists->count; i++) {
		if (read_list(&readings[i]) == -1)
			return -1;
		total += readings[i].count;
		made[i] = (struct readerset_list){ .name = lists->files[i].path,
			.hashes = (const unsigned char *)readings[i].hashes,
			.count = readings[i].count };
		if (total > READERLISTS_MOST_OF_ALL)
			return fail(&readings[i],
			    "all lists together have over 1,000,000 entries; "
			    "remove some");
	}
	fd = readerset_write(made, lists->count);
	if (fd == -1)
		buf_printf(readings->error,
		    "readers: no memory for the lists: %s; make them shorter",
		    strerror(errno));
	return fd;
}

/*
 * Reads all lists, with the states in `lists->files`. Returns a descriptor for
 * readerset_map, or -1 with `error`.
 */
static int
read_all_lists(const struct readerlists *lists, void (*say)(const char *text),
    struct buf *error)
{
	struct reading *readings = calloc(lists->count, sizeof *readings);
	struct readerset_list *made = calloc(lists->count, sizeof *made);
	int fd = -1;

	if (readings == NULL || made == NULL) {
		buf_add(error, STR("readers: out of memory"));
	} else {
		for (size_t i = 0; i < lists->count; i++)
			readings[i] =
			    (struct reading){ .file = &lists->files[i],
				    .say = say,
				    .error = error };
		fd = read_set(lists, readings, made);
		for (size_t i = 0; i < lists->count; i++)
			free(readings[i].hashes);
	}
	free(readings);
	free(made);
	return fd;
}

static int
compare_files(const void *a, const void *b)
{
	return strcmp(((const struct readerlists_file *)a)->path,
	    ((const struct readerlists_file *)b)->path);
}

/* Adds the lists of a part; `names` may be NULL. */
static int
add_files(struct readerlists *lists, size_t *room, const char *const *names,
    const struct readerlists_file *file)
{
	for (; names != NULL && *names != NULL; names++) {
		struct readerlists_file *files;

		if (strcmp(*names, READERSET_ANY) == 0)
			continue;
		files =
		    array_grow(lists->files, lists->count, room, sizeof *files);
		if (files == NULL)
			return -1;
		lists->files = files;
		files[lists->count] = *file;
		files[lists->count++].path = *names;
	}
	return 0;
}

/* Adds the lists of one host. */
static int
add_host(struct readerlists *lists, size_t *room, const struct rules *rules)
{
	static const struct readerlists_file of_readers = { .has_readers =
								true },
					     of_writers = { .has_writers =
								true };

	for (size_t i = 0; i < rules->part_count; i++) {
		const struct rules_part *part = &rules->parts[i];

		if (add_files(lists, room, part->readers, &of_readers) == -1 ||
		    add_files(lists, room, part->upload.writers, &of_writers) ==
			-1)
			return -1;
	}
	return 0;
}

/* Lists each file once. */
static int
collect_files(struct readerlists *lists, const struct config *config)
{
	struct readerlists_file *files;
	size_t count = 0, room = 0;

	for (size_t i = 0; i < config->host_count; i++)
		if (add_host(lists, &room, &config->hosts[i].rules) == -1)
			return -1;
	if (lists->count == 0)
		return 0;
	files = lists->files;
	qsort(files, lists->count, sizeof *files, compare_files);
	for (size_t i = 1; i < lists->count; i++) {
		if (compare_files(&files[count], &files[i]) != 0)
			files[++count] = files[i];
		files[count].has_readers |= files[i].has_readers;
		files[count].has_writers |= files[i].has_writers;
	}
	lists->count = count + 1;
	return 0;
}

int
readerlists_open(struct readerlists *lists, const struct config *config,
    void (*say)(const char *text), struct buf *error)
{
	*lists = (struct readerlists){ .fd = -1 };
	if (collect_files(lists, config) == -1) {
		buf_add(error, STR("readers: out of memory"));
		readerlists_release(lists);
		return -1;
	}
	if (lists->count == 0)
		return 0;
	lists->fd = read_all_lists(lists, say, error);
	if (lists->fd != -1 && readerset_map(&lists->set, lists->fd) == 0)
		return 0;
	if (lists->fd != -1)
		buf_add(error, STR("readers: no memory for the lists"));
	readerlists_release(lists);
	return -1;
}

void
readerlists_release(struct readerlists *lists)
{
	readerset_release(&lists->set);
	if (lists->count > 0)
		process_close(lists->fd);
	free(lists->files);
	*lists = (struct readerlists){ 0 };
}

/* Whether a file has changed since it was read; sets file->now. */
static bool
has_changed(struct readerlists_file *file)
{
	struct stat *now = &file->now;

	if (stat(file->path, now) == -1) {
		*now = (struct stat){ 0 };
		return !file->is_refused;
	}
	return !tree_is_same(&file->st, now) ||
	    now->st_mode != file->st.st_mode ||
	    (!file->is_settled && !file->is_refused);
}

static void
log_warning(const char *text)
{
	log_line(LOG_LEVEL_WARN, "%s", text);
}

/*
 * Logs why the old lists stay in use, once for each version of the files. The
 * version is their state before they were read: a file that is replaced after
 * that has a new one.
 */
static void
refuse(struct readerlists *lists, const struct buf *error)
{
	log_line(LOG_LEVEL_ERROR, "%.*s; keeping the old lists",
	    STR_ARG(buf_str(error)));
	for (size_t i = 0; i < lists->count; i++) {
		struct readerlists_file *file = &lists->files[i];

		file->is_refused = true;
		file->st = file->now;
	}
}

/* Uses the set in `fd`, which it takes; false when the set is the same. */
static bool
take(struct readerlists *lists, int fd)
{
	struct readerset set = { 0 };

	for (size_t i = 0; i < lists->count; i++)
		lists->files[i].is_refused = false;
	if (readerset_map(&set, fd) == -1) {
		process_close(fd);
		return false;
	}
	if (set.size == lists->set.size &&
	    memcmp(set.at, lists->set.at, set.size) == 0) {
		readerset_release(&set);
		process_close(fd);
		return false;
	}
	readerset_release(&lists->set);
	process_close(lists->fd);
	lists->set = set;
	lists->fd = fd;
	for (size_t i = 0; i < lists->count; i++)
		log_line(LOG_LEVEL_INFO, "%s: %s: %zu",
		    readerlists_kind(&lists->files[i]), lists->files[i].path,
		    lists->files[i].count);
	return true;
}

bool
readerlists_look(struct readerlists *lists)
{
	char text[PATH_MAX + 512];
	struct buf error = buf_over(text, sizeof text);
	bool changed = false;
	int fd;

	for (size_t i = 0; i < lists->count; i++)
		changed = has_changed(&lists->files[i]) || changed;
	if (!changed)
		return false;
	fd = read_all_lists(lists, log_warning, &error);
	if (fd != -1)
		return take(lists, fd);
	refuse(lists, &error);
	return false;
}
