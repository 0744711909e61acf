#ifndef MIRROR_PINS_H
#define MIRROR_PINS_H

#include <limits.h>

#include "sys/sha256.h"
#include "text/attribute.h"

/*
 * The servers whose keys are known: a file of lines "HOST:PORT sha256 HEX",
 * where HEX is that of tlsclient_key.  Other lines that begin with "#", and
 * empty ones, are the user's.
 */

/*
 * Where it is: `named`, or, when that is NULL, capsule/known_hosts in
 * $XDG_DATA_HOME or ~/.local/share.  Returns -1 when there is no such place.
 */
MUST_USE int pins_path(const char *named, char out[PATH_MAX]);

/*
 * The key of `server`, "HOST:PORT": the line that says so, from 1, 0 when
 * none does, -1 with errno set; EINVAL is a line that cannot be read.
 */
MUST_USE long
pins_find(const char *path, const char *server, unsigned char key[SHA256_SIZE]);

/* Adds a line, and the file and its folders when missing; -1 with errno. */
MUST_USE int pins_add(
    const char *path, const char *server, const unsigned char key[SHA256_SIZE]);

#endif
