#ifndef SERVE_PACKER_H
#define SERVE_PACKER_H

#include <stdint.h>

#include "serve/body.h"
#include "text/attribute.h"
#include "text/str.h"

/*
 * An archive writer with output to a sink. The same files in the same order
 * give the same bytes.
 */
struct packer;

enum packer_format {
	PACKER_ZIP,
	PACKER_TAR, /* with gzip */
};

struct packer_file {
	struct str path; /* relative path, any bytes but NUL */
	uint64_t size;
	int64_t time; /* seconds since 1970 */
};

/*
 * To be called once, before the process has threads or is jailed. Sets the
 * local time zone, which a zip uses, to UTC, and the locale of names to UTF-8.
 */
void packer_prepare(void);

/* Borrows the sink. NULL without memory. */
MUST_USE struct packer *
packer_new(enum packer_format format, struct sink *sink);
void packer_free(struct packer *packer);

/*
 * Begins a file, whose `size` bytes follow in calls of packer_write, or ends
 * the archive. Each returns -1 with errno set when the archive cannot be
 * completed.
 */
MUST_USE int
packer_begin(struct packer *packer, const struct packer_file *file);
MUST_USE int packer_write(struct packer *packer, struct str bytes);
MUST_USE int packer_end(struct packer *packer);

#endif
