/* A set of files by device and inode: one file may have many paths. */
#include "tool/file_set.h"

#include <stdint.h>
#include <stdlib.h>

#define ROOM_FIRST 1024

static bool
is_same(const struct file_set_slot *a, const struct file_set_slot *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->mark == b->mark;
}

/* The slot of `wanted`, or the free slot for it. */
static struct file_set_slot *
find(const struct file_set *file_set, const struct file_set_slot *wanted)
{
	uint64_t mix =
	    ((uint64_t)wanted->inode << 2 ^ (uint64_t)wanted->device << 40 ^
		(uint64_t)wanted->mark) *
	    0x9e3779b97f4a7c15u;
	size_t i = (size_t)(mix >> 32) & (file_set->room - 1);

	while (file_set->slots[i].mark != 0 &&
	    !is_same(&file_set->slots[i], wanted))
		i = (i + 1) & (file_set->room - 1);
	return &file_set->slots[i];
}

/* Makes room for one more file: half of the slots stay free. */
static bool
grow(struct file_set *file_set)
{
	struct file_set larger = { .count = file_set->count,
		.room = file_set->room == 0 ? ROOM_FIRST : file_set->room * 2 };

	if (file_set->count * 2 < file_set->room)
		return true;
	larger.slots = calloc(larger.room, sizeof *larger.slots);
	if (larger.slots == NULL)
		return false;
	for (size_t i = 0; i < file_set->room; i++)
		if (file_set->slots[i].mark != 0)
			*find(&larger, &file_set->slots[i]) =
			    file_set->slots[i];
	free(file_set->slots);
	*file_set = larger;
	return true;
}

void
file_set_add(
    struct file_set *file_set, const struct stat *st, enum file_set_mark mark)
{
	const struct file_set_slot wanted = { st->st_dev, st->st_ino,
		(int)mark };
	struct file_set_slot *slot;

	if (file_set->incomplete || !grow(file_set)) {
		file_set->incomplete = true;
		return;
	}
	slot = find(file_set, &wanted);
	if (slot->mark == 0) {
		*slot = wanted;
		file_set->count++;
	}
}

bool
file_set_has(const struct file_set *file_set, const struct stat *st,
    enum file_set_mark mark)
{
	const struct file_set_slot wanted = { st->st_dev, st->st_ino,
		(int)mark };

	return file_set->room > 0 && find(file_set, &wanted)->mark != 0;
}

void
file_set_release(struct file_set *file_set)
{
	free(file_set->slots);
	*file_set = (struct file_set){ 0 };
}
