/*
 * The handler for files, and its use of the response cache.
 */
#include "serve/file.h"

#include <errno.h>
#include <unistd.h>

#include "serve/menu.h"
#include "serve/redirect.h"
#include "text/buf.h"
#include "text/gophermap.h"

static bool
answer_key(const struct host *host, const struct request *request,
    struct cache_key *key, struct response *response)
{
	struct body *body =
	    cache_body(host->server->cache, key, request->arena);

	if (body == NULL)
		return false;
	response_set(response, STATUS_SUCCESS, key->type);
	response->body = body;
	response->st = key->st;
	return true;
}

enum handled
file_answer_cached(const struct host *host, const struct request *request,
    const struct stat *st, struct response *response)
{
	struct cache_key key = cache_key(CACHE_MENU, request->key, st);

	if (request->form == FORM_MENU &&
	    answer_key(host, request, &key, response))
		return HANDLED;
	key.form = CACHE_FILE;
	return answer_key(host, request, &key, response) ? HANDLED : DECLINED;
}

/*
 * Calls stat(2) for `name` in the requested directory, or for the path itself,
 * if the path was answered lately, so that no link in the path leads out of the
 * tree, and the tree has no zones, which a link could lead into. Returns -1
 * with errno set.
 */
static int
stat_again(const struct host *host, const struct request *request,
    struct str name, struct stat *st)
{
	if (request->tree->zones == NULL &&
	    cache_knows(host->server->cache, request->key))
		return tree_stat_in(request->tree, request->path, name, st);
	errno = ESTALE;
	return -1;
}

/* Answers with a file; takes `entry`. */
static void
answer_entry(const struct host *host, const struct request *request,
    struct str name, const struct entry *entry, struct response *response)
{
	struct cache_key key = cache_key(CACHE_FILE, request->key, &entry->st);
	struct body *body = body_of_file(request->arena, entry);

	key.type = media_type_by(host->server->media,
	    request->part != NULL ? &request->part->media : NULL,
	    name.len > 0 ? name : request->path, entry);
	if (key.type.len == 0)
		tree_log_failure("cannot read", errno, request->path);
	response_set(response, STATUS_SUCCESS, key.type);
	response->st = entry->st;
	response->body =
	    cache_record(host->server->cache, &key, request->arena, body);
	if (response->body != NULL && key.type.len > 0)
		return;
	body_release(response->body);
	response_error(response, STATUS_FAILURE);
}

/* Answers with a gophermap; takes `entry`. */
static void
answer_gophermap(const struct host *host, const struct request *request,
    const struct entry *entry, struct response *response)
{
	response_set(response, STATUS_SUCCESS, RESPONSE_MENU);
	response->body = menu_of_gophermap(
	    host, request, body_of_file(request->arena, entry));
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}

/*
 * Redirects a directory requested without its slash: as a page its relative
 * links would resolve one level too high.
 */
static void
add_slash(const struct request *request, struct response *response)
{
	struct buf path = buf_in(request->arena, request->path.len + 1);

	buf_add(&path, request->path);
	buf_char(&path, '/');
	if (path.overflow)
		response_error(response, STATUS_FAILURE);
	else
		response_redirect(response, request->arena,
		    &(struct response_target){ STATUS_MOVED, buf_str(&path),
			redirect_feed_query(request) });
}

enum handled
file_answer_in(const struct host *host, const struct request *request,
    struct str name, struct response *response)
{
	struct entry entry;
	struct stat st;
	enum status status;

	if (stat_again(host, request, name, &st) == -1) {
		if (errno == ENOENT)
			return DECLINED;
	} else if (file_answer_cached(host, request, &st, response) ==
	    HANDLED) {
		return HANDLED;
	}
	status = tree_open_in(request->tree, request->path, name, &entry);
	/* An unreadable page hides the next one. */
	if (status == STATUS_NOT_FOUND && errno != EACCES)
		return DECLINED;
	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return HANDLED;
	}
	if (tree_is_directory(&entry)) {
		close(entry.fd);
		if (name.len > 0)
			return DECLINED;
		add_slash(request, response);
		return HANDLED;
	}
	if (request->tree->zones != NULL &&
	    file_answer_cached(host, request, &entry.st, response) == HANDLED)
		close(entry.fd);
	else if (str_equals(name, GOPHERMAP_NAME))
		answer_gophermap(host, request, &entry, response);
	else
		answer_entry(host, request, name, &entry, response);
	return HANDLED;
}

enum handled
file_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	return str_ends(request->path, STR("/"))
	    ? DECLINED
	    : file_answer_in(host, request, STR(""), response);
}
