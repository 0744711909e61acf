/* The first copy in one download: files from an archive of the whole capsule.
 */
#include "mirror/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/archive.h"
#include "sys/clock.h"
#include "sys/jail.h"
#include "sys/net.h"
#include "sys/process.h"
#include "sys/sha256.h"
#include "sys/system.h"

#define ARCHIVE_NAME "capsule.tar.gz"
#define PART POOL_WIDTH_MAX /* the number of the first file's part */
#define BLOCK 65536
/* A header of a tar, padding, and a long name's header and padding. */
#define HEADERS_MAX 2560
/* Files may have been added since the manifest was made. */
#define SLACK ((uint64_t)1 << 20)

/* No file of a manifest has a longer path, even after a leading "./". */
#define PATH_ROOM (MANIFEST_PATH_MAX + 3)

/* The child writes this before the path and the bytes of a file. */
struct bulk_header {
	uint64_t size;
	size_t path_len;
};

bool
bulk_is_worth(const struct bulk *bulk)
{
	const struct manifest *manifest = bulk->manifest;
	uint64_t bytes = 0;

	for (size_t i = 0; i < bulk->count; i++)
		bytes += bulk->need[i]->size;
	return manifest->count > BULK_LEAST &&
	    bulk->count >= (manifest->count + 3) / 4 &&
	    bytes >= manifest->total.bytes / 4;
}

/* The size of a tar of the capsule at most. */
static uint64_t
limit_of(const struct bulk *bulk)
{
	const struct manifest *manifest = bulk->manifest;
	uint64_t limit = manifest->total.bytes + SLACK;

	for (size_t i = 0; i < manifest->count; i++)
		limit += manifest->files[i].path.len + HEADERS_MAX;
	/* The tar has the manifest, too. */
	return limit + manifest->hashed;
}

/* The child. */

struct bulk_writer {
	struct archive_visitor visitor;
	struct sink_file out;
	size_t len; /* bytes in `block` */
	char block[BLOCK];
};

static int
flush_writer(struct bulk_writer *writer)
{
	struct str bytes = { writer->block, writer->len };

	writer->len = 0;
	return sink_file_write(&writer->out.sink, bytes);
}

static int
write_bytes(struct archive_visitor *visitor, struct str bytes)
{
	struct bulk_writer *writer = (struct bulk_writer *)visitor;

	while (bytes.len > 0) {
		size_t room = BLOCK - writer->len;
		size_t len = bytes.len < room ? bytes.len : room;

		memcpy(writer->block + writer->len, bytes.at, len);
		writer->len += len;
		bytes = str_tail(bytes, len);
		if (writer->len == BLOCK && flush_writer(writer) == -1)
			return -1;
	}
	return 0;
}

static int
write_header(struct archive_visitor *visitor, const struct archive_file *file)
{
	struct str path = str_head(file->path,
	    file->path.len < PATH_ROOM ? file->path.len : PATH_ROOM);
	struct bulk_header header = { file->size, path.len };
	struct str bytes = { (const char *)&header, sizeof header };

	return write_bytes(visitor, bytes) == -1 ? -1
						 : write_bytes(visitor, path);
}

/* Reads the archive as standard input, and writes its files. */
static NO_RETURN void
be_unpacker(int archive, int out, uint64_t limit)
{
	const struct jail jail = { .mode = JAIL_ON };
	const struct jail_access access = { .role = JAIL_UNPACKER,
		.state = -1 };
	struct bulk_writer writer = { { write_header, write_bytes },
		{ { sink_file_write }, STDOUT_FILENO }, 0, { 0 } };
	int result;

	archive_prepare();
	if (dup2(archive, STDIN_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1 || dup2(out, STDERR_FILENO) == -1)
		_exit(EXIT_FAILURE);
	system_close_from(STDERR_FILENO + 1);
	if (jail_enter(&jail, &access) == -1)
		_exit(EXIT_FAILURE);
	result = archive_read(STDIN_FILENO, limit, &writer.visitor);
	/* The files before a fault are valid. */
	_exit(flush_writer(&writer) == -1 || result == -1);
}

/* The parent, which verifies all that the child sends. */

struct unpacking {
	struct bulk *bulk;
	int from; /* the child's output */
	uint64_t left; /* bytes that it may still write */
	struct str read; /* in `block`, and not yet taken */
	char block[BLOCK];
};

/* Waits for bytes; false when the child has ended or is too slow. */
static bool
fill(struct unpacking *unpacking)
{
	const struct pool *pool = &unpacking->bulk->mirror->pool;
	struct pollfd polled = { .fd = unpacking->from, .events = POLLIN };
	long ms = clock_until_ms(&pool->until);
	ssize_t got;

	if (ms > (long)pool->patience_ms)
		ms = (long)pool->patience_ms;
	if (poll(&polled, 1, (int)ms) != 1)
		return false;
	got = read(unpacking->from, unpacking->block, BLOCK);
	if (got <= 0 || (uint64_t)got > unpacking->left)
		return false;
	unpacking->left -= (uint64_t)got;
	unpacking->read = (struct str){ unpacking->block, (size_t)got };
	return true;
}

/* Takes up to `most` bytes; none when the child has ended or is too slow. */
static struct str
take_bytes(struct unpacking *unpacking, uint64_t most)
{
	struct str taken = { 0 };

	if (unpacking->read.len == 0 && !fill(unpacking))
		return taken;
	taken = unpacking->read;
	if (taken.len > most)
		taken.len = (size_t)most;
	unpacking->read = str_tail(unpacking->read, taken.len);
	return taken;
}

static bool
take_all(struct unpacking *unpacking, void *at, size_t len)
{
	char *to = at;

	while (len > 0) {
		struct str taken = take_bytes(unpacking, len);

		if (taken.len == 0)
			return false;
		memcpy(to, taken.at, taken.len);
		to += taken.len;
		len -= taken.len;
	}
	return true;
}

/* Copies the content of a file to `fd`, or with -1 to nothing. */
static bool
take_content(
    struct unpacking *unpacking, uint64_t size, int fd, struct sha256 *sha256)
{
	while (size > 0) {
		struct str taken = take_bytes(unpacking, size);

		if (taken.len == 0)
			return false;
		size -= taken.len;
		if (fd == -1)
			continue;
		if (write(fd, taken.at, taken.len) != (ssize_t)taken.len)
			return false;
		sha256_add(sha256, taken);
	}
	return true;
}

/* Whether the file that was read has the hash of the manifest. */
static bool
is_right(const struct manifest_file *file, struct sha256 *sha256)
{
	unsigned char hash[SHA256_SIZE];

	return sha256_end(sha256, hash) == 0 &&
	    memcmp(hash, file->hash, sizeof hash) == 0;
}

static bool
take_file(struct unpacking *unpacking, size_t which)
{
	struct bulk *bulk = unpacking->bulk;
	struct replica *replica = &bulk->mirror->replica;
	const struct manifest_file *file = bulk->need[which];
	unsigned part = PART + (unsigned)which;
	int fd = replica_part(replica, part);
	struct sha256 *sha256 = sha256_new();
	bool goes_on = fd != -1 && sha256 != NULL &&
	    take_content(unpacking, file->size, fd, sha256);

	bulk->got[which] = goes_on && is_right(file, sha256);
	if (!bulk->got[which])
		replica_drop(replica, part);
	sha256_free(sha256);
	process_close(fd);
	return goes_on;
}

static int
in_order(const void *path, const void *file)
{
	return str_compare(*(const struct str *)path,
	    (*(const struct manifest_file *const *)file)->path);
}

/* The number of the needed file of that path and size; `count`: none. */
static size_t
find(const struct bulk *bulk, struct str path, uint64_t size)
{
	const struct manifest_file **found;

	/* Names begin so in archives that were made by hand. */
	if (str_starts(path, STR("./")))
		path = str_tail(path, 2);
	found =
	    bsearch(&path, bulk->need, bulk->count, sizeof(void *), in_order);
	if (found == NULL || (*found)->size != size ||
	    bulk->got[found - bulk->need])
		return bulk->count;
	return (size_t)(found - bulk->need);
}

/* Takes files until the child ends or sends an invalid header. */
static void
take_files(struct unpacking *unpacking)
{
	const struct bulk *bulk = unpacking->bulk;
	char path[PATH_ROOM];
	struct bulk_header header;
	bool goes_on = true;

	while (goes_on && take_all(unpacking, &header, sizeof header) &&
	    header.path_len <= sizeof path &&
	    take_all(unpacking, path, header.path_len)) {
		struct str name = { path, header.path_len };
		size_t which = find(bulk, name, header.size);

		goes_on = which < bulk->count
		    ? take_file(unpacking, which)
		    : take_content(unpacking, header.size, -1, NULL);
	}
}

/* Stores the verified files, after syncing all of them at once. */
static void
place_files(struct bulk *bulk)
{
	struct mirror *mirror = bulk->mirror;

	replica_sync(&mirror->replica);
	for (size_t i = 0; i < bulk->count; i++) {
		const struct manifest_file *file = bulk->need[i];
		unsigned part = PART + (unsigned)i;
		int fd =
		    bulk->got[i] ? replica_reopen(&mirror->replica, part) : -1;

		bulk->got[i] = fd != -1 &&
		    mirror_keep_changed(mirror, file->path) == 0 &&
		    replica_place(&mirror->replica, part, fd, file) == 0;
		if (bulk->got[i])
			report_fetched(&mirror->report, file->path, file->size);
		else if (fd != -1)
			replica_drop(&mirror->replica, part);
		process_close(fd);
	}
	replica_unsync(&mirror->replica);
}

static void
unpack(struct bulk *bulk, int archive)
{
	uint64_t limit = limit_of(bulk);
	struct unpacking *unpacking = malloc(sizeof *unpacking);
	int ends[2] = { -1, -1 };
	pid_t child = -1;

	if (unpacking != NULL && lseek(archive, 0, SEEK_SET) == 0 &&
	    pipe(ends) == 0)
		child = fork();
	if (child == 0)
		be_unpacker(archive, ends[1], limit);
	process_close(ends[1]);
	if (child != -1) {
		unpacking->bulk = bulk;
		unpacking->from = ends[0];
		unpacking->left = limit;
		unpacking->read = (struct str){ 0 };
		take_files(unpacking);
		(void)kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
			;
		place_files(bulk);
	}
	process_close(ends[0]);
	free(unpacking);
}

/* The request. */

struct bulk_request {
	struct bulk *bulk;
	bool asked;
};

static bool
next_request(void *context, struct pool_job *job)
{
	struct bulk_request *request = context;
	struct buf out =
	    buf_over(job->fetch.request, sizeof job->fetch.request - 1);

	if (request->asked)
		return false;
	request->asked = true;
	/* Compression makes a file longer by less than a thousandth. */
	job->fetch.limit = limit_of(request->bulk);
	job->fetch.limit += job->fetch.limit / 1000;
	if (job->fetch.limit > request->bulk->mirror->bytes)
		job->fetch.limit = request->bulk->mirror->bytes;
	origin_request(&request->bulk->mirror->origin, &out, STR(ARCHIVE_NAME));
	return !out.overflow && out.len <= ORIGIN_REQUEST_MAX;
}

/* An incomplete archive has complete files, too. */
static void
take_archive(void *context, struct pool_job *job)
{
	const struct bulk_request *request = context;

	if (job->fetch.status / 10 == 2 &&
	    job->gopher == GOPHERANSWER_NO_ERROR && job->fetch.size > 0)
		unpack(request->bulk, job->fetch.body);
}

void
bulk_fetch(struct bulk *bulk)
{
	struct pool *pool = &bulk->mirror->pool;
	struct bulk_request request = { .bulk = bulk };
	struct timespec until = pool->until;

	pool->width = 1;
	pool->next = next_request;
	pool->done = take_archive;
	pool->context = &request;
	/* Leave time for the files: a slow archive would never come whole. */
	pool->until = clock_in((unsigned)(clock_until_ms(&until) / 2));
	/* Files may fit a disk that has no room for the archive, too. */
	if (pool_run(pool) == -1)
		pool->origin->error[0] = '\0';
	pool->until = until;
}
