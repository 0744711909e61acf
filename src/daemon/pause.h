#ifndef DAEMON_PAUSE_H
#define DAEMON_PAUSE_H

#include <stddef.h>
#include <time.h>

/* The longest pause of a process without which clients are still served. */
#define PAUSE_LONGEST_MS 30000

/*
 * How long to wait before a process that died is started again: not at all
 * after the first death, then twice as long each time that it dies young, up
 * to `longest_ms`.
 */
unsigned pause_after(const struct timespec *started, unsigned pause_ms);
unsigned pause_next(unsigned pause_ms, unsigned longest_ms);

/* A description is never longer. */
#define PAUSE_TEXT 256

/* Describes how a process ended, from the status that waitpid returned. */
void pause_describe(int status, char *text, size_t size);

#endif
