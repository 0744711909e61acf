#ifndef DAEMON_SETTING_KEYS_H
#define DAEMON_SETTING_KEYS_H

#include "daemon/setting.h"

/* To be read in this order: a key may depend on those before it. */
extern const struct setting_key setting_keys[];
extern const size_t setting_keys_count;

/* A remedy for an unknown key: the closest spelling, or else the manual. */
void setting_keys_advise(struct str name, char out[64]);

#endif
