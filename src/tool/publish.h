#ifndef TOOL_PUBLISH_H
#define TOOL_PUBLISH_H

#define PUBLISH_USAGE \
	"publish [--cert FILE] [--key FILE] [--delete] [--dry-run]\n" \
	"                       [--force] [--known-hosts FILE] " \
	"[--limit MIB]\n" \
	"                       [--patience S] [--strict-key] [--time S]\n" \
	"                       [-c FILE] [-o KEY=VALUE] DIR URL"

/*
 * The verb `publish`: sends the files of DIR that differ to a Titan server.
 * `argv[0]` is the verb. Returns the exit status: 0, 1 when a file or all
 * failed, 2 for wrong usage.
 */
int publish_main(int argc, char **argv);

#endif
