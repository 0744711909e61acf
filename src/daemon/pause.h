#ifndef DAEMON_PAUSE_H
#define DAEMON_PAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* The longest pause of a process that is not needed to serve clients. */
#define PAUSE_LONGEST_MS 30000

/*
 * How long to wait before a dead process is replaced: not at all after the
 * first death, then twice as long each time that the process dies soon after
 * its start, up to `longest_ms`.
 */
unsigned pause_after(const struct timespec *started, unsigned pause_ms);
unsigned pause_next(unsigned pause_ms, unsigned longest_ms);

/*
 * Whether a process died, by its status, of a signal that a fault of its code
 * sends, or an attack on it.
 */
bool pause_is_fault(int status);

/* Room for any description. */
#define PAUSE_TEXT 256

/* Describes how a process ended, from the status that waitpid returned. */
void pause_describe(int status, char *text, size_t size);

#endif
