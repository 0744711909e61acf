#ifndef SYS_NOTIFY_H
#define SYS_NOTIFY_H

#include <limits.h>
#include <stdbool.h>

#include "text/attribute.h"

/*
 * Messages to the service manager, as in sd_notify(3). Without NOTIFY_SOCKET,
 * nothing is sent.
 */

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment,
 * so that no child inherits them. Call it first in main.
 */
void notify_init(void);

/*
 * Puts these variables back for a program that this process executes in its own
 * place, or removes them again.
 */
void notify_leave(bool leave);

/*
 * Sends assignments such as "READY=1", separated by newlines. Only the process
 * that called notify_init sends; the first failure is logged.
 */
void notify_send(const char *format, ...) PRINTF_LIKE(1, 2);

/*
 * Sends `start`, such as "STATUS=", followed by an error. Control bytes become
 * question marks: a newline in a path must not begin another assignment.
 */
void notify_error(const char *start, const char *error);

/* The time within which the manager expects a ping; 0: it expects none. */
unsigned notify_watchdog_ms(void);

/*
 * Sends a ping; the second function does so only if the last ping was a quarter
 * of that time ago, for a loop that waits for something else.
 */
void notify_ping(void);
void notify_ping_due(void);

/* The lower of `ms` and the time until notify_ping_due sends a ping. */
long notify_due_ms(long ms);

#endif
