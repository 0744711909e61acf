#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a process and all its descendants have used so far. */
struct usage {
	unsigned processes;
	double cpu_s; /* of the cgroup when there is one */
	uint64_t rss_kib, pss_kib;
};

/* What the whole machine has. */
struct machine {
	double busy_s, stolen_s;
	uint64_t kernel_kib; /* slab, kernel stacks and page tables */
};

/*
 * Sums over `pid` and all who descend from it and are alive, with the
 * children that they have waited for.  `cgroup` is a directory with the CPU
 * time of exactly those, or NULL.  False when there is no such process.
 */
bool usage_of(pid_t pid, const char *cgroup, struct usage *usage);

/* Their memory too, which takes longer. */
bool usage_with_memory(pid_t pid, const char *cgroup, struct usage *usage);

void machine_now(struct machine *machine);

#endif
