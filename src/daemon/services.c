/*
 * The services of a generation that workers connect to.
 */
#include "daemon/services.h"

#include "sys/fdpass.h"

const char *
services_name(enum workers_service which)
{
	static const char *const names[WORKERS_SERVICES] = {
		[WORKERS_ANSWERS] = "answers",
		[WORKERS_RUNNER] = "runner",
		[WORKERS_WRITER] = "writer",
		[WORKERS_KEYS] = "keys",
	};

	return names[which];
}

void
services_init(
    struct services *services, const struct services_kind *kinds, void *context)
{
	services->kinds = kinds;
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		services->all[i] = (struct service){
			.name = services_name((enum workers_service)i),
			.pair = fdpass_pair,
			.work = kinds[i].work,
			.context = context,
			.line = -1,
		};
}

static bool
is_needed(const struct services_kind *kind, const struct config *config)
{
	return kind->work != NULL &&
	    (kind->is_wanted == NULL || kind->is_wanted(config));
}

void
services_change(struct services *services, const struct config *config)
{
	for (size_t i = 0; i < SERVICES_COUNT; i++) {
		service_retire(&services->all[i]);
		service_init(&services->all[i]);
		services->all[i].is_wanted =
		    is_needed(&services->kinds[i], config);
	}
}

void
services_start_due(struct services *services)
{
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		service_start_due(&services->all[i]);
}

bool
services_reap(struct services *services, pid_t pid, int status)
{
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		if (service_reap(&services->all[i], pid, status, true))
			return true;
	return false;
}

long
services_due_ms(const struct services *services, long ms)
{
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		ms = service_due_ms(&services->all[i], ms);
	return ms;
}

void
services_finish(struct services *services)
{
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		service_finish(&services->all[i]);
}

void
services_forget(struct services *services, const struct service *own)
{
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		if (&services->all[i] != own)
			service_forget(&services->all[i]);
}
