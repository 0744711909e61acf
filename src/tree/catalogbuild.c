/*
 * The index in the making.  Knows when a file has changed and what of it is
 * searched; knows nothing of when to look, and nothing of questions.
 */
#include "tree/catalogbuild.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"
#include "text/bitset.h"
#include "tree/catalogdb.h"
#include "tree/catalogdraft.h"
#include "tree/catalogpage.h"
#include "tree/hashing.h"
#include "tree/walk.h"

#define SECTIONS_MAX ((int64_t)1 << CATALOGDB_SECTION_BITS)
#define PAGE_MEMORY ((size_t)128 << 10)
/*
 * Bytes of large files that are hashed in one look; the rest comes after it.
 * Small ones take no longer to hash than to open.
 */
#define HASHED_A_LOOK ((int64_t)32 << 20)
#define SMALL ((int64_t)128 << 10)
/* So much longer a look may take for edits and removals than for what is new.
 */
#define PATIENCE 2

struct catalogbuild {
	const struct catalogbuild_setup *setup;
	int current; /* the file of the last index; -1: none yet */
	/* That index while it looks, or the next once there is a reason. */
	struct catalogdraft draft;
	/* Of one look. */
	int64_t took_us; /* what was added and removed, walking apart */
	int64_t next; /* number of a file that is new */
	int64_t may_hash; /* bytes */
	bool is_first; /* there was no index before */
	bool changed; /* the last index is not right any more */
	bool more; /* not all was taken */
	struct bitset seen; /* numbers of files that are there */
	struct arena arena; /* of one page */
	/* Of the looks' rest. */
	struct hashing hashing;
	int64_t hashed; /* the number of that file */
};

struct catalogbuild *
catalogbuild_new(const struct catalogbuild_setup *setup, int current)
{
	struct catalogbuild *build = calloc(1, sizeof *build);

	if (build == NULL) {
		if (current != -1)
			close(current);
		return NULL;
	}
	build->setup = setup;
	build->current = current;
	build->draft.fd = -1;
	arena_init(&build->arena, PAGE_MEMORY);
	return build;
}

void
catalogbuild_free(struct catalogbuild *build)
{
	if (build == NULL)
		return;
	hashing_release(&build->hashing);
	catalogdraft_drop(&build->draft);
	if (build->current != -1)
		close(build->current);
	free(build);
}

int
catalogbuild_take(struct catalogbuild *build)
{
	int fd = build->current;

	build->current = -1;
	return fd;
}

/* From the first change on, all happens in a copy of the last index. */
static int
begin(struct catalogbuild *build)
{
	const struct catalogbuild_setup *setup = build->setup;
	int fd;

	if (build->draft.fd != -1)
		return 0;
	catalogdraft_drop(&build->draft);
	fd = setup->blank(setup->context);
	return fd == -1 ? -1
			: catalogdraft_write(&build->draft, build->current, fd,
			      setup->english);
}

/* The next index is the last one. */
static int
finish(struct catalogbuild *build)
{
	int fd =
	    catalogdraft_finish(&build->draft, build->is_first, build->more);

	if (fd == -1)
		return -1;
	if (build->current != -1)
		close(build->current);
	build->current = fd;
	return 1;
}

/* A file that is about to be added. */
struct addition {
	struct walk_file file;
	struct entry entry; /* open */
	struct catalogrow row;
};

static int
add_page(struct catalogbuild *build, struct catalogpage *page,
    struct catalogrow *row)
{
	struct section section;

	row->title = page->title;
	if (catalogdraft_add_file(&build->draft, row) == -1)
		return -1;
	for (int64_t i = 0; i < SECTIONS_MAX; i++) {
		int got = catalogpage_next(page, &section);

		if (got < 1)
			return got;
		if (catalogdraft_add_section(&build->draft, row, i, &section) ==
		    -1)
			return -1;
	}
	return 0;
}

/*
 * Hashes a file now, or sets in row->due how soon; -1 with errno set when it
 * cannot be read.  A file that changed again before it was hashed is hashed
 * after all others: it may never stop changing.
 */
static int
hash(struct catalogbuild *build, const struct entry *entry,
    const struct catalogrow *last, struct catalogrow *row)
{
	if (row->size > SMALL && row->size > build->may_hash) {
		row->due =
		    last->id != 0 && !last->hashed ? DUE_SOME_TIME : DUE_SOON;
		return 0;
	}
	if (row->size > SMALL)
		build->may_hash -= row->size;
	/* One that changes meanwhile is another when it is met next. */
	row->hashed = entry_hash(entry, row->hash) == 0;
	return row->hashed || errno == ESTALE ? 0 : -1;
}

/*
 * Opens the file that was met, to be added in the place of `last`.  Returns 1,
 * 0 when it has gone meanwhile, or -1 with errno set when it cannot be read.
 */
static int
begin_adding(struct catalogbuild *build, const struct walk_file *met,
    const struct catalogrow *last, struct addition *out)
{
	enum status status =
	    tree_open(build->setup->tree, met->path, &out->entry);
	int error;

	if (status != STATUS_SUCCESS)
		return status == STATUS_NOT_FOUND ? 0 : -1;
	out->file = *met;
	out->file.st = out->entry.st;
	out->row = catalogdraft_row(&out->entry.st);
	out->row.path = met->path;
	if (hash(build, &out->entry, last, &out->row) == 0)
		return 1;
	error = errno;
	close(out->entry.fd);
	errno = error;
	return -1;
}

/* Adds a page without its text for the search; the next look tries again. */
static int
add_unread(struct catalogbuild *build, struct catalogrow *row, int error)
{
	tree_log_failure("cannot read", error, row->path);
	/* Part of the page may have been added. */
	if (catalogdraft_remove(&build->draft, row->id, false) == -1)
		return -1;
	row->title = (struct str){ 0 };
	row->inode = CATALOGDRAFT_NO_INODE;
	return catalogdraft_add_file(&build->draft, row);
}

/* Adds the file, with its text if it is a page. */
static int
add(struct catalogbuild *build, struct addition *added)
{
	struct catalogpage page;
	int result = catalogpage_open(&page, &build->arena, build->setup->media,
	    &added->file, added->entry.fd);

	if (result == 0)
		result = catalogdraft_add_file(&build->draft, &added->row);
	else if (result == 1)
		result = add_page(build, &page, &added->row);
	if (result == -1 && page.error != 0)
		result = add_unread(build, &added->row, page.error);
	arena_reset(&build->arena);
	return result;
}

/*
 * Whether the look has found enough to be of use to visitors, and the rest is
 * for the next one.  Before the first nobody has anything, and then all comes
 * at once, in a better order.
 */
static bool
is_enough(struct catalogbuild *build, bool is_new)
{
	int64_t most = (int64_t)build->setup->look_ms * 1000;

	if (build->is_first || most == 0 ||
	    build->took_us < most * (is_new ? 1 : PATIENCE))
		return false;
	build->more = true;
	return true;
}

/* A file that cannot be read is not gone: the index keeps it as it was. */
static int
fail(void *context, struct str path)
{
	struct catalogbuild *build = context;
	int error = errno;

	/* A lack of descriptors or memory is not a fault of the file. */
	if (error == EMFILE || error == ENFILE || error == ENOMEM)
		return -1;
	tree_log_failure("cannot read", error, path);
	return catalogdraft_see_beneath(&build->draft, path, &build->seen);
}

/* Like begin, without counting its time as time spent on a file. */
static int
begin_untimed(struct catalogbuild *build, struct timespec *started)
{
	int result;

	if (build->draft.fd != -1)
		return 0;
	build->took_us += clock_since_us(started);
	result = begin(build);
	*started = clock_now();
	return result;
}

/* Puts the file that was met in the place of `last`, and counts the time. */
static int
replace(struct catalogbuild *build, const struct walk_file *met,
    const struct catalogrow *last)
{
	struct addition added;
	struct timespec started = clock_now();
	int result = begin_adding(build, met, last, &added);

	if (result != 1)
		return result == 0 ? 0 : fail(build, met->path);
	build->changed = true;
	added.row.id = last->id != 0 ? last->id : build->next++;
	result = bitset_add(&build->seen, (uint64_t)added.row.id);
	if (result == 0)
		result = begin_untimed(build, &started);
	if (result == 0 && last->id != 0)
		result = catalogdraft_remove(&build->draft, last->id, false);
	if (result == 0)
		result = add(build, &added);
	close(added.entry.fd);
	build->took_us += clock_since_us(&started);
	return result;
}

static int
visit(void *context, const struct walk_file *met)
{
	struct catalogbuild *build = context;
	struct catalogrow last = catalogdraft_find(&build->draft, met->path);

	if ((last.id != 0 && catalogdraft_is_settled(&last, &met->st)) ||
	    is_enough(build, last.id == 0))
		return bitset_add(&build->seen, (uint64_t)last.id);
	return replace(build, met, &last);
}

static int
enter(void *context, const char *directory)
{
	const struct catalogbuild_setup *setup =
	    ((struct catalogbuild *)context)->setup;

	return setup->enter != NULL ? setup->enter(setup->context, directory)
				    : 0;
}

static int
remove_gone(struct catalogbuild *build)
{
	int64_t id = catalogdraft_next_gone(&build->draft, &build->seen);

	if (id > 0 && build->draft.fd == -1) {
		if (begin(build) == -1)
			return -1;
		id = catalogdraft_next_gone(&build->draft, &build->seen);
	}
	while (id > 0 && !is_enough(build, false)) {
		struct timespec started = clock_now();

		build->changed = true;
		if (catalogdraft_remove(&build->draft, id, true) == -1)
			return -1;
		build->took_us += clock_since_us(&started);
		id = catalogdraft_next_gone(&build->draft, &build->seen);
	}
	return id == -1 ? -1 : 0;
}

/* Whether the index that a look has found is to be the next one. */
static int
is_worth_it(struct catalogbuild *build)
{
	int in_vain;

	if (build->changed || build->more)
		return build->changed;
	in_vain = catalogdraft_waits_in_vain(&build->draft);
	if (in_vain == 1 && begin(build) == -1)
		return -1;
	return in_vain;
}

static int
begin_looking(struct catalogbuild *build)
{
	bool english = build->setup->english;

	build->took_us = 0;
	build->may_hash = HASHED_A_LOOK;
	build->changed = build->more = false;
	/* An index of another kind, or of before, is as good as none. */
	if (build->current != -1 && build->draft.db == NULL &&
	    catalogdraft_read(&build->draft, build->current, english) == -1) {
		catalogdraft_drop(&build->draft);
		close(build->current);
		build->current = -1;
	}
	build->is_first = build->current == -1;
	if (build->is_first) {
		build->changed = true;
		if (begin(build) == -1)
			return -1;
	}
	return catalogdraft_next_id(&build->draft, &build->next);
}

int
catalogbuild_update(struct catalogbuild *build)
{
	const struct walk walk = { .tree = build->setup->tree,
		.enter = enter,
		.visit = visit,
		.fail = fail,
		.context = build };
	int result = -1, error;

	if (begin_looking(build) == 0 && walk_tree(&walk) == 0 &&
	    remove_gone(build) == 0)
		result = is_worth_it(build);
	if (result == 1)
		result = finish(build);
	error = errno;
	/* What was hashed since the last look is kept, unless all fails. */
	if (result == -1 || build->draft.fd == -1)
		catalogdraft_drop(&build->draft);
	bitset_release(&build->seen);
	arena_release(&build->arena);
	errno = error;
	return result;
}

bool
catalogbuild_has_more(const struct catalogbuild *build)
{
	return build->more;
}

/* Opens the file, unless it is at hand from before. */
static int
take_up(struct catalogbuild *build, const struct catalogrow *row)
{
	struct entry entry;

	if (build->hashing.sum != NULL && build->hashed == row->id &&
	    catalogdraft_is_same(row, &build->hashing.entry.st))
		return 0;
	hashing_release(&build->hashing);
	if (tree_open(build->setup->tree, row->path, &entry) != STATUS_SUCCESS)
		return -1;
	if (!catalogdraft_is_same(row, &entry.st)) {
		close(entry.fd);
		errno = ESTALE;
		return -1;
	}
	build->hashed = row->id;
	return hashing_begin(&build->hashing, &entry);
}

static bool
gives_way(const struct catalogbuild *build)
{
	const struct catalogbuild_setup *setup = build->setup;

	return setup->gives_way != NULL && setup->gives_way(setup->context);
}

/*
 * Hashes a file that is due; 1 when that is done with, 0 when none is, or -1
 * with errno set, EAGAIN when it gave way.
 */
static int
hash_next(struct catalogbuild *build)
{
	unsigned char hash[SHA256_SIZE];
	struct catalogrow row;
	int result;

	if (catalogdraft_next_due(&build->draft, &row) == -1)
		return -1;
	if (row.id == 0)
		return 0;
	result = take_up(build, &row);
	while (
	    result == 0 && (result = hashing_go_on(&build->hashing, hash)) == 0)
		if (gives_way(build)) {
			errno = EAGAIN;
			return -1;
		}
	if (result == -1 && errno != ESTALE && errno != ENOENT)
		tree_log_failure("cannot read", errno, row.path);
	hashing_release(&build->hashing);
	/* What has changed since is found by the next look. */
	return begin(build) == -1 ||
		catalogdraft_set_hash(
		    &build->draft, row.id, result == 1 ? hash : NULL) == -1
	    ? -1
	    : 1;
}

int
catalogbuild_hash(struct catalogbuild *build)
{
	bool english = build->setup->english;
	int result = 1, error;

	if (build->current == -1)
		return 0;
	build->is_first = false;
	if (build->draft.db == NULL &&
	    catalogdraft_read(&build->draft, build->current, english) == -1)
		result = -1;
	while (result == 1) {
		result = hash_next(build);
		if (result == 1 && gives_way(build)) {
			errno = EAGAIN;
			result = -1;
		}
	}
	if (result == 0 && build->draft.fd != -1)
		result = finish(build);
	error = errno;
	if (build->draft.fd == -1 || (result == -1 && error != EAGAIN))
		catalogdraft_drop(&build->draft);
	errno = error;
	return result;
}
