#ifndef TOOL_IMPORT_H
#define TOOL_IMPORT_H

#define IMPORT_USAGE "import [--title TITLE] [--lang TAG] ARTICLE DIR"

/*
 * `capsule import`: makes a capsule of a plain text.  Returns the exit status:
 * 0, 1 when it failed and made nothing, 2 for wrong usage.
 */
int import_main(int argc, char **argv);

#endif
