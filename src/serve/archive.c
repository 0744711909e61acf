/*
 * Downloads of a whole tree.  Knows what goes into an archive, in which order,
 * and when it must not be finished; leaves its bytes to the packer.
 */
#include "serve/archive.h"

#include <errno.h>
#include <unistd.h>

#include "serve/builtin.h"
#include "serve/packer.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "text/buf.h"
#include "text/utf8.h"
#include "tree/directory.h"
#include "tree/tour.h"

/* What is read of a file at once, and how often in one pull. */
#define BLOCK 16384
#define STEPS_A_PULL 4
/* At once, in one process: each has half a megabyte of memory. */
#define ARCHIVES_MAX 64
/* What a zip says of each file has to be kept until its end. */
#define FILES_MAX 250000
/* For finding out at once that a tree is too large. */
#define MEASURE_MS 2
#define METADATA_SIZE 4096
#define SUFFIX STR(".tar.gz")

enum download_state {
	DOWNLOAD_METADATA,
	DOWNLOAD_BETWEEN, /* files */
	DOWNLOAD_WITHIN, /* a file */
	DOWNLOAD_ENDED, /* but for what waits in the packer */
};

struct download {
	struct body body;
	const struct server *server;
	enum download_state state;
	struct packer *packer;
	struct tour *tour;
	struct tour_file file; /* within a file; else its fd is -1 */
	off_t left; /* of it */
	uint64_t files, bytes; /* so far */
	struct str metadata; /* empty: none is to be made */
	int64_t metadata_time;
	char block[BLOCK];
};

static bool
is_too_large(const struct server *server, uint64_t files, uint64_t bytes)
{
	return files > FILES_MAX ||
	    (server->archive_limit > 0 && bytes > server->archive_limit);
}

static int
write_metadata(struct download *download)
{
	const struct packer_file file = { .path = STR("metadata.txt"),
		.size = download->metadata.len,
		.time = download->metadata_time };

	download->state = DOWNLOAD_BETWEEN;
	if (download->metadata.len == 0)
		return 0;
	if (packer_begin(download->packer, &file) == -1)
		return -1;
	return packer_write(download->packer, download->metadata);
}

static int
next_file(struct download *download)
{
	const struct stat *st = &download->file.entry.st;
	struct packer_file file;
	int found = tour_next(download->tour, &download->file);

	if (found == -1)
		return -1;
	if (found == 0) {
		download->state = DOWNLOAD_ENDED;
		return packer_end(download->packer);
	}
	download->state = DOWNLOAD_WITHIN;
	download->left = st->st_size;
	download->bytes += (uint64_t)st->st_size;
	if (is_too_large(
		download->server, ++download->files, download->bytes)) {
		errno = EFBIG;
		return -1;
	}
	file = (struct packer_file){ .path = download->file.path,
		.size = (uint64_t)st->st_size,
		.time = st->st_mtime };
	return packer_begin(download->packer, &file);
}

/*
 * Half of one version and half of another is neither.  One that was replaced
 * as a whole is still whole here.
 */
static bool
has_changed(const struct entry *entry)
{
	struct stat now;

	return fstat(entry->fd, &now) == -1 ||
	    now.st_size != entry->st.st_size ||
	    now.st_mtim.tv_sec != entry->st.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != entry->st.st_mtim.tv_nsec;
}

static int
changed(const struct download *download)
{
	char text[1024];
	struct buf line = buf_over(text, sizeof text);
	struct str path = download->file.path;

	log_field(
	    &line, "file", str_head(path, path.len < 256 ? path.len : 256));
	log_line(LOG_LEVEL_WARN,
	    "archive: a file changed while it was read: %.*s",
	    STR_ARG(buf_str(&line)));
	errno = ESTALE;
	return -1;
}

static int
next_block(struct download *download)
{
	const struct entry *entry = &download->file.entry;
	size_t room = sizeof download->block;
	ssize_t got;

	if (download->left == 0) {
		if (has_changed(entry))
			return changed(download);
		close(entry->fd);
		download->file.entry.fd = -1;
		download->state = DOWNLOAD_BETWEEN;
		return 0;
	}
	if ((uintmax_t)download->left < room)
		room = (size_t)download->left;
	got = read(entry->fd, download->block, room);
	if (got == 0)
		return changed(download);
	if (got == -1)
		return errno == EINTR ? 0 : -1;
	download->left -= got;
	return packer_write(
	    download->packer, (struct str){ download->block, (size_t)got });
}

static int
step(struct download *download)
{
	switch (download->state) {
	case DOWNLOAD_METADATA: return write_metadata(download);
	case DOWNLOAD_BETWEEN: return next_file(download);
	case DOWNLOAD_WITHIN: return next_block(download);
	case DOWNLOAD_ENDED: break;
	}
	return 0;
}

static ssize_t
download_pull(struct body *body, char *at, size_t room)
{
	struct download *download = (struct download *)body;
	size_t len;

	for (int i = 0; i < STEPS_A_PULL && download->state != DOWNLOAD_ENDED &&
	     packer_waiting(download->packer) < room;
	     i++) {
		if (step(download) == 0)
			continue;
		if (errno != EAGAIN)
			return -1;
		break;
	}
	len = packer_take(download->packer, at, room);
	body->ended = download->state == DOWNLOAD_ENDED &&
	    packer_waiting(download->packer) == 0;
	if (len > 0 || body->ended)
		return (ssize_t)len;
	errno = EAGAIN;
	return -1;
}

static void
download_release(struct body *body)
{
	struct download *download = (struct download *)body;

	if (download->file.entry.fd != -1)
		close(download->file.entry.fd);
	tour_close(download->tour);
	packer_free(download->packer);
	if (download->server->archives != NULL)
		--*download->server->archives;
}

/*
 * Whether a look of a moment finds more than may be packed.  What takes longer
 * is found out on the way.
 */
static bool
is_seen_too_large(const struct server *server, struct str directory)
{
	const struct timespec ends = clock_in(MEASURE_MS);
	struct tour *tour = tour_open(server->tree, directory);
	uint64_t files = 0, bytes = 0;
	struct tour_file file;
	bool too_large = false;
	int found = -1;

	while (tour != NULL && found != 0 && !too_large &&
	    clock_until_ms(&ends) > 0) {
		found = tour_next(tour, &file);
		if (found == -1 && errno != EAGAIN)
			break;
		if (found != 1)
			continue;
		close(file.entry.fd);
		bytes += (uint64_t)file.entry.st.st_size;
		too_large = is_too_large(server, ++files, bytes);
	}
	tour_close(tour);
	return too_large;
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

/* The page that a visitor of the root gets, and when it was written. */
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
 * What a Gempub says of itself (its specification, "metadata.txt"), unless
 * the author has a file that says it.
 */
static int
make_metadata(struct download *download, struct arena *arena)
{
	const struct server *server = download->server;
	const struct site *site = server->site;
	struct buf text = buf_in(arena, METADATA_SIZE);
	struct str index, title, languages = site->lang;
	struct entry entry;

	if (tree_open(server->tree, STR("/metadata.txt"), &entry) ==
	    STATUS_SUCCESS) {
		close(entry.fd);
		return 0;
	}
	index = find_index(server->tree, &download->metadata_time);
	directory_title(server->tree, arena, STR("/"), index, &title);
	if (title.len == 0 || title.len > METADATA_SIZE / 4)
		title = site->names[0];
	add_field(&text, STR("title"), title);
	add_field(&text, STR("gpubVersion"), STR("1.0.0"));
	add_field(&text, STR("index"), index);
	add_field(&text, STR("charset"), STR("UTF-8"));
	/* It is to be one, and of several the first is the main one. */
	add_field(&text, STR("language"), str_cut(&languages, ','));
	download->metadata = buf_str(&text);
	return text.overflow ? -1 : 0;
}

static int
open_parts(struct download *download, struct arena *arena,
    enum archive_kind kind, struct str directory)
{
	if (kind == ARCHIVE_GEMPUB && make_metadata(download, arena) == -1)
		return -1;
	download->tour = tour_open(download->server->tree, directory);
	download->packer =
	    packer_new(kind == ARCHIVE_TAR ? PACKER_TAR : PACKER_ZIP);
	return download->tour != NULL && download->packer != NULL ? 0 : -1;
}

enum status
archive_open(const struct server *server, struct arena *arena,
    enum archive_kind kind, struct str directory, struct body **out)
{
	struct download *download;

	if (server->archives != NULL && *server->archives >= ARCHIVES_MAX)
		return STATUS_UNAVAILABLE;
	if (is_seen_too_large(server, directory))
		return STATUS_TOO_LARGE;
	download = arena_alloc(arena, sizeof *download);
	if (download == NULL)
		return STATUS_FAILURE;
	download->body =
	    (struct body){ .pull = download_pull, .release = download_release };
	download->server = server;
	download->file.entry.fd = -1;
	if (server->archives != NULL)
		++*server->archives;
	if (open_parts(download, arena, kind, directory) == -1) {
		download_release(&download->body);
		return STATUS_FAILURE;
	}
	*out = &download->body;
	return STATUS_SUCCESS;
}

static void
answer(const struct server *server, const struct request *request,
    enum archive_kind kind, struct str directory, struct response *response)
{
	struct body *body;
	enum status status =
	    archive_open(server, request->arena, kind, directory, &body);

	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return;
	}
	response_set(response, STATUS_SUCCESS,
	    kind == ARCHIVE_GEMPUB ? STR("application/gpub+zip")
				   : STR("application/gzip"));
	response->body = body;
}

void
archive_gempub(const struct server *server, const struct request *request,
    struct response *response)
{
	answer(server, request, ARCHIVE_GEMPUB, STR("/"), response);
}

void
archive_tar(const struct server *server, const struct request *request,
    struct response *response)
{
	answer(server, request, ARCHIVE_TAR, STR("/"), response);
}

bool
archive_of_directory(const struct server *server, const struct request *request,
    struct response *response)
{
	struct str path = request->path;
	struct buf directory;
	struct entry entry;

	if (server->builtins == NULL ||
	    server->builtins[BUILTIN_TAR].len == 0 || !str_ends(path, SUFFIX))
		return false;
	path = str_head(path, path.len - SUFFIX.len);
	directory = buf_in(request->arena, path.len + 1);
	buf_add(&directory, path);
	buf_char(&directory, '/');
	if (directory.overflow) {
		response_error(response, STATUS_FAILURE);
		return true;
	}
	path = buf_str(&directory);
	if (tree_open(server->tree, path, &entry) != STATUS_SUCCESS)
		return false;
	close(entry.fd);
	answer(server, request, ARCHIVE_TAR, path, response);
	return true;
}
