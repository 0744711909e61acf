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
check_site(const struct config *config)
{
	const struct site *site = &config->hosts->site;

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

static void
check_config(const struct config *config)
{
	check_site(config);
	CHECK(config->hosts->capsule != NULL &&
	    config->hosts->capsule[0] != '\0');
	CHECK(config->hosts->certs != NULL && config->hosts->certs[0] != '\0');
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
check_error(const struct config *config, const struct options *options)
{
	size_t len = strnlen(config->error, sizeof config->error);

	CHECK(len > 0 && len < sizeof config->error);
	for (size_t i = 0; i < len; i++)
		CHECK((unsigned char)config->error[i] >= ' ' &&
		    config->error[i] != 0x7f);
	CHECK(str_starts(str_of(config->error), str_of(options->file)) ||
	    str_starts(str_of(config->error), STR("-o ")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config config;
	struct options options = { 0 };
	struct str text = fuzz_text(data, size);
	const char *split = size > 0 ? memmem(data, size, SEPARATOR, 4) : NULL;
	char *settings = NULL;

	if (split != NULL) {
		size_t len = (size_t)(split - text.at);

		settings = strndup(split + 4, size - len - 4);
		text = str_head(text, len);
		CHECK(settings != NULL);
	}
	options.file = file_of(text);
	add_settings(&options, settings);
	if (config_load(&config, &options) == 0) {
		check_config(&config);
		config_release(&config);
	} else {
		check_error(&config, &options);
	}
	free(settings);
	return 0;
}
