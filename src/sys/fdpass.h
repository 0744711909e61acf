#ifndef SYS_FDPASS_H
#define SYS_FDPASS_H

#include <sys/types.h>

#include "text/attribute.h"
#include "text/str.h"

/* Makes a pair of connected non-blocking sockets; -1 with errno set. */
MUST_USE int fdpass_pair(int line[2]);

/*
 * Sends a message of one byte and a descriptor, which is borrowed; -1 sends no
 * descriptor. Returns -1 with errno set.
 */
MUST_USE int fdpass_send(int line, char word, int fd);

/*
 * Receives a message of one byte and its descriptor, which the caller closes,
 * or -1. Returns 1; 0 when the other end is closed; -1 with errno set, EAGAIN
 * when no message is waiting.
 */
MUST_USE int fdpass_receive(int line, char *word, int *fd);

/*
 * The same for a message of one or more bytes. Receiving truncates a message
 * that is longer than `room`, and returns its length, 0 when the other end is
 * closed, or -1.
 */
MUST_USE int fdpass_send_message(int line, struct str message, int fd);
MUST_USE ssize_t fdpass_receive_message(
    int line, char *at, size_t room, int *fd);

/*
 * Sends a message and one end of a new pair, over which the answer comes.
 * Returns the other end, or -1 with errno set.
 */
MUST_USE int fdpass_ask(int line, struct str message);

/*
 * The same where no descriptor is wanted: those that come are closed.  The
 * flags are those of recv(2).
 */
MUST_USE ssize_t fdpass_receive_bytes(
    int line, void *at, size_t room, int flags);

/*
 * Closes a descriptor that came from another process, or an end of a line to
 * one, and all that is unread in it; -1: nothing.  Keeps errno.  The other
 * process may have been taken over: with SO_LINGER close(2) alone could wait
 * for hours.
 */
void fdpass_close(int fd);

#endif
