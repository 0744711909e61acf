#ifndef UNIT_FAKECLOCK_H
#define UNIT_FAKECLOCK_H

/*
 * A clock that a test sets.  In every unit test our own calls of
 * clock_gettime and time come here.  They tell the real time until the test
 * stops the clock; libraries tell the real time always.
 */

/* Sets the clock to the real time and stops it. */
void fakeclock_stop(void);

/* Moves the stopped clock on. */
void fakeclock_forward_ms(unsigned ms);

/*
 * Lets each reading move the stopped clock on by `us` microseconds, as if all
 * that happens between two readings took as long.  0 ends that.
 */
void fakeclock_tick_us(unsigned us);

/* Lets the clock tell the real time again. */
void fakeclock_run(void);

#endif
