#ifndef DAEMON_LOOK_H
#define DAEMON_LOOK_H

#include "daemon/setting.h"

/* Readers of settings, for struct setting_key. */
MUST_USE int look_lang(struct setting *s);
MUST_USE int look_item_types(struct setting *s);
MUST_USE int look_builtin(struct setting *s);

#endif
