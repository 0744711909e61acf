/* The master's side of the index, and a process that is not to be trusted. */
#include "daemon/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "daemon/indexer.h"
#include "sys/handover.h"

static size_t
count_answers(int line)
{
	size_t count = 0;
	char word;
	int fd;

	while (handover_receive(line, &word, &fd) == 1) {
		assert_int_equal(word, INDEXER_FILE);
		assert_int_not_equal(fd, -1);
		close(fd);
		count++;
	}
	return count;
}

static void
who_never_stops_talking_holds_nobody_up(void **state)
{
	struct index index = { 0 };
	size_t said = 0, answered;
	int line[2];

	(void)state;
	index_init(&index);
	assert_int_equal(handover_pair(line), 0);
	index.line = line[0];
	while (said < 40 && handover_send(line[1], INDEXER_WANTS, -1) == 0)
		said++;
	assert_int_equal(said, 40);
	assert_false(index_listen(&index));
	answered = count_answers(line[1]);
	assert_in_range(answered, 1, said / 2);
	/* The rest is not lost: the master comes back. */
	for (int i = 0; answered < said && i < 40; i++) {
		assert_false(index_listen(&index));
		answered += count_answers(line[1]);
	}
	assert_int_equal(answered, said);
	close(line[1]);
	index_close_ours(&index);
}

static void
what_is_done_before_it_is_begun(void **state)
{
	struct index index = { 0 };
	int line[2];

	(void)state;
	index_init(&index);
	assert_int_equal(handover_pair(line), 0);
	index.line = line[0];
	assert_int_equal(handover_send(line[1], INDEXER_DONE, line[1]), 0);
	assert_int_equal(handover_send(line[1], '?', -1), 0);
	assert_false(index_listen(&index));
	assert_int_equal(index.current, -1);
	assert_int_equal(handover_send(line[1], INDEXER_WANTS, -1), 0);
	assert_int_equal(handover_send(line[1], INDEXER_DONE, -1), 0);
	assert_true(index_listen(&index));
	assert_int_not_equal(index.current, -1);
	assert_int_equal(count_answers(line[1]), 1);
	close(line[1]);
	index_stop(&index);
	assert_int_equal(index.current, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_never_stops_talking_holds_nobody_up),
		cmocka_unit_test(what_is_done_before_it_is_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
