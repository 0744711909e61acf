#ifndef SYS_CERTFILES_H
#define SYS_CERTFILES_H

#include <stddef.h>
#include <sys/stat.h>

#include "text/attribute.h"
#include "text/str.h"

#define CERTFILES_NAME_MAX 280 /* a host name has at most 253 bytes */

/* The next pair of NAME has the name NAME.next; see sys/keychange.h. */
#define CERTFILES_NEXT ".next"

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
 * Sets the names of the two files, "NAME.crt" and "NAME.key", or
 * "_.example.org.crt" for "*.example.org".
 */
void certfiles_name(struct certfiles *files, struct str name);

/*
 * Write "DIR/NAME: error, remedy" to files->error and return -1. The text comes
 * from a printf format, from errno and an advice, or from OpenSSL's error
 * queue.
 */
int certfiles_fail(struct certfiles *files, const char *name,
    const char *format, ...) PRINTF_LIKE(3, 4);
int certfiles_fail_errno(
    struct certfiles *files, const char *name, const char *advice);
/* The same for a file that cannot be read. */
int certfiles_fail_unreadable(struct certfiles *files, const char *name);
int certfiles_fail_openssl(struct certfiles *files, const char *what);

/*
 * Opens a regular file of the pair and fills in `st`. The caller frees the
 * result. Returns NULL with one line in files->error.
 */
MUST_USE struct bio_st *
certfiles_open(struct certfiles *files, const char *name, struct stat *st);

#endif
