/* Adds one file of the tree to the index. */
#include "tree/catalogadd.h"

#include <errno.h>
#include <unistd.h>

#include "tree/catalogdb.h"
#include "tree/catalogpage.h"

#define SECTIONS_MAX ((int64_t)1 << CATALOGDB_SECTION_BITS)
/* Hashing a small file takes no longer than opening it. */
#define SMALL ((int64_t)128 << 10)

static int
add_page(
    struct catalogadd *add, struct catalogpage *page, struct catalogrow *row)
{
	struct section section;

	row->title = page->title;
	if (catalogdraft_add_file(add->draft, row) == -1)
		return -1;
	for (int64_t i = 0; i < SECTIONS_MAX; i++) {
		int got = catalogpage_next(page, &section);

		if (got < 1)
			return got;
		if (catalogdraft_add_section(add->draft, row, i, &section) ==
		    -1)
			return -1;
	}
	return 0;
}

/*
 * Hashes a file now, or sets row->due; -1 with errno set when the file cannot
 * be read.  A file that changed again before it was hashed is hashed after all
 * others, since it may never stop changing.
 */
static int
hash_entry(struct catalogadd *add, const struct entry *entry,
    const struct catalogrow *last, struct catalogrow *row)
{
	if (row->size > SMALL && row->size > add->may_hash) {
		row->due =
		    last->id != 0 && !last->hashed ? DUE_SOME_TIME : DUE_SOON;
		return 0;
	}
	if (row->size > SMALL)
		add->may_hash -= row->size;
	/*
	 * A file that changes meanwhile differs from its row at the next scan.
	 */
	row->hashed = entry_hash(entry, row->hash) == 0;
	return row->hashed || errno == ESTALE ? 0 : -1;
}

int
catalogadd_open(struct catalogadd *add, const struct walk_file *met,
    const struct catalogrow *last, struct catalogadd_file *out)
{
	enum status status = tree_open(add->tree, met->path, &out->entry);
	int error;

	if (status != STATUS_SUCCESS)
		return status == STATUS_NOT_FOUND ? 0 : -1;
	out->file = *met;
	out->file.st = out->entry.st;
	out->row = catalogrow_of(&out->entry.st);
	out->row.path = met->path;
	if (hash_entry(add, &out->entry, last, &out->row) == 0)
		return 1;
	error = errno;
	close(out->entry.fd);
	errno = error;
	return -1;
}

/* Adds a page without its text; the next scan tries again. */
static int
add_unread(struct catalogadd *add, struct catalogrow *row, int error)
{
	tree_log_failure("cannot read", error, row->path);
	/* Part of the page may have been added. */
	if (catalogdraft_remove(add->draft, row->id, false) == -1)
		return -1;
	row->title = (struct str){ 0 };
	row->inode = CATALOGROW_NO_INODE;
	row->ctime = 0;
	return catalogdraft_add_file(add->draft, row);
}

int
catalogadd_write(struct catalogadd *add, struct catalogadd_file *file)
{
	struct catalogpage page;
	int result = catalogpage_open(
	    &page, add->arena, add->media, &file->file, file->entry.fd);

	if (result == 0)
		result = catalogdraft_add_file(add->draft, &file->row);
	else if (result == 1)
		result = add_page(add, &page, &file->row);
	if (result == -1 && page.error != 0)
		result = add_unread(add, &file->row, page.error);
	arena_reset(add->arena);
	return result == 0 ? catalogdraft_end_page(add->draft) : result;
}
