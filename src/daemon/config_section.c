/* The sections of a configuration, as text, and error messages about them. */
#include "daemon/config_section.h"

#include <stdarg.h>
#include <stdio.h>

struct config_values *
config_section_find(const struct config_section *section, size_t key)
{
	struct config_values *at = section->values;

	while (at != NULL && at->key != key)
		at = at->next;
	return at;
}

int
config_section_fail(
    struct config *config, struct config_place place, const char *format, ...)
{
	char *error = config->error;
	int len = 0;
	va_list arguments;

	if (place.file != NULL && place.line > 0)
		len = snprintf(error, sizeof config->error,
		    "%.128s:%d: ", place.file, place.line);
	else if (place.file != NULL)
		len = snprintf(
		    error, sizeof config->error, "%.128s: ", place.file);
	va_start(arguments, format);
	vsnprintf(
	    error + len, sizeof config->error - (size_t)len, format, arguments);
	va_end(arguments);
	for (char *at = error; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	return -1;
}

int
config_section_fail_memory(struct config *config)
{
	return config_section_fail(config, (struct config_place){ 0 },
	    "no memory for the configuration, make it shorter");
}
