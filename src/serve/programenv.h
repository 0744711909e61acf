#ifndef SERVE_PROGRAMENV_H
#define SERVE_PROGRAMENV_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/programcall.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/site.h"
#include "text/str.h"

/* The most variables of a program. */
#define PROGRAMENV_MAX 64

/* The host, the parts of the requested path, and the files of a program. */
struct programenv_names {
	const struct site *site; /* of the host of the call */
	/*
	 * Decoded; together they are the requested path: the program itself,
	 * and the rest, which is empty or begins with a slash.
	 */
	struct str script_name, path_info;
	const char *script_filename; /* absolute; NULL: none */
	bool is_fastcgi;
	const char *document_root; /* the capsule's folder, absolute */
};

struct programenv_variable {
	struct str name, value;
};

/* The variables of a program, without doubles. */
struct programenv {
	size_t count;
	struct programenv_variable at[PROGRAMENV_MAX];
};

/*
 * Makes the variables of capsuled-programs(7) for a call. Each one is
 * set, if necessary to an empty text, but those of a certificate, which a
 * client without one lacks, and those of Gopher. FastCGI lacks PATH_TRANSLATED,
 * and SCRIPT_FILENAME if there is no script: php-fpm takes either for the
 * script, and with cgi.fix_pathinfo=0 the former, which a visitor chooses.
 * Nothing is inherited, and no name comes from outside. The values, without
 * NUL, are borrowed or live in the arena. -1 without memory.
 */
MUST_USE int programenv_make(const struct programcall *call,
    const struct programenv_names *names, struct arena *arena,
    struct programenv *out);

/*
 * The environment for execve(2), with PATH: "NAME=VALUE" in the arena, and NULL
 * at the end. NULL without memory.
 */
MUST_USE char **
programenv_strings(const struct programenv *env, struct arena *arena);

#endif
