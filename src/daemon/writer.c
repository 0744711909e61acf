/*
 * The process that stores uploads, several at once, for all workers.
 */
#include "daemon/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config_signature.h"
#include "daemon/writerparts.h"
#include "daemon/writerupload.h"
#include "sys/fdpass.h"
#include "sys/log.h"

/*
 * Uploads at once, for all clients, for one network, and for all clients of
 * unknown networks together.
 */
#define UPLOADS_MAX ((size_t)32)
#define SHARE_MAX (UPLOADS_MAX / 4)
#define UNKNOWN_MAX (UPLOADS_MAX - SHARE_MAX)
/* META of status 44: the seconds to wait. */
#define WAIT_S "10"
#define LINES_MAX ((size_t)1 + SERVICE_CLIENTS_MAX)

struct writer {
	const struct writer_setup *setup;
	int lines[LINES_MAX]; /* the master's socket, or -1, and the workers' */
	size_t line_count;
	struct writerupload *uploads[UPLOADS_MAX];
	size_t upload_count;
	struct pollfd polled[LINES_MAX + UPLOADS_MAX];
};

static void
add_line(struct writer *writer, int fd)
{
	if (writer->line_count == LINES_MAX)
		fdpass_close(fd);
	else
		writer->lines[writer->line_count++] = fd;
}

/* Receives a new worker's socket from the master; false at its end. */
static bool
hear_master(struct writer *writer)
{
	int client;

	if (!service_hear(writer->lines[0], &client))
		return false;
	if (client != -1)
		add_line(writer, client);
	return true;
}

/* Whether the network may have one more upload. */
static bool
has_share(const struct writer *writer, uint64_t network)
{
	size_t same = 0;

	for (size_t i = 0; i < writer->upload_count; i++)
		same += writer->uploads[i]->call.network == network;
	return same < (network == 0 ? UNKNOWN_MAX : SHARE_MAX);
}

/* The bytes that other uploads to the same part will take. */
static uint64_t
reserved_of(const struct writer *writer, const struct rules_part *part)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < writer->upload_count; i++)
		if (writer->uploads[i]->part == part)
			bytes += writer->uploads[i]->call.size;
	return bytes;
}

/* Begins an upload; false when it has ended. Borrows `upload`. */
static bool
enter(struct writer *writer, struct writerupload *upload, size_t len)
{
	const struct server *server = writer->setup->server;

	if (!writerupload_find(upload, server, len))
		return false;
	if (writer->upload_count == UPLOADS_MAX) {
		writerupload_answer(upload->line, STATUS_UNAVAILABLE,
		    "Too busy just now, please try again in a moment");
		return false;
	}
	if (!has_share(writer, upload->call.network)) {
		writerupload_answer(upload->line, STATUS_SLOW_DOWN, WAIT_S);
		return false;
	}
	if (!writerupload_begin(
		upload, server, reserved_of(writer, upload->part)))
		return false;
	writer->uploads[writer->upload_count++] = upload;
	return true;
}

/* Receives a request and its socket; false when the worker has gone. */
static bool
take_call(struct writer *writer, int line)
{
	struct writerupload *upload = malloc(sizeof *upload);
	char bytes[UPLOADCALL_MAX];
	int fd;
	ssize_t got = fdpass_receive_message(line, bytes, sizeof bytes, &fd);

	if (got <= 0 || fd == -1) {
		free(upload);
		return got > 0 || (got == -1 && errno == EAGAIN);
	}
	if (upload != NULL) {
		upload->line = fd;
		memcpy(upload->message, bytes, (size_t)got);
	} else {
		writerupload_answer(fd, STATUS_FAILURE,
		    "The file could not be stored, please try again later");
	}
	if (upload == NULL || !enter(writer, upload, (size_t)got)) {
		fdpass_close(fd);
		free(upload);
	}
	return true;
}

/* Removes an upload that has ended. */
static void
drop(struct writer *writer, size_t at)
{
	fdpass_close(writer->uploads[at]->line);
	free(writer->uploads[at]);
	writer->uploads[at] = writer->uploads[--writer->upload_count];
}

/* Ends the uploads of clients that send too slowly; the time to the next. */
static long
end_overdue(struct writer *writer)
{
	long ms = -1;

	for (size_t i = writer->upload_count; i-- > 0;) {
		long due = writerupload_due_ms(writer->uploads[i]);

		if (due == 0) {
			writerupload_refuse(writer->uploads[i], STATUS_FAILURE,
			    "The upload was too slow");
			drop(writer, i);
		} else if (ms == -1 || due < ms) {
			ms = due;
		}
	}
	return ms;
}

/* Waits for messages; the number of sockets polled, the uploads' last. */
static size_t
wait_for_messages(struct writer *writer)
{
	long ms = end_overdue(writer);
	size_t count = 0;

	for (size_t i = 0; i < writer->line_count; i++)
		writer->polled[count++] =
		    (struct pollfd){ writer->lines[i], POLLIN, 0 };
	for (size_t i = 0; i < writer->upload_count; i++)
		writer->polled[count++] =
		    (struct pollfd){ writer->uploads[i]->line, POLLIN, 0 };
	if (poll(writer->polled, count, (int)ms) > 0)
		return count;
	return 0;
}

/* Takes one message of each socket that has one. */
static void
hear(struct writer *writer)
{
	size_t lines = writer->line_count, uploads = writer->upload_count;

	if (wait_for_messages(writer) == 0)
		return;
	/* Backwards: a socket at its end is replaced by the last one. */
	uploads =
	    writer->upload_count < uploads ? writer->upload_count : uploads;
	for (size_t i = uploads; i-- > 0;)
		if (writer->polled[lines + i].revents != 0 &&
		    !writerupload_hear(writer->uploads[i]))
			drop(writer, i);
	for (size_t i = lines; --i > 0;)
		if (writer->polled[i].revents != 0 &&
		    !take_call(writer, writer->lines[i])) {
			fdpass_close(writer->lines[i]);
			writer->lines[i] = writer->lines[--writer->line_count];
		}
	if (writer->polled[0].revents != 0 && !hear_master(writer)) {
		fdpass_close(writer->lines[0]);
		/* poll skips a negative descriptor. */
		writer->lines[0] = -1;
	}
}

static void
work(struct writer *writer)
{
	while (writer->lines[0] != -1 || writer->line_count > 1 ||
	    writer->upload_count > 0)
		hear(writer);
}

static int
enter_jail(const struct writer_setup *setup, const struct writerparts *parts)
{
	const struct jail_access access = { .role = JAIL_WRITER,
		.roots = setup->roots,
		.state = -1,
		.writable = parts->folders,
		.writable_count = parts->count };

	return jail_enter(setup->jail, &access);
}

/* Logs once that the signature is not served. */
static void
warn_of_signatures(const struct server *server)
{
	for (size_t i = 0; i < server->host_count; i++) {
		const struct rules_part *part =
		    rules_first_writable(server->hosts[i].rules);

		if (part == NULL ||
		    faccessat(server->hosts[i].tree->root,
			CONFIG_SIGNATURE_NAME, F_OK, 0) == -1)
			continue;
		log_line(LOG_LEVEL_WARN,
		    "writer: manifest.sig of the capsule with the part "
		    "%.*s/ is not served, since uploads change the manifest; "
		    "remove it, and sign only capsules without writers",
		    STR_ARG(part->place.path));
	}
}

int
writer_run(const struct writer_setup *setup)
{
	const struct service *service = setup->service;
	struct writer *writer = calloc(1, sizeof *writer);
	struct writerparts parts = { 0 };
	int status = EXIT_FAILURE;

	if (writer == NULL || writerparts_open(&parts, setup->server) == -1 ||
	    enter_jail(setup, &parts) == -1) {
		log_line(LOG_LEVEL_ERROR, "writer: cannot go on: %s",
		    strerror(errno));
	} else {
		writer->setup = setup;
		add_line(writer, service->line);
		for (size_t i = 0; i < service->end_count; i++)
			add_line(writer, service->ends[i]);
		warn_of_signatures(setup->server);
		writerparts_clean(setup->server);
		work(writer);
		status = EXIT_SUCCESS;
	}
	writerparts_release(&parts);
	free(writer);
	return status;
}
