#ifndef SYS_CERTFILES_H
#define SYS_CERTFILES_H

#include <stddef.h>
#include <sys/stat.h>

#include "text/attribute.h"

#define CERTFILES_NAME_MAX 264 /* a host name has at most 253 bytes */

struct bio_st; /* OpenSSL's BIO */

/* The two files of a certificate pair, and the last error message. */
struct certfiles {
	const char *dir; /* its path, for messages */
	int fd; /* of dir */
	char cert_name[CERTFILES_NAME_MAX], key_name[CERTFILES_NAME_MAX];
	char *error;
	size_t error_size;
};

/*
 * Write "DIR/NAME: error, remedy" to files->error and return -1. The text comes
 * from a printf format, from errno and an advice, or from OpenSSL's error
 * queue.
 */
int certfiles_fail(struct certfiles *files, const char *name,
    const char *format, ...) PRINTF_LIKE(3, 4);
int certfiles_fail_errno(
    struct certfiles *files, const char *name, const char *advice);
int certfiles_fail_openssl(struct certfiles *files, const char *what);

/*
 * Opens a regular file of the pair and fills in `st`. The caller frees the
 * result. Returns NULL with one line in files->error.
 */
MUST_USE struct bio_st *
certfiles_open(struct certfiles *files, const char *name, struct stat *st);

#endif
