/* One upload: the decision to store it, its bytes, and its answer. */
#include "daemon/writerupload.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/writerparts.h"
#include "serve/remote.h"
#include "sys/clock.h"
#include "sys/fdpass.h"
#include "text/buf.h"
#include "tree/storespace.h"
#include "tree/zones.h"

#define MIB ((uint64_t)1 << 20)
#define PATH_MEMORY ((size_t)64 << 10)

void
writerupload_answer(int line, enum status status, const char *meta)
{
	char bytes[REMOTE_HEAD_SIZE + REMOTE_META_MAX];
	struct buf head = buf_over(bytes, sizeof bytes);
	uint16_t number = (uint16_t)status;

	buf_char(&head, UPLOADCALL_ANSWER);
	buf_add(&head, (struct str){ (const char *)&number, sizeof number });
	buf_add(&head, str_of(meta));
	/* The worker may have gone. */
	(void)!fdpass_send_message(line, buf_str(&head), -1);
}

void
writerupload_refuse(
    struct writerupload *upload, enum status status, const char *reason)
{
	storing_abort(&upload->storing);
	writerupload_answer(upload->line, status, reason);
}

/* The answer of a failure, which is logged if the operator has to act. */
static const char *
words_of_failure(const struct writerupload *upload)
{
	int error = errno;

	if (upload->storing.reason[0] != '\0')
		return upload->storing.reason;
	tree_log_failure("cannot store an upload", error, upload->call.path);
	return error == ENOSPC || error == EDQUOT || error == EFBIG
	    ? "The server has no room for this file"
	    : "The file could not be stored, please try again later";
}

/* Answers after the last step; returns false. */
static bool
finish(const struct writerupload *upload, enum status status)
{
	if (status == STATUS_SUCCESS)
		/* The worker adds the target of the redirect. */
		writerupload_answer(upload->line, STATUS_REDIRECT, "/");
	else if (status == STATUS_FAILURE)
		writerupload_answer(
		    upload->line, status, words_of_failure(upload));
	else
		writerupload_answer(
		    upload->line, status, upload->storing.reason);
	return false;
}

static bool
is_moved(const struct host *host, struct str normal)
{
	return rules_move_of(host->rules, normal) != NULL;
}

bool
writerupload_find(
    struct writerupload *upload, const struct server *server, size_t len)
{
	struct str message = { upload->message, len }, normal;
	const struct host *host;
	struct arena arena;

	upload->part = NULL;
	if (!uploadcall_read(message, &upload->call) ||
	    upload->call.host >= server->host_count)
		return false;
	host = &server->hosts[upload->call.host];
	upload->tree = *host->tree;
	arena_init(&arena, PATH_MEMORY);
	if (host->rules != NULL &&
	    zones_path(&arena, upload->call.path, &normal) == 0) {
		upload->part = rules_part_of(host->rules, normal);
		if (upload->part != NULL &&
		    (!rules_is_writable(upload->part) ||
			is_moved(host, normal)))
			upload->part = NULL;
		if (host->tree->zones != NULL)
			upload->tree.own =
			    zones_find(host->tree->zones, normal);
	}
	arena_release(&arena);
	return true;
}

/*
 * Whether a file of this path would replace the built-in page, as a new folder
 * of its name does.
 */
static bool
replaces(const struct host *host, struct str path, struct str page)
{
	if (page.len == 0 || !str_starts(path, page))
		return false;
	return path.len == page.len ||
	    (path.at[page.len] == '/' &&
		tree_status(host->tree, page) == STATUS_NOT_FOUND);
}

static bool
is_reserved(const struct host *host, struct str path)
{
	for (size_t i = 0; host->builtins != NULL && i < BUILTIN_COUNT; i++)
		if (replaces(host, path, host->builtins[i]))
			return true;
	return false;
}

/* Whether the part has room: 1, 0, or -1 with errno set. */
static int
has_room(
    const struct writerupload *upload, struct str folder, uint64_t reserved)
{
	uint64_t quota = upload->part->upload.quota_mib * MIB, used;
	uint64_t wanted = upload->call.size + STORESPACE_UNIT + reserved;

	if (wanted > quota)
		return 0;
	/* A part of one page has none of the files beside it. */
	if (upload->part->place.is_folder
		? storespace_used(&upload->tree, folder, quota, &used) == -1
		: storespace_used_by_file(
		      &upload->tree, upload->call.path, &used) == -1)
		return -1;
	return used <= quota - wanted;
}

/* The reason to refuse the upload before its bytes; NULL: none. */
static const char *
fault_of(const struct writerupload *upload, const struct host *host,
    enum status *status)
{
	const struct rules_part *part = upload->part;

	*status = STATUS_BAD_REQUEST;
	if (part == NULL || is_reserved(host, upload->call.path))
		return "This path cannot be written";
	*status = STATUS_TOO_LARGE;
	if (upload->call.size > part->upload.limit_mib * MIB)
		return "The file is too large";
	if (upload->call.size == 0 && !part->upload.deletes)
		return "Files cannot be deleted here";
	return NULL;
}

static bool
begin(struct writerupload *upload)
{
	enum status status = storing_begin(&upload->storing, &upload->file);
	char go = UPLOADCALL_GO;

	if (status != STATUS_SUCCESS)
		return finish(upload, status);
	if (fdpass_send_message(upload->line, (struct str){ &go, 1 }, -1) == 0)
		return true;
	storing_abort(&upload->storing);
	return false;
}

bool
writerupload_begin(
    struct writerupload *upload, const struct server *server, uint64_t reserved)
{
	const struct host *host = &server->hosts[upload->call.host];
	char path[WRITERPARTS_PATH_MAX];
	struct str folder;
	enum status status;
	const char *fault = fault_of(upload, host, &status);
	size_t depth;
	int room;

	upload->storing.reason[0] = '\0';
	upload->got = 0;
	upload->started = clock_now();
	if (fault != NULL) {
		writerupload_answer(upload->line, status, fault);
		return false;
	}
	folder = writerparts_folder(upload->part, path, &depth);
	upload->file = (struct storing_file){
		.tree = &upload->tree,
		.path = upload->call.path,
		.depth = depth,
		.versions = upload->part->upload.versions,
		.base = upload->call.has_base ? upload->call.base : NULL,
		.mime = upload->call.mime,
		.media = server->media,
		.rules = &upload->part->media,
	};
	if (upload->call.size == 0)
		return finish(
		    upload, storing_delete(&upload->storing, &upload->file));
	room = has_room(upload, folder, reserved);
	if (room == 0)
		writerupload_answer(upload->line, STATUS_FAILURE,
		    "This part has no room for more; ask the operator to "
		    "remove old versions");
	else if (room == -1)
		return finish(upload, STATUS_FAILURE);
	return room == 1 && begin(upload);
}

static bool
take_bytes(struct writerupload *upload, struct str bytes)
{
	enum status status;

	if (bytes.len > upload->call.size - upload->got) {
		writerupload_refuse(upload, STATUS_BAD_REQUEST,
		    "More bytes came than the size promised");
		return false;
	}
	status = storing_write(&upload->storing, bytes);
	if (status != STATUS_SUCCESS)
		return finish(upload, status);
	upload->got += bytes.len;
	return true;
}

static bool
take_end(struct writerupload *upload)
{
	if (upload->got == upload->call.size)
		return finish(upload, storing_finish(&upload->storing));
	writerupload_refuse(upload, STATUS_BAD_REQUEST,
	    "Fewer bytes came than the size promised");
	return false;
}

bool
writerupload_hear(struct writerupload *upload)
{
	static char bytes[1 + REMOTE_PART];
	/* MSG_TRUNC returns the true length of a longer message. */
	ssize_t got = fdpass_receive_bytes(
	    upload->line, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC);

	if (got == -1 && errno == EAGAIN)
		return true;
	if (got > 0 && (size_t)got <= sizeof bytes) {
		if (bytes[0] == UPLOADCALL_DATA && got > 1)
			return take_bytes(
			    upload, (struct str){ bytes + 1, (size_t)got - 1 });
		if (bytes[0] == UPLOADCALL_END && got == 1)
			return take_end(upload);
	}
	/* The client has gone, or sent a message out of order. */
	storing_abort(&upload->storing);
	return false;
}

long
writerupload_due_ms(const struct writerupload *upload)
{
	uint64_t longest_s =
	    WRITERUPLOAD_GRACE_S + upload->got / WRITERUPLOAD_LEAST_RATE;
	long since = clock_since_ms(&upload->started);

	return (uint64_t)since / 1000 > longest_s
	    ? 0
	    : (long)((longest_s + 1) * 1000) - since;
}
