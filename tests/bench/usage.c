/*
 * What processes use, as /proc and cgroups tell.  Knows nothing of who they
 * are.
 */
#include "usage.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

#define TEXT_MAX 65536

struct process {
	pid_t pid, parent;
	bool counts;
	unsigned long long ticks; /* its own and its dead children's */
};

struct processes {
	struct process *at;
	size_t count, room;
};

static bool
slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd == -1)
		return false;
	while (length < size - 1 &&
	    (got = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	text[length] = '\0';
	return length > 0;
}

static uint64_t
field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Seconds, or a negative number. */
static double
cgroup_cpu(const char *cgroup)
{
	char path[512], text[1024];

	snprintf(path, sizeof path, "%s/cpu.stat", cgroup);
	if (slurp(path, text, sizeof text) &&
	    strstr(text, "usage_usec ") != NULL)
		return (double)field(text, "usage_usec ") / 1e6;
	snprintf(path, sizeof path, "%s/cpuacct.usage", cgroup);
	if (slurp(path, text, sizeof text))
		return strtod(text, NULL) / 1e9;
	return -1;
}

static bool
read_process(const char *pid, struct process *process)
{
	char path[300], text[1024], *at;
	unsigned long long own, system, reaped, reaped_system;
	int parent, got;

	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	if (!slurp(path, text, sizeof text))
		return false;
	/* The name stands in parentheses and may hold anything. */
	at = strrchr(text, ')');
	if (at == NULL)
		return false;
	/* NOLINTNEXTLINE(cert-err34-c): what the kernel wrote is a number. */
	got = sscanf(at + 1,
	    " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
	    &parent, &own, &system, &reaped, &reaped_system);
	if (got != 5)
		return false;
	process->pid = (pid_t)strtol(pid, NULL, 10);
	process->parent = parent;
	process->counts = false;
	process->ticks = own + system + reaped + reaped_system;
	return true;
}

static void
read_processes(struct processes *all)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (all->count == all->room) {
			all->room = all->room != 0 ? all->room * 2 : 256;
			all->at = realloc(all->at, all->room * sizeof *all->at);
			if (all->at == NULL)
				die("out of memory");
		}
		if (read_process(entry->d_name, &all->at[all->count]))
			all->count++;
	}
	if (proc != NULL)
		closedir(proc);
}

static bool
descends(const struct processes *all, const struct process *child)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->at[i].counts && all->at[i].pid == child->parent)
			return true;
	return false;
}

static void
mark_family(struct processes *all, pid_t pid)
{
	bool found = false;

	for (size_t i = 0; i < all->count; i++)
		if (all->at[i].pid == pid)
			all->at[i].counts = found = true;
	while (found) {
		found = false;
		for (size_t i = 0; i < all->count; i++)
			if (!all->at[i].counts && descends(all, &all->at[i]))
				all->at[i].counts = found = true;
	}
}

static void
add_memory(pid_t pid, struct usage *usage)
{
	char path[64], text[8192];

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	if (!slurp(path, text, sizeof text))
		return;
	usage->rss_kib += field(text, "\nRss:");
	usage->pss_kib += field(text, "\nPss:");
}

static bool
add_up(pid_t pid, const char *cgroup, bool memory, struct usage *usage)
{
	struct processes all = { 0 };
	double exact = -1;

	memset(usage, 0, sizeof *usage);
	if (pid == 0)
		return true;
	if (cgroup != NULL)
		exact = cgroup_cpu(cgroup);
	read_processes(&all);
	mark_family(&all, pid);
	for (size_t i = 0; i < all.count; i++) {
		if (!all.at[i].counts)
			continue;
		usage->processes++;
		usage->cpu_s +=
		    (double)all.at[i].ticks / (double)sysconf(_SC_CLK_TCK);
		if (memory)
			add_memory(all.at[i].pid, usage);
	}
	if (exact >= 0)
		usage->cpu_s = exact;
	free(all.at);
	return usage->processes > 0;
}

bool
usage_of(pid_t pid, const char *cgroup, struct usage *usage)
{
	return add_up(pid, cgroup, false, usage);
}

bool
usage_with_memory(pid_t pid, const char *cgroup, struct usage *usage)
{
	return add_up(pid, cgroup, true, usage);
}

void
machine_now(struct machine *machine)
{
	static char text[TEXT_MAX];
	unsigned long long t[8] = { 0 };
	double tick = (double)sysconf(_SC_CLK_TCK);

	memset(machine, 0, sizeof *machine);
	/* user, nice, system, idle, iowait, irq, softirq, steal */
	if (slurp("/proc/stat", text, sizeof text))
		/* NOLINTNEXTLINE(cert-err34-c): as above. */
		(void)sscanf(text,
		    "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1],
		    &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
	machine->busy_s = (double)(t[0] + t[1] + t[2] + t[5] + t[6]) / tick;
	machine->stolen_s = (double)t[7] / tick;
	if (slurp("/proc/meminfo", text, sizeof text))
		machine->kernel_kib = field(text, "\nSlab:") +
		    field(text, "\nKernelStack:") +
		    field(text, "\nPageTables:");
}
