#ifndef DAEMON_SETTING_H
#define DAEMON_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "text/attribute.h"
#include "text/str.h"

/* A key and its values, as they are read into the configuration. */
struct setting {
	struct config *config;
	struct host_config *host; /* the first, for a key of the process */
	struct rules_part *part; /* for a key of a path */
	const struct setting_key *key;
	const struct str *values; /* each is NUL-terminated as well */
	size_t count; /* 1 unless the key takes a list */
	const char *file; /* with the values; NULL: the command line */
	bool is_default; /* no section sets the key */
};

/* The smallest part of a server that can have its own value of a key. */
enum setting_scope {
	SETTING_PROCESS,
	SETTING_HOST, /* one capsule */
	SETTING_PATH, /* a part of a capsule */
};

struct setting_key {
	const char *name;
	const char *fallback; /* of a list: words; NULL: an empty list */
	bool list;
	/*
	 * Reads the values; -1 with a message in config->error: the problem and
	 * a remedy, without the place.
	 */
	MUST_USE int (*read)(struct setting *setting);
	enum setting_scope scope;
	/* For simple types: the offset in the struct of the scope. */
	size_t at;
	unsigned least, most; /* for numbers */
};

/* Shared by readers: leaves a message in the configuration; returns -1. */
int setting_fail(struct setting *s, const char *format, ...) PRINTF_LIKE(2, 3);
int setting_fail_memory(struct setting *s);

/* Reads a number from key->least to key->most; -1 with a message otherwise. */
MUST_USE int setting_number(struct setting *s, unsigned long *out);

/* Readers of simple types, into the field at key->at. */
MUST_USE int setting_text(struct setting *s); /* const char * */
MUST_USE int setting_path(struct setting *s); /* the same, not empty */
MUST_USE int setting_switch(struct setting *s); /* bool */
MUST_USE int setting_count(struct setting *s); /* unsigned */

/* Readers of one key each, in the files settings_*.c. */
MUST_USE int settings_display_lang(struct setting *s);
MUST_USE int settings_display_item_types(struct setting *s);
MUST_USE int settings_display_hide(struct setting *s);
MUST_USE int settings_display_builtin(struct setting *s);
MUST_USE int settings_listen_names(struct setting *s);
MUST_USE int settings_listen_gemini(struct setting *s);
MUST_USE int settings_listen_gopher(struct setting *s);
MUST_USE int settings_listen_proxies(struct setting *s);
MUST_USE int settings_listen_gemini_ports(struct setting *s);
MUST_USE int settings_listen_gopher_host(struct setting *s);
MUST_USE int settings_listen_gopher_port(struct setting *s);
MUST_USE int settings_path_charset(struct setting *s);
MUST_USE int settings_path_types(struct setting *s);
MUST_USE int settings_path_readers(struct setting *s);
MUST_USE int settings_path_writers(struct setting *s);
MUST_USE int settings_program_cgi(struct setting *s);
MUST_USE int settings_program_scgi(struct setting *s);
MUST_USE int settings_program_fastcgi(struct setting *s);
MUST_USE int settings_program_script(struct setting *s);
MUST_USE int settings_program_reads(struct setting *s);
MUST_USE int settings_program_writes(struct setting *s);

/* The member of the configuration at key->at. */
MUST_USE void *setting_field(struct setting *s);

/* Allocates `count` + 1 objects, so that an empty array is not NULL. */
MUST_USE void *setting_array(struct setting *s, size_t count, size_t size);

#endif
