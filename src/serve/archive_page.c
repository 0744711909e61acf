/*
 * Archives of the capsule or of one directory: the pages that offer them.
 */
#include "serve/archive_page.h"

#include "index/capsule_archive.h"
#include "serve/remote.h"
#include "serve/spool.h"
#include "text/buf.h"

#define SUFFIX STR(".tar.gz")

static int
write_archive(void *context, struct sink *sink)
{
	return capsule_archive_write(context, sink);
}

static enum status
open_body(struct capsule_archive *archive, struct body **out)
{
	const struct spool_source source = { .write = write_archive,
		.context = archive };
	enum status status = capsule_archive_open(archive);

	if (status != STATUS_SUCCESS)
		return status;
	*out = spool_open(archive->arena, &source);
	return *out != NULL ? STATUS_SUCCESS : STATUS_FAILURE;
}

/* Answers with the archive of this kind and directory. */
static void
answer_with(const struct host *host, const struct request *request,
    const struct capsule_archive *wanted, struct response *response)
{
	struct capsule_archive *archive;
	enum status status = STATUS_FAILURE;
	struct body *body;

	if (remote_ask(host, request, response))
		return;
	archive = arena_alloc(request->arena, sizeof *archive);
	if (archive != NULL) {
		*archive = *wanted;
		archive->arena = request->arena;
		archive->tree = request->tree;
		archive->site = host->site;
		/* The index lacks the files of every zone. */
		archive->index = request->zone == NULL ? host->index : NULL;
		archive->limit = host->archive_limit;
		status = open_body(archive, &body);
	}
	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return;
	}
	response_set(response, STATUS_SUCCESS,
	    archive->kind == CAPSULE_ARCHIVE_GEMPUB ? RESPONSE_GEMPUB
						    : RESPONSE_TAR);
	response->body = body;
}

void
archive_page_gempub(const struct host *host, const struct request *request,
    struct response *response)
{
	const struct capsule_archive wanted = { .kind = CAPSULE_ARCHIVE_GEMPUB,
		.directory = STR("/") };

	answer_with(host, request, &wanted, response);
}

void
archive_page_tar(const struct host *host, const struct request *request,
    struct response *response)
{
	const struct capsule_archive wanted = { .kind = CAPSULE_ARCHIVE_TAR,
		.directory = STR("/") };

	answer_with(host, request, &wanted, response);
}

bool
archive_page_directory(struct str *path)
{
	struct str directory = *path;

	if (!str_ends(directory, SUFFIX))
		return false;
	directory.len -= SUFFIX.len;
	if (str_ends(directory, STR("/")))
		return false;
	*path = directory;
	return true;
}

enum handled
archive_page_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	struct capsule_archive wanted = { .kind = CAPSULE_ARCHIVE_TAR };
	struct str path = request->path;
	struct buf directory;
	enum status status;

	if (host->builtins == NULL || host->builtins[BUILTIN_TAR].len == 0 ||
	    !archive_page_directory(&path))
		return DECLINED;
	directory = buf_in(request->arena, path.len + 1);
	buf_add(&directory, path);
	buf_char(&directory, '/');
	if (directory.overflow) {
		response_error(response, STATUS_FAILURE);
		return HANDLED;
	}
	wanted.directory = buf_str(&directory);
	status = tree_status(request->tree, wanted.directory);
	if (status == STATUS_NOT_FOUND)
		return DECLINED;
	if (status == STATUS_SUCCESS)
		answer_with(host, request, &wanted, response);
	else
		response_error(response, status);
	return HANDLED;
}
