#ifndef TOOL_KEYNOTICE_H
#define TOOL_KEYNOTICE_H

#include "sys/keychange.h"
#include "text/attribute.h"

#define KEYNOTICE_PATH ".well-known/gemini-key.gmi"

/*
 * Writes the notice of a planned change, and beside it its signature by the key
 * in use, into the capsule `folder`; replaces older ones.  Prints the path of
 * the notice.  Returns -1 for a failure, which is reported.
 */
MUST_USE int keynotice_write(struct keychange *change, const char *folder);

#endif
