/*
 * The events of one connection, with as few system calls as possible.
 */
#include "wire/waiting.h"

int
waiting_init(struct waiting *waiting, struct event_base *base, int fd,
    const struct waiting_calls *calls, void *context)
{
	*waiting =
	    (struct waiting){ .fd = fd, .remote_fd = -1, .calls = calls };
	if (event_assign(&waiting->client, base, fd, EV_READ, calls->client,
		context) == -1)
		return -1;
	return evtimer_assign(
	    &waiting->deadline, base, calls->deadline, context);
}

void
waiting_renew(struct waiting *waiting)
{
	waiting->timed = false;
}

/* Without a timer a client could stay for ever. */
static int
begin_deadline(struct waiting *waiting, const struct timeval *length)
{
	if (!waiting->timed && evtimer_add(&waiting->deadline, length) == -1)
		return -1;
	waiting->timed = true;
	return 0;
}

static int
change_client(struct waiting *waiting, short what)
{
	struct event *event = &waiting->client;

	if (waiting->what == what)
		return 0;
	if (waiting->what != 0)
		event_del(event);
	waiting->what = what;
	if (what == 0)
		return 0;
	if (event_assign(event, event_get_base(event), waiting->fd,
		(short)(what | EV_PERSIST), waiting->calls->client,
		event_get_callback_arg(event)) == -1)
		return -1;
	return event_add(event, NULL);
}

int
waiting_for_client(
    struct waiting *waiting, short what, const struct timeval *length)
{
	waiting_leave_remote(waiting);
	waiting->for_remote = false;
	if (begin_deadline(waiting, length) == -1)
		return -1;
	return change_client(waiting, what);
}

int
waiting_for_remote(struct waiting *waiting, int remote, short what,
    const struct timeval *length)
{
	const struct event *client = &waiting->client;
	const short room = (short)(what & EV_WRITE);
	const unsigned ms = waiting->remote_ms;
	const struct timeval own = { .tv_sec = ms / 1000,
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	if (!waiting->for_remote)
		waiting_renew(waiting);
	waiting->for_remote = true;
	if (begin_deadline(waiting, ms > 0 ? &own : length) == -1 ||
	    change_client(waiting, (short)(room != 0 ? 0 : what)) == -1)
		return -1;
	if (waiting->remote_fd == remote && waiting->remote_what == room)
		return 0;
	waiting_leave_remote(waiting);
	waiting->remote = event_new(event_get_base(client), remote,
	    (short)(EV_READ | EV_PERSIST | room), waiting->calls->remote,
	    event_get_callback_arg(client));
	if (waiting->remote == NULL)
		return -1;
	waiting->remote_fd = remote;
	waiting->remote_what = room;
	return event_add(waiting->remote, NULL);
}

void
waiting_leave_remote(struct waiting *waiting)
{
	if (waiting->remote != NULL)
		event_free(waiting->remote);
	waiting->remote = NULL;
	waiting->remote_fd = -1;
}

void
waiting_stop(struct waiting *waiting)
{
	waiting_leave_remote(waiting);
	(void)change_client(waiting, 0);
	event_del(&waiting->deadline);
}
