/* Adds one file of the tree to the index. */
#include "index/fileadd.h"

#include <errno.h>
#include <unistd.h>

#include "index/db.h"
#include "index/page.h"
#include "sys/process.h"

#define SECTIONS_MAX ((int64_t)1 << DB_SECTION_BITS)
/* Hashing a small file takes no longer than opening it. */
#define SMALL ((int64_t)128 << 10)

static int
add_page(struct fileadd *add, struct page *page, struct filerow *row)
{
	struct section section;

	row->title = page->title;
	if (tables_add_file(add->tables, row) == -1)
		return -1;
	for (int64_t i = 0; i < SECTIONS_MAX; i++) {
		int got = sections_next(&page->sections, &section);

		if (got < 1)
			return got;
		if (tables_add_section(add->tables, row, i, &section) == -1)
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
hash_entry(struct fileadd *add, const struct entry *entry,
    const struct filerow *last, struct filerow *row)
{
	if (row->size > SMALL && row->size > add->may_hash) {
		row->due = last->id != 0 && !last->hashed
		    ? FILEROW_DUE_SOME_TIME
		    : FILEROW_DUE_SOON;
		return 0;
	}
	if (row->size > SMALL)
		add->may_hash -= row->size;
	/* If the file changes meanwhile, the next scan finds that out. */
	row->hashed = tree_hash(entry, row->hash, NULL) == 0;
	return row->hashed || errno == ESTALE ? 0 : -1;
}

int
fileadd_open(struct fileadd *add, const struct walk_entry *met,
    const struct filerow *last, struct fileadd_file *out)
{
	enum status status = tree_open(add->tree, met->path, &out->entry);

	if (status != STATUS_SUCCESS)
		return status == STATUS_NOT_FOUND ? 0 : -1;
	out->met = *met;
	out->row = filerow_of(&out->entry.st);
	out->row.path = met->path;
	if (hash_entry(add, &out->entry, last, &out->row) == 0)
		return 1;
	process_close(out->entry.fd);
	return -1;
}

/* Adds a page without its text; the next scan tries again. */
static int
add_unread(struct fileadd *add, struct filerow *row, int error)
{
	tree_log_failure("cannot read", error, row->path);
	/* Part of the page may have been added. */
	if (tables_remove(add->tables, row->id, false) == -1)
		return -1;
	row->title = (struct str){ 0 };
	row->inode = FILEROW_NO_INODE;
	row->ctime = 0;
	return tables_add_file(add->tables, row);
}

int
fileadd_write(struct fileadd *add, struct fileadd_file *file)
{
	struct page page;
	int result =
	    page_open(&page, add->arena, add->media, &file->met, &file->entry);

	if (result == 0)
		result = tables_add_file(add->tables, &file->row);
	else if (result == 1)
		result = add_page(add, &page, &file->row);
	if (result == -1 && page.error != 0)
		result = add_unread(add, &file->row, page.error);
	arena_reset(add->arena);
	return result == 0 ? tables_end_page(add->tables) : result;
}
