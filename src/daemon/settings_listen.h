#ifndef DAEMON_SETTINGS_LISTEN_H
#define DAEMON_SETTINGS_LISTEN_H

#include "daemon/setting.h"

/* Readers of settings, for struct setting_key. */
MUST_USE int settings_listen_names(struct setting *s);
MUST_USE int settings_listen_gemini(struct setting *s);
MUST_USE int settings_listen_gopher(struct setting *s);
MUST_USE int settings_listen_gemini_ports(struct setting *s);
MUST_USE int settings_listen_gopher_host(struct setting *s);
MUST_USE int settings_listen_gopher_port(struct setting *s);

#endif
