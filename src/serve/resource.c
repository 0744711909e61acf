/*
 * The MIME type of a linked resource, for the item types of a menu.
 */
#include "serve/resource.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "serve/builtin.h"
#include "serve/feed.h"
#include "serve/moved.h"
#include "serve/redirect.h"
#include "text/mime.h"
#include "text/uri.h"
#include "tree/zones.h"

/* Memory for following rules. */
#define RULES_MEMORY ((size_t)256 << 10)

/* The type of the resource at `path`, without regard to moves. */
static struct str
type_at(
    const struct host *host, struct str path, const struct media_rules *rules)
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
		type = media_type_by(host->server->media, rules, path, &entry);
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

/* The type of the resource that a client gets for `path`, after any move. */
static struct str
type_by_rules(const struct host *host, struct arena *arena, struct str path)
{
	const struct rules_part *part;
	struct buf encoded = buf_in(arena, path.len * 3);
	struct moved moved;
	struct str normal;

	uri_encode(&encoded, path);
	moved = moved_follow(host->rules, arena, path, buf_str(&encoded));
	/* The answer is a menu with a link to another server. */
	if (moved.status == STATUS_MOVED && !str_starts(moved.target, STR("/")))
		return STR("text/gemini");
	if (moved.status == STATUS_MOVED) {
		moved.target.len = str_find(moved.target, '?');
		if (uri_path_decode(arena, moved.target, &path) !=
		    URI_PATH_NORMAL)
			return STR("text/gemini");
	}
	if (zones_path(arena, path, &normal) == -1)
		return type_at(host, path, NULL);
	/* The answer is a menu with a link to Gemini. */
	if (host->tree->zones != NULL &&
	    zones_has_readers(zones_find(host->tree->zones, normal)))
		return STR("text/gemini");
	part = rules_part_of(host->rules, normal);
	if (part != NULL && part->program.kind != RULES_NO_PROGRAM)
		return STR("text/gemini");
	return type_at(host, path, part != NULL ? &part->media : NULL);
}

struct str
resource_type(const struct host *host, struct str path)
{
	struct arena arena;
	struct str type;

	if (host->rules == NULL)
		return type_at(host, path, NULL);
	arena_init(&arena, RULES_MEMORY);
	type = type_by_rules(host, &arena, path);
	arena_release(&arena);
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
