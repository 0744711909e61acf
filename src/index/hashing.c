/* Hashes a large file in steps, and checks that the file does not change. */
#include "index/hashing.h"

#include <errno.h>
#include <unistd.h>

/* Takes some milliseconds. */
#define BYTES_A_CALL ((uint64_t)4 << 20)

int
hashing_begin(struct hashing *hashing, const struct entry *entry)
{
	*hashing = (struct hashing){ .sum = sha256_new(), .entry = *entry };
	if (hashing->sum != NULL)
		return 0;
	close(entry->fd);
	errno = ENOMEM;
	return -1;
}

int
hashing_go_on(struct hashing *hashing, unsigned char out[SHA256_SIZE])
{
	char bytes[32768];
	uint64_t end = hashing->at + BYTES_A_CALL;
	ssize_t got = 1;

	while (got > 0 && hashing->at < end) {
		got = pread(
		    hashing->entry.fd, bytes, sizeof bytes, (off_t)hashing->at);
		if (got == -1)
			return -1;
		sha256_add(hashing->sum, (struct str){ bytes, (size_t)got });
		hashing->at += (uint64_t)got;
	}
	/* Check at each step: the hash of a changed file is of no use. */
	if (!tree_is_unchanged(&hashing->entry) ||
	    (got == 0 && hashing->at != (uint64_t)hashing->entry.st.st_size)) {
		errno = ESTALE;
		return -1;
	}
	if (got > 0)
		return 0;
	errno = EIO;
	return sha256_end(hashing->sum, out) == -1 ? -1 : 1;
}

void
hashing_release(struct hashing *hashing)
{
	if (hashing->sum == NULL)
		return;
	sha256_free(hashing->sum);
	hashing->sum = NULL;
	close(hashing->entry.fd);
}
