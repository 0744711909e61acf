#ifndef TOOL_EDITOR_H
#define TOOL_EDITOR_H

#include "text/attribute.h"

/*
 * The editor of the user, a command of the shell: VISUAL or else EDITOR.  NULL
 * when none is named, or when standard input or output is no terminal.
 */
const char *editor_name(void);

/*
 * Lets the user edit the file with the command `editor`.  Returns -1 unless the
 * editor ended with success.
 */
MUST_USE int editor_run(const char *editor, const char *path);

#endif
