#ifndef TOOL_PACK_H
#define TOOL_PACK_H

#define PACK_USAGE "pack [-n NAME]... [-c FILE] [-o KEY=VALUE]... [DIR] FILE"

/*
 * `capsule pack`: writes all files that the server would send of the capsule
 * DIR into FILE: a Gempub, zip or tar.gz, according to its name.  FILE appears
 * whole or not at all.  `argv[0]` is the verb.  Returns the exit status: 0, 1
 * when it failed, 2 for wrong usage.
 */
int pack_main(int argc, char **argv);

#endif
