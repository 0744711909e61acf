/*
 * Finds the page that a wrong path means, such as /page for /page.gmi.
 */
#include "serve/redirect.h"

#include <unistd.h>

#include "serve/builtin.h"
#include "serve/feed.h"
#include "text/buf.h"

struct str
redirect_feed_query(const struct request *request)
{
	return str_equals(request->query, FEED_QUERY) ? request->query
						      : STR("");
}

/* With both page.gmi and page.gemini it is unknown which one is meant. */
static enum status
find_page(const struct tree *tree, struct str path, struct buf *out)
{
	static const struct str extensions[] = { STR_INIT(".gmi"),
		STR_INIT(".gemini") };
	struct str found = { 0 };
	size_t count = 0;

	buf_add(out, path);
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		enum status status = STATUS_FAILURE;
		struct entry entry;

		buf_add(out, extensions[i]);
		if (!out->overflow)
			status = tree_find(tree, buf_str(out), &entry);
		out->len = path.len;
		if (status == STATUS_NOT_FOUND)
			continue;
		if (status != STATUS_SUCCESS)
			return status;
		if (!tree_is_directory(&entry)) {
			found = extensions[i];
			count++;
		}
		close(entry.fd);
	}
	buf_add(out, found);
	return count == 1 ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

static bool
is_builtin(const struct host *host, struct str path)
{
	for (int i = 0; i < BUILTIN_COUNT && host->builtins != NULL; i++)
		if (path.len > 0 && str_equals(path, host->builtins[i]))
			return builtin_find(host, path) != NULL;
	return false;
}

static enum status
find(const struct host *host, const struct tree *tree, struct str path,
    struct buf *out)
{
	if (!tree_shows_path(tree, path))
		return STATUS_NOT_FOUND;
	if (!str_ends(path, STR("/")))
		return find_page(tree, path, out);
	path = str_head(path, path.len - 1);
	buf_add(out, path);
	return is_builtin(host, path) ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

enum status
redirect_find(const struct host *host, struct str path, struct buf *out)
{
	return find(host, host->tree, path, out);
}

enum handled
redirect_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	struct buf path =
	    buf_in(request->arena, request->path.len + REDIRECT_ROOM);
	enum status status = find(host, request->tree, request->path, &path);
	struct response_target target = { STATUS_REDIRECT, buf_str(&path),
		{ 0 } };

	if (status == STATUS_NOT_FOUND)
		return DECLINED;
	/* A built-in page may take any query. */
	target.query = str_ends(request->path, STR("/"))
	    ? request->query
	    : redirect_feed_query(request);
	if (status == STATUS_SUCCESS)
		response_redirect(response, request->arena, &target);
	else
		response_error(response, status);
	return HANDLED;
}
