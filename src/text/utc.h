#ifndef TEXT_UTC_H
#define TEXT_UTC_H

#include <stdbool.h>
#include <stdint.h>

#include "text/str.h"

#define UTC_MAX INT64_C(253402300799) /* the last second of year 9999 */

/* Enough for a time, with its NUL. */
#define UTC_SIZE 21

/*
 * Writes seconds since 1970 as "2026-11-24T20:29:42Z".  A time before 1970 or
 * after 9999 is replaced by the nearest one in between.
 */
void utc_format(int64_t time, char out[UTC_SIZE]);

/* Parses that form; false for anything else. */
bool utc_read(struct str text, int64_t *out);

/* Whether the text is a day of the years 1 to 9999: "2026-11-24". */
bool utc_is_date(struct str text);

#endif
