#ifndef TOOL_MIRROR_H
#define TOOL_MIRROR_H

#define MIRROR_USAGE \
	"mirror [--keep] [--key PUBKEY] [--known-hosts FILE] [-j N]\n" \
	"                      [--allow-truncated] [--max MIB] [--pages N]\n" \
	"                      [--depth N] [--patience S] [--strict-key]\n" \
	"                      [--time S] URL DIR\n" \
	"       capsule mirror --restore DIR"

/*
 * `capsule mirror`: makes or updates a faithful copy of a capsule in a folder.
 * Returns the exit status: 0, 1 when a file could not be fetched, which is
 * reported, 2 for wrong usage.
 */
int mirror_main(int argc, char **argv);

#endif
