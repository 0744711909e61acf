/*
 * Archives of the capsule or of one directory, as downloads: the pages that
 * offer them, and a Gempub's metadata.
 */
#include "serve/archive_page.h"

#include <errno.h>
#include <unistd.h>

#include "index/filelist.h"
#include "serve/download.h"
#include "serve/remote.h"
#include "text/buf.h"
#include "text/utf8.h"
#include "tree/directory.h"
#include "tree/tour.h"

#define METADATA_SIZE 4096
#define SUFFIX STR(".tar.gz")

/*
 * Checks the size of the whole capsule against the limit by the index; -1 when
 * the index does not have it.
 */
static int
is_known_too_large(const struct host *host)
{
	uint64_t files, bytes;

	if (host->index == NULL ||
	    filelist_total(host->index, &files, &bytes) == -1)
		return -1;
	return download_is_too_large(host->archive_limit, files, bytes);
}

/* Checks the size of a directory against the limit by reading the tree. */
static bool
is_seen_too_large(const struct host *host, struct str directory)
{
	struct tour *tour = tour_open(host->tree, directory, false);
	uint64_t files = 0, bytes = 0;
	struct tour_file file;
	bool too_large = false;
	int found = -1;

	while (tour != NULL && found != 0 && !too_large) {
		found = tour_next(tour, &file);
		if (found != 1)
			break;
		close(file.entry.fd);
		bytes += (uint64_t)file.entry.st.st_size;
		too_large =
		    download_is_too_large(host->archive_limit, ++files, bytes);
	}
	tour_close(tour);
	return too_large;
}

static bool
is_too_large(const struct host *host, struct str directory)
{
	int known =
	    str_equals(directory, STR("/")) ? is_known_too_large(host) : -1;

	return known == -1 ? is_seen_too_large(host, directory) : known == 1;
}

/*
 * Returns STATUS_SUCCESS when the path exists in the tree, else as tree_open.
 */
static enum status
look_for(const struct tree *tree, struct str path)
{
	struct entry entry;
	enum status status = tree_open(tree, path, &entry);

	if (status == STATUS_SUCCESS)
		close(entry.fd);
	return status;
}

static void
add_field(struct buf *out, struct str key, struct str value)
{
	if (value.len == 0)
		return;
	buf_add(out, key);
	buf_add(out, STR(": "));
	utf8_clean(out, value);
	buf_char(out, '\n');
}

/* Finds the index page of the root and its modification time. */
static struct str
find_index(const struct tree *tree, int64_t *time)
{
	static const struct str names[] = { STR_INIT("index.gmi"),
		STR_INIT("index.gemini") };
	struct entry entry;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (tree_open_in(tree, STR("/"), names[i], &entry) !=
		    STATUS_SUCCESS)
			continue;
		close(entry.fd);
		*time = entry.st.st_mtime;
		if (!entry_is_directory(&entry))
			return names[i];
	}
	*time = 0;
	return STR("");
}

/*
 * Writes metadata.txt (Gempub specification, "metadata.txt"), unless the author
 * has that file.
 */
static int
add_metadata(
    const struct host *host, struct arena *arena, struct download_setup *setup)
{
	const struct site *site = host->site;
	struct buf text = buf_in(arena, METADATA_SIZE);
	struct str index, title, languages = site->lang;
	enum status status = look_for(host->tree, STR("/metadata.txt"));

	if (status != STATUS_NOT_FOUND)
		return status == STATUS_SUCCESS ? 0 : -1;
	index = find_index(host->tree, &setup->preface_time);
	directory_title(host->tree, arena, STR("/"), index, &title);
	if (title.len == 0 || title.len > METADATA_SIZE / 4)
		title = site->names[0];
	add_field(&text, STR("title"), title);
	add_field(&text, STR("gpubVersion"), STR("1.0.0"));
	add_field(&text, STR("index"), index);
	add_field(&text, STR("charset"), STR("UTF-8"));
	/*
	 * The field takes a single language; the first of several is the main
	 * one.
	 */
	add_field(&text, STR("language"), str_cut(&languages, ','));
	setup->preface = STR("metadata.txt");
	setup->preface_text = buf_str(&text);
	return text.overflow ? -1 : 0;
}

enum status
archive_page_open(const struct host *host, const struct request *request,
    enum archive_page_kind kind, struct body **out)
{
	struct str directory = request->path;
	struct download_setup setup = {
		.tree = host->tree,
		.directory = directory,
		.format = kind == ARCHIVE_PAGE_TAR ? ARCHIVE_TAR : ARCHIVE_ZIP,
		.limit = host->archive_limit,
		.strict = host->strict_archives,
	};
	enum status status = look_for(host->tree, directory);

	if (status != STATUS_SUCCESS)
		return status;
	if (is_too_large(host, directory))
		return STATUS_TOO_LARGE;
	if (kind == ARCHIVE_PAGE_GEMPUB &&
	    add_metadata(host, request->arena, &setup) == -1)
		return STATUS_FAILURE;
	/*
	 * Only an archive of the whole capsule has a generated manifest, and an
	 * author's own file replaces it.
	 */
	if (str_equals(directory, STR("/"))) {
		status = look_for(host->tree, STR("/manifest"));
		if (status == STATUS_FAILURE)
			return status;
		setup.with_manifest = status == STATUS_NOT_FOUND;
	}
	*out = download_open(request->arena, &setup);
	return *out != NULL ? STATUS_SUCCESS : STATUS_FAILURE;
}

static void
answer_with(const struct host *host, const struct request *request,
    enum archive_page_kind kind, struct str directory,
    struct response *response)
{
	struct request whole = *request;
	struct body *body;
	enum status status;

	if (remote_ask(host, request, response))
		return;
	whole.path = directory;
	status = archive_page_open(host, &whole, kind, &body);
	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return;
	}
	response_set(response, STATUS_SUCCESS,
	    kind == ARCHIVE_PAGE_GEMPUB ? RESPONSE_GEMPUB : RESPONSE_TAR);
	response->body = body;
}

void
archive_page_gempub(const struct host *host, const struct request *request,
    struct response *response)
{
	answer_with(host, request, ARCHIVE_PAGE_GEMPUB, STR("/"), response);
}

void
archive_page_tar(const struct host *host, const struct request *request,
    struct response *response)
{
	answer_with(host, request, ARCHIVE_PAGE_TAR, STR("/"), response);
}

enum handled
archive_page_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	struct str path = request->path;
	struct buf directory;
	enum status status;

	if (host->builtins == NULL || host->builtins[BUILTIN_TAR].len == 0 ||
	    !str_ends(path, SUFFIX))
		return DECLINED;
	path = str_head(path, path.len - SUFFIX.len);
	if (str_ends(path, STR("/")))
		return DECLINED;
	directory = buf_in(request->arena, path.len + 1);
	buf_add(&directory, path);
	buf_char(&directory, '/');
	if (directory.overflow) {
		response_error(response, STATUS_FAILURE);
		return HANDLED;
	}
	path = buf_str(&directory);
	status = look_for(host->tree, path);
	if (status == STATUS_NOT_FOUND)
		return DECLINED;
	if (status == STATUS_SUCCESS)
		answer_with(host, request, ARCHIVE_PAGE_TAR, path, response);
	else
		response_error(response, status);
	return HANDLED;
}
