#ifndef TOOL_SHOW_H
#define TOOL_SHOW_H

#define SHOW_USAGE \
	"show [-G] [--as FINGERPRINT] [-n NAME]... [-c FILE]\n" \
	"                    [-o KEY=VALUE]... [DIR] URL"

/*
 * `capsule show`: writes to standard output the exact bytes that the server
 * would send for URL, without a server; with -G over Gopher.  `argv[0]` is the
 * verb.  Returns the exit status: 0 for a success, an input or a redirect, 1
 * for any other answer or a failure, 2 for wrong usage.
 */
int show_main(int argc, char **argv);

#endif
