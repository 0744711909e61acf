/*
 * Atom feeds of gemtext pages, as bodies.
 */
#include "serve/feed.h"

#include <errno.h>
#include <unistd.h>

#include "text/feed.h"
#include "text/mime.h"

/* Only the beginning of a page is searched for dated links. */
#define SAMPLE_SIZE ((size_t)64 << 10)

struct feed_body {
	struct body body;
	struct body *page;
	struct feed *feed;
};

static ssize_t
read_page(void *context, char *at, size_t room)
{
	struct feed_body *self = context;

	return body_pull(self->page, at, room);
}

static ssize_t
feed_pull(struct body *body, char *at, size_t room)
{
	return feed_read(
	    ((struct feed_body *)body)->feed, at, room, &body->ended);
}

static void
feed_body_release(struct body *body)
{
	struct feed_body *self = (struct feed_body *)body;

	if (self->feed != NULL)
		feed_release(self->feed);
	body_release(self->page);
}

/* Opens a directory's index page. */
static bool
open_index(const struct tree *tree, struct str path, struct entry *out)
{
	static const char *const pages[] = { "index.gmi", "index.gemini" };

	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		enum status status =
		    tree_open_in(tree, path, str_of(pages[i]), out);

		/* An unreadable index.gmi hides index.gemini. */
		if (status == STATUS_NOT_FOUND && errno != EACCES)
			continue;
		if (status != STATUS_SUCCESS || !tree_is_directory(out))
			return status == STATUS_SUCCESS;
		close(out->fd);
	}
	return false;
}

/* Opens the gemtext page at `path`. */
static bool
open_page(const struct tree *tree, struct str path, struct entry *out)
{
	bool is_folder = str_ends(path, STR("/"));

	if (is_folder ? !open_index(tree, path, out)
		      : tree_open(tree, path, out) != STATUS_SUCCESS)
		return false;
	if (!tree_is_directory(out) &&
	    (is_folder || mime_is(mime_of_name(path), STR("text/gemini"))))
		return true;
	close(out->fd);
	return false;
}

/* Checks the page for dated links; `title` then points into `sample`. */
static bool
look(const struct entry *entry, char sample[SAMPLE_SIZE], struct str *title)
{
	ssize_t got = pread(entry->fd, sample, SAMPLE_SIZE, 0);

	return got > 0 &&
	    feed_has_entries((struct str){ sample, (size_t)got }, title);
}

bool
feed_is_at(const struct host *host, struct str path)
{
	char sample[SAMPLE_SIZE];
	struct str title;
	struct entry entry;
	bool is_one;

	if (!open_page(host->tree, path, &entry))
		return false;
	is_one = look(&entry, sample, &title);
	close(entry.fd);
	return is_one;
}

/* Maps an index page to its directory, so that both have one feed. */
static struct str
canonical(struct str path)
{
	static const char *const pages[] = { "/index.gmi", "/index.gemini" };

	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		struct str page = str_of(pages[i]);

		if (str_ends(path, page))
			return str_head(path, path.len - page.len + 1);
	}
	return path;
}

/* Takes `page`; NULL, for lack of memory, gives NULL. */
static struct body *
feed_body(const struct host *host, const struct request *request,
    struct str title, struct body *page)
{
	struct arena *arena = request->arena;
	struct feed_body *self =
	    page != NULL ? arena_alloc(arena, sizeof *self) : NULL;
	struct feed_page source = {
		.site = host->site, .read = read_page, .context = self
	};

	if (self == NULL) {
		body_release(page);
		return NULL;
	}
	self->body =
	    (struct body){ .pull = feed_pull, .release = feed_body_release };
	self->page = page;
	if (arena_copy(arena, title, &source.title) == 0 &&
	    site_url(
		host->site, arena, canonical(request->path), &source.base) == 0)
		self->feed = feed_open(arena, &source);
	if (self->feed != NULL)
		return &self->body;
	feed_body_release(&self->body);
	return NULL;
}

enum handled
feed_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	char sample[SAMPLE_SIZE];
	struct str title;
	struct entry entry;

	if (!str_equals(request->query, FEED_QUERY) ||
	    !open_page(request->tree, request->path, &entry))
		return DECLINED;
	if (!look(&entry, sample, &title)) {
		close(entry.fd);
		return DECLINED;
	}
	response_set(response, STATUS_SUCCESS, FEED_TYPE);
	response->body = feed_body(
	    host, request, title, body_of_file(request->arena, &entry));
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
	return HANDLED;
}
