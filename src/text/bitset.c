/* A set of small integers, as a bitmap. */
#include "text/bitset.h"

#include <stdlib.h>
#include <string.h>

int
bitset_add(struct bitset *set, uint64_t number)
{
	uint64_t byte = number / 8;

	/* Numbers this large do not suit a bitmap. */
	if (byte > UINT32_MAX)
		return -1;
	if (byte >= set->size) {
		size_t size = (size_t)byte * 2 + 64;
		unsigned char *larger = realloc(set->bits, size);

		if (larger == NULL)
			return -1;
		memset(larger + set->size, 0, size - set->size);
		set->bits = larger;
		set->size = size;
	}
	set->bits[byte] |= (unsigned char)(1U << number % 8);
	return 0;
}

bool
bitset_has(const struct bitset *set, uint64_t number)
{
	uint64_t byte = number / 8;

	return byte < set->size && (set->bits[byte] & 1U << number % 8) != 0;
}

void
bitset_release(struct bitset *set)
{
	free(set->bits);
	*set = (struct bitset){ 0 };
}
