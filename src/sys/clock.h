#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * Time that only goes on, whatever is done to the calendar.
 */
struct timespec clock_now(void);

/* The time of the wall clock, since 1970. */
struct timespec clock_wall(void);

/* The time `ms` milliseconds from now. */
struct timespec clock_in(unsigned ms);

/* Microseconds since `then`. */
int64_t clock_since_us(const struct timespec *then);

/* Milliseconds until `then`, 0 when it has come; and those since it. */
long clock_until_ms(const struct timespec *then);
long clock_since_ms(const struct timespec *then);

#endif
