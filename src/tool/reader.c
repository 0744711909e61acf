/*
 * Questions to a capsule without a server.  Knows what a server is made of;
 * the answers are those of the protocols.
 */
#include "tool/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "serve/packer.h"
#include "tree/catalogbuild.h"
#include "tree/media.h"
#include "tree/tree.h"

#define MEMORY ((size_t)256 << 10)

int
reader_open(struct reader *reader, const struct config *config, char *error,
    size_t error_size)
{
	struct media *media;

	*reader = (struct reader){ 0 };
	if (tree_init(&reader->tree, config->capsule) == -1) {
		snprintf(error, error_size, "%.200s: cannot be opened: %s; %s",
		    config->capsule, strerror(errno), tree_init_remedy(errno));
		return -1;
	}
	packer_prepare();
	media = media_new(error, error_size);
	if (media == NULL) {
		tree_release(&reader->tree);
		return -1;
	}
	reader->server = (struct server){
		.site = &config->site,
		.tree = &reader->tree,
		.media = media,
		.directories = &reader->directories,
		.kept = &reader->kept,
		.archive_limit = (uint64_t)config->archive_limit << 20,
		.builtins = config->builtins,
	};
	reader->has_gopher = config->gopher_count > 0;
	arena_init(&reader->arena, MEMORY);
	return 0;
}

void
reader_release(struct reader *reader)
{
	arena_release(&reader->arena);
	catalog_shelf_release(&reader->shelf);
	kept_release(&reader->kept);
	directory_cache_release(&reader->directories);
	media_free(reader->server.media);
	tree_release(&reader->tree);
}

/* A file for the index, which has no name. */
static int
make_blank(void *context)
{
	FILE *file = tmpfile();
	int fd = -1;

	(void)context;
	if (file == NULL)
		return -1;
	fd = dup(fileno(file));
	fclose(file);
	return fd;
}

int
reader_index(struct reader *reader)
{
	const struct catalogbuild_setup setup = {
		.tree = &reader->tree,
		.media = reader->server.media,
		.english = site_is_english(reader->server.site),
		.blank = make_blank,
	};
	struct catalogbuild *build = catalogbuild_new(&setup, -1);
	int fd = -1;

	if (build != NULL && catalogbuild_update(build, NULL) == 1)
		fd = catalogbuild_take(build);
	catalogbuild_free(build);
	if (fd == -1 || catalog_put(&reader->shelf, fd) == -1)
		return -1;
	reader->server.shelf = &reader->shelf;
	return 0;
}

/* The META of a Gemini header: "31 /docs/\r\n". */
static struct str
meta_of(struct str head)
{
	return head.len > 5 ? str_head(str_tail(head, 3), head.len - 5)
			    : (struct str){ 0 };
}

struct reader_answer
reader_ask(
    struct reader *reader, const struct protocol *protocol, struct str line)
{
	struct reader_answer answer = { 0 };
	struct exchange exchange = {
		.server = &reader->server, .arena = &reader->arena, .fd = -1
	};

	arena_reset(&reader->arena);
	if (protocol->answer(&exchange, line, true) == PARSE_DONE) {
		answer.status = exchange.status;
		if (protocol == &gemini)
			answer.meta = meta_of(exchange.head);
	}
	exchange_release(&exchange);
	return answer;
}
