/*
 * Makes the zones of a capsule: the parts that only readers may see, and the
 * files of programs, which no visitor may see.
 */
#include "daemon/config_hide.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const no_readers[] = { NULL };

static bool
has_program(const struct rules_part *part)
{
	return part->program.kind != RULES_NO_PROGRAM;
}

int
config_hide_parts(struct config_loader *loader, struct host_config *host)
{
	const struct rules *rules = &host->rules;
	struct zone *all = arena_alloc(
	    &loader->config->arena, (rules->part_count + 1) * sizeof *all);
	struct zones zones = { all, 0 };
	bool any = false;

	if (all == NULL)
		return config_section_fail_memory(loader->config);
	for (size_t i = 0; i < rules->part_count; i++) {
		const struct rules_part *part = &rules->parts[i];
		struct zone *zone = &all[zones.count];

		/* A part without readers ends the zone around it. */
		if (part->readers == NULL && !has_program(part) &&
		    zones_find(&zones, part->place.path) == NULL)
			continue;
		*zone = (struct zone){ part->place.path,
			part->readers != NULL ? part->readers : no_readers,
			has_program(part) };
		any |= zones_has_readers(zone) || zone->is_hidden;
		zones.count++;
	}
	if (any)
		host->zones = zones;
	return 0;
}

/* The files of programs of all hosts, each once. */
struct file_list {
	const char **all;
	size_t count;
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
sort(struct file_list *files)
{
	size_t count = 0;

	if (files->count == 0)
		return;
	qsort(files->all, files->count, sizeof *files->all, compare_names);
	for (size_t i = 1; i < files->count; i++)
		if (strcmp(files->all[i], files->all[count]) != 0)
			files->all[++count] = files->all[i];
	files->count = count + 1;
}

/* Lists the directories and scripts that the configuration names. */
static int
list_files(struct config_loader *loader, struct file_list *files)
{
	const struct config *config = loader->config;
	size_t most = 0;

	for (size_t i = 0; i < config->host_count; i++)
		most += config->hosts[i].rules.part_count;
	*files = (struct file_list){ .all = arena_alloc(&loader->scratch,
					 (most + 1) * sizeof *files->all) };
	if (files->all == NULL)
		return config_section_fail_memory(loader->config);
	for (size_t i = 0; i < config->host_count; i++) {
		const struct rules *rules = &config->hosts[i].rules;

		for (size_t j = 0; j < rules->part_count; j++) {
			const struct rules_program *program =
			    &rules->parts[j].program;

			if (program->kind == RULES_CGI)
				files->all[files->count++] = program->target;
			else if (program->kind == RULES_FASTCGI &&
			    program->script != NULL)
				files->all[files->count++] = program->script;
		}
	}
	sort(files);
	return 0;
}

/*
 * The path of a file in the capsule with that root, beginning with a slash and
 * empty for the root itself; NULL outside of it.
 */
static const char *
path_in(const struct stat *root, const char *real)
{
	char folder[PATH_MAX];
	size_t len = strlen(real);
	struct stat st;

	if (len >= sizeof folder)
		return NULL;
	memcpy(folder, real, len + 1);
	while (stat(folder, &st) == 0) {
		if (st.st_dev == root->st_dev && st.st_ino == root->st_ino)
			return real + (len == 1 ? 0 : len);
		if (len <= 1)
			break;
		while (folder[--len] != '/')
			;
		len += len == 0;
		folder[len] = '\0';
	}
	return NULL;
}

/* Hides the normal path `path` of a host, and all files beneath it. */
static int
hide(struct config_loader *loader, struct host_config *host, struct str path)
{
	const struct zone *around = zones_find(&host->zones, path);
	size_t count = host->zones.count, at = 0;
	struct zone *all =
	    arena_alloc(&loader->config->arena, (count + 1) * sizeof *all);

	if (all == NULL)
		return config_section_fail_memory(loader->config);
	while (at < count && str_compare(host->zones.all[at].path, path) < 0)
		at++;
	if (count > 0)
		memcpy(all, host->zones.all, count * sizeof *all);
	if (at == count || !str_equals(all[at].path, path)) {
		memmove(&all[at + 1], &all[at], (count++ - at) * sizeof *all);
		all[at] = (struct zone){ path,
			around != NULL ? around->readers : no_readers, true };
	}
	for (; at < count && str_starts(all[at].path, path); at++)
		all[at].is_hidden |= all[at].path.len == path.len ||
		    all[at].path.at[path.len] == '/';
	host->zones = (struct zones){ all, count };
	return 0;
}

/* Hides the files that lie in the capsule of a host. */
static int
hide_in(struct config_loader *loader, struct host_config *host,
    const struct file_list *files)
{
	struct arena *arena = &loader->config->arena;
	struct stat root;

	if (stat(host->capsule, &root) == -1)
		return 0;
	for (size_t i = 0; i < files->count; i++) {
		const char *inside = path_in(&root, files->all[i]);
		const char *copy;
		struct str path;

		if (inside == NULL)
			continue;
		copy = arena_string(arena, str_of(inside));
		if (copy == NULL ||
		    zones_path(arena, str_of(copy), &path) == -1)
			return config_section_fail_memory(loader->config);
		if (hide(loader, host, path) == -1)
			return -1;
	}
	return 0;
}

int
config_hide_files(struct config_loader *loader)
{
	struct config *config = loader->config;
	struct file_list files;
	size_t count = 0;

	if (list_files(loader, &files) == -1)
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		char real[PATH_MAX];
		const char *path = NULL;

		if (realpath(files.all[i], real) == NULL)
			continue;
		path = arena_string(&loader->scratch, str_of(real));
		if (path == NULL)
			return config_section_fail_memory(config);
		files.all[count++] = path;
	}
	files.count = count;
	for (size_t i = 0; count > 0 && i < config->host_count; i++)
		if (hide_in(loader, &config->hosts[i], &files) == -1)
			return -1;
	return 0;
}
