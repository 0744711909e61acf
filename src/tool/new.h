#ifndef TOOL_NEW_H
#define TOOL_NEW_H

#define NEW_USAGE "new [--title TITLE] DIR"

/*
 * `capsule new`: makes a small capsule to begin with.  Returns the exit status:
 * 0, 1 when it failed and made nothing, 2 for wrong usage.
 */
int new_main(int argc, char **argv);

#endif
