#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#define CHECK_USAGE \
	"check [-n NAME]... [-c FILE] [-o KEY=VALUE]...\n" \
	"                     [--format=text|json] DIR"

/*
 * `capsule check`: everything that readers of the capsule in DIR would
 * stumble over, a finding a line, as the server's own rooms see it.  `argv[0]`
 * is the verb.  Returns the exit status: 0 when there is nothing but notes, 1
 * when there is more, 2 for wrong usage, or when it could not look.
 */
int check_main(int argc, char **argv);

#endif
