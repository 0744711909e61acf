#ifndef DAEMON_SETTINGS_DISPLAY_H
#define DAEMON_SETTINGS_DISPLAY_H

#include "daemon/setting.h"

/* Readers of settings, for struct setting_key. */
MUST_USE int settings_display_lang(struct setting *s);
MUST_USE int settings_display_item_types(struct setting *s);
MUST_USE int settings_display_hide(struct setting *s);
MUST_USE int settings_display_builtin(struct setting *s);

#endif
