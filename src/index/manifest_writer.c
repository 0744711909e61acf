/* Writes a manifest, counting its files and hashing its text. */
#include "index/manifest_writer.h"

#include <errno.h>

#include "text/buf.h"

static int
write_text(struct manifest_writer *writer, const struct buf *text)
{
	return writer->sink == NULL
	    ? 0
	    : writer->sink->write(writer->sink, buf_str(text));
}

static int
write_hashed(struct manifest_writer *writer, const struct buf *text)
{
	sha256_add(writer->sha256, buf_str(text));
	return write_text(writer, text);
}

int
manifest_writer_open(
    struct manifest_writer *writer, struct sink *sink, const int64_t *since)
{
	char bytes[MANIFEST_RECORD_MAX];
	struct buf text = buf_over(bytes, sizeof bytes);

	*writer =
	    (struct manifest_writer){ .sink = sink, .sha256 = sha256_new() };
	if (writer->sha256 == NULL) {
		errno = ENOMEM;
		return -1;
	}
	manifest_begin(&text, since);
	return write_hashed(writer, &text);
}

void
manifest_writer_release(struct manifest_writer *writer)
{
	sha256_free(writer->sha256);
	writer->sha256 = NULL;
}

int
manifest_writer_add(
    struct manifest_writer *writer, const struct manifest_file *file)
{
	char bytes[MANIFEST_RECORD_MAX];
	struct buf text = buf_over(bytes, sizeof bytes);

	if (!manifest_lists(file->path))
		return 0;
	if (!file->removed) {
		writer->total.files++;
		writer->total.bytes += file->size;
	}
	manifest_add(&text, file);
	return write_hashed(writer, &text);
}

int
manifest_writer_whole(
    struct manifest_writer *writer, const struct manifest_total *whole)
{
	char bytes[MANIFEST_RECORD_MAX];
	struct buf text = buf_over(bytes, sizeof bytes);

	manifest_whole(&text, whole);
	return write_hashed(writer, &text);
}

int
manifest_writer_end(struct manifest_writer *writer)
{
	char bytes[MANIFEST_RECORD_MAX];
	struct buf text = buf_over(bytes, sizeof bytes);

	if (sha256_end(writer->sha256, writer->total.hash) == -1) {
		errno = EIO;
		return -1;
	}
	manifest_end(&text, &writer->total);
	return write_text(writer, &text);
}
