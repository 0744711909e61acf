/*
 * Reads the monotonic clock and the wall clock.
 */
#include "sys/clock.h"

#define SECOND_NS 1000000000L
#define MILLISECOND_NS 1000000L
#define MICROSECOND_NS 1000L

struct timespec
clock_now(void)
{
	struct timespec now = { 0 };

	/* It fails only on a system without this clock, and Linux has it. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now;
}

struct timespec
clock_wall(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

void
clock_date(char out[CLOCK_DATE_SIZE])
{
	struct timespec now = clock_wall();
	struct tm day = { .tm_year = 70, .tm_mday = 1 };

	tzset();
	(void)localtime_r(&now.tv_sec, &day);
	if (day.tm_year > 9999 - 1900)
		day.tm_year = 9999 - 1900;
	(void)strftime(out, CLOCK_DATE_SIZE, "%Y-%m-%d", &day);
}

struct timespec
clock_in(unsigned ms)
{
	struct timespec then = clock_now();

	then.tv_sec += ms / 1000;
	then.tv_nsec += (long)(ms % 1000) * MILLISECOND_NS;
	if (then.tv_nsec >= SECOND_NS) {
		then.tv_nsec -= SECOND_NS;
		then.tv_sec++;
	}
	return then;
}

int64_t
clock_since_us(const struct timespec *then)
{
	struct timespec now = clock_now();

	return (int64_t)(now.tv_sec - then->tv_sec) * 1000000 +
	    (now.tv_nsec - then->tv_nsec) / MICROSECOND_NS;
}

long
clock_since_ms(const struct timespec *then)
{
	struct timespec now = clock_now();

	return (long)(now.tv_sec - then->tv_sec) * 1000 +
	    (now.tv_nsec - then->tv_nsec) / MILLISECOND_NS;
}

long
clock_until_ms(const struct timespec *then)
{
	long ms = -clock_since_ms(then);

	return ms > 0 ? ms : 0;
}

struct timeval
clock_timeval(unsigned ms)
{
	return (struct timeval){ .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };
}

long
clock_sooner_ms(const struct timespec *then, long ms)
{
	long then_ms = clock_until_ms(then);

	return then_ms < ms ? then_ms : ms;
}
