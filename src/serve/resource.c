/*
 * The MIME type of a linked resource, for the item types of a menu.
 */
#include "serve/resource.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "serve/builtin.h"
#include "serve/feed.h"
#include "serve/redirect.h"
#include "text/mime.h"

struct str
resource_type(const struct host *host, struct str path)
{
	struct str type = mime_of_name(path);
	char memory[PATH_MAX];
	struct buf meant = buf_over(memory, sizeof memory);
	struct entry entry;
	enum status status;

	if (str_ends(path, STR("/")))
		return STR("text/gemini");
	status = tree_open(host->tree, path, &entry);
	if (status == STATUS_SUCCESS && tree_is_directory(&entry)) {
		type = STR("text/gemini");
	} else if (status == STATUS_SUCCESS) {
		type = media_type(host->server->media, path, &entry);
		if (type.len == 0)
			tree_log_failure("cannot read", errno, path);
	} else if (status == STATUS_NOT_FOUND) {
		const struct builtin_page *page = builtin_find(host, path);

		if (page != NULL)
			type = page->type;
		else if (redirect_find(host, path, &meant) == STATUS_SUCCESS)
			type = STR("text/gemini");
	}
	if (status == STATUS_SUCCESS)
		close(entry.fd);
	return type.len > 0 ? type : STR("application/octet-stream");
}

struct str
resource_query_type(const struct host *host, struct str path, struct str query)
{
	const struct builtin_page *page;

	if (str_equals(query, FEED_QUERY) && feed_is_at(host, path))
		return FEED_TYPE;
	page = builtin_find(host, path);
	if (page != NULL && page->query.len > 0 &&
	    str_equals(query, page->query))
		return page->query_type;
	return STR("");
}

bool
resource_takes_input(const struct host *host, struct str path)
{
	const struct builtin_page *page = builtin_find(host, path);

	return page != NULL && page->takes_input;
}
