/*
 * Readers of settings for programs and uploads.
 */
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/config_text.h"
#include "daemon/setting.h"

#define DIRECTORY_MOST ((size_t)4096)
#define SOCKET_MOST (sizeof((struct sockaddr_un *)0)->sun_path - 1)

/*
 * Makes an absolute path of a value. A relative one begins at the directory of
 * the configuration file, or of the process if the command line has the value.
 */
static const char *
absolute(struct setting *s, const char *value)
{
	struct arena *arena = &s->config->arena;
	char directory[DIRECTORY_MOST];
	const char *path =
	    s->file == NULL ? value : config_text_path(arena, s->file, value);
	struct buf buf;

	if (path == NULL || path[0] == '/')
		return path == NULL ? NULL : arena_string(arena, str_of(path));
	if (getcwd(directory, sizeof directory) == NULL)
		return NULL;
	buf = buf_in(arena, strlen(directory) + strlen(path) + 2);
	buf_printf(&buf, "%s/%s", directory, path);
	buf_char(&buf, '\0');
	return buf.overflow ? NULL : buf.at;
}

/* Makes the program of the part; an empty value switches off this kind. */
static struct rules_program *
set_kind(struct setting *s, enum rules_program_kind kind)
{
	struct rules_program *program = &s->part->program;

	if (s->values[0].len == 0) {
		if (program->kind == kind)
			program->kind = RULES_NO_PROGRAM;
		return NULL;
	}
	program->kind = kind;
	program->path = s->part->place.path;
	program->target = "";
	program->address = NULL;
	return program;
}

int
settings_program_cgi(struct setting *s)
{
	struct rules_program *program = set_kind(s, RULES_CGI);

	if (program == NULL)
		return 0;
	program->target = absolute(s, s->values[0].at);
	return program->target != NULL ? 0 : setting_fail_memory(s);
}

/* Reads the socket of a server that answers requests. */
static int
read_server(struct setting *s, enum rules_program_kind kind)
{
	struct str value = s->values[0];
	struct rules_program *program = set_kind(s, kind);
	struct net_address *address;

	if (program == NULL)
		return 0;
	if (str_starts(value, STR("/")) && value.len <= SOCKET_MOST) {
		program->target = arena_string(&s->config->arena, value);
		return program->target != NULL ? 0 : setting_fail_memory(s);
	}
	if (str_starts(value, STR("/")))
		return setting_fail(s,
		    "%s is \"%.200s\", which is too long for the path of a "
		    "socket; give at most %zu bytes",
		    s->key->name, value.at, SOCKET_MOST);
	address = setting_array(s, 1, sizeof *address);
	if (address == NULL)
		return setting_fail_memory(s);
	if (net_address_parse(value.at, address) == -1 ||
	    net_port(address) == 0 || !net_is_loopback(address))
		return setting_fail(s,
		    "%s is \"%.99s\", give the absolute path of a socket, or "
		    "an address of this machine like 127.0.0.1:9000",
		    s->key->name, value.at);
	program->address = address;
	return 0;
}

int
settings_program_scgi(struct setting *s)
{
	return read_server(s, RULES_SCGI);
}

int
settings_program_fastcgi(struct setting *s)
{
	return read_server(s, RULES_FASTCGI);
}

int
settings_program_script(struct setting *s)
{
	s->part->program.script = NULL;
	if (s->values[0].len == 0)
		return 0;
	s->part->program.script = absolute(s, s->values[0].at);
	return s->part->program.script != NULL ? 0 : setting_fail_memory(s);
}

/* Reads a list of directories; an empty one is NULL. */
static int
read_directories(struct setting *s, const char *const **out)
{
	const char **list = setting_array(s, s->count, sizeof *list);

	*out = NULL;
	if (list == NULL)
		return setting_fail_memory(s);
	for (size_t i = 0; i < s->count; i++) {
		if (s->values[i].len == 0)
			return setting_fail(s,
			    "a name in %s is empty, give a directory",
			    s->key->name);
		list[i] = absolute(s, s->values[i].at);
		if (list[i] == NULL)
			return setting_fail_memory(s);
	}
	list[s->count] = NULL;
	if (s->count > 0)
		*out = list;
	return 0;
}

int
settings_program_reads(struct setting *s)
{
	return read_directories(s, &s->part->program.reads);
}

int
settings_program_writes(struct setting *s)
{
	return read_directories(s, &s->part->program.writes);
}
