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
