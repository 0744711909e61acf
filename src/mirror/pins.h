#ifndef MIRROR_PINS_H
#define MIRROR_PINS_H

#include <limits.h>

#include "sys/sha256.h"
#include "text/attribute.h"

/*
 * The file of known servers' keys, with lines "HOST:PORT sha256 HEX", where HEX
 * is the hash that tlsclient_key gives.  Empty lines, and lines that begin with
 * "#", are ignored.
 */

/*
 * The path of the file: `named`, or when that is NULL, capsule/known_hosts in
 * $XDG_DATA_HOME or ~/.local/share.  Returns -1 when no path results.
 */
MUST_USE int pins_path(const char *named, char out[PATH_MAX]);

/*
 * Finds the key of `server`, "HOST:PORT".  Returns the number of its line, from
 * 1; 0 when there is none; -1 with errno set: EINVAL for an invalid line.
 */
MUST_USE long
pins_find(const char *path, const char *server, unsigned char key[SHA256_SIZE]);

/*
 * Adds a line; makes the file and its folders when missing.  The file is locked
 * meanwhile: if another process has added a line for the server by then, `key`
 * is set to the one of that line instead.  Returns -1 with errno set.
 */
MUST_USE int
pins_add(const char *path, const char *server, unsigned char key[SHA256_SIZE]);

/*
 * Replaces the key of the server's line, atomically and under the same lock.
 * Returns -1 with errno set, EBUSY when another process has meanwhile changed
 * the line to a third key.
 */
MUST_USE int pins_replace(const char *path, const char *server,
    const unsigned char before[SHA256_SIZE],
    const unsigned char key[SHA256_SIZE]);

#endif
