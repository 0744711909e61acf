#ifndef TOOL_TEXTFILE_H
#define TOOL_TEXTFILE_H

#include "text/attribute.h"
#include "text/str.h"

/*
 * Reads the regular file at `path`, of up to 64 MiB.  The caller frees
 * `out->at`, which is from malloc and may be NULL.  Returns -1 with errno set:
 * ELOOP for a symbolic link, EINVAL for any other kind of file.
 */
MUST_USE int textfile_read(const char *path, struct str *out);

#endif
