/* Records the files that an upload and a server have in common. */
#include "tool/publish_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "mirror/manifest_remote.h"
#include "mirror/mirror.h"
#include "mirror/replica.h"
#include "sys/atomic_file.h"
#include "sys/process.h"
#include "sys/sha256.h"
#include "sys/sink.h"
#include "text/hex.h"

/* Bytes of the hash of a URL in the name of its record. */
#define NAME_BYTES 8

int
publish_record_open(
    struct publish_record *record, const char *dir, const char *url)
{
	unsigned char hash[SHA256_SIZE];
	char name[2 * NAME_BYTES + 1];
	int folder_len, path_len;

	errno = ENOMEM;
	if (sha256_of(str_of(url), hash) == -1)
		return -1;
	hex_format(hash, NAME_BYTES, name);
	folder_len = snprintf(record->folder, sizeof record->folder,
	    "%s/" PUBLISH_RECORD_FOLDER, dir);
	path_len = snprintf(record->path, sizeof record->path,
	    "%s/" PUBLISH_RECORD_FOLDER "/%s", dir, name);
	errno = ENAMETOOLONG;
	return folder_len < (int)sizeof record->folder &&
		path_len < (int)sizeof record->path
	    ? 0
	    : -1;
}

int
publish_record_read(const struct publish_record *record, struct arena *arena,
    struct manifest *out)
{
	int fd = open(record->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct replica_text text;
	int result;

	*out = (struct manifest){ 0 };
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	result = replica_load(fd, &text);
	process_close(fd);
	if (result == -1)
		return -1;
	result =
	    manifest_remote_read(arena, (struct str){ text.at, text.len }, out);
	free(text.at);
	errno = EINVAL;
	return result == 0 && !out->is_changes ? 0 : -1;
}

int
publish_record_write(const struct publish_record *record,
    const struct manifest_file *files, size_t count)
{
	struct mirror_text text = { 0 };
	struct atomic_file atomic;
	struct sink_file file = { { sink_file_write }, -1 };
	int result = -1;

	if (mkdir(record->folder, 0777) == -1 && errno != EEXIST)
		return -1;
	if (mirror_manifest_of(files, count, &text) == -1)
		return -1;
	if (atomic_file_open(&atomic, record->path) == 0) {
		file.fd = atomic.fd;
		result = sink_file_write(
		    &file.sink, (struct str){ text.at, text.len });
		if (result == 0)
			result = atomic_file_keep(&atomic, record->path);
		else
			atomic_file_drop(&atomic);
	}
	free(text.at);
	return result;
}
