/*
 * A configuration file and, behind a line "--", what the command line sets
 * after it.  Either it is refused in one line for people, or all that is
 * needed to serve is there.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/config_load.h"
#include "fuzz.h"

#define SEPARATOR "\n--\n"

/* A file without a name, which is read by way of its descriptor. */
static const char *
file_of(struct str text)
{
	static char path[64];
	static int fd = -1;

	if (fd == -1) {
		/* In memory: a disk that is busy would make it slow. */
		fd = memfd_create("config", MFD_CLOEXEC);
		CHECK(fd != -1);
		snprintf(path, sizeof path, "/dev/fd/%d", fd);
	}
	CHECK(ftruncate(fd, 0) == 0);
	CHECK(pwrite(fd, text.at, text.len, 0) == (ssize_t)text.len);
	return path;
}

/* The lines KEY=VALUE, each NUL-terminated in place. */
static void
add_settings(struct options *options, char *lines)
{
	while (lines != NULL && *lines != '\0') {
		char *end = strchr(lines, '\n');

		if (end != NULL)
			*end++ = '\0';
		(void)!options_assign(options, lines);
		lines = end;
	}
}

static void
check_site(const struct site *site)
{
	CHECK(site->name_count > 0);
	for (size_t i = 0; i < site->name_count; i++)
		CHECK(site->names[i].len > 0);
	CHECK(site->gemini_port_count > 0);
	CHECK(site->gopher_host.len > 0);
	CHECK(site->width >= 33 && site->width <= 200);
	for (size_t i = 0; i < site->type_count; i++) {
		CHECK(site->types[i].mime.len > 0);
		CHECK(site->types[i].item > ' ' && site->types[i].item <= '~');
	}
	CHECK(str_find(site->lang, '\n') == site->lang.len);
}

/* A place is found by its own path, in order, and has a line. */
static void
check_place(const struct rules_place *place, const struct rules_place *last)
{
	CHECK(place->path.len == 0 || place->path.at[0] == '/');
	CHECK(place->file != NULL || place->path.len == 0);
	CHECK(last == NULL || rules_compare(last, place) < 0);
}

static void
check_rules(const struct rules *rules)
{
	for (size_t i = 0; i < rules->part_count; i++) {
		const struct rules_part *part = &rules->parts[i];

		check_place(&part->place, i > 0 ? &part[-1].place : NULL);
		CHECK(rules_part_of(rules, part->place.path) == part);
	}
	for (size_t i = 0; i < rules->move_count; i++) {
		const struct rules_move *move = &rules->moves[i];

		check_place(&move->place, i > 0 ? &move[-1].place : NULL);
		CHECK((move->status == STATUS_GONE) == (move->target.len == 0));
		for (size_t j = 0; j < move->target.len; j++)
			CHECK(move->target.at[j] > ' ' &&
			    move->target.at[j] <= '~');
		CHECK(move->target.len <= 1024);
	}
}

static void
check_host(const struct host_config *host)
{
	check_site(&host->site);
	check_rules(&host->rules);
	CHECK(host->capsule != NULL && host->capsule[0] != '\0');
	CHECK(host->certs != NULL && host->certs[0] != '\0');
}

static void
check_config(const struct config *config)
{
	CHECK(config->host_count > 0);
	for (size_t i = 0; i < config->host_count; i++)
		check_host(&config->hosts[i]);
	for (size_t i = 0; i < config->gopher_count; i++)
		CHECK(config->gopher_hosts[i] < config->host_count);
	CHECK(config->user != NULL);
	CHECK(config->workers > 0 && config->workers <= 256);
	CHECK(config->gemini_count + config->gopher_count > 0);
	CHECK(config->request_timeout_ms > 0);
	CHECK(config->stall_timeout_ms > 0);
	CHECK(config->drain_timeout_ms > 0);
	CHECK(config->shutdown_timeout_ms > 0);
}

/* It begins with where, and is one line. */
static void
check_error(
    const struct config *config, const struct options *options, bool includes)
{
	size_t len = strnlen(config->error, sizeof config->error);

	CHECK(len > 0 && len < sizeof config->error);
	for (size_t i = 0; i < len; i++)
		CHECK((unsigned char)config->error[i] >= ' ' &&
		    config->error[i] != 0x7f);
	/* An included file is named as the file that includes it. */
	CHECK(str_starts(str_of(config->error), str_of(options->file)) ||
	    str_starts(str_of(config->error), STR("-o ")) || includes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct options options = { 0 };
	struct str text = fuzz_text(data, size);
	const char *split = size > 0 ? memmem(data, size, SEPARATOR, 4) : NULL;
	char *settings = NULL;
	bool includes;

	if (split != NULL) {
		size_t len = (size_t)(split - text.at);

		settings = strndup(split + 4, size - len - 4);
		text = str_head(text, len);
		CHECK(settings != NULL);
	}
	includes = memmem(text.at, text.len, "include", 7) != NULL;
	options.file = file_of(text);
	add_settings(&options, settings);
	if (config_load(&config, &options) == 0) {
		check_config(&config);
		config_release(&config);
	} else {
		check_error(&config, &options, includes);
	}
	free(settings);
	return 0;
}
