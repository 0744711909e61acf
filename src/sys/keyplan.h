#ifndef SYS_KEYPLAN_H
#define SYS_KEYPLAN_H

#include "sys/keychange.h"
#include "text/attribute.h"

/*
 * Makes the next pair for a change on `day`, or KEYCHANGE_DAYS from now when
 * that is NULL. What exists of the pair stays; another day than the one that it
 * has is refused, and so is one in the past.
 */
MUST_USE int keyplan_make(struct keychange *change, const char *day);

#endif
