#ifndef SYS_KEYSWAP_H
#define SYS_KEYSWAP_H

#include <stdbool.h>

#include "sys/keychange.h"
#include "text/attribute.h"

/*
 * Keeps the pair in use as NAME.old-YYYYMMDD, and puts the next pair in its
 * place. Refused before the day unless `forced`. Completes a change that was
 * interrupted between the key and the certificate; then `cert` is empty.
 * Afterwards `cert` is the old pair and `next` the one in use.
 */
MUST_USE int keyswap_run(struct keychange *change, bool forced);

#endif
