/*
 * Finds the MIME types of files, corrects libmagic's mistakes, and limits its
 * time and memory.
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

#include "text/buf.h"
#include "text/mime.h"

/* Bytes of a file that are examined. */
#define SAMPLE_SIZE 16384
/*
 * Some of libmagic's patterns take quadratic time: 16 KiB of newlines took
 * 200 ms.  So it gets only TEXT_SIZE bytes of a text, and matches regular
 * expressions within REGEX_SIZE bytes; the same newlines then take 4 ms.
 */
#define TEXT_SIZE ((size_t)2048)
#define REGEX_SIZE ((size_t)512)

/* Flags to ask libmagic for a type, or for an encoding, which is faster. */
#define ASK_TYPE (MAGIC_MIME_TYPE | MAGIC_ERROR)
#define ASK_ENCODING \
	(MAGIC_MIME_ENCODING | MAGIC_ERROR | MAGIC_NO_CHECK_SOFT | \
	    (MAGIC_NO_CHECK_BUILTIN & ~MAGIC_NO_CHECK_ENCODING))

/*
 * Memory that libmagic may need: it keeps each expression that it compiled, in
 * small pieces, and converts the sample to eight bytes for each byte.
 */
#define MAGIC_MEMORY ((size_t)3 << 20)
#define MAGIC_PIECE 1024
#define RESERVE_SIZE ((size_t)1 << 20)
/* Different types that are cached; a tree has a dozen. */
#define TYPES_MAX 128
#define TYPE_SIZE 96
/* Files whose type is cached; a power of two. */
#define SLOTS 8192

struct media_slot {
	uint64_t name; /* hash of the name */
	struct stat st;
	struct str type;
};

struct media {
	magic_t magic;
	void *reserve; /* MAP_FAILED while there is none */
	size_t lookups; /* files that libmagic has examined */
	size_t type_count;
	struct {
		char text[TYPE_SIZE];
		size_t len;
	} types[TYPES_MAX];
	struct media_slot slots[SLOTS];
};

/* Reserves address space while libmagic is not running. */
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
	const size_t regex = REGEX_SIZE;
	struct media *media = calloc(1, sizeof *media);

	if (media == NULL) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	media->reserve = MAP_FAILED;
	(void)hold_reserve(media);
	media->magic = magic_open(ASK_TYPE);
	if (media->magic == NULL || magic_load(media->magic, NULL) != 0 ||
	    magic_setparam(media->magic, MAGIC_PARAM_REGEX_MAX, &regex) != 0) {
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

/* The shared copy of a type, or a generic type if there are too many. */
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

/* Whether the sample is UTF-8; its end may cut a character. */
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
 * Whether the memory that libmagic may need is available.  Tested in pieces:
 * when many clients have left, there is enough memory again, but not in one
 * piece.
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
 * Asks libmagic.  Returns false with errno set when memory is short: libmagic
 * would then recurse until the stack ends, or free memory that it never had.
 */
static bool
ask(struct media *media, int question, struct str sample, struct str *told)
{
	if (!hold_reserve(media) || !has_memory()) {
		errno = ENOMEM;
		return false;
	}
	give_reserve(media);
	(void)magic_setflags(media->magic, question);
	*told = str_of(magic_buffer(media->magic, sample.at, sample.len));
	(void)hold_reserve(media);
	return true;
}

/* Whether libmagic may take the sample for text, which is slow. */
static bool
may_be_text(struct str sample)
{
	return str_find(sample, '\0') == sample.len ||
	    str_starts(sample, STR("\xff\xfe")) ||
	    str_starts(sample, STR("\xfe\xff"));
}

/* Asks for the type.  Fails as `ask`. */
static bool
ask_type(struct media *media, struct str sample, struct str *told)
{
	media->lookups++;
	if (sample.len > TEXT_SIZE && may_be_text(sample))
		sample = str_head(sample, TEXT_SIZE);
	return ask(media, ASK_TYPE, sample, told);
}

size_t
media_lookups(const struct media *media)
{
	return media->lookups;
}

/* Whether there are no control bytes but those of plain text. */
static bool
is_plain(struct str sample)
{
	for (size_t i = 0; i < sample.len; i++) {
		unsigned char c = (unsigned char)sample.at[i];

		if ((c < ' ' && (c < '\t' || c > '\r')) || c == 0x7f)
			return false;
	}
	return true;
}

/* The parts of a file that its type depends on. */
struct media_clues {
	struct str named, usual; /* types by its name */
	struct str sample;
	bool is_utf8;
};

/*
 * Finds the type by the content.  libmagic takes a text for another format if
 * its first bytes match, so text stays text unless that format consists of
 * text.  Fails as ask_type.
 */
static bool
type_of_content(
    struct media *media, const struct media_clues *clues, struct str *type)
{
	bool plain = clues->is_utf8 && is_plain(clues->sample);

	if (clues->sample.len == 0) {
		*type = clues->usual.len > 0 ? clues->usual : STR("text/plain");
		return true;
	}
	if (!ask_type(media, clues->sample, type))
		return false;
	if (plain && !mime_is_textual(*type))
		*type = STR("text/plain");
	/* Where its database has no type, libmagic gives a word or nothing. */
	else if (str_find(*type, '/') == type->len)
		*type = STR("application/octet-stream");
	return true;
}

/* The encoding of text; empty for UTF-8 and for one without a name. */
static bool
encoding_of(
    struct media *media, const struct media_clues *clues, struct str *encoding)
{
	*encoding = (struct str){ 0 };
	if (clues->is_utf8)
		return true;
	if (!ask(media, ASK_ENCODING, clues->sample, encoding))
		return false;
	if (str_equals(*encoding, STR("binary")) ||
	    str_equals(*encoding, STR("unknown-8bit")))
		*encoding = (struct str){ 0 };
	return true;
}

/* The shared copy of a type in lower case; a generic one if it is too long. */
static struct str
write_type(struct media *media, struct str type, struct str encoding)
{
	char text[TYPE_SIZE];
	struct buf out = buf_over(text, sizeof text);

	buf_add(&out, type);
	if (encoding.len > 0) {
		buf_add(&out, STR("; charset="));
		buf_add(&out, encoding);
	}
	for (size_t i = 0; i < out.len; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	return out.overflow ? STR("application/octet-stream")
			    : intern(media, buf_str(&out));
}

/*
 * Builds the type.  Clients take text for UTF-8 anyway, and a charset has no
 * meaning for other types.  Empty when ask_type fails.
 */
static struct str
build(struct media *media, const struct media_clues *clues)
{
	char content[TYPE_SIZE];
	struct buf copy = buf_over(content, sizeof content);
	struct str type = clues->named, encoding = { 0 };

	if (type.len > 0 && (!mime_is_text(type) || clues->is_utf8))
		return type;
	if (type.len == 0 && !type_of_content(media, clues, &type))
		return (struct str){ 0 };
	/* libmagic's next answer overwrites this one. */
	buf_add(&copy, type);
	if (copy.overflow)
		return STR("application/octet-stream");
	type = buf_str(&copy);
	if (mime_is_text(type) && !encoding_of(media, clues, &encoding))
		return (struct str){ 0 };
	if (clues->named.len == 0 && clues->usual.len > 0 &&
	    (str_equals(type, STR("application/octet-stream")) ||
		(str_equals(type, STR("text/plain")) && !clues->is_utf8 &&
		    encoding.len == 0)))
		return clues->usual;
	return write_type(media, type, encoding);
}

struct str
media_type(struct media *media, struct str name, const struct entry *entry)
{
	char sample[SAMPLE_SIZE];
	struct media_clues clues;
	uint64_t hash = str_hash(name);
	uint64_t mix =
	    (hash ^ (uint64_t)entry->st.st_ino) * 0x9e3779b97f4a7c15u;
	struct media_slot *slot = &media->slots[(mix >> 32) % SLOTS];
	struct str type;
	ssize_t got;

	if (slot->type.len > 0 && slot->name == hash &&
	    tree_is_same(&slot->st, &entry->st))
		return slot->type;
	got = pread(entry->fd, sample, sizeof sample, 0);
	/* Do not cache a failure, which may be temporary. */
	if (got == -1)
		return (struct str){ 0 };
	clues.named = mime_of_name(name);
	clues.usual = mime_usual(name);
	clues.sample = (struct str){ sample, (size_t)got };
	clues.is_utf8 = is_utf8(clues.sample, got == (ssize_t)sizeof sample);
	type = build(media, &clues);
	if (type.len > 0 && tree_is_settled(&entry->st))
		*slot = (struct media_slot){ hash, entry->st, type };
	return type;
}

/* The type that the rules give to files with this name; empty: none. */
static struct str
type_of_name(const struct media_rules *rules, struct str name)
{
	struct str any = { 0 };

	for (size_t i = 0; i < rules->count; i++) {
		struct str end = rules->types[i].extension;
		size_t dot = name.len - end.len - 1;

		if (end.len == 0)
			any = rules->types[i].type;
		else if (end.len < name.len && name.at[dot] == '.' &&
		    str_equals_nocase(str_tail(name, dot + 1), end))
			return rules->types[i].type;
	}
	return any;
}

struct str
media_type_by(struct media *media, const struct media_rules *rules,
    struct str name, const struct entry *entry)
{
	struct str type = { 0 };

	if (rules != NULL)
		type = type_of_name(rules, name);
	if (type.len == 0)
		type = media_type(media, name, entry);
	if (rules == NULL || rules->charset.len == 0 || !mime_is_text(type))
		return type;
	type.len = str_find(type, ';');
	return write_type(media, type, rules->charset);
}
