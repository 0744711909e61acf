/*
 * The connections of a process: their lists, which one to close for a new
 * client, and freeing closed ones.
 */
#include "wire/conngroup.h"

#include <stdlib.h>

#include <event2/event.h>

#include "sys/clock.h"

/*
 * The time that a client has for its request when all places are in use: a new
 * client waits less than a second in all.
 */
#define TIME_TO_ASK_MS 800

void
conngroup_init(struct conngroup *group)
{
	for (size_t i = 0; i < CONN_STAGES; i++)
		TAILQ_INIT(&group->open[i]);
	TAILQ_INIT(&group->corpses);
}

int
conngroup_set_deadlines(
    struct conngroup *group, const unsigned lengths_ms[CONN_DEADLINES])
{
	for (size_t i = 0; i < CONN_DEADLINES; i++) {
		const struct timeval length = clock_timeval(lengths_ms[i]);

		group->deadlines[i] =
		    event_base_init_common_timeout(group->base, &length);
		if (group->deadlines[i] == NULL)
			return -1;
	}
	return 0;
}

void
conngroup_count_late(struct conn_member *member)
{
	switch (member->stage) {
	case CONN_STAGE_HELLO:
	case CONN_STAGE_REQUEST:
		conngroup_count(member, COUNTS_LATE_REQUEST);
		break;
	case CONN_STAGE_RESPONSE:
		conngroup_count(member, COUNTS_LATE_CLIENT);
		break;
	case CONN_STAGE_DRAIN:
	case CONN_STAGES: break;
	}
}

void
conngroup_close_late(struct conn_member *member)
{
	conngroup_count_late(member);
	member->group->close(member);
}

void
conngroup_enter(struct conn_member *member)
{
	struct conngroup *group = member->group;

	member->stage = CONN_STAGE_HELLO;
	member->opened = clock_now();
	TAILQ_INSERT_TAIL(&group->open[CONN_STAGE_HELLO], member, link);
	group->count++;
	conngroup_count(member, COUNTS_HELLO);
	conngroup_count(member, COUNTS_CONNECTIONS);
}

void
conngroup_enter_stage(struct conn_member *member, enum conn_stage stage)
{
	struct conn_list *open = member->group->open;

	TAILQ_REMOVE(&open[member->stage], member, link);
	counts_add(member->group->counts, COUNTS_HELLO + member->stage, -1);
	conngroup_count(member, COUNTS_HELLO + stage);
	TAILQ_INSERT_TAIL(&open[stage], member, link);
	member->stage = stage;
}

void
conngroup_leave(struct conn_member *member)
{
	struct conngroup *group = member->group;

	counts_add(group->counts, COUNTS_HELLO + member->stage, -1);
	TAILQ_REMOVE(&group->open[member->stage], member, link);
	TAILQ_INSERT_TAIL(&group->corpses, member, link);
	group->count--;
}

bool
conngroup_make_room(struct conngroup *group)
{
	/* Close these first: a browser sends its whole ClientHello at once. */
	struct conn_member *member =
	    TAILQ_FIRST(&group->open[CONN_STAGE_HELLO]);

	if (member == NULL) {
		member = TAILQ_FIRST(&group->open[CONN_STAGE_REQUEST]);
		if (member == NULL ||
		    clock_since_ms(&member->opened) < TIME_TO_ASK_MS)
			return false;
	}
	conngroup_count(member, COUNTS_CLOSED_ROOM);
	group->close(member);
	return true;
}

void
conngroup_close_idle(struct conngroup *group)
{
	struct conn_member *next;

	for (struct conn_member *member =
		 TAILQ_FIRST(&group->open[CONN_STAGE_HELLO]);
	     member != NULL; member = next) {
		next = TAILQ_NEXT(member, link);
		if (group->is_idle(member))
			group->close(member);
	}
}

void
conngroup_close_all(struct conngroup *group)
{
	for (size_t i = 0; i < CONN_STAGES; i++)
		while (!TAILQ_EMPTY(&group->open[i]))
			group->close(TAILQ_FIRST(&group->open[i]));
}

void
conngroup_sweep(struct conngroup *group)
{
	while (!TAILQ_EMPTY(&group->corpses)) {
		struct conn_member *member = TAILQ_FIRST(&group->corpses);

		TAILQ_REMOVE(&group->corpses, member, link);
		free(member);
	}
}
