#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

/* Monotonic time: changes of the wall clock do not affect it. */
struct timespec clock_now(void);

/* Wall-clock time since 1970. */
struct timespec clock_wall(void);

/* Enough for a date, with its NUL. */
#define CLOCK_DATE_SIZE 11

/*
 * Writes today's date in the user's time zone, "2026-11-29"; a year after 9999
 * is replaced by 9999.
 */
void clock_date(char out[CLOCK_DATE_SIZE]);

/* Monotonic time `ms` milliseconds from now. */
struct timespec clock_in(unsigned ms);

/* Microseconds since `then`. */
int64_t clock_since_us(const struct timespec *then);

/* Milliseconds until `then`, 0 if it has passed; milliseconds since `then`. */
long clock_until_ms(const struct timespec *then);
long clock_since_ms(const struct timespec *then);

/* A duration of `ms` milliseconds. */
struct timeval clock_timeval(unsigned ms);

/* The lower of `ms` and the milliseconds until `then`. */
long clock_sooner_ms(const struct timespec *then, long ms);

#endif
