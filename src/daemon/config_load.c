/*
 * Reads the configuration file (with libConfuse) and the command line. The
 * readers of setting_keys.c interpret the values.
 */
#include "daemon/config_load.h"

#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/setting.h"
#include "daemon/setting_keys.h"
#include "daemon/unquoted.h"

#define ARENA_MAX ((size_t)1 << 20)
#define FILE_MAX_BYTES ((size_t)1 << 16)
#define KEYS_MAX 64

/* Stands for a missing line number. */
#define NOWHERE 0
#define ON_COMMAND_LINE (-1)

/* The state of loading a configuration. */
struct loader {
	struct config *config;
	struct arena scratch;
	const char *file;
	cfg_t *cfg; /* its options are in the order of setting_keys */
	int lines[KEYS_MAX]; /* the line of each key's last value */
	const char *flags[KEYS_MAX]; /* and its flag on the command line */
};

/* libConfuse's callbacks carry no context. */
static struct loader *loading;

/* Formats config->error; returns -1. */
static int
fail(struct loader *loader, const char *format, ...) PRINTF_LIKE(2, 3);

static int
fail(struct loader *loader, const char *format, ...)
{
	struct config *config = loader->config;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(config->error, sizeof config->error, format, arguments);
	va_end(arguments);
	for (char *at = config->error; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return -1;
}

static int
fail_memory(struct loader *loader)
{
	return fail(loader, "no memory for the configuration, free some");
}

/* Suggests the key with the closest spelling, or else the manual. */
static void
advise(struct str key, char out[64])
{
	const char *nearest = setting_keys_nearest(key);

	if (nearest != NULL)
		snprintf(out, 64, "did you mean %s?", nearest);
	else
		snprintf(out, 64, "see capsuled.conf(5)");
}

/* Receives libConfuse's errors; only the first one is kept. */
static void
on_error(cfg_t *cfg, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

static void
on_error(cfg_t *cfg, const char *format, va_list arguments)
{
	/* libConfuse says "option" where our manual says "key". */
	static const char option[] = "no such option '";
	char text[256], advice[64] = "see capsuled.conf(5)";
	struct str rest, key;

	if (loading->config->error[0] != '\0')
		return;
	vsnprintf(text, sizeof text, format, arguments);
	rest = str_of(text);
	if (!str_starts(rest, str_of(option))) {
		fail(loading, "%.128s:%d: %s, %s", loading->file, cfg->line,
		    text, advice);
		return;
	}
	rest = str_tail(rest, sizeof option - 1);
	key = str_cut(&rest, '\'');
	advise(key, advice);
	fail(loading, "%.128s:%d: no such key '%.*s', %s", loading->file,
	    cfg->line, STR_ARG(key), advice);
}

/* Called after each value: only now is its line number known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *option)
{
	loading->lines[option - cfg->opts] = cfg->line;
	return 0;
}

static int
set_fallback(struct loader *loader, size_t key)
{
	struct str rest = str_of(setting_keys[key].fallback);

	do {
		struct str value = setting_keys[key].list
		    ? str_cut(&rest, ' ')
		    : str_cut(&rest, '\0');
		const char *text = arena_string(&loader->config->arena, value);

		if (text == NULL ||
		    cfg_setopt(loader->cfg, &loader->cfg->opts[key], text) ==
			NULL)
			return -1;
	} while (rest.len > 0);
	return 0;
}

/*
 * All values are strings for libConfuse, so that numbers get our own error
 * messages, and "08" is not taken for octal.
 */
static int
open_keys(struct loader *loader)
{
	cfg_opt_t options[KEYS_MAX + 1] = { CFG_END() };

	assert(setting_keys_count <= KEYS_MAX);
	for (size_t i = 0; i < setting_keys_count; i++) {
		cfg_opt_t one = CFG_STR(NULL, NULL, CFGF_NODEFAULT);
		cfg_opt_t list = CFG_STR_LIST(NULL, NULL, CFGF_NODEFAULT);
		cfg_opt_t end = CFG_END();

		options[i] = setting_keys[i].list ? list : one;
		options[i].name = setting_keys[i].name;
		options[i].validcb = on_value;
		options[i + 1] = end;
	}
	loader->cfg = cfg_init(options, CFGF_NONE);
	if (loader->cfg == NULL)
		return fail_memory(loader);
	cfg_set_error_function(loader->cfg, on_error);
	for (size_t i = 0; i < setting_keys_count; i++)
		if (setting_keys[i].fallback != NULL &&
		    set_fallback(loader, i) == -1)
			return fail_memory(loader);
	return 0;
}

/*
 * libConfuse's own reader exits when a read fails, as for a directory; so it
 * gets the text from memory.
 */
static int
read_file(struct loader *loader, char *at, size_t room)
{
	FILE *file = fopen(loader->file, "re");
	size_t len;
	int error;

	if (file == NULL)
		return fail(loader, "%.128s: %s, name a file that can be read",
		    loader->file, strerror(errno));
	errno = 0;
	len = fread(at, 1, room, file);
	error = ferror(file) ? errno : 0;
	fclose(file);
	if (error != 0)
		return fail(loader, "%.128s: %s, name a file that can be read",
		    loader->file, strerror(error));
	if (len == room)
		return fail(loader, "%.128s: over %zu bytes, make it shorter",
		    loader->file, room - 1);
	at[len] = '\0';
	if (strlen(at) != len)
		return fail(loader,
		    "%.128s: holds a NUL byte, give a text file", loader->file);
	/* Skip a byte order mark, which some Windows editors write. */
	if (str_starts(str_of(at), STR("\xef\xbb\xbf")))
		memset(at, ' ', 3);
	return 0;
}

/* Blanks the text before `end`, except for line ends. */
static char *
blank(char *at, const char *end, int *line)
{
	for (; at < end; at++) {
		if (*at == '\n')
			++*line;
		else
			*at = ' ';
	}
	return at;
}

/*
 * Blanks the comments. libConfuse 3.3 skips comments, too, but counts a
 * comment's line three times, so that later errors would have wrong line
 * numbers.
 */
static int
blank_comments(struct loader *loader, char *at)
{
	int line = 1;
	char quote = '\0';

	while (*at != '\0') {
		const char *end;

		if (quote == '\0' && *at == '#') {
			at = blank(at, at + strcspn(at, "\n"), &line);
			continue;
		}
		if (quote == '\0' && at[0] == '/' && at[1] == '*') {
			end = strstr(at + 2, "*/");
			if (end == NULL)
				return fail(loader,
				    "%.128s:%d: comment without end, close it "
				    "with */",
				    loader->file, line);
			at = blank(at, end + 2, &line);
			continue;
		}
		if (quote == '\0' && (*at == '"' || *at == '\''))
			quote = *at;
		else if (quote == *at)
			quote = '\0';
		else if (quote != '\0' && *at == '\\' && at[1] != '\0')
			line += *at++ == '\n';
		line += *at++ == '\n';
	}
	return 0;
}

static int
check_quotes(struct loader *loader, const char *text)
{
	struct unquoted found;
	char separator[] = "\" \"";

	if (!unquoted_find(text, &found))
		return 0;
	separator[1] = found.at;
	return fail(loader,
	    "%.128s:%d: quote values that contain %s%s: \"%.*s\"", loader->file,
	    found.line,
	    found.at == ' ' || found.at == '\t' ? "spaces" : separator,
	    found.at == ',' ? ", or put a list in braces" : "",
	    found.value.len < 200 ? (int)found.value.len : 200, found.value.at);
}

static int
parse_file(struct loader *loader)
{
	char *text;
	int result;

	if (loader->file == NULL)
		return 0;
	text = arena_alloc(&loader->scratch, FILE_MAX_BYTES + 1);
	if (text == NULL)
		return fail_memory(loader);
	if (read_file(loader, text, FILE_MAX_BYTES + 1) == -1 ||
	    blank_comments(loader, text) == -1 ||
	    check_quotes(loader, text) == -1)
		return -1;
	loading = loader;
	result = cfg_parse_buf(loader->cfg, text);
	loading = NULL;
	if (result == CFG_SUCCESS)
		return 0;
	if (loader->config->error[0] != '\0')
		return -1;
	return fail(loader, "%.128s:%d: cannot be read, see capsuled.conf(5)",
	    loader->file, loader->cfg->line);
}

static int
parse_setting(struct loader *loader, const struct option_setting *setting)
{
	cfg_opt_t *option;
	char advice[64];
	size_t i = 0;

	while (i < setting_keys_count &&
	    strcmp(setting_keys[i].name, setting->key) != 0)
		i++;
	if (i == setting_keys_count) {
		advise(str_of(setting->key), advice);
		return fail(
		    loader, "-o %.99s: no such key, %s", setting->key, advice);
	}
	option = &loader->cfg->opts[i];
	if (loader->lines[i] != ON_COMMAND_LINE || setting->value[0] == '\0')
		cfg_free_value(option);
	loader->lines[i] = ON_COMMAND_LINE;
	loader->flags[i] = setting->flag;
	if (setting_keys[i].list && setting->value[0] == '\0')
		return 0;
	if (cfg_setopt(loader->cfg, option, setting->value) == NULL)
		return fail_memory(loader);
	return 0;
}

/* Adds the file and line, or the flag, to a setting's error message. */
static int
fail_at(struct loader *loader, size_t key)
{
	char problem[sizeof loader->config->error];
	const char *flag = loader->flags[key];

	snprintf(problem, sizeof problem, "%s", loader->config->error);
	if (flag != NULL && strcmp(flag, "-o") == 0)
		return fail(
		    loader, "-o %s: %.350s", setting_keys[key].name, problem);
	if (flag != NULL)
		return fail(loader, "%s: %.350s", flag, problem);
	if (loader->lines[key] > NOWHERE)
		return fail(loader, "%.128s:%d: %.350s", loader->file,
		    loader->lines[key], problem);
	/*
	 * The error is in a default that the file invalidates, or in an empty
	 * list.
	 */
	if (loader->lines[key] == NOWHERE && loader->file != NULL)
		return fail(loader, "%.128s: %.350s", loader->file, problem);
	return fail(loader, "%.350s", problem);
}

static int
read_settings(struct loader *loader)
{
	for (size_t i = 0; i < setting_keys_count; i++) {
		cfg_opt_t *option = &loader->cfg->opts[i];
		struct setting setting = { .config = loader->config,
			.host = loader->config->hosts,
			.key = &setting_keys[i],
			.count = cfg_opt_size(option) };
		struct str *values = arena_alloc(
		    &loader->scratch, (setting.count + 1) * sizeof *values);

		if (values == NULL)
			return fail_memory(loader);
		for (size_t j = 0; j < setting.count; j++)
			values[j] =
			    str_of(cfg_opt_getnstr(option, (unsigned int)j));
		setting.values = values;
		if (setting.key->read(&setting) == -1)
			return fail_at(loader, i);
	}
	return 0;
}

static int
load_all(struct loader *loader, const struct options *options)
{
	struct config *config = loader->config;

	config->hosts = arena_alloc(&config->arena, sizeof *config->hosts);
	if (config->hosts == NULL)
		return fail_memory(loader);
	*config->hosts = (struct host_config){ 0 };
	config->host_count = 1;
	if (open_keys(loader) == -1 || parse_file(loader) == -1)
		return -1;
	for (size_t i = 0; i < options->count; i++)
		if (parse_setting(loader, &options->settings[i]) == -1)
			return -1;
	return read_settings(loader);
}

int
config_load(struct config *config, const struct options *options)
{
	struct loader loader = { .config = config, .file = options->file };
	int result;

	*config = (struct config){ 0 };
	arena_init(&config->arena, ARENA_MAX);
	arena_init(&loader.scratch, ARENA_MAX);
	result = load_all(&loader, options);
	if (loader.cfg != NULL)
		cfg_free(loader.cfg);
	arena_release(&loader.scratch);
	if (result == -1)
		arena_release(&config->arena);
	return result;
}
