/*
 * Readers of settings that affect pages: language, item types, hidden names,
 * built-in pages.
 */
#include "daemon/setting.h"

#include <stdbool.h>
#include <string.h>

#include "text/uri.h"

#define LANG_MAX 200
#define PATH_LONGEST 200

static bool
is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

int
settings_display_lang(struct setting *s)
{
	struct config *config = s->config;
	struct str value = s->values[0];
	struct str rest = value;
	bool good = value.len <= LANG_MAX && !str_ends(value, STR(","));

	while (good && rest.len > 0)
		good = site_is_language(str_cut(&rest, ','));
	if (!good)
		return setting_fail(s,
		    "lang is \"%.99s\", give language tags like en or en,fr",
		    value.at);
	if (arena_copy(&config->arena, value, &s->part->lang) == -1)
		return setting_fail_memory(s);
	return 0;
}

static bool
is_mime(struct str mime)
{
	size_t slashes = 0;

	for (size_t i = 0; i < mime.len; i++) {
		slashes += mime.at[i] == '/';
		if (!is_alphanumeric(mime.at[i]) &&
		    (mime.at[i] == '\0' || strchr("/.+-_", mime.at[i]) == NULL))
			return false;
	}
	return mime.len > 0 && slashes <= 1 && mime.at[0] != '/' &&
	    mime.at[mime.len - 1] != '/';
}

static int
read_item_type(struct setting *s, struct str value, struct site_type *out)
{
	struct str item = value;
	struct str mime = str_cut(&item, '=');
	char *lower;

	if (!is_mime(mime) || item.len != 1 || item.at[0] <= ' ' ||
	    item.at[0] > '~')
		return setting_fail(s,
		    "\"%.99s\" is not an item type, give MIME=TYPE like "
		    "application/pdf=d",
		    value.at);
	lower = arena_string(&s->config->arena, mime);
	if (lower == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < mime.len; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] = (char)(lower[i] - 'A' + 'a');
	out->mime = (struct str){ lower, mime.len };
	out->item = item.at[0];
	return 0;
}

int
settings_display_item_types(struct setting *s)
{
	struct site *site = &s->host->site;
	struct site_type *types = setting_array(s, s->count, sizeof *types);

	if (types == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < s->count; i++)
		if (read_item_type(s, s->values[i], &types[i]) == -1)
			return -1;
	site->types = types;
	site->type_count = s->count;
	return 0;
}

int
settings_display_hide(struct setting *s)
{
	const char **hide = setting_array(s, s->count, sizeof *hide);

	if (hide == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < s->count; i++) {
		if (str_find(s->values[i], '/') < s->values[i].len)
			return setting_fail(s,
			    "\"%.99s\" in hide has a slash, give a pattern for "
			    "a name, like *.bak",
			    s->values[i].at);
		hide[i] = arena_string(&s->config->arena, s->values[i]);
		if (hide[i] == NULL)
			return setting_fail_memory(s);
	}
	hide[s->count] = NULL;
	s->host->hide = hide;
	return 0;
}

static bool
is_path(struct arena *arena, struct str path)
{
	struct str rest = path, normal;

	if (!str_starts(path, STR("/")) || str_ends(path, STR("/")) ||
	    path.len > PATH_LONGEST ||
	    uri_path_decode(arena, path, &normal) != URI_PATH_NORMAL ||
	    !str_equals(path, normal))
		return false;
	while (rest.len > 0)
		if (str_starts(str_cut(&rest, '/'), STR(".")))
			return false;
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.at[i] < ' ' || path.at[i] == '\x7f')
			return false;
	return true;
}

int
settings_display_builtin(struct setting *s)
{
	struct config *config = s->config;
	struct str *field = setting_field(s);
	struct str value = s->values[0];

	if (str_equals(value, STR("off")))
		return 0;
	if (!is_path(&config->arena, value))
		return setting_fail(s,
		    "%s is \"%.99s\", give a path like %s, or off",
		    s->key->name, value.at, s->key->fallback);
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		if (str_equals(value, s->host->builtins[i]))
			return setting_fail(s,
			    "%s is \"%.99s\", which is another page's path; "
			    "give another, or off",
			    s->key->name, value.at);
	if (arena_copy(&config->arena, value, field) == -1)
		return setting_fail_memory(s);
	return 0;
}
