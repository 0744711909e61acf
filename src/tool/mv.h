#ifndef TOOL_MV_H
#define TOOL_MV_H

#define MV_USAGE "mv [-n NAME]... [-c FILE] [-o KEY=VALUE]... DIR OLD NEW"

/*
 * `capsule mv`: moves a page or folder of a capsule, and rewrites the links to
 * it.  Returns the exit status: 0, 1 when nothing was moved, 2 for wrong usage.
 */
int mv_main(int argc, char **argv);

#endif
