#ifndef TOOL_IMPORT_H
#define TOOL_IMPORT_H

#define IMPORT_USAGE "import [--title TITLE] ARTICLE DIR"

/*
 * `capsule import`: a plain text to a capsule.  Returns the exit status: 0,
 * 1 when it failed and made nothing, 2 for wrong usage.
 */
int import_main(int argc, char **argv);

#endif
