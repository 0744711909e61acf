#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#define CHECK_USAGE \
	"check [-n NAME]... [-c FILE] [-o KEY=VALUE]...\n" \
	"                     [--format=text|json] [--ignore CHECK]... [DIR]"

/*
 * `capsule check`: writes one line for each fault in the capsule that its
 * readers would notice, found with the server's own code.  `argv[0]` is the
 * verb.  Returns the exit status: 0 when there is nothing but notes, 1 when
 * there is more, 2 for wrong usage or when the check failed.
 */
int check_main(int argc, char **argv);

#endif
