#ifndef SYS_HANDOVER_H
#define SYS_HANDOVER_H

#include <sys/types.h>

#include "text/attribute.h"
#include "text/str.h"

/*
 * Two ends of a line between processes, neither of which waits; -1 with
 * errno set.
 */
MUST_USE int handover_pair(int line[2]);

/*
 * Sends one word of one byte, and with it a descriptor, borrowed, or none
 * (-1).  Returns -1 with errno set.
 */
MUST_USE int handover_send(int line, char word, int fd);

/*
 * Takes what was sent: the word, and a descriptor that is the caller's to
 * close, or -1.  Returns 1; 0 when the other end is closed; -1 with errno
 * set, EAGAIN when there is nothing.
 */
MUST_USE int handover_receive(int line, char *word, int *fd);

/*
 * The same for a message of any bytes, at least one. Receiving cuts a message
 * that is longer than `room`, and returns its length, 0 when the other end is
 * closed, or -1.
 */
MUST_USE int handover_send_message(int line, struct str message, int fd);
MUST_USE ssize_t handover_receive_message(
    int line, char *at, size_t room, int *fd);

#endif
