/*
 * A set of files.  Knows device and inode; knows nothing of paths, of which
 * one file may have many.
 */
#include "tool/identities.h"

#include <stdint.h>
#include <stdlib.h>

#define ROOM_FIRST 1024

static bool
is_same(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->mark == b->mark;
}

/* The slot that holds `wanted`, or the free one where it belongs. */
static struct identity *
find(const struct identities *identities, const struct identity *wanted)
{
	uint64_t mix =
	    ((uint64_t)wanted->inode << 2 ^ (uint64_t)wanted->device << 40 ^
		(uint64_t)wanted->mark) *
	    0x9e3779b97f4a7c15u;
	size_t i = (size_t)(mix >> 32) & (identities->room - 1);

	while (identities->slots[i].mark != 0 &&
	    !is_same(&identities->slots[i], wanted))
		i = (i + 1) & (identities->room - 1);
	return &identities->slots[i];
}

/* Makes room for one more: half of the slots stay free. */
static bool
grow(struct identities *identities)
{
	struct identities larger = { .count = identities->count,
		.room =
		    identities->room == 0 ? ROOM_FIRST : identities->room * 2 };

	if (identities->count * 2 < identities->room)
		return true;
	larger.slots = calloc(larger.room, sizeof *larger.slots);
	if (larger.slots == NULL)
		return false;
	for (size_t i = 0; i < identities->room; i++)
		if (identities->slots[i].mark != 0)
			*find(&larger, &identities->slots[i]) =
			    identities->slots[i];
	free(identities->slots);
	*identities = larger;
	return true;
}

void
identities_add(struct identities *identities, const struct stat *st,
    enum identity_mark mark)
{
	const struct identity wanted = { st->st_dev, st->st_ino, (int)mark };
	struct identity *slot;

	if (identities->incomplete || !grow(identities)) {
		identities->incomplete = true;
		return;
	}
	slot = find(identities, &wanted);
	if (slot->mark == 0) {
		*slot = wanted;
		identities->count++;
	}
}

bool
identities_hold(const struct identities *identities, const struct stat *st,
    enum identity_mark mark)
{
	const struct identity wanted = { st->st_dev, st->st_ino, (int)mark };

	return identities->room > 0 && find(identities, &wanted)->mark != 0;
}

void
identities_release(struct identities *identities)
{
	free(identities->slots);
	*identities = (struct identities){ 0 };
}
