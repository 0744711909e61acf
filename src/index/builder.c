/*
 * Keeps the index up to date: finds the files that changed, and adds and
 * removes their rows.
 */
#include "index/builder.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index/fileadd.h"
#include "index/filerows.h"
#include "index/hashing.h"
#include "index/tables.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"
#include "text/bitset.h"
#include "tree/beneath.h"
#include "tree/walk.h"

#define PAGE_MEMORY ((size_t)128 << 10)
/* Bytes of large files to hash in one scan; the rest follows after it. */
#define HASHED_A_LOOK ((int64_t)32 << 20)
/* A scan may spend this many times longer on edits than on new files. */
#define PATIENCE 2

struct builder {
	const struct builder_setup *setup;
	struct tables tables;
	bool is_settled; /* see builder_is_settled */
	bool has_waited; /* lists of files wait for the first scan */
	/* State of one scan. */
	int64_t took_us; /* time for adding and removing, without the walk */
	int64_t next; /* number for the next new file */
	struct fileadd add;
	bool looks_at_all;
	bool changed; /* the index was changed */
	bool more; /* the scan left changes for the next one */
	struct bitset seen; /* numbers of files that exist */
	struct pathlist todo; /* paths to scan, unless all are */
	struct pathlist failed; /* files that the last scan could not read */
	struct pathlist dangling; /* links without a target at the last scan */
	bool has_come; /* a new file was found */
	struct arena arena; /* of one page */
};

struct builder *
builder_new(const struct builder_setup *setup)
{
	struct builder *build = calloc(1, sizeof *build);

	if (build == NULL)
		return NULL;
	build->setup = setup;
	build->tables.place = setup->place;
	build->tables.is_damaged = setup->rebuilds;
	arena_init(&build->arena, PAGE_MEMORY);
	return build;
}

void
builder_free(struct builder *build)
{
	if (build == NULL)
		return;
	tables_rollback(&build->tables);
	tables_close(&build->tables);
	pathlist_release(&build->failed);
	pathlist_release(&build->dangling);
	free(build);
}

/* Opens the index, or creates one. */
static int
open_index(struct builder *build)
{
	const struct builder_setup *setup = build->setup;

	/* Readers open the index by name, so a renamed file is of no use. */
	if (build->tables.db != NULL && !build->tables.is_damaged &&
	    (build->tables.is_first ||
		!db_has_moved(build->tables.db, setup->place)))
		return 0;
	tables_rollback(&build->tables);
	tables_close(&build->tables);
	errno = EBADMSG;
	if (build->tables.is_damaged ||
	    tables_open(&build->tables, setup->english) == -1) {
		if (errno == EBADMSG)
			log_line(LOG_LEVEL_WARN,
			    "index: %s is damaged; rebuilding it",
			    setup->place->name);
		else if (errno == ESTALE)
			log_line(LOG_LEVEL_INFO,
			    "index: %s is of another version, language or "
			    "readers; rebuilding it",
			    setup->place->name);
		else if (errno != ENOENT)
			return -1;
		return tables_create(&build->tables, setup->english);
	}
	if (!setup->is_stale || build->has_waited)
		return 0;
	build->has_waited = true;
	return tables_make_wait(&build->tables);
}

void
builder_open(struct builder *build)
{
	(void)open_index(build);
}

void
builder_close(struct builder *build)
{
	/*
	 * Keep a first index open, which has no name yet, and a damaged one,
	 * whose damage would have to be found again.
	 */
	if (!build->tables.is_first && !build->tables.is_damaged)
		tables_close(&build->tables);
}

void
builder_open_briefly(struct builder *build)
{
	builder_open(build);
	if (build->tables.db != NULL)
		db_keep_log(build->tables.db);
	builder_close(build);
}

/*
 * Whether the scan ends early, so that visitors can search its results, and
 * leaves the rest to the next scan. The first scan is never cut, since there
 * is no index before it ends.
 */
static bool
is_enough(struct builder *build, bool is_new)
{
	int64_t most = (int64_t)build->setup->look_ms * 1000;

	if (build->tables.is_first || most == 0 ||
	    build->took_us < most * (is_new ? 1 : PATIENCE))
		return false;
	build->more = true;
	return true;
}

/* Adds a path to a list once; a scan of the whole tree has no duplicates. */
static int
note(const struct builder *build, struct pathlist *list, struct str path)
{
	return !build->looks_at_all && pathlist_has(list, path)
	    ? 0
	    : pathlist_add(list, path);
}

/*
 * A file or directory that cannot be read still exists: the index keeps its
 * rows. With errno set; one that is gone or hidden is ignored.
 */
static int
fail(struct builder *build, struct str path)
{
	int error = errno;

	if (beneath_is_absent(error))
		return 0;
	/* A lack of descriptors or memory is not a failure of the file. */
	if (error == EMFILE || error == ENFILE || error == ENOMEM)
		return -1;
	tree_log_failure("cannot read", error, path);
	return note(build, &build->failed, path) == -1
	    ? -1
	    : filerows_see_beneath(&build->tables, path, &build->seen);
}

/*
 * Scans the other names of a file, and the links to it. They have changed with
 * it, but no event reports them.
 */
static int
add_aliases(struct builder *build, int64_t inode)
{
	return build->looks_at_all || inode == FILEROW_NO_INODE
	    ? 0
	    : filerows_list_inode(
		  &build->tables, inode, &build->seen, &build->todo);
}

/* Whether a page in the index was only copied again, as by a deployment. */
static bool
is_same_page(const struct filerow *last, const struct fileadd_file *file)
{
	const struct filerow *row = &file->row;

	/* The text of a link is indexed under the path of its target. */
	return last->is_page && file->met.type != DT_LNK &&
	    last->inode != FILEROW_NO_INODE && last->hashed && row->hashed &&
	    last->size == row->size &&
	    memcmp(last->hash, row->hash, sizeof row->hash) == 0;
}

/* Replaces `last` with the open file. */
static int
put(struct builder *build, struct fileadd_file *file,
    const struct filerow *last)
{
	build->changed = true;
	build->has_come |= last->id == 0;
	file->row.id = last->id != 0 ? last->id : build->next++;
	if (bitset_add(&build->seen, (uint64_t)file->row.id) == -1 ||
	    add_aliases(build, file->row.inode) == -1 ||
	    (last->id != 0 && last->inode != file->row.inode &&
		add_aliases(build, last->inode) == -1))
		return -1;
	if (is_same_page(last, file))
		return tables_keep_file(&build->tables, &file->row);
	if (last->id != 0 &&
	    tables_remove(&build->tables, last->id, false) == -1)
		return -1;
	return fileadd_write(&build->add, file);
}

/* Replaces `last` with the file that the walk found, and measures the time. */
static int
replace(struct builder *build, const struct walk_entry *met,
    const struct filerow *last)
{
	struct fileadd_file file;
	struct timespec started = clock_now();
	int result = fileadd_open(&build->add, met, last, &file);

	if (result != 1)
		return result == 0 ? 0 : fail(build, met->path);
	result = put(build, &file, last);
	process_close(file.entry.fd);
	build->took_us += clock_since_us(&started);
	return result;
}

static int
visit(
    struct builder *build, const struct walk_entry *met, const struct stat *st)
{
	struct filerow last = filerows_find(&build->tables, met->path);

	if ((last.id != 0 && filerow_is_settled(&last, st)) ||
	    is_enough(build, last.id == 0))
		return bitset_add(&build->seen, (uint64_t)last.id);
	return replace(build, met, &last);
}

static int
enter(const struct builder_setup *setup, struct str path)
{
	return setup->enter == NULL
	    ? 0
	    : setup->enter(setup->context, path.len > 1 ? path.at + 1 : ".");
}

/* Visits a name of the tree. */
static int
meet(struct builder *build, const struct walk_entry *met)
{
	struct stat st;

	if (met->type == DT_DIR)
		return enter(build->setup, met->path);
	if (walk_stat(build->setup->tree, met, &st) == 0)
		return S_ISREG(st.st_mode) ? visit(build, met, &st) : 0;
	/* A later scan tries a dangling link again. */
	return met->type == DT_LNK && beneath_is_absent(errno)
	    ? note(build, &build->dangling, met->path)
	    : fail(build, met->path);
}

/* Visits all names from `path` on. */
static int
scan(struct builder *build, struct str path)
{
	struct walk *walk = walk_open(build->setup->tree, path, false);
	struct walk_entry met;
	int result = 0, found;

	if (walk == NULL)
		return fail(build, path);
	while (result == 0 && (found = walk_next(walk, &met)) != 0)
		result = found == 1 ? meet(build, &met)
				    : fail(build, walk_path(walk));
	walk_close(walk);
	return result;
}

/*
 * Removes the rows of `path` and of all beneath it that the scan did not see;
 * "" means all rows.
 */
static int
remove_gone(struct builder *build, struct str path)
{
	int64_t id;

	filerows_list_gone(&build->tables, path);
	id = filerows_next_gone(&build->tables, &build->seen);
	while (id > 0 && !is_enough(build, false)) {
		struct timespec started = clock_now();

		build->changed = true;
		if (tables_remove(&build->tables, id, true) == -1)
			return -1;
		build->took_us += clock_since_us(&started);
		id = filerows_next_gone(&build->tables, &build->seen);
	}
	return id == -1 ? -1 : 0;
}

static int
look_at_all(struct builder *build)
{
	pathlist_release(&build->failed);
	pathlist_release(&build->dangling);
	return scan(build, STR("/")) == -1 ? -1 : remove_gone(build, STR(""));
}

/* Scans one path, absolute; "" means the whole tree. */
static int
look_at(struct builder *build, const char *path)
{
	struct filerow row = filerows_find(&build->tables, str_of(path));

	if (path[0] == '\0' || path[1] == '\0')
		return look_at_all(build);
	if (scan(build, str_of(path)) == -1)
		return -1;
	/* A link to a removed file is removed with it. */
	if (row.id != 0 && !bitset_has(&build->seen, (uint64_t)row.id) &&
	    add_aliases(build, row.inode) == -1)
		return -1;
	return remove_gone(build, str_of(path));
}

static int
look_at_some(struct builder *build, const struct pathlist *paths)
{
	build->todo = pathlist_move(&build->failed);
	for (size_t i = 0; i < paths->count; i++)
		if (pathlist_add(&build->todo, str_of(paths->paths[i])) == -1)
			return -1;
	if (filerows_list_unsettled(
		&build->tables, &build->seen, &build->todo) == -1)
		return -1;
	/* Scanning one path may add others. */
	while (build->todo.count > 0) {
		struct pathlist todo = pathlist_move(&build->todo);
		int result = 0;

		for (size_t i = 0; i < todo.count && result == 0; i++)
			result = look_at(build, todo.paths[i]);
		pathlist_release(&todo);
		if (result == -1)
			return -1;
		/* A dangling link may lead to a new file. */
		if (build->todo.count == 0 && build->has_come) {
			build->todo = pathlist_move(&build->dangling);
			build->has_come = false;
		}
	}
	return 0;
}

/* Whether the scan changed the index, or lists of files need not wait. */
static int
is_worth_it(struct builder *build)
{
	return build->changed || build->more
	    ? build->changed
	    : filerows_waits_in_vain(&build->tables);
}

static int
begin_looking(struct builder *build)
{
	build->took_us = 0;
	build->add = (struct fileadd){
		.tree = build->setup->tree,
		.media = build->setup->media,
		.tables = &build->tables,
		.arena = &build->arena,
		.may_hash = HASHED_A_LOOK,
	};
	build->more = build->has_come = false;
	if (open_index(build) == -1)
		return -1;
	build->changed = build->tables.is_first;
	if (tables_begin(&build->tables) == -1)
		return -1;
	return filerows_next_id(&build->tables, &build->next);
}

/* Ends a scan: commits its changes, or rolls all of them back. */
static int
end_looking(struct builder *build, int result)
{
	int error;

	if (result == 1 && tables_commit(&build->tables, build->more) == -1)
		result = -1;
	error = errno;
	if (result != 1)
		tables_rollback(&build->tables);
	bitset_release(&build->seen);
	pathlist_release(&build->todo);
	arena_release(&build->arena);
	errno = error;
	return result;
}

/* Sets is_settled; -1 with errno set. */
static int
note_unsettled(struct builder *build)
{
	int any = filerows_has_unsettled(&build->tables);

	build->is_settled = any == 0 && build->failed.count == 0;
	return any == -1 ? -1 : 0;
}

static int
update(struct builder *build, const struct pathlist *paths)
{
	int result = begin_looking(build);

	build->looks_at_all = paths == NULL || build->tables.is_first;
	if (result == 0)
		result = build->looks_at_all ? look_at_all(build)
					     : look_at_some(build, paths);
	if (result == 0)
		result = note_unsettled(build);
	if (result == 0)
		result = is_worth_it(build);
	return end_looking(build, result);
}

int
builder_update(struct builder *build, const struct pathlist *paths)
{
	int result = update(build, paths);

	/* After damage is found, scan all into a new index. */
	if (result == -1 && build->tables.is_damaged)
		return update(build, NULL);
	if (result == -1 && errno == ENOSPC) {
		if (tables_make_room(&build->tables) == 0)
			return update(build, NULL);
		errno = ENOSPC;
	}
	return result;
}

bool
builder_has_more(const struct builder *build)
{
	return build->more;
}

bool
builder_is_settled(const struct builder *build)
{
	return build->is_settled;
}

int
builder_hash(struct builder *build)
{
	struct hashing hashing = { .tables = &build->tables,
		.tree = build->setup->tree,
		.more = &build->more,
		.idle = build->setup->idle,
		.context = build->setup->context };

	if (build->tables.db == NULL && !build->tables.is_damaged &&
	    tables_open(&build->tables, build->setup->english) == -1)
		return errno == ENOENT ? 0 : -1;
	return hashing_run(&hashing);
}
