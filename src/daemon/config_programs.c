/* Checks that a section has at most one key that names a program. */
#include "daemon/config_programs.h"

#include <string.h>

#include "daemon/setting_keys.h"

static bool
is_program(size_t key)
{
	return setting_keys[key].read == settings_program_cgi ||
	    setting_keys[key].read == settings_program_scgi ||
	    setting_keys[key].read == settings_program_fastcgi;
}

/* The next program of a section, after `last` unless NULL; NULL: none. */
static const struct config_values *
next_program(
    const struct config_section *section, const struct config_values *last)
{
	const struct config_values *at =
	    last != NULL ? last->next : section->values;

	while (at != NULL && (!is_program(at->key) || at->values[0].len == 0))
		at = at->next;
	return at;
}

/* Whether `a` stands before `b` in one file. */
static bool
precedes(const struct config_values *a, const struct config_values *b)
{
	return a->place.file != NULL && b->place.file != NULL &&
	    strcmp(a->place.file, b->place.file) == 0 &&
	    a->place.line < b->place.line;
}

static int
check_section(
    struct config_loader *loader, const struct config_section *section)
{
	const struct config_values *first = next_program(section, NULL), *last;

	last = first != NULL ? next_program(section, first) : NULL;
	if (last == NULL)
		return 0;
	if (precedes(last, first)) {
		const struct config_values *swap = first;

		first = last;
		last = swap;
	}
	return config_section_fail(loader->config, last->place,
	    "%s and %s are both set, but a part has one program; remove one of "
	    "them",
	    setting_keys[first->key].name, setting_keys[last->key].name);
}

static int
check_paths(struct config_loader *loader, const struct config_section *section)
{
	const struct config_section *path = section->paths;

	for (; path != NULL; path = path->next)
		if (check_section(loader, path) == -1)
			return -1;
	return check_section(loader, section);
}

int
config_programs_check(struct config_loader *loader)
{
	const struct config_section *host = loader->top.hosts;

	for (; host != NULL; host = host->next)
		if (check_paths(loader, host) == -1)
			return -1;
	return check_paths(loader, &loader->top);
}

bool
config_programs_replace(const struct config_section *section, size_t key)
{
	return is_program(key) && next_program(section, NULL) != NULL;
}
