/*
 * The MIME type of a linked resource, for the item types of a menu.
 */
#include "serve/resource.h"

#include <errno.h>
#include <unistd.h>

#include "serve/builtin.h"
#include "serve/feed.h"
#include "text/mime.h"

struct str
resource_file_type(const struct host *host, struct str path, struct str name,
    const struct entry *entry)
{
	struct str type = media_type(host->server->media, name, entry);

	if (type.len == 0)
		tree_log_failure("cannot read", errno, path);
	return type;
}

/* Looks up the type of `path`; empty when its file cannot be read. */
static struct str
look_up_type(const struct host *host, struct str path)
{
	struct entry entry;
	struct str type = mime_of_name(path);
	enum status status = tree_open(host->tree, path, &entry);

	if (status == STATUS_SUCCESS) {
		type = entry_is_directory(&entry)
		    ? STR("text/gemini")
		    : resource_file_type(host, path, path, &entry);
		close(entry.fd);
	} else if (status == STATUS_NOT_FOUND) {
		const struct builtin_page *page = builtin_find(host, path);

		if (page != NULL)
			return page->type;
		if (type.len == 0)
			type = STR("application/octet-stream");
	}
	return type;
}

struct str
resource_type(const struct host *host, struct str path)
{
	struct str type;

	if (str_ends(path, STR("/")))
		return STR("text/gemini");
	if (!media_recall(host->server->media, path, &type)) {
		type = look_up_type(host, path);
		if (type.len == 0)
			return STR("application/octet-stream");
		media_keep(host->server->media, path, type);
	}
	return type;
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
