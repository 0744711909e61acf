/* A hash table of host names. */
#include "text/hostnames.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "text/hostname.h"

/* A host name in normal form has at most 253 bytes. */
#define NAME_MAX_BYTES ((size_t)256)

struct named {
	struct str name; /* empty: a free slot */
	size_t host;
};

struct hostnames {
	size_t mask; /* slots, of which at most half are used, less one */
	size_t room;
	struct named slots[];
};

struct hostnames *
hostnames_new(size_t most)
{
	size_t slots = 2;
	struct hostnames *names;

	while (slots < 2 * most)
		slots *= 2;
	names = calloc(1, sizeof *names + slots * sizeof names->slots[0]);
	if (names == NULL)
		return NULL;
	names->mask = slots - 1;
	names->room = most;
	return names;
}

void
hostnames_free(struct hostnames *names)
{
	free(names);
}

/* The position of a name, or of the free slot for it. */
static size_t
find(const struct hostnames *names, struct str name)
{
	size_t at = (size_t)str_hash(name) & names->mask;

	while (names->slots[at].name.len > 0 &&
	    !str_equals(names->slots[at].name, name))
		at = (at + 1) & names->mask;
	return at;
}

void
hostnames_add(struct hostnames *names, struct str name, size_t host)
{
	struct named *slot = &names->slots[find(names, name)];

	if (slot->name.len > 0)
		return;
	assert(names->room > 0 && name.len > 0);
	names->room--;
	*slot = (struct named){ name, host };
}

static bool
take(const struct hostnames *names, struct str name,
    struct hostnames_found *found)
{
	const struct named *slot = &names->slots[find(names, name)];

	if (slot->name.len == 0)
		return false;
	found->host = slot->host;
	return true;
}

/* Replaces the first label of `name`, in normal form, by "*". */
static struct str
wildcard_of(struct str name, char out[NAME_MAX_BYTES])
{
	size_t dot = str_find(name, '.');

	if (dot == name.len || name.len - dot + 1 > NAME_MAX_BYTES ||
	    hostname_is_address(name))
		return STR("");
	out[0] = '*';
	memcpy(out + 1, name.at + dot, name.len - dot);
	return (struct str){ out, name.len - dot + 1 };
}

struct hostnames_found
hostnames_find(
    const struct hostnames *names, struct arena *arena, struct str name)
{
	struct hostnames_found found = { .host = HOSTNAMES_NONE };
	char text[NAME_MAX_BYTES];
	struct str normal, wildcard;

	/* Nearly every client sends the name in normal form. */
	if (name.len == 0 || str_starts(name, STR("*")) ||
	    take(names, name, &found) ||
	    hostname_normal(arena, name, &normal) == -1 ||
	    take(names, normal, &found))
		return found;
	wildcard = wildcard_of(normal, text);
	found.by_wildcard = wildcard.len > 0 && take(names, wildcard, &found);
	return found;
}
