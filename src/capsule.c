/*
 * The author's tool.  Knows the names of its verbs; each is a room of its
 * own in tool/.
 */
#include <stdio.h>
#include <string.h>

#include "tool/check.h"
#include "tool/import.h"
#include "tool/mirror.h"
#include "tool/pack.h"
#include "tool/show.h"
#include "tool/sign.h"

static const struct verb {
	const char *name, *usage;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "check", CHECK_USAGE, check_main },
	{ "import", IMPORT_USAGE, import_main },
	{ "mirror", MIRROR_USAGE, mirror_main },
	{ "pack", PACK_USAGE, pack_main },
	{ "show", SHOW_USAGE, show_main },
	{ "sign", SIGN_USAGE, sign_main },
};

#define VERB_COUNT (sizeof verbs / sizeof *verbs)

static int
help(void)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("%s capsule %s\n", i == 0 ? "usage:" : "      ",
		    verbs[i].usage);
	puts("       capsule --help | --version");
	return 0;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < VERB_COUNT; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
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
