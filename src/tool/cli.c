/* Messages, options and arguments that the verbs of `capsule` share. */
#include "tool/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config_load.h"
#include "text/article.h"
#include "text/buf.h"
#include "text/utf8.h"

int
cli_say(const char *verb, const char *format, ...)
{
	char *text = NULL, *room = NULL;
	struct str message = STR("out of memory");
	struct buf escaped;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (len == -1)
		text = NULL;
	else
		room = malloc(4 * (size_t)len + 1);
	if (room != NULL) {
		/* A message may have names of files, which any mirror holds. */
		escaped = buf_over(room, 4 * (size_t)len + 1);
		utf8_escape(&escaped, str_of(text));
		message = buf_str(&escaped);
	}
	fprintf(stderr, "capsule %s: %.*s\n", verb, STR_ARG(message));
	free(room);
	free(text);
	return -1;
}

int
cli_misused(const char *verb, const char *what, const char *argument)
{
	return cli_say(
	    verb, "%s%s; see capsule %s --help", what, argument, verb);
}

int
cli_refuse_option(const char *verb, char **argv)
{
	return cli_misused(
	    verb, "unknown option or missing value: ", argv[optind - 1]);
}

int
cli_set(const char *verb, struct options *options, int option, char **argv)
{
	int result = 0;

	switch (option) {
	case 'c': options->file = optarg; break;
	case 'd': result = options_set(options, "-d", "capsule", optarg); break;
	case 'n': result = options_set(options, "-n", "names", optarg); break;
	case 'o':
		if (strchr(optarg, '=') == NULL)
			return cli_misused(verb, "not KEY=VALUE: ", optarg);
		result = options_assign(options, optarg);
		break;
	default: return cli_refuse_option(verb, argv);
	}
	return result == 0 ? 0 : cli_misused(verb, "too many options", "");
}

int
cli_capsule(const char *verb, struct options *options, const char *dir)
{
	if (dir[0] == '\0')
		return cli_misused(verb, "the name of the folder is empty", "");
	return options_set(options, NULL, "capsule", dir) == 0
	    ? 0
	    : cli_misused(verb, "too many options", "");
}

const char *
cli_folder(const struct options *options)
{
	const char *folder = NULL;

	for (size_t i = 0; i < options->count; i++)
		if (strcmp(options->settings[i].key, "capsule") == 0)
			folder = options->settings[i].value;
	return folder;
}

static bool
is_same_folder(const char *a, const char *b)
{
	struct stat one, other;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &one) == 0 && stat(b, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

void
cli_choose(struct config *config, size_t host)
{
	struct host_config chosen = config->hosts[host];

	config->hosts[host] = config->hosts[0];
	config->hosts[0] = chosen;
}

int
cli_load(const char *verb, const struct options *options, struct config *config)
{
	const char *folder = cli_folder(options);

	if (config_load(config, options) == -1)
		return cli_say(verb, "%s", config->error);
	if (folder == NULL)
		return 0;
	/* A section of a host has a capsule of its own. */
	for (size_t i = 0; i < config->host_count; i++)
		if (is_same_folder(config->hosts[i].capsule, folder)) {
			cli_choose(config, i);
			return 0;
		}
	config_release(config);
	return cli_say(verb,
	    "%s: is not the capsule of a host in %s; name one of those", folder,
	    options->file != NULL ? options->file : "the configuration");
}

int
cli_title(
    const char *verb, const char *argument, const char *title, struct str *out)
{
	*out = str_trim_end(str_trim_start(str_of(title)));
	if (article_is_title(*out))
		return 0;
	return cli_say(verb, "%s: give one line of UTF-8, of up to %d bytes",
	    argument, ARTICLE_TITLE_MAX);
}

const char *
cli_trim_slashes(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	return path;
}

int
cli_place(struct buf *out, const char *path)
{
	struct str rest = str_of(path);
	size_t start = out->len;

	while (rest.len > 0) {
		struct str name = str_cut(&rest, '/');

		if (str_equals(name, STR("..")))
			return -1;
		if (name.len == 0 || str_equals(name, STR(".")))
			continue;
		if (out->len > start)
			buf_char(out, '/');
		buf_add(out, name);
	}
	return out->overflow ? -1 : 0;
}
