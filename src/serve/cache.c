/*
 * A cache of answers for a few seconds.
 */
#include "serve/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"

#define CACHE_MS 3000
/* Larger answers are not cached. */
#define LARGEST ((size_t)256 << 10)
#define SMALLEST ((size_t)4096)
/* The limit for all texts, including those still being sent. */
#define HELD_MAX ((size_t)8 << 20)

struct cache_text {
	size_t users;
	size_t len, room;
	char bytes[];
};

struct cache_key
cache_key(enum cache_form form, uint64_t path, const struct stat *st)
{
	return (struct cache_key){ .form = form, .path = path, .st = *st };
}

static bool
is_same(const struct cache_key *a, const struct cache_key *b)
{
	return a->form == b->form && a->path == b->path &&
	    tree_is_same(&a->st, &b->st);
}

static size_t
place_of(enum cache_form form, uint64_t path)
{
	return (path + (uint64_t)form) % CACHE_SLOTS;
}

static struct cache_slot *
slot_of(struct cache *cache, const struct cache_key *key)
{
	return &cache->slots[place_of(key->form, key->path)];
}

bool
cache_knows(const struct cache *cache, uint64_t path)
{
	for (enum cache_form form = CACHE_FILE; form <= CACHE_MENU; form++) {
		const struct cache_slot *slot =
		    &cache->slots[place_of(form, path)];

		if (slot->key.form == form && slot->key.path == path &&
		    clock_until_ms(&slot->until) > 0)
			return true;
	}
	return false;
}

static void
text_leave(struct cache *cache, struct cache_text *text)
{
	if (text == NULL || --text->users > 0)
		return;
	cache->held -= text->room;
	free(text);
}

/* Removes expired entries. */
static void
forget_old(struct cache *cache)
{
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		struct cache_slot *slot = &cache->slots[i];

		if (slot->text == NULL || clock_until_ms(&slot->until) > 0)
			continue;
		text_leave(cache, slot->text);
		slot->text = NULL;
		slot->key.form = CACHE_NOTHING;
	}
}

static bool
has_room(struct cache *cache, size_t more)
{
	if (cache->held + more > HELD_MAX)
		forget_old(cache);
	return cache->held + more <= HELD_MAX;
}

/* Grows the text by `more` bytes; without room, frees it and returns false. */
static bool
text_grow(struct cache *cache, struct cache_text **text, size_t more)
{
	struct cache_text *old = *text, *larger = NULL;
	size_t len = old == NULL ? 0 : old->len;
	size_t had = old == NULL ? 0 : old->room;
	size_t room = had < SMALLEST ? SMALLEST : had;

	while (room < len + more)
		room *= 2;
	if (old != NULL && room == had)
		return true;
	if (room <= LARGEST && has_room(cache, room - had))
		larger = realloc(old, sizeof *larger + room);
	if (larger == NULL) {
		text_leave(cache, old);
		*text = NULL;
		return false;
	}
	if (old == NULL)
		*larger = (struct cache_text){ .users = 1 };
	larger->room = room;
	cache->held += room - had;
	*text = larger;
	return true;
}

struct cache_copy {
	struct body body;
	struct cache *cache;
	struct cache_text *text;
	size_t at;
};

static ssize_t
reading_pull(struct body *body, char *at, size_t room)
{
	struct cache_copy *self = (struct cache_copy *)body;
	size_t left = self->text->len - self->at;
	size_t len = left < room ? left : room;

	memcpy(at, self->text->bytes + self->at, len);
	self->at += len;
	body->ended = self->at == self->text->len;
	return (ssize_t)len;
}

static void
reading_release(struct body *body)
{
	struct cache_copy *self = (struct cache_copy *)body;

	text_leave(self->cache, self->text);
}

struct body *
cache_body(struct cache *cache, struct cache_key *key, struct arena *arena)
{
	struct cache_slot *slot = slot_of(cache, key);
	struct cache_copy *self;

	if (!is_same(&slot->key, key) || clock_until_ms(&slot->until) == 0)
		return NULL;
	self = arena_alloc(arena, sizeof *self);
	if (self == NULL)
		return NULL;
	*self = (struct cache_copy){
		.body = { .pull = reading_pull, .release = reading_release },
		.cache = cache,
		.text = slot->text,
	};
	slot->text->users++;
	key->type = slot->key.type;
	return &self->body;
}

struct recording {
	struct body body;
	struct cache *cache;
	struct cache_key key;
	struct timespec until;
	struct body *made;
	struct cache_text *text;
	bool given_up;
};

static void
keep(struct recording *self)
{
	struct cache_slot *slot = slot_of(self->cache, &self->key);

	text_leave(self->cache, slot->text);
	*slot = (struct cache_slot){
		.key = self->key, .until = self->until, .text = self->text
	};
	self->text = NULL;
	self->given_up = true;
}

static void
give_up(struct recording *self)
{
	text_leave(self->cache, self->text);
	self->text = NULL;
	self->given_up = true;
}

static ssize_t
recording_pull(struct body *body, char *at, size_t room)
{
	struct recording *self = (struct recording *)body;
	ssize_t got = body_pull(self->made, at, room);

	body->ended = self->made->ended;
	body->waits_for = self->made->waits_for;
	if (got >= 0 && clock_until_ms(&self->until) == 0)
		give_up(self);
	if (got > 0 && !self->given_up) {
		self->given_up =
		    !text_grow(self->cache, &self->text, (size_t)got);
		if (!self->given_up) {
			memcpy(self->text->bytes + self->text->len, at,
			    (size_t)got);
			self->text->len += (size_t)got;
		}
	}
	if (got >= 0 && body->ended && self->text != NULL && !self->given_up)
		keep(self);
	return got;
}

static void
recording_release(struct body *body)
{
	struct recording *self = (struct recording *)body;
	struct cache_slot *slot = slot_of(self->cache, &self->key);

	if (slot->recorder == self)
		slot->expected = (struct timespec){ 0 };
	text_leave(self->cache, self->text);
	body_release(self->made);
}

static bool
is_large(const struct cache_key *key)
{
	return key->form == CACHE_FILE && key->st.st_size > (off_t)LARGEST;
}

/* Whether an answer with this key should be recorded. */
static bool
is_wanted(struct cache *cache, const struct cache_key *key)
{
	return tree_is_settled(&key->st) && !is_large(key) &&
	    clock_until_ms(&slot_of(cache, key)->expected) == 0;
}

struct body *
cache_record(struct cache *cache, const struct cache_key *key,
    struct arena *arena, struct body *made)
{
	struct recording *self = made != NULL && is_wanted(cache, key)
	    ? arena_alloc(arena, sizeof *self)
	    : NULL;

	if (self == NULL)
		return made;
	*self = (struct recording){
		.body = { .pull = recording_pull,
		    .release = recording_release,
		    .wait_ms = made->wait_ms },
		.cache = cache,
		.key = *key,
		.until = clock_in(CACHE_MS),
		.made = made,
	};
	slot_of(cache, key)->expected = self->until;
	slot_of(cache, key)->recorder = self;
	return &self->body;
}

void
cache_release(struct cache *cache)
{
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		text_leave(cache, cache->slots[i].text);
		cache->slots[i] = (struct cache_slot){ .text = NULL };
	}
}
