/*
 * Opens the two files of a certificate pair and formats errors about them.
 */
#include "sys/certfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"

void
certfiles_name(struct certfiles *files, struct str name)
{
	/* A shell would expand "*". */
	bool is_wildcard = str_starts(name, STR("*"));
	struct str end = str_tail(name, is_wildcard ? 1 : 0);
	const char *start = is_wildcard ? "_" : "";

	snprintf(files->cert_name, sizeof files->cert_name, "%s%.*s.crt", start,
	    STR_ARG(end));
	snprintf(files->key_name, sizeof files->key_name, "%s%.*s.key", start,
	    STR_ARG(end));
}

int
certfiles_fail(
    struct certfiles *files, const char *name, const char *format, ...)
{
	char what[CERTFILES_NAME_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	snprintf(files->error, files->error_size, "%s/%s: %s", files->dir, name,
	    what);
	ERR_clear_error();
	return -1;
}

int
certfiles_fail_errno(
    struct certfiles *files, const char *name, const char *advice)
{
	return certfiles_fail(files, name, "%s, %s", strerror(errno), advice);
}

int
certfiles_fail_unreadable(struct certfiles *files, const char *name)
{
	/* The mode of a key has to stay as it is. */
	if (errno == EACCES)
		return certfiles_fail(files, name,
		    "%s, make user %u its owner with chown", strerror(errno),
		    (unsigned)geteuid());
	return certfiles_fail_errno(files, name, "make it readable");
}

int
certfiles_fail_openssl(struct certfiles *files, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return certfiles_fail(files, files->cert_name,
	    "%s: %s, check OpenSSL's installation", what,
	    reason != NULL ? reason : "out of memory");
}

BIO *
certfiles_open(struct certfiles *files, const char *name, struct stat *st)
{
	int fd = openat(
	    files->fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *file = NULL;
	BIO *bio;

	if (fd == -1 || fstat(fd, st) == -1) {
		certfiles_fail_unreadable(files, name);
		goto fail;
	}
	if (!S_ISREG(st->st_mode)) {
		certfiles_fail(
		    files, name, "not a regular file, put a PEM file there");
		goto fail;
	}
	/* A BIO of a descriptor would read a line byte by byte. */
	file = fdopen(fd, "r");
	bio = file != NULL ? BIO_new_fp(file, BIO_CLOSE) : NULL;
	if (bio != NULL)
		return bio;
	certfiles_fail_openssl(files, "cannot be read");
fail:
	if (file != NULL)
		fclose(file);
	else
		process_close(fd);
	return NULL;
}
