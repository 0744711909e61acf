/*
 * The values of a key: where they come from, and how they replace or extend
 * those of an outer section.
 */
#include "daemon/config_values.h"

#include <string.h>

#include "daemon/setting_keys.h"

int
config_values_append(struct config_loader *loader, struct config_values *found,
    const char *value)
{
	struct str *values =
	    arena_alloc(&loader->scratch, (found->count + 1) * sizeof *values);

	if (values == NULL)
		return config_section_fail_memory(loader->config);
	for (size_t i = 0; i < found->count; i++)
		values[i] = found->values[i];
	values[found->count++] = str_of(value);
	found->values = values;
	return 0;
}

int
config_values_join(struct config_loader *loader,
    const struct config_values *first, const struct config_values *second,
    struct config_values *out)
{
	size_t count = first->count + second->count;
	struct str *values =
	    arena_alloc(&loader->scratch, (count + 1) * sizeof *values);

	if (values == NULL)
		return config_section_fail_memory(loader->config);
	for (size_t i = 0; i < count; i++)
		values[i] = i < first->count ? first->values[i]
					     : second->values[i - first->count];
	*out = *second;
	out->values = values;
	out->count = count;
	return 0;
}

/* The default of gemini or gopher with sockets of a service manager. */
static int
take_sockets(struct config_loader *loader, struct config_values *out)
{
	const struct options *options = loader->options;
	const char *name = setting_keys[out->key].name;

	for (size_t i = 0; i < options->socket_count; i++)
		if (strcmp(options->sockets[i].key, name) == 0 &&
		    config_values_append(
			loader, out, options->sockets[i].text) == -1)
			return -1;
	return out->count > 0 ? 0 : config_values_append(loader, out, "off");
}

int
config_values_default(
    struct config_loader *loader, size_t key, struct config_values *out)
{
	const struct setting_key *of = &setting_keys[key];
	struct str rest = str_of(of->fallback);

	*out = (struct config_values){ .key = key, .is_default = true };
	if (loader->options->socket_count > 0 &&
	    (of->read == settings_listen_gemini ||
		of->read == settings_listen_gopher))
		return take_sockets(loader, out);
	while (of->fallback != NULL) {
		struct str value = str_cut(&rest, of->list ? ' ' : '\0');
		const char *text = arena_string(&loader->scratch, value);

		if (text == NULL ||
		    config_values_append(loader, out, text) == -1)
			return config_section_fail_memory(loader->config);
		if (rest.len == 0)
			break;
	}
	return 0;
}

int
config_values_override(struct config_loader *loader,
    const struct config_section *section, const struct config_values *outer,
    struct config_values *out)
{
	const struct config_values *own =
	    config_section_find(section, outer->key);

	*out = own != NULL ? *own : *outer;
	if (own == NULL || !own->appends)
		return 0;
	return config_values_join(loader, outer, own, out);
}

int
config_values_fail(struct config_loader *loader,
    const struct config_values *values, const struct config_section *section)
{
	struct config *config = loader->config;
	struct config_place place = values->place;
	/* Every flag but -o belongs to one key: no need to name it. */
	const char *name =
	    values->flag != NULL && strcmp(values->flag, "-o") == 0
	    ? setting_keys[values->key].name
	    : "";
	char problem[sizeof config->error];

	memcpy(problem, config->error, sizeof problem);
	if (values->is_of_options) {
		place.file = NULL;
		if (values->flag == NULL)
			return config_section_fail(
			    config, place, "%.350s", problem);
		return config_section_fail(config, place, "%s%s%s: %.350s",
		    values->flag, name[0] != '\0' ? " " : "", name, problem);
	}
	if (place.line == 0 && section != NULL)
		place = section->place;
	else if (place.line == 0)
		place.file = loader->file;
	return config_section_fail(config, place, "%.350s", problem);
}

int
config_values_read(struct config_loader *loader,
    const struct config_values *values, const struct config_target *target)
{
	struct setting setting = { .config = loader->config,
		.host = target->host,
		.part = target->part,
		.key = &setting_keys[values->key],
		.values = values->values,
		.count = values->count,
		.file = values->is_of_options ? NULL : values->place.file,
		.is_default = values->is_default };

	return setting.key->read(&setting) == 0
	    ? 0
	    : config_values_fail(loader, values, target->section);
}
