#ifndef DAEMON_REACH_H
#define DAEMON_REACH_H

#include "daemon/setting.h"

/* Readers of settings, for struct setting_key. */
MUST_USE int reach_names(struct setting *s);
MUST_USE int reach_gemini(struct setting *s);
MUST_USE int reach_gopher(struct setting *s);
MUST_USE int reach_gemini_ports(struct setting *s);
MUST_USE int reach_gopher_host(struct setting *s);
MUST_USE int reach_gopher_port(struct setting *s);

#endif
