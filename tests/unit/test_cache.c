/* Answers kept for a moment: when they are given again, and when not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fakeclock.h"
#include "serve/cache.h"

#define ROOM BODY_ROOM
#define CACHE_MS 3000
#define READERS ((size_t)64)

static struct cache cache;
static struct arena arena;

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena, (size_t)8 << 20);
	fakeclock_stop();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	cache_release(&cache);
	arena_release(&arena);
	return cache.held == 0 ? 0 : -1;
}

/* A file that was changed long ago. */
static struct stat
file(ino_t inode)
{
	return (struct stat){ .st_ino = inode, .st_size = 10 };
}

static struct cache_key
key_of(const char *path, ino_t inode)
{
	struct stat st = file(inode);

	return cache_key(CACHE_MENU, str_hash(str_of(path)), &st);
}

/* A body of `len` bytes that ends, or fails with EIO. */
struct source {
	struct body body;
	size_t left;
	bool fails, released;
};

static ssize_t
source_pull(struct body *body, char *at, size_t room)
{
	struct source *self = (struct source *)body;
	size_t len = self->left < room ? self->left : room;

	if (self->left == 0 && self->fails) {
		errno = EIO;
		return -1;
	}
	memset(at, 'x', len);
	self->left -= len;
	body->ended = self->left == 0 && !self->fails;
	return (ssize_t)len;
}

static void
source_release(struct body *body)
{
	((struct source *)body)->released = true;
}

static struct source
source_of(size_t len)
{
	return (struct source){
		.body = { .pull = source_pull, .release = source_release },
		.left = len,
	};
}

/* Reads up to `most` bytes; returns how many there were. */
static size_t
read_bytes(struct body *body, size_t most)
{
	char bytes[ROOM];
	size_t len = 0;

	while (len < most && !body->ended) {
		ssize_t got = body_pull(body, bytes, sizeof bytes);

		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			assert_int_equal(bytes[i], 'x');
		len += (size_t)got;
	}
	return len;
}

/* Makes an answer of `len` bytes under `key`, and reads `most` of it. */
static void
make(const struct cache_key *key, size_t len, size_t most, bool fails)
{
	struct source source = source_of(len);
	struct body *body;

	source.fails = fails;
	body = cache_record(&cache, key, &arena, &source.body);
	assert_non_null(body);
	read_bytes(body, most);
	body_release(body);
	assert_true(source.released);
}

/* How many bytes are kept under `key`; 0 when nothing is. */
static size_t
kept(struct cache_key *key)
{
	struct body *body = cache_body(&cache, key, &arena);
	size_t len;

	if (body == NULL)
		return 0;
	len = read_bytes(body, SIZE_MAX);
	body_release(body);
	return len;
}

static void
whole_and_small(void **state)
{
	static const struct {
		size_t len, most, kept;
		bool fails;
	} table[] = {
		{ 1, SIZE_MAX, 1, false },
		{ ROOM - 1, SIZE_MAX, ROOM - 1, false },
		{ ROOM, SIZE_MAX, ROOM, false },
		{ 100000, SIZE_MAX, 100000, false },
		{ (size_t)256 << 10, SIZE_MAX, (size_t)256 << 10, false },
		/* Larger than is kept. */
		{ ((size_t)256 << 10) + 1, SIZE_MAX, 0, false },
		/* A client that left, a source that failed, nothing at all. */
		{ 100000, 50000, 0, false },
		{ 100000, SIZE_MAX, 0, true },
		{ 0, SIZE_MAX, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct cache_key key = key_of("/page", 100 + i);

		assert_int_equal(kept(&key), 0);
		make(&key, table[i].len, table[i].most, table[i].fails);
		assert_int_equal(kept(&key), table[i].kept);
	}
}

static void
only_for_the_same(void **state)
{
	struct cache_key key = key_of("/same", 1), other;

	(void)state;
	make(&key, 10, SIZE_MAX, false);
	assert_int_equal(kept(&key), 10);
	other = key_of("/other", 1);
	assert_int_equal(kept(&other), 0);
	other = key_of("/same", 2);
	assert_int_equal(kept(&other), 0);
	other = key;
	other.form = CACHE_LISTING;
	assert_int_equal(kept(&other), 0);
	other = key;
	other.st.st_size++;
	assert_int_equal(kept(&other), 0);
	other = key;
	other.st.st_mtim.tv_nsec++;
	assert_int_equal(kept(&other), 0);
	other = key;
	other.st.st_ctim.tv_sec++;
	assert_int_equal(kept(&other), 0);
	other = key;
	other.st.st_dev++;
	assert_int_equal(kept(&other), 0);
	assert_int_equal(kept(&key), 10);
}

/* What was never served need not be looked at. */
static void
known_paths(void **state)
{
	(void)state;
	for (enum cache_form form = CACHE_FILE; form <= CACHE_MENU; form++) {
		char path[] = "/known-0";
		struct cache_key key;

		path[7] = (char)('0' + form);
		key = key_of(path, 14);
		key.form = form;
		assert_false(cache_knows(&cache, str_hash(str_of(path))));
		make(&key, 10, 5, true);
		assert_false(cache_knows(&cache, str_hash(str_of(path))));
		make(&key, 10, SIZE_MAX, false);
		assert_true(cache_knows(&cache, str_hash(str_of(path))));
	}
	assert_false(cache_knows(&cache, str_hash(STR("/known-"))));
	assert_false(cache_knows(&cache, str_hash(STR(""))));
}

/* What changes within the clock's tick must not look unchanged. */
static void
not_what_has_just_changed(void **state)
{
	struct cache_key key = key_of("/fresh", 7);

	(void)state;
	key.st.st_ctim.tv_sec = time(NULL);
	make(&key, 10, SIZE_MAX, false);
	assert_int_equal(kept(&key), 0);
	fakeclock_forward_ms(3000);
	make(&key, 10, SIZE_MAX, false);
	assert_int_equal(kept(&key), 10);
}

/* A slow reader reads on what a newer answer has replaced. */
static void
outlives_its_place(void **state)
{
	struct cache_key key = key_of("/slow", 8), newer = key;
	struct body *slow;

	(void)state;
	make(&key, 100000, SIZE_MAX, false);
	slow = cache_body(&cache, &key, &arena);
	assert_non_null(slow);
	assert_int_equal(read_bytes(slow, 1), ROOM);
	newer.st.st_size++;
	make(&newer, 20, SIZE_MAX, false);
	assert_int_equal(kept(&key), 0);
	assert_int_equal(kept(&newer), 20);
	assert_int_equal(read_bytes(slow, SIZE_MAX), 100000 - ROOM);
	body_release(slow);
}

/* A crowd that asks at once does not make as many copies. */
static void
one_copy_at_a_time(void **state)
{
	struct cache_key key = key_of("/crowd", 12);
	struct source first = source_of(100000), second = source_of(100000);
	struct body *one, *two;

	(void)state;
	one = cache_record(&cache, &key, &arena, &first.body);
	two = cache_record(&cache, &key, &arena, &second.body);
	assert_ptr_not_equal(one, &first.body);
	assert_ptr_equal(two, &second.body);
	/* The first client leaves; the next one's copy is wanted. */
	body_release(one);
	two = cache_record(&cache, &key, &arena, &second.body);
	assert_ptr_not_equal(two, &second.body);
	assert_int_equal(read_bytes(two, SIZE_MAX), 100000);
	body_release(two);
	assert_int_equal(kept(&key), 100000);
}

/* Readers that hold on to old answers cannot make us hold any number. */
static void
memory_is_bounded(void **state)
{
	struct cache_key key = key_of("/held", 9);
	struct body *readers[READERS];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < READERS; i++) {
		key.st.st_size++;
		make(&key, (size_t)256 << 10, SIZE_MAX, false);
		readers[count] = cache_body(&cache, &key, &arena);
		if (readers[count] != NULL)
			count++;
		assert_in_range(cache.held, 0, (size_t)8 << 20);
	}
	assert_in_range(count, 16, READERS - 1);
	while (count > 0)
		body_release(readers[--count]);
}

static void
for_a_moment(void **state)
{
	struct cache_key key = key_of("/moment", 11);

	(void)state;
	make(&key, 10, SIZE_MAX, false);
	fakeclock_forward_ms(CACHE_MS - 1);
	assert_int_equal(kept(&key), 10);
	fakeclock_forward_ms(1);
	assert_int_equal(kept(&key), 0);
	assert_false(cache_knows(&cache, str_hash(STR("/moment"))));
}

/* Answers that nobody may have again do not keep others from being kept. */
static void
what_is_over_makes_room(void **state)
{
	struct cache_key small = key_of("/small", 13);
	char path[] = "/large-00";

	(void)state;
	cache_release(&cache);
	for (ino_t i = 0; i < 64; i++) {
		struct cache_key large;

		path[7] = (char)('0' + i / 10);
		path[8] = (char)('0' + i % 10);
		large = key_of(path, 1000 + i);
		make(&large, (size_t)256 << 10, SIZE_MAX, false);
	}
	make(&small, 10, SIZE_MAX, false);
	assert_int_equal(kept(&small), 0);
	fakeclock_forward_ms(CACHE_MS);
	make(&small, 10, SIZE_MAX, false);
	assert_int_equal(kept(&small), 10);
}

/* Nor does a copy that comes too late to be given to anybody. */
static void
a_slow_copy_is_given_up(void **state)
{
	struct cache_key key = key_of("/left", 15);
	struct source source = source_of(100000);
	struct body *body;

	(void)state;
	cache_release(&cache);
	body = cache_record(&cache, &key, &arena, &source.body);
	assert_int_equal(read_bytes(body, 1), ROOM);
	assert_int_not_equal(cache.held, 0);
	fakeclock_forward_ms(CACHE_MS);
	assert_int_equal(read_bytes(body, 1), ROOM);
	cache_release(&cache);
	assert_int_equal(cache.held, 0);
	body_release(body);
}

static void
without_memory(void **state)
{
	struct cache_key key = key_of("/none", 10);
	struct source source = source_of(10);
	struct body *body;

	(void)state;
	arena_fail_at(&arena, 1);
	body = cache_record(&cache, &key, &arena, &source.body);
	assert_ptr_equal(body, &source.body);
	assert_null(cache_record(&cache, &key, &arena, NULL));
	arena_fail_at(&arena, 0);
	make(&key, 10, SIZE_MAX, false);
	arena_fail_at(&arena, 1);
	assert_null(cache_body(&cache, &key, &arena));
	arena_fail_at(&arena, 0);
	assert_int_equal(kept(&key), 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_small),
		cmocka_unit_test(only_for_the_same),
		cmocka_unit_test(known_paths),
		cmocka_unit_test(not_what_has_just_changed),
		cmocka_unit_test(outlives_its_place),
		cmocka_unit_test(one_copy_at_a_time),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(for_a_moment),
		cmocka_unit_test(what_is_over_makes_room),
		cmocka_unit_test(a_slow_copy_is_given_up),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
