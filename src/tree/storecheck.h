#ifndef TREE_STORECHECK_H
#define TREE_STORECHECK_H

#include <stddef.h>

#include "text/status.h"
#include "text/str.h"
#include "tree/media.h"

/* The content of an upload, for its check. */
struct storecheck {
	int fd;
	const char *name; /* that it will have */
	struct str mime; /* that its sender gave; empty: text/gemini */
	struct media *media;
	const struct media_rules *rules; /* NULL: none */
};

#define STORECHECK_REASON 160

/*
 * Whether the file will be served with the type that its sender gave, and, as
 * text, is UTF-8 and has no fault of text/textfault.h.  Returns STATUS_SUCCESS;
 * STATUS_BAD_REQUEST with a reason for the client; or STATUS_FAILURE with errno
 * set.
 */
enum status
storecheck_run(const struct storecheck *check, char reason[STORECHECK_REASON]);

#endif
