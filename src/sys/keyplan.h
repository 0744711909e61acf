#ifndef SYS_KEYPLAN_H
#define SYS_KEYPLAN_H

#include "sys/keychange.h"
#include "text/attribute.h"

/*
 * Makes the next pair for a change on `day`, or KEYCHANGE_DAYS from now when
 * that is NULL. Existing files of the pair stay. A day in the past is refused,
 * and so is a day other than the planned one.
 */
MUST_USE int keyplan_make(struct keychange *change, const char *day);

#endif
