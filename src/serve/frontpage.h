#ifndef SERVE_FRONTPAGE_H
#define SERVE_FRONTPAGE_H

#include <stddef.h>

#include "serve/host.h"
#include "text/arena.h"
#include "text/str.h"

#define FRONTPAGE_LINKS 20

/* A page that the front page links to. */
struct frontpage_link {
	struct str path; /* decoded */
	struct str label; /* clean */
};

/*
 * The pages of the capsule that its front page links to, in the author's order:
 * gemtext, plain text, Markdown and directories, each once.  At most
 * FRONTPAGE_LINKS; none without a front page, or without memory.
 */
size_t frontpage_read(const struct host *host, struct arena *arena,
    struct frontpage_link links[FRONTPAGE_LINKS]);

#endif
