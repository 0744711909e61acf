/*
 * The manifest as a page.  Knows which files are in one and which have
 * changed; leaves the lines to the inventory.
 */
#include "serve/manifestpage.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "serve/inventory.h"
#include "serve/remote.h"
#include "text/buf.h"
#include "text/uri.h"
#include "text/utc.h"
#include "tree/catalogfiles.h"
#include "tree/tour.h"

/* Files in one pull. */
#define FILES_A_PULL 64
#define SINCE STR("since=")

enum page_state {
	PAGE_FILES,
	PAGE_WHOLE, /* of changes: what the whole manifest says */
	PAGE_END,
	PAGE_ENDED, /* but for what is in `text` */
};

struct page {
	struct body body;
	enum page_state state;
	bool is_changes;
	int64_t since;
	struct inventory whole, changes;
	struct catalogfiles *files; /* from the index, */
	struct tour *tour; /* or without one */
	size_t len, off; /* of what is not yet passed on */
	char text[MANIFEST_RECORD_MAX];
};

/*
 * The next file, and whether it changed since the time that was asked for.
 * Returns 1, 0 at the end, or -1 with errno set; EAGAIN: not yet.
 */
static int
next_by_tour(struct page *page, struct manifest_file *out, bool *changed)
{
	struct tour_file file;
	int found = tour_next(page->tour, &file);
	const struct stat *st = &file.entry.st;
	int result;

	if (found != 1)
		return found;
	*out = (struct manifest_file){ .path = file.path,
		.size = (uint64_t)st->st_size,
		.time = st->st_mtime };
	*changed = st->st_mtime >= page->since || st->st_ctime >= page->since;
	result = entry_hash(&file.entry, out->hash);
	close(file.entry.fd);
	return result == -1 ? -1 : 1;
}

static int
next_file(struct page *page, struct manifest_file *out, bool *changed)
{
	return page->files != NULL
	    ? catalogfiles_next(page->files, out, changed)
	    : next_by_tour(page, out, changed);
}

static int
write_file(struct page *page, struct buf *out)
{
	char unsent[MANIFEST_RECORD_MAX];
	struct buf whole = buf_over(unsent, sizeof unsent);
	struct manifest_file file = { 0 };
	bool changed = false;
	int found = next_file(page, &file, &changed);

	if (found == -1)
		return -1;
	if (found == 0) {
		page->state = page->is_changes ? PAGE_WHOLE : PAGE_END;
		return 0;
	}
	if (!file.removed)
		inventory_add(
		    &page->whole, page->is_changes ? &whole : out, &file);
	if (page->is_changes && changed)
		inventory_add(&page->changes, out, &file);
	return 0;
}

/* What the whole manifest would end with is known without its text. */
static int
write_whole(struct page *page, struct buf *out)
{
	char unsent[MANIFEST_RECORD_MAX];
	struct buf end = buf_over(unsent, sizeof unsent);

	page->state = PAGE_END;
	if (inventory_end(&page->whole, &end) == -1)
		return -1;
	inventory_whole(&page->changes, out, &page->whole.total);
	return 0;
}

static int
write_next(struct page *page)
{
	struct buf out = buf_over(page->text, sizeof page->text);
	int result = 0;

	switch (page->state) {
	case PAGE_FILES: result = write_file(page, &out); break;
	case PAGE_WHOLE: result = write_whole(page, &out); break;
	case PAGE_END:
		page->state = PAGE_ENDED;
		result = inventory_end(
		    page->is_changes ? &page->changes : &page->whole, &out);
		break;
	case PAGE_ENDED: break;
	}
	page->off = 0;
	page->len = out.len;
	return result;
}

static size_t
pass_on(struct page *page, char *at, size_t room)
{
	size_t len =
	    page->len - page->off < room ? page->len - page->off : room;

	if (len > 0)
		memcpy(at, page->text + page->off, len);
	page->off += len;
	return len;
}

static ssize_t
page_pull(struct body *body, char *at, size_t room)
{
	struct page *page = (struct page *)body;
	size_t len = pass_on(page, at, room);

	for (int i = 0; i < FILES_A_PULL && page->off == page->len &&
	     page->state != PAGE_ENDED;
	     i++) {
		if (write_next(page) == -1) {
			if (errno != EAGAIN)
				return -1;
			break;
		}
		len += pass_on(page, at + len, room - len);
	}
	body->ended = page->state == PAGE_ENDED && page->off == page->len;
	if (len > 0 || body->ended)
		return (ssize_t)len;
	errno = EAGAIN;
	return -1;
}

static void
page_release(struct body *body)
{
	struct page *page = (struct page *)body;

	catalogfiles_close(page->files);
	tour_close(page->tour);
	inventory_release(&page->whole);
	inventory_release(&page->changes);
}

/* Both begin, and only the first line of one is sent. */
static int
begin(struct page *page)
{
	char unsent[MANIFEST_RECORD_MAX];
	struct buf aside = buf_over(unsent, sizeof unsent);
	struct buf out = buf_over(page->text, sizeof page->text);

	if (inventory_open(
		&page->whole, page->is_changes ? &aside : &out, NULL) == -1 ||
	    (page->is_changes &&
		inventory_open(&page->changes, &out, &page->since) == -1))
		return -1;
	page->len = out.len;
	return 0;
}

static struct body *
page_open(const struct server *server, const struct request *request,
    const int64_t *since)
{
	struct page *page = arena_alloc(request->arena, sizeof *page);
	int error;

	errno = ENOMEM;
	if (page == NULL)
		return NULL;
	page->body =
	    (struct body){ .pull = page_pull, .release = page_release };
	page->is_changes = since != NULL;
	page->since = since != NULL ? *since : 0;
	if (server->shelf != NULL)
		page->files = catalogfiles_open(server->shelf, since);
	else
		page->tour = tour_open(server->tree, STR("/"), false);
	if ((page->files != NULL || page->tour != NULL) && begin(page) == 0)
		return &page->body;
	error = errno;
	page_release(&page->body);
	errno = error;
	return NULL;
}

static bool
read_since(const struct request *request, int64_t *out)
{
	struct buf time = buf_in(request->arena, request->query.len);

	if (!str_starts(request->query, SINCE))
		return false;
	uri_decode(&time, str_tail(request->query, SINCE.len));
	return utc_read(buf_str(&time), out);
}

void
manifestpage(const struct server *server, const struct request *request,
    struct response *response)
{
	bool asks = request->query.len > 0;
	int64_t since;

	if (asks && !read_since(request, &since)) {
		response_set(response, STATUS_BAD_REQUEST,
		    STR("Ask for changes with a time, like "
			"since=2026-01-31T00:00:00Z"));
		return;
	}
	if (remote_ask(server, request, response))
		return;
	response_set(response, STATUS_SUCCESS, STR("text/plain"));
	response->body = page_open(server, request, asks ? &since : NULL);
	if (response->body == NULL && errno == EAGAIN)
		response_set(response, STATUS_UNAVAILABLE,
		    STR("The capsule is still being read, please try again "
			"in a moment"));
	else if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}
