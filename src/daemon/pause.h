#ifndef DAEMON_PAUSE_H
#define DAEMON_PAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "sys/log.h"

/* The longest pause of a process that is not needed to serve clients. */
#define PAUSE_LONGEST_MS 30000

/*
 * The pause before a dead process is replaced: none after the first death, then
 * twice as long each time that the process dies soon after its start, up to
 * `longest_ms`.
 */
unsigned pause_after(const struct timespec *started, unsigned pause_ms);
unsigned pause_next(unsigned pause_ms, unsigned longest_ms);

/*
 * The level of the line about its death: a warning if the process is replaced
 * at once, an error if it dies again and again.
 */
enum log_level pause_log_level(unsigned pause_ms);

/*
 * Whether a process, by its status, died of a signal that stands for a crash or
 * for an attack.
 */
bool pause_is_fault(int status);

/* Room for any description. */
#define PAUSE_TEXT 256

/* Describes how a process ended, from the status that waitpid returned. */
void pause_describe(int status, char *text, size_t size);

#endif
