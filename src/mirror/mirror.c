/*
 * Shared parts of mirroring: the record of the copy's files, and requests for
 * small files.
 */
#include "mirror/mirror.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

#define KNOWN "known"
#define ORIGIN_NAME "origin"
#define COMES "comes" /* files that an interrupted crawl added, one a line */

int
mirror_fail(struct mirror *mirror, const char *format, ...)
{
	struct origin *origin = &mirror->origin;
	va_list arguments;
	int len;

	if (origin->error[0] != '\0')
		return -1;
	len =
	    snprintf(origin->error, sizeof origin->error, "%s: ", origin->name);
	va_start(arguments, format);
	vsnprintf(origin->error + len, sizeof origin->error - (size_t)len,
	    format, arguments);
	va_end(arguments);
	return -1;
}

int
mirror_fail_disk(struct mirror *mirror, const char *what)
{
	snprintf(mirror->origin.error, sizeof mirror->origin.error,
	    "%.1000s: %s: %s", mirror->folder, what, strerror(errno));
	return -1;
}

bool
mirror_is_unsafe(struct str path)
{
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.at[i] < ' ' || path.at[i] == 0x7f)
			return true;
	return false;
}

/* Requests. */

struct getting {
	struct mirror *mirror;
	struct str request;
	uint64_t limit;
	bool asked;
	struct mirror_text *out;
};

static bool
next_request(void *context, struct pool_job *job)
{
	struct getting *getting = context;

	if (getting->asked)
		return false;
	getting->asked = true;
	snprintf(job->fetch.request, sizeof job->fetch.request, "%.*s",
	    STR_ARG(getting->request));
	job->fetch.limit = getting->limit;
	return true;
}

/*
 * Whether the file may come later.  After a request for input or a certificate,
 * a redirect elsewhere or an invalid response, the server counts as having
 * none.
 */
static bool
is_temporary(const struct pool_job *job)
{
	if (job->fetch.end == FETCH_ANSWERED)
		return job->gopher == GOPHERANSWER_LATER ||
		    job->fetch.status / 10 == 4;
	return job->fetch.end != FETCH_INVALID;
}

static void
take(void *context, struct pool_job *job)
{
	struct getting *getting = context;
	struct mirror_text *out = getting->out;
	const char *failure = pool_failure(job);
	struct buf why = buf_over(out->why, sizeof out->why - 1);
	struct replica_text text;

	if (failure == NULL) {
		if (replica_load(job->fetch.body, &text) == -1) {
			(void)mirror_fail_disk(
			    getting->mirror, "cannot read back");
			return;
		}
		out->got = MIRROR_TEXT;
		out->at = text.at;
		out->len = text.len;
		return;
	}
	utf8_escape(&why, str_of(failure));
	out->why[why.len] = '\0';
	if (!is_temporary(job))
		out->got = MIRROR_NOTHING;
}

void
mirror_get(struct mirror *mirror, struct str request, uint64_t limit,
    struct mirror_text *out)
{
	struct getting getting = {
		.mirror = mirror, .request = request, .limit = limit, .out = out
	};
	struct pool *pool = &mirror->pool;

	*out = (struct mirror_text){ .got = MIRROR_FAILED };
	if (request.len > ORIGIN_REQUEST_MAX) {
		out->got = MIRROR_NOTHING;
		return;
	}
	pool->next = next_request;
	pool->done = take;
	pool->context = &getting;
	if (pool_run(pool) == -1)
		out->got = MIRROR_FAILED;
}

/* The record of the origin: "HOST/PATH" and a line feed. */

static void
describe_origin(const struct origin *origin, struct buf *out)
{
	buf_add(out, str_of(origin->host));
	buf_add(out, str_of(origin->base));
	buf_char(out, '\n');
}

int
mirror_check_origin(struct mirror *mirror)
{
	char line[sizeof mirror->origin.host + sizeof mirror->origin.base];
	struct buf wanted = buf_over(line, sizeof line);
	struct replica_text text;
	struct str found;
	int got =
	    replica_read(&mirror->replica, REPLICA_OWN, ORIGIN_NAME, &text);

	if (got == -1)
		return mirror_fail_disk(mirror, ".mirror/" ORIGIN_NAME);
	if (got == 0)
		return 0;
	describe_origin(&mirror->origin, &wanted);
	found = (struct str){ text.at, text.len };
	if (!str_equals(found, buf_str(&wanted))) {
		char shown[512];
		struct buf escaped = buf_over(shown, sizeof shown);

		utf8_escape(&escaped, str_cut(&found, '\n'));
		got = mirror_fail(mirror,
		    "%s is a copy of %.*s; name another folder, or, if the "
		    "capsule has moved, remove %s/.mirror/" ORIGIN_NAME,
		    mirror->folder, STR_ARG(buf_str(&escaped)), mirror->folder);
	}
	free(text.at);
	return got;
}

int
mirror_record_origin(struct mirror *mirror)
{
	char line[sizeof mirror->origin.host + sizeof mirror->origin.base];
	struct buf out = buf_over(line, sizeof line);

	describe_origin(&mirror->origin, &out);
	if (replica_write(&mirror->replica, REPLICA_OWN, ORIGIN_NAME,
		buf_str(&out)) == -1)
		return mirror_fail_disk(mirror, ".mirror/" ORIGIN_NAME);
	return 0;
}

int
mirror_keep_changed(struct mirror *mirror, struct str path)
{
	const struct manifest_file *known = manifest_find(&mirror->known, path);

	/* A run that did not end leaves a record without a hash. */
	if (known != NULL && replica_has(&mirror->replica, known, true) == 1)
		return 0;
	return backup_keep(&mirror->backup, mirror->replica.root, path);
}

/* The record of files. */

static int
recall_known(struct mirror *mirror)
{
	struct replica_text text;
	int got = replica_read(&mirror->replica, REPLICA_OWN, KNOWN, &text);

	if (got == -1)
		return mirror_fail_disk(mirror, ".mirror/" KNOWN);
	if (got == 0)
		return 0;
	got = manifest_parse(
	    &mirror->arena, (struct str){ text.at, text.len }, &mirror->known);
	free(text.at);
	if (got == 0)
		return 0;
	snprintf(mirror->origin.error, sizeof mirror->origin.error,
	    "%.1000s/.mirror/" KNOWN ":%zu: %s; remove that file, and "
	    "the next run removes nothing",
	    mirror->folder, mirror->known.line, mirror->known.error);
	return -1;
}

static size_t
without_twins(struct manifest_file *files, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept == 0 ||
		    manifest_compare(&files[kept - 1], &files[i]) != 0)
			files[kept++] = files[i];
	return kept;
}

/* Adds the paths in the text, one a line, to the known files. */
static int
add_known(struct mirror *mirror, struct str text)
{
	struct manifest *known = &mirror->known;
	size_t room = known->count, count = known->count;
	struct manifest_file *files;

	for (size_t i = 0; i < text.len; i++)
		room += text.at[i] == '\n';
	files = arena_alloc(&mirror->arena, (room + 1) * sizeof *files);
	if (files == NULL)
		return mirror_fail(mirror, "out of memory");
	if (count > 0)
		memcpy(files, known->files, count * sizeof *files);
	/* The last line may be incomplete. */
	while (str_find(text, '\n') < text.len) {
		struct manifest_file *file = &files[count];
		struct str line = str_cut(&text, '\n');

		*file = (struct manifest_file){ 0 };
		if (!manifest_lists(line))
			continue;
		if (arena_copy(&mirror->arena, line, &file->path) == -1)
			return mirror_fail(mirror, "out of memory");
		count++;
	}
	manifest_sort(files, count);
	known->files = files;
	known->count = without_twins(files, count);
	return 0;
}

int
mirror_load(struct mirror *mirror)
{
	struct replica_text text;
	int got = recall_known(mirror);

	if (got == -1)
		return -1;
	got = replica_read(&mirror->replica, REPLICA_OWN, COMES, &text);
	if (got == -1)
		return mirror_fail_disk(mirror, ".mirror/" COMES);
	if (got == 0)
		return 0;
	got = add_known(mirror, (struct str){ text.at, text.len });
	free(text.at);
	return got;
}

int
mirror_record_one(struct mirror *mirror, struct str path)
{
	char memory[MANIFEST_PATH_MAX + 1];
	struct buf line = buf_over(memory, sizeof memory);

	buf_add(&line, path);
	buf_char(&line, '\n');
	return replica_append(&mirror->replica, COMES, buf_str(&line));
}

/* An upper limit on the size of a manifest of these files. */
static size_t
room_for(const struct manifest_file *files, size_t count)
{
	size_t room = 2 * (size_t)MANIFEST_RECORD_MAX;

	for (size_t i = 0; i < count; i++)
		room += 2 * files[i].path.len + 256;
	return room;
}

int
mirror_manifest_of(
    const struct manifest_file *files, size_t count, struct mirror_text *out)
{
	struct manifest_total total = { .files = count };
	size_t room = room_for(files, count);
	struct buf text = buf_over(malloc(room), room);

	if (text.at == NULL)
		return -1;
	manifest_begin(&text, NULL);
	for (size_t i = 0; i < count; i++) {
		manifest_add(&text, &files[i]);
		total.bytes += files[i].size;
	}
	if (sha256_of(buf_str(&text), total.hash) == -1) {
		free(text.at);
		errno = ENOMEM;
		return -1;
	}
	manifest_end(&text, &total);
	*out = (struct mirror_text){
		.got = MIRROR_TEXT, .at = text.at, .len = text.len
	};
	return 0;
}

int
mirror_record(
    struct mirror *mirror, const struct manifest_file *files, size_t count)
{
	struct mirror_text text = { 0 };
	int result = mirror_manifest_of(files, count, &text);

	if (result == 0)
		result = replica_write(&mirror->replica, REPLICA_OWN, KNOWN,
		    (struct str){ text.at, text.len });
	if (result == 0)
		result = replica_erase(&mirror->replica, REPLICA_OWN, COMES);
	free(text.at);
	return result == -1 ? mirror_fail_disk(mirror, KNOWN) : 0;
}

const struct manifest_file **
mirror_find_gone(struct mirror *mirror, const struct manifest_file *files,
    size_t count, size_t *gone_count)
{
	const struct manifest *known = &mirror->known;
	const struct manifest_file **gone =
	    arena_alloc(&mirror->arena, (known->count + 1) * sizeof(void *));
	size_t i = 0;

	*gone_count = 0;
	for (size_t j = 0; gone != NULL && j < known->count; j++) {
		while (i < count &&
		    manifest_compare(&files[i], &known->files[j]) < 0)
			i++;
		if (i == count ||
		    manifest_compare(&files[i], &known->files[j]) != 0)
			gone[(*gone_count)++] = &known->files[j];
	}
	return gone;
}
