/*
 * Finds the program and the script of a request, and makes the environment of
 * the script, or the request for a server.
 */
#include "daemon/runnercall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/scriptlookup.h"
#include "serve/programenv.h"
#include "serve/programscript.h"
#include "serve/programwire.h"
#include "tree/zones.h"

/* Appends a name to a directory: a string in the arena; NULL without memory. */
static char *
join(struct arena *arena, struct str directory, struct str name)
{
	size_t size = directory.len + 1 + name.len + 1;
	char *path = arena_alloc(arena, size);

	if (path != NULL)
		snprintf(
		    path, size, "%.*s/%.*s", STR_ARG(directory), STR_ARG(name));
	return path;
}

static const struct host *
host_of(const struct runnercall *call)
{
	return &call->places->server->hosts[call->asked->host];
}

static enum status
find_program(struct runnercall *call, struct arena *arena)
{
	const struct host *host = host_of(call);
	const struct rules_part *part;
	struct str normal;

	if (!programscript_is_clean(call->asked->path))
		return STATUS_BAD_REQUEST;
	if (zones_path(arena, call->asked->path, &normal) == -1)
		return STATUS_UNAVAILABLE;
	part = host->rules == NULL ? NULL : rules_part_of(host->rules, normal);
	if (part == NULL || part->program.kind == RULES_NO_PROGRAM)
		return STATUS_NOT_FOUND;
	call->program = &part->program;
	return STATUS_SUCCESS;
}

/* Splits the path of the call behind the program's rule. */
static struct str
split(const struct runnercall *call, struct str *rest)
{
	struct str path = call->asked->path;
	size_t len = programscript_prefix(path, call->program->path);

	*rest = str_tail(path, len);
	return str_head(path, len);
}

static enum status
find_script(struct runnercall *call, struct arena *arena,
    struct programenv_names *names)
{
	struct scriptlookup found;
	struct str rest, prefix = split(call, &rest);
	enum status status;
	char *folder, *name;

	call->directory = runnerplaces_find(call->places, call->program);
	if (call->directory == NULL || call->directory->fd == -1) {
		errno = ENOENT;
		return STATUS_PROGRAM;
	}
	status = scriptlookup_find(call->directory->fd, rest, &found);
	if (status != STATUS_SUCCESS)
		return status;
	call->file =
	    join(arena, str_of(call->program->target), str_of(found.file));
	name = join(arena, prefix, str_of(found.file));
	folder =
	    call->file == NULL ? NULL : arena_string(arena, str_of(call->file));
	if (folder == NULL || name == NULL)
		return STATUS_UNAVAILABLE;
	*strrchr(folder, '/') = '\0';
	call->folder = folder;
	names->script_filename = call->file;
	names->path_info = found.info;
	names->script_name = str_of(name);
	return STATUS_SUCCESS;
}

/* A PHP file in the capsule, or the whole part as one program. */
static enum status
find_served(struct runnercall *call, struct arena *arena,
    struct programenv_names *names)
{
	size_t len;

	names->script_name = split(call, &names->path_info);
	names->script_filename = call->program->script;
	names->is_fastcgi = call->program->kind == RULES_FASTCGI;
	if (!names->is_fastcgi || call->program->script != NULL)
		return STATUS_SUCCESS;
	len = programscript_php(host_of(call), call->asked->path);
	if (len == 0)
		return STATUS_SUCCESS;
	names->script_name = str_head(call->asked->path, len);
	names->path_info = str_tail(call->asked->path, len);
	names->script_filename = join(arena, str_of(names->document_root),
	    str_tail(names->script_name, 1));
	return names->script_filename == NULL ? STATUS_UNAVAILABLE
					      : STATUS_SUCCESS;
}

static enum status
make_request(
    struct runnercall *call, struct arena *arena, const struct programenv *env)
{
	struct buf request = buf_in(arena, PROGRAMWIRE_MAX);

	if (call->program->kind == RULES_SCGI)
		programwire_scgi(&request, env);
	else
		programwire_fastcgi(&request, env);
	call->request = buf_str(&request);
	return request.overflow ? STATUS_UNAVAILABLE : STATUS_SUCCESS;
}

/* Whether a script over Gopher gets arguments, as in geomyidae. */
static bool
has_arguments(const struct runnercall *call)
{
	struct str file = str_of(call->file);

	return call->asked->is_gopher &&
	    (str_ends(file, STR(".cgi")) || str_ends(file, STR(".dcgi")));
}

/* The file, and over Gopher: search, arguments, host and port. */
static enum status
make_arguments(struct runnercall *call, struct arena *arena,
    const struct programenv_names *names)
{
	char **arguments = arena_alloc(arena, 6 * sizeof *arguments);
	struct str file = str_of(call->file);
	char port[16];

	if (arguments == NULL)
		return STATUS_UNAVAILABLE;
	call->arguments = arguments;
	arguments[0] = arena_string(arena, file);
	if (!has_arguments(call))
		return arguments[0] == NULL ? STATUS_UNAVAILABLE
					    : STATUS_SUCCESS;
	snprintf(port, sizeof port, "%u", (unsigned)call->asked->server_port);
	arguments[1] = arena_string(arena, call->asked->search);
	arguments[2] = arena_string(
	    arena, call->asked->search.len > 0 ? STR("") : call->asked->query);
	arguments[3] = arena_string(arena, names->site->gopher_host);
	arguments[4] = arena_string(arena, str_of(port));
	for (size_t i = 0; i < 5; i++)
		if (arguments[i] == NULL)
			return STATUS_UNAVAILABLE;
	return STATUS_SUCCESS;
}

enum status
runnercall_prepare(struct runnercall *call, struct arena *arena)
{
	struct programenv_names names = {
		.site = host_of(call)->site,
		.document_root = call->places->roots[call->asked->host],
	};
	struct programenv env;
	enum status status = find_program(call, arena);

	if (status != STATUS_SUCCESS)
		return status;
	status = call->program->kind == RULES_CGI
	    ? find_script(call, arena, &names)
	    : find_served(call, arena, &names);
	if (status != STATUS_SUCCESS)
		return status;
	if (programenv_make(call->asked, &names, arena, &env) == -1)
		return STATUS_UNAVAILABLE;
	if (call->program->kind != RULES_CGI)
		return make_request(call, arena, &env);
	call->environment = programenv_strings(&env, arena);
	return call->environment == NULL ? STATUS_UNAVAILABLE
					 : make_arguments(call, arena, &names);
}
