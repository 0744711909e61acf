/*
 * Makes the rules of a host of the sections for its paths, and of moved and
 * gone.
 */
#include "daemon/config_rules.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/config_hide.h"
#include "daemon/setting_keys.h"
#include "text/hostname.h"
#include "text/site.h"
#include "text/uri.h"
#include "tree/zones.h"

/* The longest URL of Gemini. */
#define TARGET_MAX ((size_t)1024)

/* A rule as it is written, with its path as it is compared. */
struct rule_draft {
	struct rules_place place;
	bool is_of_host; /* overrides one outside of all sections */
	const struct config_section *section; /* of a path */
	const struct config_move *move; /* or this one */
};

static int
compare_drafts(const void *a, const void *b)
{
	const struct rule_draft *left = a, *right = b;
	int order = rules_compare(&left->place, &right->place);

	return order != 0 ? order
			  : (int)left->is_of_host - (int)right->is_of_host;
}

static struct config_place
place_of(const struct rule_draft *draft)
{
	return draft->section != NULL ? draft->section->place
				      : draft->move->place;
}

/* Reads the path of a rule, which is written as in a URL, or not encoded. */
static int
read_path(
    struct config_loader *loader, struct rule_draft *draft, struct str text)
{
	struct config *config = loader->config;
	const struct config_place place = place_of(draft);
	struct str path = { 0 };

	if (!str_starts(text, STR("/")) ||
	    uri_path_decode(&config->arena, text, &path) != URI_PATH_NORMAL)
		return config_section_fail(config, place,
		    "\"%.99s\" is not a path of a capsule, give one like "
		    "/docs/",
		    text.at);
	if (zones_path(&config->arena, path, &path) == -1)
		return config_section_fail_memory(loader->config);
	draft->place.is_folder = str_ends(path, STR("/"));
	path.len -= draft->place.is_folder;
	draft->place.path = path;
	draft->place.line = place.line;
	draft->place.file = arena_string(&config->arena, str_of(place.file));
	return draft->place.file != NULL
	    ? 0
	    : config_section_fail_memory(loader->config);
}

/* The drafts of a host in their order. */
struct drafts {
	struct rule_draft *all;
	size_t count;
};

/* Sorts, and refuses two rules for one path. */
static int
sort(struct config_loader *loader, struct drafts *drafts)
{
	qsort(drafts->all, drafts->count, sizeof *drafts->all, compare_drafts);
	for (size_t i = 1; i < drafts->count; i++) {
		const struct rule_draft *a = &drafts->all[i - 1], *b = a + 1;
		const struct rule_draft *first = a, *second = b;

		if (compare_drafts(a, b) != 0)
			continue;
		if (strcmp(a->place.file, b->place.file) == 0 &&
		    a->place.line > b->place.line)
			first = b, second = a;
		return config_section_fail(loader->config, place_of(second),
		    "\"%.*s%s\" has a rule already, at %.128s:%d; remove one "
		    "of them",
		    STR_ARG(second->place.path),
		    second->place.is_folder ? "/" : "", first->place.file,
		    first->place.line);
	}
	return 0;
}

static int
collect_paths(struct config_loader *loader,
    const struct config_section *section, struct drafts *drafts)
{
	const struct config_section *path =
	    section != NULL ? section->paths : NULL;

	for (; path != NULL; path = path->next) {
		struct rule_draft *draft = &drafts->all[drafts->count++];

		*draft = (struct rule_draft){ .section = path,
			.is_of_host = section->kind == CONFIG_HOST };
		if (read_path(loader, draft, path->title) == -1)
			return -1;
		draft->place.is_common = section == &loader->top;
		/* A folder has one rule, with or without the final slash. */
		draft->place.is_folder = true;
	}
	return 0;
}

static int
collect_moves(struct config_loader *loader,
    const struct config_section *section, struct drafts *drafts)
{
	for (const struct config_move *move = section->moves; move != NULL;
	     move = move->next) {
		struct rule_draft *draft = &drafts->all[drafts->count++];

		*draft = (struct rule_draft){ .move = move };
		if (read_path(loader, draft, move->path) == -1)
			return -1;
		draft->place.is_common = section == &loader->top;
	}
	return 0;
}

/* Makes room for the rules of a section, with the paths of all hosts. */
static int
make_room(struct config_loader *loader, const struct config_section *section,
    struct drafts *drafts)
{
	size_t count = 1;

	for (const struct config_section *at = loader->top.paths; at != NULL;
	     at = at->next)
		count++;
	for (const struct config_section *at = section->paths; at != NULL;
	     at = at->next)
		count++;
	for (const struct config_move *at = section->moves; at != NULL;
	     at = at->next)
		count++;
	*drafts = (struct drafts){ .all = arena_alloc(&loader->scratch,
				       count * sizeof *drafts->all) };
	return drafts->all != NULL ? 0
				   : config_section_fail_memory(loader->config);
}

/* The parts of a host while they are made. */
struct part_list {
	struct host_config *host;
	const struct config_section *section; /* of the host, or NULL */
	struct rules_part *all;
	/* For each, its values for each key of setting_keys. */
	struct config_values *values;
	size_t count;
};

/* The values of a key in the part around a new one. */
static int
outer_values(struct config_loader *loader, const struct part_list *parts,
    const struct rules_part *outer, struct config_values *out)
{
	size_t key = out->key;
	struct config_values fallback, top;

	if (outer != NULL) {
		*out = parts->values[(size_t)(outer - parts->all) *
			setting_keys_count +
		    key];
		return 0;
	}
	if (config_values_default(loader, key, &fallback) == -1 ||
	    config_values_override(loader, &loader->top, &fallback, &top) == -1)
		return -1;
	*out = top;
	return parts->section == NULL
	    ? 0
	    : config_values_override(loader, parts->section, &top, out);
}

/* Adds the settings of a section to a part, a copy of that around it. */
static int
read_part(struct config_loader *loader, const struct part_list *parts,
    const struct rules_part *outer, const struct rule_draft *draft)
{
	struct rules_part *part = &parts->all[parts->count];
	const struct config_target target = {
		.host = parts->host, .part = part, .section = draft->section
	};
	struct config_values *values =
	    &parts->values[parts->count * setting_keys_count];

	for (size_t i = 0; i < setting_keys_count; i++) {
		struct config_values around = { .key = i };

		if (setting_keys[i].scope != SETTING_PATH)
			continue;
		if (outer_values(loader, parts, outer, &around) == -1 ||
		    config_values_override(
			loader, draft->section, &around, &values[i]) == -1)
			return -1;
		if (config_section_find(draft->section, i) != NULL &&
		    config_values_read(loader, &values[i], &target) == -1)
			return -1;
	}
	return 0;
}

/* Adds a part, in place of the last one if both have the same path. */
static int
add_part(struct config_loader *loader, struct part_list *parts,
    const struct rule_draft *draft)
{
	const struct rules before = { .parts = parts->all,
		.part_count = parts->count };
	const struct rules_part *outer =
	    rules_part_of(&before, draft->place.path);
	struct rules_part *part;

	if (outer != NULL && rules_compare(&outer->place, &draft->place) == 0)
		parts->count--;
	part = &parts->all[parts->count];
	if (outer != part)
		*part = outer != NULL ? *outer : parts->host->whole;
	part->place = draft->place;
	if (read_part(loader, parts, outer, draft) == -1)
		return -1;
	parts->count++;
	return 0;
}

/* Whether requests need a rule for the settings of the whole host. */
static bool
needs_whole(const struct rules_part *whole)
{
	return whole->media.count > 0 || whole->media.charset.len > 0 ||
	    whole->readers != NULL || whole->program.kind != RULES_NO_PROGRAM ||
	    whole->upload.writers != NULL;
}

static int
read_parts(struct config_loader *loader, const struct drafts *drafts,
    struct part_list *parts)
{
	size_t most = drafts->count + 1;

	parts->all =
	    arena_alloc(&loader->config->arena, most * sizeof *parts->all);
	parts->values = arena_alloc(&loader->scratch,
	    most * setting_keys_count * sizeof *parts->values);
	if (parts->all == NULL || parts->values == NULL)
		return config_section_fail_memory(loader->config);
	for (size_t i = 0; i < drafts->count; i++)
		if (add_part(loader, parts, &drafts->all[i]) == -1)
			return -1;
	/* The path of the whole host is empty, and so the first one. */
	if (needs_whole(&parts->host->whole) &&
	    (parts->count == 0 || parts->all[0].place.path.len > 0)) {
		memmove(parts->all + 1, parts->all,
		    parts->count++ * sizeof *parts->all);
		parts->all[0] = parts->host->whole;
		parts->all[0].place.is_folder = true;
	}
	parts->host->rules.parts = parts->all;
	parts->host->rules.part_count = parts->count;
	return config_hide_parts(loader, parts->host);
}

/*
 * Writes a URL with its host in normal form, as clients look it up in the DNS.
 * Returns -1 for an invalid host, and without memory.
 */
static int
write_url(struct arena *arena, const struct uri *uri, struct str *out)
{
	struct buf url = buf_in(arena, out->len + TARGET_MAX);
	struct str host;

	if (hostname_normal(arena, uri->host, &host) == -1)
		return -1;
	buf_add(&url, uri->scheme);
	buf_add(&url, STR("://"));
	site_add_host(&url, host);
	buf_add(&url, uri->has_port ? STR(":") : STR(""));
	buf_add(&url, uri->port);
	buf_add(&url, uri->path);
	buf_add(&url, uri->has_query ? STR("?") : STR(""));
	buf_add(&url, uri->query);
	*out = buf_str(&url);
	return url.overflow ? -1 : 0;
}

/* Makes the target of a move. Returns NULL, or the fault for a message. */
static const char *
make_target(
    struct arena *arena, const struct rule_draft *draft, struct str *out)
{
	static const char base[] = "gemini://x";
	struct str text = draft->move->target;
	bool is_path = str_starts(text, STR("/"));
	struct uri uri;

	if (str_starts(text, STR("//")) ||
	    uri_resolve(arena, str_of(is_path ? base : "x:"), text, out) ==
		-1 ||
	    uri_parse(arena, *out, &uri) == -1 || uri.has_fragment ||
	    uri.has_userinfo || (!is_path && write_url(arena, &uri, out) == -1))
		return "is not a path or URL, give one like /new/";
	if (is_path)
		*out = str_tail(*out, sizeof base - 1);
	if (out->len > TARGET_MAX)
		return "is over 1024 bytes, give a shorter one";
	if (draft->place.is_folder && !str_ends(*out, STR("/")))
		return "is not a folder, end it with a slash";
	if (draft->place.is_folder && uri.has_query)
		return "has a query, give a folder";
	return NULL;
}

static int
add_move(struct config_loader *loader, const struct rule_draft *draft,
    struct rules_move *out)
{
	const char *problem = NULL;

	*out = (struct rules_move){ .place = draft->place,
		.status = draft->move->is_gone ? STATUS_GONE : STATUS_MOVED };
	if (!draft->move->is_gone)
		problem =
		    make_target(&loader->config->arena, draft, &out->target);
	if (problem == NULL)
		return 0;
	return config_section_fail(loader->config, draft->move->place,
	    "\"%.99s\" %s", draft->move->target.at, problem);
}

static int
read_moves(struct config_loader *loader, const struct config_section *section,
    struct drafts *drafts, struct rules *rules)
{
	struct rules_move *all;

	drafts->count = 0;
	if (collect_moves(loader, section, drafts) == -1 ||
	    sort(loader, drafts) == -1)
		return -1;
	all = arena_alloc(
	    &loader->config->arena, (drafts->count + 1) * sizeof *all);
	if (all == NULL)
		return config_section_fail_memory(loader->config);
	for (size_t i = 0; i < drafts->count; i++)
		if (add_move(loader, &drafts->all[i], &all[i]) == -1)
			return -1;
	rules->moves = all;
	rules->move_count = drafts->count;
	return 0;
}

int
config_rules_read_common(struct config_loader *loader, const struct rules **out)
{
	struct rules *common =
	    arena_alloc(&loader->config->arena, sizeof *common);
	struct drafts drafts;

	if (common == NULL)
		return config_section_fail_memory(loader->config);
	if (make_room(loader, &loader->top, &drafts) == -1 ||
	    read_moves(loader, &loader->top, &drafts, common) == -1)
		return -1;
	*out = common->move_count > 0 ? common : NULL;
	return 0;
}

int
config_rules_read(struct config_loader *loader, struct host_config *host,
    const struct config_section *section)
{
	struct part_list parts = { .host = host, .section = section };
	struct drafts drafts;

	if (make_room(loader, section != NULL ? section : &loader->top,
		&drafts) == -1 ||
	    collect_paths(loader, &loader->top, &drafts) == -1 ||
	    collect_paths(loader, section, &drafts) == -1 ||
	    sort(loader, &drafts) == -1 ||
	    read_parts(loader, &drafts, &parts) == -1)
		return -1;
	return section == NULL
	    ? 0
	    : read_moves(loader, section, &drafts, &host->rules);
}
