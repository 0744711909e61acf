#ifndef DAEMON_CONFIG_SETTINGS_H
#define DAEMON_CONFIG_SETTINGS_H

#include "daemon/config_section.h"
#include "text/arena.h"
#include "text/attribute.h"

#define CONFIG_SETTINGS_KEYS_MAX 96

/* The settings of one section while its text is parsed. */
struct config_settings {
	struct config *config;
	struct arena *arena; /* for the values */
	struct config_section *section;
	struct cfg_t *cfg; /* its options are in the order of setting_keys */
	struct config_place start; /* of the text that is being parsed */
	/* For config_lists.c: whether readers, writers are set already. */
	bool has_lists[2];
	/* The place of each key's last value. */
	struct config_place places[CONFIG_SETTINGS_KEYS_MAX];
};

/*
 * Prepares for settings->section; the caller has set the fields before `cfg`.
 * Returns -1 with config->error set. The caller releases it in each case.
 */
MUST_USE int config_settings_init(struct config_settings *settings);

/*
 * Parses settings, without sections and comments, that begin at `start`. May be
 * repeated. Returns -1 with config->error set.
 */
MUST_USE int config_settings_parse(struct config_settings *settings,
    const char *text, struct config_place start);

/* Adds the settings to the section. Returns -1 with config->error set. */
MUST_USE int config_settings_finish(struct config_settings *settings);

void config_settings_release(struct config_settings *settings);

#endif
