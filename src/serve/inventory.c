/*
 * Writes a manifest, counting its files and hashing its text.
 */
#include "serve/inventory.h"

/* Hashes the bytes appended since the buffer's length was `from`. */
static void
hash_from(struct inventory *inventory, const struct buf *out, size_t from)
{
	sha256_add(inventory->said, str_tail(buf_str(out), from));
}

int
inventory_open(
    struct inventory *inventory, struct buf *out, const int64_t *since)
{
	size_t from = out->len;

	*inventory = (struct inventory){ .said = sha256_new() };
	if (inventory->said == NULL)
		return -1;
	manifest_begin(out, since);
	hash_from(inventory, out, from);
	return 0;
}

void
inventory_release(struct inventory *inventory)
{
	sha256_free(inventory->said);
	inventory->said = NULL;
}

void
inventory_add(struct inventory *inventory, struct buf *out,
    const struct manifest_file *file)
{
	size_t from = out->len;

	if (!manifest_lists(file->path))
		return;
	if (!file->removed) {
		inventory->total.files++;
		inventory->total.bytes += file->size;
	}
	manifest_add(out, file);
	hash_from(inventory, out, from);
}

void
inventory_whole(struct inventory *inventory, struct buf *out,
    const struct manifest_total *whole)
{
	size_t from = out->len;

	manifest_whole(out, whole);
	hash_from(inventory, out, from);
}

int
inventory_end(struct inventory *inventory, struct buf *out)
{
	if (sha256_end(inventory->said, inventory->total.hash) == -1)
		return -1;
	manifest_end(out, &inventory->total);
	return 0;
}
