/*
 * Parses the settings of a section with libConfuse. All values are strings for
 * libConfuse, so that numbers get our own error messages, and "08" is not taken
 * for octal.
 */
#include "daemon/config_settings.h"

#include <assert.h>
#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/setting_keys.h"
#include "daemon/unquoted.h"

/*
 * The first value of each list: "=" replaces it, and "+=" does not. No file
 * has it by chance.
 */
#define INHERITED "\001inherited\001"

/* libConfuse's callbacks carry no context. */
static struct config_settings *parsing;

/* libConfuse counts lines from the start of the text. */
static struct config_place
place_of(const struct config_settings *settings, int line)
{
	return (struct config_place){ settings->start.file,
		settings->start.line + line - 1 };
}

/* Advice on a fault of syntax, which libConfuse finds at the next token. */
static const char *
remedy(struct str fault)
{
	static const struct {
		struct str beginning;
		const char *advice;
	} table[] = {
		{ STR_INIT("unexpected token"),
		    "check for a missing comma, quote or brace before it" },
		{ STR_INIT("unexpected closing brace"),
		    "remove it, or add the { that it closes" },
		{ STR_INIT("premature end of file"),
		    "close each list with }, and each value with its quote" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (str_starts(fault, table[i].beginning))
			return table[i].advice;
	return "see capsuled.conf(5)";
}

/* Receives libConfuse's errors; only the first one is kept. */
static void
on_error(cfg_t *cfg, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

static void
on_error(cfg_t *cfg, const char *format, va_list arguments)
{
	/* libConfuse says "option" where our manual says "key". */
	static const char option[] = "no such option '";
	const struct config_place place = place_of(parsing, cfg->line);
	char text[256], advice[64];
	struct str rest, key;

	if (parsing->config->error[0] != '\0')
		return;
	vsnprintf(text, sizeof text, format, arguments);
	rest = str_of(text);
	if (!str_starts(rest, str_of(option))) {
		config_section_fail(
		    parsing->config, place, "%s, %s", text, remedy(rest));
		return;
	}
	rest = str_tail(rest, sizeof option - 1);
	key = str_cut(&rest, '\'');
	setting_keys_advise(key, advice);
	config_section_fail(parsing->config, place, "no such key '%.*s', %s",
	    STR_ARG(key), advice);
}

/* Refuses a key of the server in a host, and one of a host in a path. */
static int
check_scope(const struct config_settings *settings, size_t key,
    struct config_place place)
{
	const enum setting_scope scope = setting_keys[key].scope;

	if ((unsigned)settings->section->kind <= (unsigned)scope)
		return 0;
	return config_section_fail(settings->config, place,
	    "%s is a setting of the whole %s, move it out of \"%.99s\"",
	    setting_keys[key].name,
	    scope == SETTING_PROCESS ? "server" : "host",
	    settings->section->title.at);
}

/* Called after each value: only now is its line number known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *option)
{
	size_t key = (size_t)(option - cfg->opts);

	parsing->places[key] = place_of(parsing, cfg->line);
	return check_scope(parsing, key, parsing->places[key]);
}

int
config_settings_init(struct config_settings *settings)
{
	cfg_opt_t options[CONFIG_SETTINGS_KEYS_MAX + 1] = { CFG_END() };

	assert(setting_keys_count <= CONFIG_SETTINGS_KEYS_MAX);
	for (size_t i = 0; i < setting_keys_count; i++) {
		cfg_opt_t one = CFG_STR(NULL, NULL, CFGF_NODEFAULT);
		cfg_opt_t list = CFG_STR_LIST(NULL, NULL, CFGF_NODEFAULT);
		cfg_opt_t end = CFG_END();

		options[i] = setting_keys[i].list ? list : one;
		options[i].name = setting_keys[i].name;
		options[i].validcb = on_value;
		options[i + 1] = end;
	}
	settings->cfg = cfg_init(options, CFGF_NONE);
	if (settings->cfg == NULL)
		return config_section_fail_memory(settings->config);
	cfg_set_error_function(settings->cfg, on_error);
	for (size_t i = 0; i < setting_keys_count; i++)
		if (setting_keys[i].list &&
		    cfg_setopt(settings->cfg, &settings->cfg->opts[i],
			INHERITED) == NULL)
			return config_section_fail_memory(settings->config);
	return 0;
}

static int
check_quotes(const struct config_settings *settings, const char *text)
{
	struct unquoted found;
	char separator[] = "\" \"";

	if (unquoted_find_nul(text) > 0)
		return config_section_fail(settings->config,
		    place_of(settings, unquoted_find_nul(text)),
		    "a value holds a NUL byte, remove its escape");
	if (unquoted_find_variable(text) > 0)
		return config_section_fail(settings->config,
		    place_of(settings, unquoted_find_variable(text)),
		    "a value holds \"${\" without \"}\", close it, or write "
		    "\"\\${\" for these characters");
	if (!unquoted_find(text, &found))
		return 0;
	separator[1] = found.at;
	return config_section_fail(settings->config,
	    place_of(settings, found.line),
	    "quote values that contain %s%s: \"%.*s\"",
	    found.at == ' ' || found.at == '\t' ? "spaces" : separator,
	    found.at == ',' ? ", or put a list in braces" : "",
	    found.value.len < 200 ? (int)found.value.len : 200, found.value.at);
}

int
config_settings_parse(struct config_settings *settings, const char *text,
    struct config_place start)
{
	int result;

	settings->start = start;
	if (text[strspn(text, " \t\r\n")] == '\0')
		return 0;
	if (check_quotes(settings, text) == -1)
		return -1;
	parsing = settings;
	result = cfg_parse_buf(settings->cfg, text);
	parsing = NULL;
	if (result == CFG_SUCCESS)
		return 0;
	if (settings->config->error[0] != '\0')
		return -1;
	return config_section_fail(settings->config,
	    place_of(settings, settings->cfg->line),
	    "cannot be read, see capsuled.conf(5)");
}

/* Copies the values of one key, from number `first`, into the section. */
static int
take_values(struct config_settings *settings, size_t key, unsigned first)
{
	cfg_opt_t *option = &settings->cfg->opts[key];
	size_t count = cfg_opt_size(option) - first;
	struct config_values *found =
	    arena_alloc(settings->arena, sizeof *found);
	struct str *values =
	    arena_alloc(settings->arena, (count + 1) * sizeof *values);

	if (found == NULL || values == NULL)
		return config_section_fail_memory(settings->config);
	for (size_t i = 0; i < count; i++) {
		struct str value =
		    str_of(cfg_opt_getnstr(option, first + (unsigned)i));

		value.at = arena_string(settings->arena, value);
		if (value.at == NULL)
			return config_section_fail_memory(settings->config);
		values[i] = value;
	}
	*found = (struct config_values){ .next = settings->section->values,
		.key = key,
		.values = values,
		.count = count,
		.appends = first > 0,
		.place = settings->places[key] };
	settings->section->values = found;
	/* An empty list has not called on_value. */
	return check_scope(settings, key, settings->section->place);
}

int
config_settings_finish(struct config_settings *settings)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		cfg_opt_t *option = &settings->cfg->opts[i];
		unsigned size = cfg_opt_size(option);
		bool inherited = setting_keys[i].list && size > 0 &&
		    strcmp(cfg_opt_getnstr(option, 0), INHERITED) == 0;

		if (inherited ? size == 1 : size == 0 && !setting_keys[i].list)
			continue;
		if (take_values(settings, i, inherited) == -1)
			return -1;
	}
	return 0;
}

void
config_settings_release(struct config_settings *settings)
{
	if (settings->cfg != NULL)
		cfg_free(settings->cfg);
	settings->cfg = NULL;
}
