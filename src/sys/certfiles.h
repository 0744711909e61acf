#ifndef SYS_CERTFILES_H
#define SYS_CERTFILES_H

#include <stddef.h>
#include <sys/stat.h>

#include "text/attribute.h"

#define CERTFILES_NAME_MAX 264 /* a host name has at most 253 bytes */

struct bio_st; /* OpenSSL's BIO */

/* The two files of a pair, and the line that says what is wrong with them. */
struct certfiles {
	const char *dir; /* its path, for messages */
	int fd; /* of dir */
	char cert_name[CERTFILES_NAME_MAX], key_name[CERTFILES_NAME_MAX];
	char *error;
	size_t error_size;
};

/*
 * Leave "DIR/NAME: what, what to do" in files->error and return -1: with what
 * printf makes, with errno and advice, or with OpenSSL's reason.
 */
int certfiles_fail(struct certfiles *files, const char *name,
    const char *format, ...) PRINTF_LIKE(3, 4);
int certfiles_fail_errno(
    struct certfiles *files, const char *name, const char *advice);
int certfiles_fail_openssl(struct certfiles *files, const char *what);

/*
 * Opens a regular file of the pair, to be freed by the caller; `st` is filled
 * in.  NULL with one line in files->error.
 */
MUST_USE struct bio_st *
certfiles_open(struct certfiles *files, const char *name, struct stat *st);

#endif
