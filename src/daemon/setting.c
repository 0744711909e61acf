/*
 * Readers of settings of simple types, and the means of all readers.
 */
#include "daemon/setting.h"

#include <stdarg.h>
#include <stdio.h>

int
setting_fail(struct setting *s, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(s->config->error, sizeof s->config->error, format, arguments);
	va_end(arguments);
	return -1;
}

int
setting_fail_memory(struct setting *s)
{
	return setting_fail(
	    s, "no memory for %s, make it shorter", s->key->name);
}

void *
setting_field(struct setting *s)
{
	char *base = (char *)s->config;

	switch (s->key->scope) {
	case SETTING_PROCESS: break;
	case SETTING_HOST: base = (char *)s->host; break;
	case SETTING_PATH: base = (char *)s->part; break;
	}
	return base + s->key->at;
}

void *
setting_array(struct setting *s, size_t count, size_t size)
{
	return arena_alloc(&s->config->arena, (count + 1) * size);
}

int
setting_text(struct setting *s)
{
	const char **field = setting_field(s);

	*field = arena_string(&s->config->arena, s->values[0]);
	return *field != NULL ? 0 : setting_fail_memory(s);
}

int
setting_path(struct setting *s)
{
	if (s->values[0].len == 0)
		return setting_fail(
		    s, "%s is empty, name a directory", s->key->name);
	return setting_text(s);
}

int
setting_switch(struct setting *s)
{
	struct str value = s->values[0];
	bool *field = setting_field(s);

	*field = str_equals(value, STR("yes"));
	if (!*field && !str_equals(value, STR("no")))
		return setting_fail(s, "%s is \"%.99s\", give yes or no",
		    s->key->name, value.at);
	return 0;
}

int
setting_number(struct setting *s, unsigned long *out)
{
	const struct setting_key *k = s->key;
	struct str value = s->values[0];

	if (!str_number(value, k->most, out) || *out < k->least)
		return setting_fail(s,
		    "%s is \"%.99s\", give a number from %u to %u", k->name,
		    value.at, k->least, k->most);
	return 0;
}

int
setting_count(struct setting *s)
{
	unsigned *field = setting_field(s);
	unsigned long number;

	if (setting_number(s, &number) == -1)
		return -1;
	*field = (unsigned)number;
	return 0;
}
