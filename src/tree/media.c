/*
 * MIME types of files.  Knows libmagic and what it gets wrong; knows
 * nothing of how a type is used.
 */
#include "tree/media.h"

#include <errno.h>
#include <magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistr.h>
#include <unistd.h>

#include "sys/clock.h"
#include "text/buf.h"
#include "text/mime.h"

/* How much of a file is looked at. */
#define SAMPLE_SIZE 16384
/*
 * What libmagic may take: it keeps each expression that it ever compiled,
 * in small pieces, and writes the sample with eight bytes for each of its own.
 */
#define MAGIC_MEMORY ((size_t)3 << 20)
#define MAGIC_PIECE 1024
#define RESERVE_SIZE ((size_t)1 << 20)
/* Different types that are remembered; a tree has a dozen. */
#define TYPES_MAX 128
#define TYPE_SIZE 96
/* Files whose type is remembered; a power of two. */
#define SLOTS 8192
/* Paths whose type is, and for how long. */
#define RECENT 2048
#define RECENT_MS 3000

struct slot {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	struct str named; /* what the name told: a view of a constant */
	struct str type;
};

struct recent {
	uint64_t hash; /* of the path */
	struct timespec until;
	struct str type;
};

struct media {
	magic_t magic;
	void *reserve; /* MAP_FAILED while there is none */
	size_t type_count;
	struct {
		char text[TYPE_SIZE];
		size_t len;
	} types[TYPES_MAX];
	struct slot slots[SLOTS];
	struct recent recent[RECENT];
};

/* Address space for what is not small, held while libmagic is not asked. */
static bool
hold_reserve(struct media *media)
{
	if (media->reserve == MAP_FAILED)
		media->reserve = mmap(NULL, RESERVE_SIZE,
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return media->reserve != MAP_FAILED;
}

static void
give_reserve(struct media *media)
{
	if (media->reserve != MAP_FAILED)
		(void)munmap(media->reserve, RESERVE_SIZE);
	media->reserve = MAP_FAILED;
}

struct media *
media_new(char *error, size_t error_size)
{
	struct media *media = calloc(1, sizeof *media);

	if (media == NULL) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	media->reserve = MAP_FAILED;
	(void)hold_reserve(media);
	media->magic = magic_open(MAGIC_MIME | MAGIC_ERROR);
	if (media->magic == NULL || magic_load(media->magic, NULL) != 0) {
		snprintf(error, error_size,
		    "libmagic's database cannot be loaded: %s; install it "
		    "again (Debian: libmagic-mgc)",
		    media->magic == NULL ? "out of memory"
					 : magic_error(media->magic));
		media_free(media);
		return NULL;
	}
	return media;
}

void
media_free(struct media *media)
{
	if (media == NULL)
		return;
	if (media->magic != NULL)
		magic_close(media->magic);
	give_reserve(media);
	free(media);
}

/* The one copy of a type's text, or a plain one when there are too many. */
static struct str
intern(struct media *media, struct str type)
{
	size_t i;

	for (i = 0; i < media->type_count; i++) {
		struct str known = { media->types[i].text,
			media->types[i].len };

		if (str_equals(known, type))
			return known;
	}
	if (i == TYPES_MAX)
		return STR("application/octet-stream");
	memcpy(media->types[i].text, type.at, type.len);
	media->types[i].len = type.len;
	media->type_count++;
	return (struct str){ media->types[i].text, type.len };
}

/* Whether it is UTF-8, but for a character that the sample's end cuts. */
static bool
is_utf8(struct str sample, bool cut)
{
	const uint8_t *bad = sample.len > 0
	    ? u8_check((const uint8_t *)sample.at, sample.len)
	    : NULL;

	if (bad == NULL)
		return true;
	return cut &&
	    (size_t)((const uint8_t *)sample.at + sample.len - bad) < 4;
}

/*
 * Whether there is as much as libmagic may take.  In pieces: when many
 * clients have gone there is memory enough again, but not in one.
 */
static bool
has_memory(void)
{
	struct piece {
		struct piece *next;
	} *taken = NULL, *piece;
	size_t size = 0;

	while (size < MAGIC_MEMORY && (piece = malloc(MAGIC_PIECE)) != NULL) {
		piece->next = taken;
		taken = piece;
		size += MAGIC_PIECE;
	}
	while ((piece = taken) != NULL) {
		taken = piece->next;
		free(piece);
	}
	return size >= MAGIC_MEMORY;
}

/*
 * False when there is no memory for libmagic: it would call itself until the
 * stack ends, or free what it never had.
 */
static bool
ask(struct media *media, struct str sample, struct str *told)
{
	if (!hold_reserve(media) || !has_memory()) {
		errno = ENOMEM;
		return false;
	}
	give_reserve(media);
	*told = str_of(magic_buffer(media->magic, sample.at, sample.len));
	(void)hold_reserve(media);
	return true;
}

/*
 * Builds the type from what the name tells, or libmagic's word ("text/plain;
 * charset=us-ascii").  UTF-8 is what clients take text for anyway, and a
 * charset says nothing of what is not text.  Empty without memory.
 */
static struct str
build(struct media *media, struct str named, struct str sample, bool cut)
{
	char text[TYPE_SIZE];
	struct buf type = buf_over(text, sizeof text);
	struct str told = { 0 }, charset = { 0 }, content;
	bool is_text;

	if (named.len == 0 && sample.len == 0)
		return STR("text/plain");
	if (named.len > 0 && (!mime_is_text(named) || is_utf8(sample, cut)))
		return named;
	if (!ask(media, sample, &told))
		return (struct str){ 0 };
	content = str_cut(&told, ';');
	told = str_trim_start(told);
	if (str_starts(told, STR("charset=")))
		charset = str_tail(told, 8);
	if (named.len == 0)
		named = content;
	if (str_find(named, '/') == named.len)
		return STR("application/octet-stream");
	is_text = mime_is_text(named);
	buf_add(&type, named);
	if (is_text && charset.len > 0 && !is_utf8(sample, cut) &&
	    !str_equals(charset, STR("binary")) &&
	    !str_equals(charset, STR("unknown-8bit"))) {
		buf_add(&type, STR("; charset="));
		buf_add(&type, charset);
	}
	for (size_t i = 0; i < type.len; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	return type.overflow ? STR("application/octet-stream")
			     : intern(media, buf_str(&type));
}

static struct slot *
slot_of(struct media *media, const struct stat *st)
{
	uint64_t mix = (uint64_t)st->st_ino * 0x9e3779b97f4a7c15u;

	return &media->slots[(mix >> 32) % SLOTS];
}

static bool
slot_holds(const struct slot *slot, const struct stat *st, struct str named)
{
	return slot->type.len > 0 && slot->inode == st->st_ino &&
	    slot->device == st->st_dev && slot->size == st->st_size &&
	    slot->changed.tv_sec == st->st_mtim.tv_sec &&
	    slot->changed.tv_nsec == st->st_mtim.tv_nsec &&
	    str_equals(slot->named, named);
}

struct str
media_type(struct media *media, struct str name, const struct entry *entry)
{
	char sample[SAMPLE_SIZE];
	struct str named = mime_of_name(name);
	struct slot *slot = slot_of(media, &entry->st);
	struct str type;
	ssize_t got;

	if (slot_holds(slot, &entry->st, named))
		return slot->type;
	got = pread(entry->fd, sample, sizeof sample, 0);
	/* What failed once is not remembered: it may be over the next time. */
	if (got == -1)
		return (struct str){ 0 };
	type = build(media, named, (struct str){ sample, (size_t)got },
	    got == (ssize_t)sizeof sample);
	if (type.len == 0)
		return type;
	*slot = (struct slot){
		.device = entry->st.st_dev,
		.inode = entry->st.st_ino,
		.size = entry->st.st_size,
		.changed = entry->st.st_mtim,
		.named = named,
		.type = type,
	};
	return slot->type;
}

bool
media_recall(const struct media *media, struct str path, struct str *type)
{
	uint64_t wanted = str_hash(path);
	const struct recent *recent = &media->recent[wanted % RECENT];

	if (recent->hash != wanted || clock_until_ms(&recent->until) == 0)
		return false;
	*type = recent->type;
	return true;
}

void
media_keep(struct media *media, struct str path, struct str type)
{
	uint64_t wanted = str_hash(path);

	media->recent[wanted % RECENT] =
	    (struct recent){ wanted, clock_in(RECENT_MS), type };
}
