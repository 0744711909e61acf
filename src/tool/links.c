/*
 * Follows the links of a capsule over both protocols, with the server's own
 * code, and reports links that lead nowhere.
 */
#include "tool/links.h"

#include <unistd.h>

#include "text/gopherlink.h"
#include "text/gophermenu.h"
#include "text/mime.h"
#include "text/uri.h"
#include "tool/itemtype.h"
#include "tool/nearest.h"
#include "tree/tree.h"
#include "tree/zones.h"

#define SCRATCH ((size_t)1 << 20)
#define REDIRECTS_MAX 5

/* A link, and the answer that it gets. */
struct target {
	struct str written, url; /* `url` is absolute */
	struct offline_answer answer;
	bool is_incomplete; /* a temporary redirect led to the page */
};

void
links_init(struct links *links)
{
	arena_init(&links->scratch, SCRATCH);
	links->file_set = (struct file_set){ 0 };
}

void
links_release(struct links *links)
{
	arena_release(&links->scratch);
	file_set_release(&links->file_set);
}

static struct finding
dead(const struct links_from *from)
{
	return (struct finding){
		.check = "dead-link", .path = from->path, .line = from->line
	};
}

static void
note_external(
    struct links *links, const struct links_from *from, struct str url)
{
	const struct finding finding = { .check = "external",
		.is_note = true,
		.path = from->path,
		.line = from->line };

	finding_add(links->findings, &finding,
	    "external link, not fetched: %.*s", FINDING_ARG(url));
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return b != NULL && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static void
reach(struct links *links, const struct links_from *from,
    const struct entry *entry)
{
	/* A link to its own page does not help a reader find that page. */
	if (from == NULL || !is_same_file(&entry->st, from->st))
		file_set_add(&links->file_set, &entry->st, FILE_SET_REACHED);
	close(entry->fd);
}

void
links_reach(struct links *links, const struct links_from *from, struct str path)
{
	static const char *const pages[] = { "index.gmi", "index.gemini" };
	const struct tree *tree = links->offline->host.tree;
	struct entry entry;
	bool is_directory;

	if (tree_open(tree, path, &entry) != STATUS_SUCCESS)
		return;
	is_directory = tree_is_directory(&entry);
	reach(links, from, &entry);
	for (size_t i = 0; is_directory && i < 2; i++)
		if (tree_open_in(tree, path, str_of(pages[i]), &entry) ==
		    STATUS_SUCCESS) {
			reach(links, from, &entry);
			break;
		}
}

/* Sends one request line; the answer is valid while the link is followed. */
static struct offline_answer
ask_line(
    struct links *links, const struct protocol *protocol, struct str request)
{
	struct buf line = buf_in(&links->scratch, request.len + 2);
	struct offline_answer answer = { 0 };

	buf_add(&line, request);
	buf_add(&line, STR("\r\n"));
	if (line.overflow)
		return answer;
	answer = offline_ask(links->offline, protocol, buf_str(&line));
	if (arena_copy(&links->scratch, answer.meta, &answer.meta) == -1)
		answer.meta = (struct str){ 0 };
	return answer;
}

static bool
is_good(enum status status)
{
	return status != 0 && status < STATUS_FAILURE;
}

/* Whether the absolute URL is one of this capsule on Gemini. */
static bool
is_ours(struct links *links, struct str url, struct uri *uri)
{
	const struct site *site = links->offline->host.site;

	return uri_parse(&links->scratch, url, uri) == 0 &&
	    str_equals_nocase(uri->scheme, STR("gemini")) &&
	    uri->host.len > 0 && site_has_port(site, uri) &&
	    site_has_name(site, &links->scratch, uri->host);
}

/*
 * The path that a request for `url` leads to, after redirects within the
 * capsule; empty when it leads nowhere.
 */
static struct str
follow_gemini(struct links *links, struct target *target)
{
	struct str url = str_head(target->url, str_find(target->url, '#'));
	struct str path, next;
	struct uri uri;

	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		target->answer = ask_line(links, &gemini, url);
		if (!is_good(target->answer.status) ||
		    !is_ours(links, url, &uri) ||
		    uri_path_decode(&links->scratch, uri.path, &path) !=
			URI_PATH_NORMAL)
			return (struct str){ 0 };
		if (target->answer.status < STATUS_REDIRECT)
			return path;
		if (uri_resolve(
			&links->scratch, url, target->answer.meta, &next) == -1)
			break;
		/* A redirect to another capsule is a good answer. */
		if (!is_ours(links, next, &uri))
			return path;
		target->is_incomplete |=
		    target->answer.status == STATUS_REDIRECT;
		url = next;
	}
	return (struct str){ 0 };
}

static char
any_type(void *context, struct str path, struct str query)
{
	(void)context;
	(void)path;
	(void)query;
	return '1';
}

/* Whether a menu item leads to this capsule. */
static bool
is_our_menu(struct links *links, const struct gopherlink *link)
{
	return link->host.len == 0 ||
	    site_has_gopher(links->offline->host.site, &links->scratch,
		link->host, link->port);
}

static bool
is_url(struct str selector)
{
	return str_starts(selector, STR("URL:")) ||
	    str_starts(selector, STR("/URL:"));
}

/* Reports an item type that does not fit the answer. */
static void
check_type(struct links *links, const struct links_from *from, char type,
    const struct offline_answer *answer)
{
	const struct finding finding = {
		.check = "item-type", .path = from->path, .line = from->line
	};
	bool is_menu = mime_is(answer->meta, RESPONSE_MENU);
	char instead;

	if (answer->status == STATUS_SUCCESS && answer->meta.len == 0)
		return;
	instead = itemtype_instead(
	    links->offline->host.site, type, answer->status, answer->meta);
	if (instead == '\0')
		return;
	finding_add(links->findings, &finding,
	    "item of type %c leads to %.*s; write type %c", type,
	    FINDING_ARG(answer->status == STATUS_INPUT ? STR("a search")
		    : is_menu                          ? STR("a menu")
						       : answer->meta),
	    instead);
}

enum on_gopher {
	GOPHER_OFF, /* the capsule is not served over Gopher */
	GOPHER_NOWHERE,
	GOPHER_OURS, /* to a file of this capsule */
	GOPHER_ELSEWHERE, /* to a URL or another host */
};

static enum on_gopher
follow_gopher(
    struct links *links, const struct links_from *from, struct str url)
{
	const struct gopherlink_page page = {
		.site = links->offline->host.site,
		.base = from->base,
		.item_type = any_type,
	};
	struct gopherlink link;
	struct offline_answer answer;

	if (!links->offline->has_gopher)
		return GOPHER_OFF;
	link = gopherlink_of(&links->scratch, &page, url);
	if (link.type == 'i')
		return GOPHER_NOWHERE;
	if (!is_our_menu(links, &link) || is_url(link.selector))
		return GOPHER_ELSEWHERE;
	answer = ask_line(links, &gopher, link.selector);
	if (!is_good(answer.status))
		return GOPHER_NOWHERE;
	/* Only a gopher URL contains a type. */
	if (link.host.len > 0)
		check_type(links, from, link.type, &answer);
	return GOPHER_OURS;
}

/* The decoded path of `url`, for a message about a missing file. */
static struct str
path_of(struct links *links, struct str url)
{
	struct uri uri;
	struct str path;

	if (uri_parse(&links->scratch, url, &uri) == -1 ||
	    uri_path_decode(&links->scratch, uri.path, &path) !=
		URI_PATH_NORMAL)
		return (struct str){ 0 };
	return path;
}

/*
 * Reports a dead link: perhaps only the case of a letter is wrong, or a space
 * is not encoded.
 */
static void
report_dead(struct links *links, const struct links_from *from,
    const struct target *target)
{
	struct finding finding = dead(from);
	struct str near = { 0 }, spaced = { 0 };

	if (target->answer.status == STATUS_NOT_FOUND) {
		struct str path = path_of(links, target->url);

		near = nearest_path(links->offline, &links->scratch, path);
		spaced = nearest_spaced(
		    links->offline, &links->scratch, path, from->label);
	}
	if (spaced.len > 0) {
		finding_add(links->findings, &finding,
		    "link to %.*s leads nowhere: a space ends the URL; link to "
		    "%.*s",
		    FINDING_ARG(target->written), FINDING_ARG(spaced));
	} else if (near.len > 0) {
		finding.check = "case";
		finding_add(links->findings, &finding,
		    "link to %.*s, but the name is %.*s; correct it",
		    FINDING_ARG(target->written), FINDING_ARG(near));
	} else {
		finding_add(links->findings, &finding,
		    "link to %.*s leads nowhere (%u %.*s); correct or remove "
		    "it",
		    FINDING_ARG(target->written),
		    (unsigned)target->answer.status,
		    FINDING_ARG(target->answer.meta));
	}
}

/* Reports a link that has no target in a book or in a copy on a disk. */
static void
report_incomplete(struct links *links, const struct links_from *from,
    const struct target *target, struct str path)
{
	const struct finding finding = {
		.check = "incomplete", .path = from->path, .line = from->line
	};

	finding_add(links->findings, &finding,
	    "link to %.*s is redirected to %.*s by the server alone; link to "
	    "that",
	    FINDING_ARG(target->written), FINDING_ARG(path));
}

/* Notes a link into a part that not all readers of the page may read. */
static void
note_readers(struct links *links, const struct links_from *from,
    const struct target *target, struct str path)
{
	const struct finding finding = { .check = "readers",
		.is_note = true,
		.path = from->path,
		.line = from->line };
	const struct zones *zones = links->offline->zones;
	struct str here, there;

	if (zones == NULL ||
	    zones_path(&links->scratch, from->path, &here) == -1 ||
	    zones_path(&links->scratch, path, &there) == -1 ||
	    !zones_has_readers(zones_find(zones, there)) ||
	    zones_show(zones, zones_find(zones, here), path))
		return;
	finding_add(links->findings, &finding,
	    "link to %.*s leads into a part that only its readers can read",
	    FINDING_ARG(target->written));
}

static void
follow_own(
    struct links *links, const struct links_from *from, struct target *target)
{
	const struct finding finding = dead(from);
	struct str path = follow_gemini(links, target);
	enum on_gopher on_gopher = follow_gopher(links, from, target->written);

	if (path.len > 0) {
		links_reach(links, from, path);
		note_readers(links, from, target, path);
	}
	if (path.len == 0 &&
	    (on_gopher == GOPHER_NOWHERE || on_gopher == GOPHER_OFF))
		report_dead(links, from, target);
	else if (path.len == 0)
		finding_add(links->findings, &finding,
		    "link to %.*s leads nowhere on Gemini (%u %.*s), only on "
		    "Gopher; correct it",
		    FINDING_ARG(target->written),
		    (unsigned)target->answer.status,
		    FINDING_ARG(target->answer.meta));
	else if (on_gopher == GOPHER_NOWHERE)
		finding_add(links->findings, &finding,
		    "link to %.*s leads nowhere on Gopher, only on Gemini; "
		    "correct it",
		    FINDING_ARG(target->written));
	else if (target->is_incomplete)
		report_incomplete(links, from, target, path);
}

static void
follow_other(struct links *links, const struct links_from *from,
    const struct target *target)
{
	const struct finding finding = dead(from);

	switch (follow_gopher(links, from, target->written)) {
	case GOPHER_OURS: break;
	case GOPHER_OFF:
	case GOPHER_ELSEWHERE: note_external(links, from, target->url); break;
	case GOPHER_NOWHERE:
		finding_add(links->findings, &finding,
		    "link to %.*s leads nowhere on Gopher; correct or remove "
		    "it",
		    FINDING_ARG(target->written));
		break;
	}
}

void
links_follow(struct links *links, const struct links_from *from, struct str url)
{
	const struct finding finding = dead(from);
	struct target target = { .written = url };
	struct uri uri;

	if (url.len == 0) {
		finding_add(links->findings, &finding,
		    "link without a URL; write one after \"=>\", or remove "
		    "the line");
		return;
	}
	/* A fragment leads to the same page. */
	if (str_starts(url, STR("#")))
		return;
	arena_reset(&links->scratch);
	if (uri_resolve(&links->scratch, from->base, url, &target.url) == -1)
		finding_add(links->findings, &finding,
		    "%.*s is not a URL; percent-encode its invalid characters",
		    FINDING_ARG(url));
	else if (is_ours(links, target.url, &uri))
		follow_own(links, from, &target);
	else
		follow_other(links, from, &target);
}

/* The URL of an item on another host (RFC 4266). */
static struct str
item_url(struct links *links, char type, struct str selector, struct str where)
{
	struct buf url =
	    buf_in(&links->scratch, selector.len * 3 + where.len + 16);
	struct str host = str_cut(&where, '\t');

	buf_add(&url, STR("gopher://"));
	buf_add(&url, host);
	if (!str_equals(where, STR("70"))) {
		buf_char(&url, ':');
		buf_add(&url, where);
	}
	buf_char(&url, '/');
	buf_char(&url, type);
	uri_encode(&url, selector);
	return buf_str(&url);
}

/* Follows a selector of this capsule as the server's Gopher code reads it. */
static void
follow_selector(struct links *links, const struct links_from *from, char type,
    struct str selector)
{
	const struct finding finding = dead(from);
	struct str path = selector;
	struct offline_answer answer = ask_line(links, &gopher, selector);

	if (!is_good(answer.status)) {
		finding_add(links->findings, &finding,
		    "item with the selector %.*s leads nowhere; correct or "
		    "remove it",
		    FINDING_ARG(selector));
		return;
	}
	check_type(links, from, type, &answer);
	path = str_head(path, str_find(path, '?'));
	if (uri_path_decode(&links->scratch, path, &path) == URI_PATH_NORMAL)
		links_reach(links, from, path);
}

void
links_follow_item(
    struct links *links, const struct links_from *from, struct str item)
{
	struct str where = str_trim_end(str_tail(item, 1)), selector, port;
	struct gopherlink link = { .type = item.at[0] };
	unsigned long number = 0;

	arena_reset(&links->scratch);
	(void)str_cut(&where, '\t');
	selector = str_cut(&where, '\t');
	port = where;
	link.host = str_cut(&port, '\t');
	if (str_number(port, UINT16_MAX, &number))
		link.port = (uint16_t)number;
	if (link.type == 'i' || link.type == '3')
		return;
	if (is_url(selector))
		links_follow(links, from,
		    str_tail(selector, selector.at[0] == '/' ? 5 : 4));
	else if (is_our_menu(links, &link))
		follow_selector(links, from, link.type, selector);
	else
		note_external(
		    links, from, item_url(links, link.type, selector, where));
}
