/* The edit distance of two words, in characters of UTF-8. */
#include "text/distance.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

/* Decodes the characters of a word; returns 0 when there are too many. */
static size_t
characters(struct str word, ucs4_t out[DISTANCE_LONGEST])
{
	size_t count = 0;

	while (word.len > 0) {
		int len =
		    u8_mbtouc(&out[count], (const uint8_t *)word.at, word.len);

		if (++count == DISTANCE_LONGEST && (size_t)len < word.len)
			return 0;
		word = str_tail(word, (size_t)len);
	}
	return count;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
distance_of(struct str a, struct str b, unsigned most)
{
	ucs4_t from[DISTANCE_LONGEST], to[DISTANCE_LONGEST];
	unsigned rows[3][DISTANCE_LONGEST + 1];
	size_t n = characters(a, from), m = characters(b, to);

	if (n == 0 || m == 0 || n > m + most || m > n + most)
		return most + 1;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *before = rows[(i + 1) % 3];
		unsigned best = row[0] = (unsigned)i;

		for (size_t j = 1; j <= m; j++) {
			row[j] = above[j - 1] + (from[i - 1] != to[j - 1]);
			row[j] = least(row[j], above[j] + 1);
			row[j] = least(row[j], row[j - 1] + 1);
			if (i > 1 && j > 1 && from[i - 1] == to[j - 2] &&
			    from[i - 2] == to[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
			best = least(best, row[j]);
		}
		if (best > most + 1)
			return most + 1;
	}
	return least(rows[n % 3][m], most + 1);
}

size_t
distance_shared(struct str a, struct str b)
{
	size_t len = 0;

	while (len < a.len && len < b.len && a.at[len] == b.at[len])
		len++;
	while (len > 0 && len < a.len && (a.at[len] & 0xc0) == 0x80)
		len--;
	return len;
}
