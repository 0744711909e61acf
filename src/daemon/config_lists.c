/* Checks the settings that name lists of visitors while they are parsed. */
#include "daemon/config_lists.h"

#include <string.h>

#include "daemon/unquoted.h"

#define SPACES " \t\r\n"

static const char *const keys[] = { "readers", "writers" };

/* Takes the key of a setting, which may be in quotes. */
static struct str
take_key(const char **at)
{
	bool is_quoted = **at == '"' || **at == '\'';
	struct str key = { *at, unquoted_word(*at) };
	int lines = 0;

	if (is_quoted)
		key = (struct str){ *at, unquoted_string(*at, &lines) };
	*at += key.len;
	if (is_quoted && key.len >= 2)
		key = (struct str){ key.at + 1, key.len - 2 };
	return key;
}

int
config_lists_check(
    struct config_settings *settings, const char *at, struct config_place place)
{
	struct str key = take_key(&at);
	size_t i = 0;
	bool appends;

	while (i < 2 && !str_equals(key, str_of(keys[i])))
		i++;
	if (i == 2)
		return 0;
	at += strspn(at, SPACES);
	appends = *at == '+';
	at += strspn(at, "+=" SPACES);
	if (appends && *at == '{' && at[1 + strspn(at + 1, SPACES)] == '}')
		return config_section_fail(settings->config, place,
		    "%s += {} appends nothing, give a file, or = {} %s",
		    keys[i],
		    i == 0 ? "to open the part to everybody" : "for no list");
	if (!appends && settings->has_lists[i])
		return config_section_fail(settings->config, place,
		    "%s is set twice in one section, remove one of the lines, "
		    "or append with +=",
		    keys[i]);
	settings->has_lists[i] = true;
	return 0;
}
