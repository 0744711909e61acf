/*
 * Which handler answers.  Knows what a path can be: a file, a directory
 * with a page, a directory to list, a page of our own; knows nothing of
 * protocols.
 */
#include "serve/serve.h"

#include <errno.h>
#include <unistd.h>

#include "serve/archive.h"
#include "serve/builtin.h"
#include "serve/feed.h"
#include "serve/listing.h"
#include "serve/menu.h"
#include "text/mime.h"
#include "text/uri.h"

/* Answers with what is kept under this key. */
static bool
serve_key(const struct server *server, const struct request *request,
    struct kept_key *key, struct response *response)
{
	struct body *body = kept_body(server->kept, key, request->arena);

	if (body == NULL)
		return false;
	response_set(response, STATUS_SUCCESS, key->type);
	response->body = body;
	response->st = key->st;
	return true;
}

/*
 * Answers with what is kept of a file or directory, which is `st` now: one
 * look at it instead of reading it.
 */
static bool
serve_kept(const struct server *server, const struct request *request,
    const struct stat *st, struct response *response)
{
	struct kept_key key = kept_key(KEPT_MENU, request->path, st);

	if (request->menus && serve_key(server, request, &key, response))
		return true;
	key.form = KEPT_FILE;
	return serve_key(server, request, &key, response);
}

/*
 * Looks at `name` in the directory asked for, or at the path itself, if it is
 * one that was served lately: only then is it known to lead nowhere else, and
 * is a look at it of use.  Returns -1 with errno set.
 */
static int
look_again(const struct server *server, const struct request *request,
    struct str name, struct stat *st)
{
	if (kept_knows(server->kept, request->path))
		return tree_stat_in(server->tree, request->path, name, st);
	errno = ESTALE;
	return -1;
}

/*
 * The type of an open file.  Empty, with errno set, when the file cannot be
 * read, which is logged, or when media_allow permits no look at it (EAGAIN).
 */
static struct str
type_of(const struct server *server, struct str path, struct str name,
    const struct entry *entry)
{
	struct str type = media_type(server->media, name, entry);

	if (type.len == 0 && errno != EAGAIN)
		tree_log_failure("cannot read", errno, path);
	return type;
}

/* Answers with a file, which it takes, of a type that is empty if unknown. */
static void
serve_entry(const struct server *server, const struct request *request,
    const struct entry *entry, struct response *response)
{
	struct kept_key key = kept_key(KEPT_FILE, request->path, &entry->st);
	struct body *body = body_of_file(request->arena, entry);

	key.type = response->meta;
	response->st = entry->st;
	response->body = kept_record(server->kept, &key, request->arena, body);
	if (response->body != NULL && key.type.len > 0)
		return;
	body_release(response->body);
	response_error(response, STATUS_FAILURE);
}

static void
serve_file(const struct server *server, const struct request *request,
    const struct entry *entry, struct response *response)
{
	struct str name = request->path;

	while (str_find(name, '/') < name.len)
		(void)str_cut(&name, '/');
	/* A menu by its own name would show the author's source as a page. */
	if (!tree_shows(name)) {
		close(entry->fd);
		response_error(response, STATUS_NOT_FOUND);
		return;
	}
	response_set(response, STATUS_SUCCESS,
	    type_of(server, request->path, name, entry));
	serve_entry(server, request, entry, response);
}

/*
 * A directory asked for without its slash is a redirect, not a page: its
 * relative links would otherwise resolve one level too high.
 */
static void
add_slash(const struct request *request, struct response *response)
{
	struct buf target = buf_in(request->arena, request->path.len * 3 + 1);

	uri_encode(&target, request->path);
	buf_char(&target, '/');
	if (target.overflow)
		response_error(response, STATUS_FAILURE);
	else
		response_set(response, STATUS_MOVED, buf_str(&target));
}

/* Answers with a directory's page of the given name, if it has one. */
static bool
serve_page(const struct server *server, const struct request *request,
    struct str name, struct response *response)
{
	struct entry entry;
	struct stat st;
	enum status status;

	/* Most directories lack two of the three. */
	if (look_again(server, request, name, &st) == -1) {
		if (errno == ENOENT)
			return false;
	} else if (serve_kept(server, request, &st, response)) {
		return true;
	}
	status = tree_open_in(server->tree, request->path, name, &entry);
	/* A page that is there and may not be read hides what lies beside. */
	if (status == STATUS_NOT_FOUND && errno != EACCES)
		return false;
	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return true;
	}
	if (entry_is_directory(&entry)) {
		close(entry.fd);
		return false;
	}
	if (tree_shows(name)) {
		response_set(response, STATUS_SUCCESS,
		    type_of(server, request->path, name, &entry));
		serve_entry(server, request, &entry, response);
		return true;
	}
	response_set(response, STATUS_SUCCESS, RESPONSE_MENU);
	response->body = menu_of_gophermap(
	    server, request, body_of_file(request->arena, &entry));
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
	return true;
}

static void
serve_directory(const struct server *server, const struct request *request,
    struct response *response)
{
	struct entry entry;
	enum status status;

	if ((request->menus &&
		serve_page(server, request, STR("gophermap"), response)) ||
	    serve_page(server, request, STR("index.gmi"), response) ||
	    serve_page(server, request, STR("index.gemini"), response))
		return;
	status = tree_open(server->tree, request->path, &entry);
	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return;
	}
	if (serve_kept(server, request, &entry.st, response)) {
		close(entry.fd);
		return;
	}
	response_set(response, STATUS_SUCCESS, STR("text/gemini"));
	response->st = entry.st;
	status = server->site->listing
	    ? listing_open(server, request, &entry, &response->body)
	    : STATUS_NOT_FOUND;
	close(entry.fd);
	if (status != STATUS_SUCCESS)
		response_error(response, status);
}

/*
 * The built-in page that `path` stands for: what the tree holds under its
 * name, seen or not, goes before it.
 */
static const struct builtin_page *
builtin_for(const struct server *server, struct str path)
{
	struct str own;
	struct entry entry;
	enum status status;
	const struct builtin_page *page = builtin_find(server, path, &own);

	if (page == NULL)
		return NULL;
	status = tree_open(server->tree, own, &entry);
	if (status == STATUS_SUCCESS)
		close(entry.fd);
	return status == STATUS_NOT_FOUND && errno != EACCES ? page : NULL;
}

/* Answers for what the tree has not got. */
static void
serve_other(const struct server *server, const struct request *request,
    enum status status, struct response *response)
{
	const struct builtin_page *page = NULL;

	if (status == STATUS_NOT_FOUND)
		page = builtin_for(server, request->path);
	if (page != NULL)
		page->answer(server, request, response);
	else if (status != STATUS_NOT_FOUND ||
	    !archive_of_directory(server, request, response))
		response_error(response, status);
}

static void
serve_path(const struct server *server, const struct request *request,
    struct response *response)
{
	struct entry entry;
	struct stat st;
	enum status status;

	if (str_equals(request->query, FEED_QUERY) &&
	    feed_serve(server, request, response))
		return;
	if (str_ends(request->path, STR("/"))) {
		serve_directory(server, request, response);
		return;
	}
	if (look_again(server, request, STR(""), &st) == 0 &&
	    serve_kept(server, request, &st, response))
		return;
	status = tree_open(server->tree, request->path, &entry);
	if (status != STATUS_SUCCESS) {
		serve_other(server, request, status, response);
	} else if (entry_is_directory(&entry)) {
		close(entry.fd);
		add_slash(request, response);
	} else {
		serve_file(server, request, &entry, response);
	}
}

void
serve(const struct server *server, const struct request *request,
    struct response *response)
{
	serve_path(server, request, response);
	serve_project(server, request, response);
}

void
serve_project(const struct server *server, const struct request *request,
    struct response *response)
{
	if (!request->menus || response->status != STATUS_SUCCESS ||
	    !mime_is(response->meta, STR("text/gemini")))
		return;
	response->body = menu_of_gemtext(server, request, response);
	response->meta = RESPONSE_MENU;
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}

/* The type of `path`, looked up; empty when it cannot be told just now. */
static struct str
look_up(const struct server *server, struct str path)
{
	struct entry entry;
	struct str type = mime_of_name(path);
	enum status status = tree_open(server->tree, path, &entry);

	if (status == STATUS_SUCCESS) {
		type = entry_is_directory(&entry)
		    ? STR("text/gemini")
		    : type_of(server, path, path, &entry);
		close(entry.fd);
	} else if (status == STATUS_NOT_FOUND) {
		const struct builtin_page *page = builtin_for(server, path);

		if (page != NULL)
			return page->type;
		if (type.len == 0)
			type = STR("application/octet-stream");
	}
	return type;
}

struct str
serve_type(const struct server *server, struct str path)
{
	struct str type;

	if (str_ends(path, STR("/")))
		return STR("text/gemini");
	if (!media_recall(server->media, path, &type)) {
		type = look_up(server, path);
		if (type.len == 0)
			return errno == EAGAIN
			    ? type
			    : STR("application/octet-stream");
		media_keep(server->media, path, type);
	}
	return type;
}

struct str
serve_query_type(const struct server *server, struct str path, struct str query)
{
	const struct builtin_page *page;

	if (str_equals(query, FEED_QUERY) && feed_is_at(server, path))
		return FEED_TYPE;
	page = builtin_for(server, path);
	if (page != NULL && page->query.len > 0 &&
	    str_equals(query, page->query))
		return page->query_type;
	return STR("");
}

bool
serve_takes_input(const struct server *server, struct str path)
{
	const struct builtin_page *page = builtin_for(server, path);

	return page != NULL && page->takes_input;
}
