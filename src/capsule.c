/*
 * The author's tool: finds the verb, each of which has its own file in tool/.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sys/process.h"
#include "tool/check.h"
#include "tool/import.h"
#include "tool/mirror.h"
#include "tool/mv.h"
#include "tool/new.h"
#include "tool/pack.h"
#include "tool/post.h"
#include "tool/publish.h"
#include "tool/rekey.h"
#include "tool/show.h"
#include "tool/sign.h"
#include "tool/status.h"
#include "tool/undo.h"

static const struct verb {
	const char *name, *usage, *does;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "check", CHECK_USAGE, "find dead links and other faults",
	    check_main },
	{ "import", IMPORT_USAGE, "make a capsule from a plain text",
	    import_main },
	{ "mirror", MIRROR_USAGE, "copy a server's capsule, or update the copy",
	    mirror_main },
	{ "mv", MV_USAGE, "move a page or folder, and rewrite links to it",
	    mv_main },
	{ "new", NEW_USAGE, "make a small capsule to begin with", new_main },
	{ "pack", PACK_USAGE, "pack a capsule into one file", pack_main },
	{ "post", POST_USAGE, "write a dated page of the log", post_main },
	{ "publish", PUBLISH_USAGE, "send a folder to a server by Titan",
	    publish_main },
	{ "rekey", REKEY_USAGE, "change the key of a capsule, or its names",
	    rekey_main },
	{ "show", SHOW_USAGE, "show the server's answer, without a server",
	    show_main },
	{ "sign", SIGN_USAGE, "sign the manifest of a capsule", sign_main },
	{ "status", STATUS_USAGE, "show the status of a running server",
	    status_main },
	{ "undo", UNDO_USAGE, "bring back an older version of an uploaded file",
	    undo_main },
};

#define VERB_COUNT (sizeof verbs / sizeof *verbs)

static int
help(void)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("%s capsule %s\n", i == 0 ? "usage:" : "      ",
		    verbs[i].usage);
	puts("       capsule VERB --help\n"
	     "       capsule --help | --version\n");
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("  %-8s %s\n", verbs[i].name, verbs[i].does);
	puts("\nSee capsule(1).");
	return 0;
}

static bool
is_help(const char *argument)
{
	return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static int
run(const struct verb *verb, int argc, char **argv)
{
	if (argc < 2 || !is_help(argv[1]))
		return verb->run(argc, argv);
	printf("usage: capsule %s\n", verb->usage);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	process_start();
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return run(&verbs[i], argc - 1, argv + 1);
	if (is_help(name))
		return help();
	if (strcmp(name, "--version") == 0) {
		puts("capsule " VERSION);
		return 0;
	}
	if (argc < 2)
		fputs("capsule: name a verb; see capsule --help\n", stderr);
	else
		fprintf(stderr, "capsule: no verb \"%s\"; see capsule --help\n",
		    name);
	return 2;
}
