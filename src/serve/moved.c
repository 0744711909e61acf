/*
 * The handler for moved and deleted pages.
 */
#include "serve/moved.h"

#include <string.h>

#include "serve/rules.h"
#include "text/buf.h"
#include "text/uri.h"
#include "tree/zones.h"

/* Rules that lead from one path to the next. */
#define CHAIN_MAX 10
/* The longest URL of Gemini: a longer one could not be requested. */
#define URL_MAX ((size_t)1024)

static size_t
count_slashes(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; i++)
		count += s.at[i] == '/';
	return count;
}

/* The part of a path behind its first segments; empty when there is none. */
static struct str
behind(struct str path, size_t segments)
{
	for (size_t i = 0; i <= segments && path.len > 0; i++)
		(void)str_cut(&path, '/');
	return path;
}

/* Sets `target` to the target of a rule for a path, both encoded. */
static int
lead(const struct rules_move *move, struct arena *arena, struct str path,
    struct str *target)
{
	struct str rest = move->place.is_folder
	    ? behind(path, count_slashes(move->place.path))
	    : (struct str){ 0 };
	struct buf out = buf_in(arena, move->target.len + rest.len + 1);

	buf_add(&out, move->target);
	buf_add(&out, rest);
	*target = buf_str(&out);
	return out.overflow ? -1 : 0;
}

struct moved
moved_follow(const struct rules *rules, struct arena *arena, struct str path,
    struct str encoded)
{
	struct moved moved = { .target = encoded };

	for (int i = 0; i < CHAIN_MAX; i++) {
		const struct rules_move *move;
		struct str normal, without_query;

		if (zones_path(arena, path, &normal) == -1)
			break;
		move = rules_move_of(rules, normal);
		if (move == NULL)
			return moved;
		moved.last = move;
		moved.status = move->status;
		if (move->status == STATUS_GONE)
			return moved;
		if (lead(move, arena, moved.target, &moved.target) == -1)
			break;
		if (!str_starts(moved.target, STR("/")))
			return moved;
		without_query = moved.target;
		without_query.len = str_find(without_query, '?');
		if (uri_path_decode(arena, without_query, &path) !=
		    URI_PATH_NORMAL)
			break;
	}
	moved.status = STATUS_FAILURE;
	return moved;
}

/* The requested path, encoded as the client sent it where that is normal. */
static int
encode(const struct request *request, struct str *out)
{
	struct buf buf;

	*out = request->encoded;
	if (count_slashes(request->encoded) == count_slashes(request->path))
		return 0;
	buf = buf_in(request->arena, request->path.len * 3);
	uri_encode(&buf, request->path);
	*out = buf_str(&buf);
	return buf.overflow ? -1 : 0;
}

/* Adds a query, encoded: that of a Gopher selector may be unencoded. */
static void
add_query(struct buf *out, struct str query)
{
	for (size_t i = 0; i < query.len; i++) {
		unsigned char c = (unsigned char)query.at[i];

		if (c <= ' ' || c >= 0x7f ||
		    strchr("\"#<>[\\]^`{|}", c) != NULL)
			buf_printf(out, "%%%02X", c);
		else
			buf_char(out, (char)c);
	}
}

/* The most bytes that a client adds before the target to make it a URL. */
static size_t
base_length(const struct host *host, struct str target)
{
	return str_starts(target, STR("/"))
	    ? sizeof "gemini://[]:65535" + host->site->names[0].len
	    : 0;
}

static void
redirect(const struct host *host, const struct request *request,
    struct str target, struct response *response)
{
	struct buf meta = buf_in(request->arena, URL_MAX);

	buf_add(&meta, target);
	if (request->has_query && str_find(target, '?') == target.len) {
		buf_char(&meta, '?');
		add_query(&meta, request->query);
	}
	if (meta.overflow || meta.len + base_length(host, target) > URL_MAX)
		response_set(response, STATUS_BAD_REQUEST,
		    STR("The page has moved, and its new URL would have over "
			"1024 bytes"));
	else
		response_set(response, STATUS_MOVED, buf_str(&meta));
}

enum handled
moved_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	struct moved moved;
	struct str encoded;

	if (rules_move_of(host->rules, request->normal) == NULL)
		return DECLINED;
	if (encode(request, &encoded) == -1) {
		response_error(response, STATUS_FAILURE);
		return HANDLED;
	}
	moved =
	    moved_follow(host->rules, request->arena, request->path, encoded);
	if (moved.status == STATUS_MOVED)
		redirect(host, request, moved.target, response);
	else
		response_error(response, moved.status);
	return HANDLED;
}
