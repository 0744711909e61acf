/*
 * The files that a server reports as missing, and since when.
 */
#include "mirror/absent.h"

#include <errno.h>
#include <stdlib.h>

#include "text/array.h"
#include "text/buf.h"
#include "text/utc.h"

#define FILE_NAME "absent"
#define TIME_LEN ((size_t)UTC_SIZE - 1)
/*
 * Requests beyond this are left out: the next run takes them for new, and their
 * files stay a day longer.
 */
#define FILE_MAX ((size_t)64 << 20)

static int
in_order(const void *a, const void *b)
{
	return str_compare(((const struct absent_entry *)a)->request,
	    ((const struct absent_entry *)b)->request);
}

static int
append(struct absent *absent, const struct absent_entry *absence)
{
	struct absent_entry *items = array_grow(
	    absent->items, absent->count, &absent->room, sizeof *items);

	if (items == NULL)
		return -1;
	absent->items = items;
	absent->items[absent->count++] = *absence;
	return 0;
}

/* Skips lines of another form, and an incomplete last line. */
static int
read_lines(struct absent *absent, struct str text)
{
	while (str_find(text, '\n') < text.len) {
		struct str line = str_cut(&text, '\n');
		struct absent_entry absence = { .request = { 0 } };

		if (line.len <= TIME_LEN || line.at[TIME_LEN] != ' ' ||
		    !utc_read(str_head(line, TIME_LEN), &absence.since))
			continue;
		/* The clock may have been ahead. */
		if (absence.since > absent->now)
			absence.since = absent->now;
		if (arena_copy(absent->arena, str_tail(line, TIME_LEN + 1),
			&absence.request) == -1 ||
		    append(absent, &absence) == -1)
			return -1;
	}
	return 0;
}

int
absent_read(struct absent *absent, struct replica *replica)
{
	struct replica_text text;
	int got = replica_read(replica, REPLICA_OWN, FILE_NAME, &text);
	int result;

	if (got != 1)
		return got;
	result = read_lines(absent, (struct str){ text.at, text.len });
	free(text.at);
	if (absent->count > 0)
		qsort(absent->items, absent->count, sizeof *absent->items,
		    in_order);
	absent->old = absent->count;
	if (result == -1)
		errno = ENOMEM;
	return result;
}

void
absent_release(struct absent *absent)
{
	free(absent->items);
	absent->items = NULL;
}

static struct absent_entry *
find(struct absent *absent, struct str request)
{
	const struct absent_entry key = { .request = request };

	return absent->old == 0
	    ? NULL
	    : bsearch(&key, absent->items, absent->old, sizeof key, in_order);
}

int
absent_add(struct absent *absent, struct str request)
{
	const struct absent_entry *before = find(absent, request);

	if (before != NULL)
		return absent->now - before->since >= ABSENT_LONG;
	return append(absent,
	    &(struct absent_entry){ .request = request, .since = absent->now });
}

void
absent_end(struct absent *absent, struct str request)
{
	struct absent_entry *before = find(absent, request);

	if (before != NULL)
		before->ended = true;
}

static size_t
room_for(const struct absent *absent)
{
	size_t room = 0;

	for (size_t i = 0; i < absent->count; i++)
		room += absent->items[i].request.len + UTC_SIZE + 1;
	return room < FILE_MAX ? room : FILE_MAX;
}

int
absent_write(struct absent *absent, struct replica *replica)
{
	size_t room = room_for(absent);
	struct buf text = buf_over(malloc(room + 1), room);
	int result;

	if (text.at == NULL)
		return -1;
	for (size_t i = 0; i < absent->count; i++) {
		const struct absent_entry *absence = &absent->items[i];
		char time[UTC_SIZE];

		if (absence->ended ||
		    text.len + UTC_SIZE + absence->request.len + 1 > room)
			continue;
		utc_format(absence->since, time);
		buf_printf(&text, "%s ", time);
		buf_add(&text, absence->request);
		buf_char(&text, '\n');
	}
	result = text.len > 0
	    ? replica_write(replica, REPLICA_OWN, FILE_NAME, buf_str(&text))
	    : replica_erase(replica, REPLICA_OWN, FILE_NAME);
	free(text.at);
	return result;
}
