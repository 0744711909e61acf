/* The parts of capsules that have writers, and their folders. */
#include "daemon/writerparts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/readable.h"
#include "text/buf.h"
#include "tree/beneath.h"
#include "tree/storespace.h"

struct str
writerparts_folder(const struct rules_part *part,
    char path[WRITERPARTS_PATH_MAX], size_t *depth)
{
	struct buf out = buf_over(path, WRITERPARTS_PATH_MAX);

	buf_add(&out, part->place.path);
	buf_char(&out, '/');
	/* For a part of one page, remove the name of the page. */
	while (
	    !part->place.is_folder && out.len > 1 && out.at[out.len - 1] == '/')
		out.len--;
	while (
	    !part->place.is_folder && out.len > 1 && out.at[out.len - 1] != '/')
		out.len--;
	*depth = 0;
	for (size_t i = 1; i < out.len; i++)
		*depth += out.at[i] == '/';
	return out.overflow ? (struct str){ 0 } : buf_str(&out);
}

static size_t
count_all(const struct server *server)
{
	size_t count = 0;

	for (size_t i = 0; i < server->host_count; i++)
		if (server->hosts[i].rules != NULL)
			count += server->hosts[i].rules->part_count;
	return count;
}

static void
log_no_folder(const struct rules_part *part)
{
	log_line(LOG_LEVEL_WARN,
	    "writer: cannot open the folder %.*s/ of %s:%d: %s; "
	    "make it, writable for the user of the server, and send "
	    "SIGHUP",
	    STR_ARG(part->place.path),
	    part->place.file != NULL ? part->place.file : "the command line",
	    part->place.line, strerror(errno));
}

static void
open_part(struct writerparts *parts, const struct host *host,
    const struct rules_part *part)
{
	char path[WRITERPARTS_PATH_MAX];
	size_t depth;
	struct str folder = writerparts_folder(part, path, &depth);
	int fd = -1;

	errno = ENAMETOOLONG;
	if (folder.len > 0) {
		path[folder.len - 1] = '\0';
		fd = beneath_open(
		    host->tree->root, folder.len > 1 ? path + 1 : ".");
	}
	if (fd != -1)
		parts->folders[parts->count++] = fd;
	else
		log_no_folder(part);
}

/* Calls `call` for each writable part. */
static void
for_each(const struct server *server, struct writerparts *parts,
    void (*call)(
	struct writerparts *, const struct host *, const struct rules_part *))
{
	for (size_t i = 0; i < server->host_count; i++) {
		const struct host *host = &server->hosts[i];

		for (size_t j = 0;
		     host->rules != NULL && j < host->rules->part_count; j++)
			if (rules_is_writable(&host->rules->parts[j]))
				call(parts, host, &host->rules->parts[j]);
	}
}

int
writerparts_open(struct writerparts *parts, const struct server *server)
{
	*parts = (struct writerparts){ .folders = calloc(count_all(server) + 1,
					   sizeof(int)) };
	if (parts->folders == NULL)
		return -1;
	for_each(server, parts, open_part);
	return 0;
}

void
writerparts_release(struct writerparts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		close(parts->folders[i]);
	free(parts->folders);
	*parts = (struct writerparts){ 0 };
}

/* Root opened the folder before the process became the user of the server. */
static void
check_access(const struct host *host, const struct rules_part *part)
{
	char path[WRITERPARTS_PATH_MAX];
	size_t depth;
	struct str folder = writerparts_folder(part, path, &depth);
	int fd;

	if (folder.len == 0)
		return;
	path[folder.len - 1] = '\0';
	fd = beneath_open(host->tree->root, folder.len > 1 ? path + 1 : ".");
	if (fd == -1)
		return;
	if (readable_at(fd, ".", W_OK | X_OK) == -1)
		log_no_folder(part);
	close(fd);
}

static void
clean_part(struct writerparts *parts, const struct host *host,
    const struct rules_part *part)
{
	char path[WRITERPARTS_PATH_MAX];
	size_t depth;
	struct str folder = writerparts_folder(part, path, &depth);

	(void)parts;
	check_access(host, part);
	if (folder.len > 0 && storespace_clean(host->tree, folder) == -1 &&
	    errno != ENOENT)
		log_line(LOG_LEVEL_WARN,
		    "writer: cannot remove all that an interrupted upload left "
		    "in %.*s: %s; check the owner and the mode of the "
		    "folder",
		    STR_ARG(folder), strerror(errno));
}

void
writerparts_clean(const struct server *server)
{
	for_each(server, NULL, clean_part);
}
