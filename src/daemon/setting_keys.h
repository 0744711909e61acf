#ifndef DAEMON_SETTING_KEYS_H
#define DAEMON_SETTING_KEYS_H

#include "daemon/setting.h"

/* To be read in this order: a key may depend on those before it. */
extern const struct setting_key setting_keys[];
extern const size_t setting_keys_count;

/* The key with the spelling closest to `name`; NULL when none is close. */
MUST_USE const char *setting_keys_nearest(struct str name);

#endif
