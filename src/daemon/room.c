/*
 * Limits the clients of a worker, and returns memory to the system after many
 * clients have left.
 */
#include "daemon/room.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <event2/event.h>

#include "sys/system.h"

/* Descriptors other than those of clients and of their files. */
#define OTHER_FILES 24
/* With fewer clients it is not worth returning memory. */
#define CROWD 256
/*
 * Memory is returned when 1/CROWD_REST of the clients are left, not earlier:
 * each gap between pages in use costs a call of madvise(2), up to 0.3 ms.
 */
#define CROWD_REST 16
/* Blocks for libevent, which keeps one for each descriptor ever used. */
#define BLOCK ((size_t)32)
#define BLOCKS_MAX ((size_t)1 << 17)

/*
 * libevent never frees these blocks.  From malloc they would lie between the
 * clients' memory, so that none of its pages could be returned.  A pool keeps
 * them apart; its pages cost nothing until they are used.
 */
union block {
	union block *next;
	char bytes[BLOCK];
};

static struct {
	union block *blocks; /* NULL: use malloc */
	size_t count, used;
	union block *unused; /* list of freed blocks */
} pool;

static bool
is_block(const void *at)
{
	return (uintptr_t)at >= (uintptr_t)pool.blocks &&
	    (uintptr_t)at < (uintptr_t)(pool.blocks + pool.count);
}

static void *
take(size_t size)
{
	union block *block = pool.unused;

	if (size > BLOCK || (block == NULL && pool.used == pool.count))
		return malloc(size);
	if (block == NULL)
		return &pool.blocks[pool.used++];
	pool.unused = block->next;
	return block;
}

static void
give(void *at)
{
	union block *block = at;

	if (!is_block(at)) {
		free(at);
		return;
	}
	block->next = pool.unused;
	pool.unused = block;
}

static void *
resize(void *at, size_t size)
{
	void *larger;

	if (!is_block(at))
		return realloc(at, size);
	if (size <= BLOCK)
		return at;
	larger = malloc(size);
	if (larger == NULL)
		return NULL;
	memcpy(larger, at, BLOCK);
	give(at);
	return larger;
}

static void
make_pool(size_t files)
{
	void *at;

	pool.count = files < BLOCKS_MAX ? files : BLOCKS_MAX;
	at = mmap(NULL, pool.count * BLOCK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		pool.count = 0;
		return;
	}
	pool.blocks = at;
	event_set_mem_functions(take, resize, give);
}

void
room_init(struct room *room, size_t others)
{
	const rlim_t kept = (rlim_t)(OTHER_FILES + others);
	struct rlimit files;

	*room = (struct room){ .most = OTHER_FILES / 2 };
	/* A client may need two descriptors: its own, and a file's. */
	if (getrlimit(RLIMIT_NOFILE, &files) == -1 || files.rlim_cur < 2 * kept)
		return;
	room->most = (size_t)(files.rlim_cur - kept) / 2;
	make_pool((size_t)files.rlim_cur);
}

void
room_clients(struct room *room, size_t count)
{
	if (count > room->crowd)
		room->crowd = count;
	if (room->crowd < CROWD || count > room->crowd / CROWD_REST)
		return;
	system_trim();
	room->crowd = count;
}
