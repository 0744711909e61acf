/*
 * Directory listings as gemtext. File names are encoded so that none can forge
 * a line.
 */
#include "serve/listing.h"

#include "serve/remote.h"
#include "text/buf.h"
#include "text/gophermap.h"
#include "text/uri.h"
#include "text/utf8.h"
#include "tree/directory.h"

/* Longer than any line: a name of 255 bytes, encoded, and a title. */
#define LINE_MAX 2560
#define TITLE_MAX 512
#define TITLE_MEMORY ((size_t)64 << 10)
/* A limit, because each title is read from a file. */
#define ENTRIES_A_PULL 64
/* The most names that a worker reads: its other clients wait meanwhile. */
#define WORKER_NAMES_MAX 1024

struct listing {
	struct body body;
	const struct tree *tree;
	struct str path;
	struct arena titles; /* one title at a time */
	struct directory directory;
	size_t next; /* the next entry to write */
	bool entries_only, begun;
};

static void
add_heading(struct listing *listing, struct buf *out)
{
	struct str path = listing->path;

	buf_add(out, STR("# "));
	if (path.len > TITLE_MAX)
		path = str_tail(path, path.len - TITLE_MAX);
	utf8_clean(out, path);
	buf_add(out, STR("\n\n"));
	if (listing->path.len > 1)
		buf_add(out, STR("=> ../ One folder up\n"));
	if (listing->directory.count == 0)
		buf_add(out, STR("This folder is empty.\n"));
}

static void
add_entry(struct listing *listing, const struct directory_entry *entry,
    struct buf *out)
{
	struct str slash = entry->type == DT_DIR ? STR("/") : STR("");
	struct str title = { 0 };

	/* A menu that lists its directory does not list itself. */
	if (listing->entries_only && str_equals(entry->name, GOPHERMAP_NAME))
		return;
	if (entry->type != DT_DIR)
		directory_title(listing->tree, &listing->titles, listing->path,
		    entry->name, &title);
	/* Without "./" the part before a colon in a name would be a scheme. */
	buf_add(out, STR("=> ./"));
	uri_encode(out, entry->name);
	buf_add(out, slash);
	buf_char(out, ' ');
	if (title.len > TITLE_MAX)
		title = (struct str){ 0 };
	utf8_clean(out, title.len > 0 ? title : entry->name);
	if (title.len == 0)
		buf_add(out, slash);
	buf_char(out, '\n');
	arena_reset(&listing->titles);
}

static ssize_t
listing_pull(struct body *body, char *at, size_t room)
{
	struct listing *listing = (struct listing *)body;
	struct buf out = buf_over(at, room);

	if (!listing->begun)
		add_heading(listing, &out);
	listing->begun = true;
	for (int i = 0;
	     i < ENTRIES_A_PULL && listing->next < listing->directory.count &&
	     buf_room(&out) >= LINE_MAX;
	     i++)
		add_entry(listing, &listing->directory.entries[listing->next++],
		    &out);
	body->ended = listing->next == listing->directory.count;
	return (ssize_t)out.len;
}

static void
listing_release(struct body *body)
{
	struct listing *listing = (struct listing *)body;

	directory_release(&listing->directory);
	arena_release(&listing->titles);
}

/* Reads the directory. */
static enum status
make(const struct host *host, const struct request *request,
    const struct entry *entry, struct body **out)
{
	const struct directory_place place = { request->tree, request->path,
		entry->fd };
	struct listing *listing = arena_alloc(request->arena, sizeof *listing);

	if (listing == NULL)
		return STATUS_FAILURE;
	*listing = (struct listing){
		.body = { .pull = listing_pull, .release = listing_release },
		.tree = request->tree,
		.path = request->path,
		.entries_only = request->entries_only,
		.begun = request->entries_only,
	};
	arena_init(&listing->titles, TITLE_MEMORY);
	*out = &listing->body;
	return directory_read(&place,
	    host->server->answers != NULL ? WORKER_NAMES_MAX : SIZE_MAX,
	    &listing->directory);
}

void
listing_answer(const struct host *host, const struct request *request,
    const struct entry *entry, struct response *response)
{
	struct cache_key key =
	    cache_key(request->entries_only ? CACHE_ENTRIES : CACHE_LISTING,
		request->key, &entry->st);
	struct body *body =
	    cache_body(host->server->cache, &key, request->arena);
	enum status status = STATUS_SUCCESS;

	if (body == NULL) {
		status = make(host, request, entry, &body);
		if (status == STATUS_SUCCESS)
			body = cache_record(
			    host->server->cache, &key, request->arena, body);
	}
	if (status == STATUS_TOO_LARGE && remote_ask(host, request, response))
		return;
	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return;
	}
	response_set(response, STATUS_SUCCESS, STR("text/gemini"));
	response->st = entry->st;
	response->body = body;
}
