/*
 * The built-in page /manifest: the files of the capsule and their changes.
 */
#include "serve/manifestpage.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "index/filelist.h"
#include "serve/inventory.h"
#include "serve/remote.h"
#include "serve/spool.h"
#include "text/buf.h"
#include "text/uri.h"
#include "text/utc.h"
#include "tree/tour.h"

#define SINCE STR("since=")

struct manifestpage {
	struct spool spool;
	bool is_changes;
	int64_t since;
	struct inventory whole, changes;
	struct filelist *files; /* set with an index, */
	struct tour *tour; /* set without an index */
};

/*
 * Gets the next file, and whether it changed since the requested time. Returns
 * 1, 0 at the end, or -1 with errno set.
 */
static int
next_by_tour(
    struct manifestpage *page, struct manifest_file *out, bool *changed)
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
next_file(struct manifestpage *page, struct manifest_file *out, bool *changed)
{
	return page->files != NULL ? filelist_next(page->files, out, changed)
				   : next_by_tour(page, out, changed);
}

/*
 * Appends a file's lines. In a manifest of changes an unchanged file is only
 * counted and hashed for the whole.
 */
static void
add_file(struct manifestpage *page, struct buf *out,
    const struct manifest_file *file, bool changed)
{
	char unsent[MANIFEST_RECORD_MAX];
	struct buf whole = buf_over(unsent, sizeof unsent);

	if (!file->removed)
		inventory_add(
		    &page->whole, page->is_changes ? &whole : out, file);
	if (page->is_changes && changed)
		inventory_add(&page->changes, out, file);
}

static int
write_files(struct manifestpage *page, struct sink *sink)
{
	for (;;) {
		char text[MANIFEST_RECORD_MAX];
		struct buf out = buf_over(text, sizeof text);
		struct manifest_file file = { 0 };
		bool changed = false;
		int found = next_file(page, &file, &changed);

		if (found != 1)
			return found;
		add_file(page, &out, &file, changed);
		if (sink->write(sink, buf_str(&out)) == -1)
			return -1;
	}
}

/*
 * Begins the manifest, and in one of changes also the whole one, whose text is
 * hashed but not sent.
 */
static int
write_begin(struct manifestpage *page, struct sink *sink)
{
	char text[MANIFEST_RECORD_MAX], unsent[MANIFEST_RECORD_MAX];
	struct buf out = buf_over(text, sizeof text);
	struct buf aside = buf_over(unsent, sizeof unsent);

	if (inventory_open(
		&page->whole, page->is_changes ? &aside : &out, NULL) == -1 ||
	    (page->is_changes &&
		inventory_open(&page->changes, &out, &page->since) == -1))
		return -1;
	return sink->write(sink, buf_str(&out));
}

/* Ends the manifest; one of changes gets the end of the whole as well. */
static int
write_end(struct manifestpage *page, struct sink *sink)
{
	char text[MANIFEST_RECORD_MAX], unsent[MANIFEST_RECORD_MAX];
	struct buf out = buf_over(text, sizeof text);
	struct buf aside = buf_over(unsent, sizeof unsent);
	int result =
	    inventory_end(&page->whole, page->is_changes ? &aside : &out);

	if (result == 0 && page->is_changes) {
		inventory_whole(&page->changes, &out, &page->whole.total);
		if (sink->write(sink, buf_str(&out)) == -1)
			return -1;
		out.len = 0;
		result = inventory_end(&page->changes, &out);
	}
	return result == -1 ? -1 : sink->write(sink, buf_str(&out));
}

static int
manifestpage_write(struct body *body, struct sink *sink)
{
	struct manifestpage *page = (struct manifestpage *)body;

	return write_begin(page, sink) == -1 || write_files(page, sink) == -1 ||
		write_end(page, sink) == -1
	    ? -1
	    : 0;
}

static void
manifestpage_release(struct body *body)
{
	struct manifestpage *page = (struct manifestpage *)body;

	filelist_close(page->files);
	tour_close(page->tour);
	inventory_release(&page->whole);
	inventory_release(&page->changes);
	spool_release(&page->spool);
}

static struct body *
manifestpage_open(const struct host *host, const struct request *request,
    const int64_t *since)
{
	struct manifestpage *page = arena_alloc(request->arena, sizeof *page);
	int error;

	errno = ENOMEM;
	if (page == NULL)
		return NULL;
	spool_init(&page->spool);
	page->spool.body.write = manifestpage_write;
	page->spool.body.release = manifestpage_release;
	page->is_changes = since != NULL;
	page->since = since != NULL ? *since : 0;
	if (host->index != NULL)
		page->files = filelist_open(host->index, since);
	else
		page->tour = tour_open(host->tree, STR("/"), false);
	if (page->files != NULL || page->tour != NULL)
		return &page->spool.body;
	error = errno;
	manifestpage_release(&page->spool.body);
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
manifestpage(const struct host *host, const struct request *request,
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
	if (remote_ask(host, request, response))
		return;
	response_set(response, STATUS_SUCCESS, STR("text/plain"));
	response->body = manifestpage_open(host, request, asks ? &since : NULL);
	if (response->body == NULL && errno == EAGAIN)
		response_set(response, STATUS_UNAVAILABLE,
		    STR("The capsule is still being read, please try again "
			"in a moment"));
	else if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}
