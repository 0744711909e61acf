#ifndef TOOL_UNDO_H
#define TOOL_UNDO_H

#define UNDO_USAGE "undo [-l] DIR PATH [NUMBER]"

/*
 * `capsule undo`: brings back an older version of an uploaded file, or lists
 * the versions.  Returns the exit status: 0, 1 when it failed and changed
 * nothing, 2 for wrong usage.
 */
int undo_main(int argc, char **argv);

#endif
