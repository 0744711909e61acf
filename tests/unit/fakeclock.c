/* The clock of the unit tests; the linker leads two calls through here. */
#include "fakeclock.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define SECOND_NS 1000000000

/* The linker's names for the calls that are wrapped, and for these. */
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
time_t __wrap_time(time_t *out);

static bool stopped;
static struct timespec monotonic, calendar; /* when it was stopped */
static int64_t moved_ns; /* since then */
static int64_t tick_ns;

void
fakeclock_stop(void)
{
	(void)__real_clock_gettime(CLOCK_MONOTONIC, &monotonic);
	(void)__real_clock_gettime(CLOCK_REALTIME, &calendar);
	moved_ns = tick_ns = 0;
	stopped = true;
}

void
fakeclock_forward_ms(unsigned ms)
{
	assert(stopped);
	moved_ns += (int64_t)ms * 1000000;
}

void
fakeclock_tick_us(unsigned us)
{
	assert(stopped);
	tick_ns = (int64_t)us * 1000;
}

void
fakeclock_run(void)
{
	stopped = false;
}

int
__wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t ns;

	if (!stopped || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME))
		return __real_clock_gettime(clock, now);
	*now = clock == CLOCK_MONOTONIC ? monotonic : calendar;
	ns = now->tv_nsec + moved_ns;
	now->tv_sec += (time_t)(ns / SECOND_NS);
	now->tv_nsec = (long)(ns % SECOND_NS);
	moved_ns += tick_ns;
	return 0;
}

time_t
__wrap_time(time_t *out)
{
	struct timespec now = { 0 };

	(void)__wrap_clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
