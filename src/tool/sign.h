#ifndef TOOL_SIGN_H
#define TOOL_SIGN_H

#define SIGN_USAGE \
	"sign [-n NAME]... [-c FILE] [-o KEY=VALUE]...\n" \
	"                    [--new] [DIR|MANIFEST] KEY"

/*
 * `capsule sign`: writes a signature of a capsule's manifest beside it.
 * Returns the exit status: 0, 1 when it failed and wrote no signature, 2 for
 * wrong usage or configuration.
 */
int sign_main(int argc, char **argv);

#endif
