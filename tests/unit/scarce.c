/*
 * A system that runs out of things.  Every unit test is linked with malloc
 * and calloc led through here.
 */
#include "scarce.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES_MAX 16

/* The linker's names for what we wrap, and for us. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static size_t countdown; /* 0: nothing fails */
static struct rlimit files;

void
scarce_memory(size_t n)
{
	countdown = n;
}

static bool
fails(void)
{
	if (countdown == 0)
		return false;
	if (countdown > 1) {
		countdown--;
		return false;
	}
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void
scarce_files(size_t n)
{
	struct rlimit fewer;
	int fds[FILES_MAX];

	assert(n < FILES_MAX);
	/* The lowest free number is always the next: the limit is the last. */
	for (size_t i = 0; i <= n; i++) {
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert(fds[i] != -1);
	}
	for (size_t i = 0; i <= n; i++)
		close(fds[i]);
	getrlimit(RLIMIT_NOFILE, &files);
	fewer = files;
	fewer.rlim_cur = (rlim_t)fds[n];
	setrlimit(RLIMIT_NOFILE, &fewer);
}

void
scarce_files_end(void)
{
	setrlimit(RLIMIT_NOFILE, &files);
}
