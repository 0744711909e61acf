/*
 * Counters of the workers in shared memory, for `capsule status`.
 */
#include "sys/counts.h"

#include <stdatomic.h>
#include <sys/mman.h>

struct counts *
counts_new(void)
{
	struct counts *new = mmap(NULL, sizeof *new, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return new != MAP_FAILED ? new : NULL;
}

void
counts_free(struct counts *counts)
{
	if (counts != NULL)
		munmap(counts, sizeof *counts);
}

void
counts_collect(struct counts_total *total, const struct counts *counts,
    enum counts_kind from)
{
	for (size_t i = from; counts != NULL && i < COUNTS_END; i++)
		total->at[i] +=
		    atomic_load_explicit(&counts->at[i], memory_order_relaxed);
}
