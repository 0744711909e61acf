/*
 * Which handler answers.  Knows what a path can be: a file, a directory
 * with a page, a directory to list; knows nothing of protocols.
 */
#include "serve/serve.h"

#include <errno.h>
#include <unistd.h>

#include "serve/listing.h"
#include "serve/menu.h"
#include "text/mime.h"
#include "text/uri.h"

/* Answers with a file, which it takes, of a type that is empty if unknown. */
static void
set_file(struct response *response, struct str type,
    const struct request *request, const struct entry *entry)
{
	response_set(response, STATUS_SUCCESS, type);
	response->body = body_of_file(request->arena, entry);
	if (response->body != NULL && type.len > 0)
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
	set_file(
	    response, media_type(server->media, name, entry), request, entry);
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
	enum status status =
	    tree_open_in(server->tree, request->path, name, &entry);

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
		set_file(response, media_type(server->media, name, &entry),
		    request, &entry);
	} else {
		response_set(response, STATUS_SUCCESS, RESPONSE_MENU);
		response->body = menu_of_gophermap(
		    server, request, body_of_file(request->arena, &entry));
		if (response->body == NULL)
			response_error(response, STATUS_FAILURE);
	}
	return true;
}

static void
serve_directory(const struct server *server, const struct request *request,
    struct response *response)
{
	struct entry entry;
	enum status status;

	if ((request->prefers_menu &&
		serve_page(server, request, STR("gophermap"), response)) ||
	    serve_page(server, request, STR("index.gmi"), response) ||
	    serve_page(server, request, STR("index.gemini"), response))
		return;
	status = tree_open(server->tree, request->path, &entry);
	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return;
	}
	response_set(response, STATUS_SUCCESS, STR("text/gemini"));
	status = server->site->listing
	    ? listing_open(server, request, &entry, &response->body)
	    : STATUS_NOT_FOUND;
	close(entry.fd);
	if (status != STATUS_SUCCESS)
		response_error(response, status);
}

void
serve(const struct server *server, const struct request *request,
    struct response *response)
{
	struct entry entry;
	enum status status;

	if (str_ends(request->path, STR("/"))) {
		serve_directory(server, request, response);
		return;
	}
	status = tree_open(server->tree, request->path, &entry);
	if (status != STATUS_SUCCESS) {
		response_error(response, status);
	} else if (entry_is_directory(&entry)) {
		close(entry.fd);
		add_slash(request, response);
	} else {
		serve_file(server, request, &entry, response);
	}
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
		    : media_type(server->media, path, &entry);
		close(entry.fd);
	} else if (type.len == 0 && status == STATUS_NOT_FOUND) {
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
			return STR("application/octet-stream");
		media_keep(server->media, path, type);
	}
	return type;
}
