/* The lists of readers of all hosts, in memory that processes share. */
#include "serve/readerset.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/process.h"
#include "sys/sink.h"
#include "sys/system.h"

/* The memory begins with the number of lists, and this for each. */
struct list_head {
	uint64_t name, name_len; /* offset; without NUL */
	uint64_t hashes, count;
};

static int
put(int fd, const void *bytes, size_t len)
{
	struct sink_file file = { { sink_file_write }, fd };

	return sink_file_write(&file.sink, (struct str){ bytes, len });
}

static int
write_lists(int fd, const struct readerset_list *lists, size_t count)
{
	uint64_t number = count;
	uint64_t at = sizeof number + count * sizeof(struct list_head);

	if (put(fd, &number, sizeof number) == -1)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct list_head head = { .name_len = strlen(lists[i].name),
			.count = lists[i].count };

		head.hashes = at;
		head.name = at + head.count * IDENTITY_SIZE;
		at = head.name + head.name_len;
		if (put(fd, &head, sizeof head) == -1)
			return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (put(fd, lists[i].hashes, lists[i].count * IDENTITY_SIZE) ==
			-1 ||
		    put(fd, lists[i].name, strlen(lists[i].name)) == -1)
			return -1;
	return 0;
}

int
readerset_write(const struct readerset_list *lists, size_t count)
{
	int fd = system_sealable_file();

	if (fd == -1)
		return -1;
	if (write_lists(fd, lists, count) == 0 && system_seal(fd) == 0)
		return fd;
	process_close(fd);
	return -1;
}

int
readerset_map(struct readerset *set, int fd)
{
	struct stat st;
	void *at;

	if (fstat(fd, &st) == -1)
		return -1;
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -1;
	readerset_release(set);
	*set = (struct readerset){ at, (size_t)st.st_size };
	return 0;
}

void
readerset_release(struct readerset *set)
{
	if (set->at != NULL)
		(void)munmap(set->at, set->size);
	*set = (struct readerset){ 0 };
}

static struct list_head
head_of(const struct readerset *set, uint64_t n)
{
	struct list_head head;

	memcpy(&head, set->at + sizeof n + n * sizeof head, sizeof head);
	return head;
}

static int
compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, IDENTITY_SIZE);
}

bool
readerset_has(const struct readerset *set, const char *name,
    const unsigned char hash[IDENTITY_SIZE])
{
	uint64_t low = 0, high = 0;

	if (set->at != NULL)
		memcpy(&high, set->at, sizeof high);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct list_head head = head_of(set, middle);
		int order =
		    str_compare((struct str){ (const char *)set->at + head.name,
				    (size_t)head.name_len },
			str_of(name));

		if (order == 0)
			return bsearch(hash, set->at + head.hashes,
				   (size_t)head.count, IDENTITY_SIZE,
				   compare_hashes) != NULL;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool
readerset_has_any(const struct readerset *set, const char *const *names,
    const unsigned char hash[IDENTITY_SIZE])
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, READERSET_ANY) == 0 ||
		    (set != NULL && readerset_has(set, *names, hash)))
			return true;
	return false;
}
