#ifndef CONFIGURING_H
#define CONFIGURING_H

/* Loading configurations from files in a directory of their own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config_load.h"

/* A test's working directory, so that error lines hold short names. */
static char configuring_directory[] = "/tmp/test_config.XXXXXX";

static inline int
configuring_enter(void **state)
{
	(void)state;
	return mkdtemp(configuring_directory) != NULL &&
		chdir(configuring_directory) == 0
	    ? 0
	    : -1;
}

static inline int
configuring_leave(void **state)
{
	(void)state;
	unlink("c");
	return chdir("/") == 0 && rmdir(configuring_directory) == 0 ? 0 : -1;
}

static inline void
write_file(const char *name, struct str text)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
	assert_int_equal(fclose(file), 0);
}

#define SETTINGS 4

static const char *const no_settings[SETTINGS] = { NULL };

/* Loads `text` as the file, unless NULL, and "KEY=VALUE" settings. */
static inline int
load(struct config *config, const char *text, const char *const *settings)
{
	static char copies[SETTINGS][256];
	struct options options = { .file = text != NULL ? "c" : NULL };

	if (text != NULL)
		write_file("c", str_of(text));
	for (size_t i = 0; i < SETTINGS && settings[i] != NULL; i++) {
		snprintf(copies[i], sizeof copies[i], "%s", settings[i]);
		assert_int_equal(options_assign(&options, copies[i]), 0);
	}
	return config_load(config, &options);
}

static inline void
load_good(struct config *config, const char *text, const char *const *settings)
{
	if (load(config, text, settings) == -1)
		fail_msg("[%s]: %s", text != NULL ? text : "", config->error);
}

static inline void
expect_str(struct str got, const char *want)
{
	if (!str_equals(got, str_of(want)))
		fail_msg("got [%.*s], want [%s]", STR_ARG(got), want);
}

static inline void
expect_error(const char *text, const char *const *settings, const char *want)
{
	struct config config;

	if (load(&config, text, settings) == 0)
		fail_msg(
		    "[%s] is taken, want [%s]", text != NULL ? text : "", want);
	if (strcmp(config.error, want) != 0)
		fail_msg("got [%s], want [%s]", config.error, want);
	assert_null(config.arena.chunks);
}

#endif
