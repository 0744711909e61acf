/* Checks of the programs and uploads of a configuration. */
#include "daemon/programcheck.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int
fail(const struct rules_part *part, struct buf *error, const char *problem)
{
	if (part->place.file != NULL)
		buf_printf(
		    error, "%.128s:%d: ", part->place.file, part->place.line);
	buf_printf(error, "cgi: %.1024s: %s", part->program.target, problem);
	return -1;
}

static int
fail_errno(const struct rules_part *part, struct buf *error)
{
	char problem[256];

	snprintf(problem, sizeof problem, "%s; %s", strerror(errno),
	    errno == ENOENT ? "make this directory, or correct its name"
			    : "name a directory that this user can read");
	return fail(part, error, problem);
}

/* Whether the real path `inner` is the directory `outer`, or in it. */
static bool
holds(const char *outer, const char *inner)
{
	size_t len = strlen(outer);

	len -= outer[len - 1] == '/';
	return strncmp(outer, inner, len) == 0 &&
	    (inner[len] == '\0' || inner[len] == '/');
}

static int
check_places(const struct config *config, const struct rules_part *part,
    struct buf *error)
{
	char directory[PATH_MAX], capsule[PATH_MAX];

	if (realpath(part->program.target, directory) == NULL)
		return fail_errno(part, error);
	for (size_t i = 0; i < config->host_count; i++)
		if (realpath(config->hosts[i].capsule, capsule) != NULL &&
		    holds(directory, capsule))
			return fail(part, error,
			    "contains a capsule, so the files of the capsule "
			    "would be scripts; name a directory of scripts "
			    "only");
	return 0;
}

static int
check_directory(const struct config *config, const struct rules_part *part,
    struct buf *error)
{
	const struct passwd *user;
	struct stat st;

	if (stat(part->program.target, &st) == -1)
		return fail_errno(part, error);
	if (!S_ISDIR(st.st_mode))
		return fail(part, error,
		    "is not a directory; name the directory of the scripts");
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fail(part, error,
		    "its group or others may write to it, and so add scripts; "
		    "forbid that with chmod go-w");
	user = config->cgi_user[0] != '\0' ? getpwnam(config->cgi_user) : NULL;
	if (user != NULL && user->pw_uid == st.st_uid)
		return fail(part, error,
		    "belongs to cgi_user, so a script could change the other "
		    "scripts; give the directory to root with chown");
	return check_places(config, part, error);
}

int
programcheck_directories(const struct config *config, struct buf *error)
{
	const char *last = NULL;

	for (size_t i = 0; i < config->host_count; i++) {
		const struct rules *rules = &config->hosts[i].rules;

		for (size_t j = 0; j < rules->part_count; j++) {
			const struct rules_part *part = &rules->parts[j];
			const char *target = part->program.target;

			/* Parts within a part inherit its directory. */
			if (part->program.kind != RULES_CGI ||
			    (last != NULL && strcmp(last, target) == 0))
				continue;
			if (check_directory(config, part, error) == -1)
				return -1;
			last = target;
		}
	}
	return 0;
}

static bool
has_writers(const struct rules_part *part)
{
	return part->upload.writers != NULL && part->upload.writers[0] != NULL;
}

/* The settings of the last warning, which inner parts inherit. */
struct warned {
	const char *script;
	const char *const *reads, *const *writes;
};

/* Warns of settings that the program of the part does not use. */
static void
warn_of_program(const struct rules_part *part, struct warned *last,
    rules_audit_say *say, void *context)
{
	const struct rules_program *program = &part->program;

	if (program->script != NULL && program->kind != RULES_FASTCGI &&
	    program->script != last->script)
		say(context, &part->place,
		    "script has no effect without fastcgi; remove script, or "
		    "add fastcgi");
	if (program->kind != RULES_CGI &&
	    ((program->reads != NULL && program->reads != last->reads) ||
		(program->writes != NULL && program->writes != last->writes)))
		say(context, &part->place,
		    "cgi_read and cgi_write have no effect without cgi; remove "
		    "them, or add cgi");
	*last =
	    (struct warned){ program->script, program->reads, program->writes };
}

static void
warn_of_uploads(
    const struct rules_part *part, rules_audit_say *say, void *context)
{
	if (!has_writers(part))
		return;
	if (part->program.kind != RULES_NO_PROGRAM)
		say(context, &part->place,
		    "a program answers for this part, so its writers cannot "
		    "upload; remove the program or the writers");
	if (part->upload.limit_mib > part->upload.quota_mib)
		say(context, &part->place,
		    "upload_limit exceeds quota, so the largest uploads fail; "
		    "raise quota, or lower upload_limit");
}

void
programcheck_warn(const struct host_config *host, const struct tree *tree,
    rules_audit_say *say, void *context)
{
	const struct rules_part *first = NULL;
	struct warned last = { 0 };
	struct statvfs fs;

	for (size_t i = 0; i < host->rules.part_count; i++) {
		const struct rules_part *part = &host->rules.parts[i];

		warn_of_program(part, &last, say, context);
		warn_of_uploads(part, say, context);
		if (first == NULL && has_writers(part))
			first = part;
	}
	if (first == NULL)
		return;
	if (fstatvfs(tree->root, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0)
		say(context, &first->place,
		    "the capsule is on a read-only file system, so uploads "
		    "fail; under systemd, name it in ReadWritePaths");
}
