/*
 * Readers of settings that a part of a capsule may have for itself.
 */
#include <string.h>

#include "daemon/config_text.h"
#include "daemon/setting.h"

/* Longer ones would not fit into the types of tree/media.c. */
#define TYPE_LONGEST 64
#define CHARSET_LONGEST 24

/* Whether all bytes are letters, digits or in `others`, and there are some. */
static bool
is_made_of(struct str s, const char *others)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= 'a' && c <= 'z') &&
		    (c == '\0' || strchr(others, c) == NULL))
			return false;
	}
	return s.len > 0;
}

/* Copies a value in lower case. */
static int
copy_lower(struct setting *s, struct str value, struct str *out)
{
	char *lower = arena_string(&s->config->arena, value);

	if (lower == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < value.len; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] = (char)(lower[i] - 'A' + 'a');
	*out = (struct str){ lower, value.len };
	return 0;
}

int
settings_path_charset(struct setting *s)
{
	struct str value = s->values[0];

	if (value.len > CHARSET_LONGEST ||
	    (value.len > 0 && !is_made_of(value, "-_.:+")))
		return setting_fail(s,
		    "charset is \"%.99s\", give a name like iso-8859-15",
		    value.at);
	return copy_lower(s, value, &s->part->media.charset);
}

static int
read_type(struct setting *s, struct str value, struct media_extension *out)
{
	struct str type = value;
	struct str extension = str_cut(&type, '=');
	struct str subtype = type;
	struct str major = str_cut(&subtype, '/');

	if (type.len > TYPE_LONGEST || !is_made_of(major, "-") ||
	    !is_made_of(subtype, "-.+_") ||
	    (!str_equals(extension, STR("*")) &&
		!is_made_of(extension, "-_+.")) ||
	    str_starts(extension, STR(".")))
		return setting_fail(s,
		    "\"%.99s\" is not a type, give EXTENSION=TYPE like "
		    "txt=text/gemini, or *=TYPE for all files",
		    value.at);
	if (str_equals(extension, STR("*")))
		extension = (struct str){ 0 };
	return copy_lower(s, extension, &out->extension) == 0
	    ? copy_lower(s, type, &out->type)
	    : -1;
}

int
settings_path_types(struct setting *s)
{
	struct media_extension *types =
	    setting_array(s, s->count, sizeof *types);

	if (types == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < s->count; i++)
		if (read_type(s, s->values[i], &types[i]) == -1)
			return -1;
	s->part->media.types = types;
	s->part->media.count = s->count;
	return 0;
}

/* Reads names of lists of visitors; NULL for a key that is never set. */
static int
read_lists(struct setting *s, const char *const **out)
{
	const char **lists;

	*out = NULL;
	if (s->is_default)
		return 0;
	lists = setting_array(s, s->count, sizeof *lists);
	if (lists == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < s->count; i++) {
		const char *name = s->values[i].at;

		if (s->values[i].len == 0)
			return setting_fail(s,
			    "a name in %s is empty, give a file or any",
			    s->key->name);
		lists[i] = s->file == NULL || strcmp(name, "any") == 0
		    ? arena_string(&s->config->arena, s->values[i])
		    : config_text_path(&s->config->arena, s->file, name);
		if (lists[i] == NULL)
			return setting_fail_memory(s);
	}
	lists[s->count] = NULL;
	*out = lists;
	return 0;
}

int
settings_path_readers(struct setting *s)
{
	return read_lists(s, &s->part->readers);
}

int
settings_path_writers(struct setting *s)
{
	return read_lists(s, &s->part->upload.writers);
}
