/*
 * The start of the master, before and after it loads the configuration.
 */
#include "daemon/startup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ready.h"
#include "daemon/signals.h"
#include "sys/archive.h"
#include "sys/process.h"

void
startup_adopt(struct master *master, const struct config *config)
{
	char error[4608];
	struct jail jail;

	/* Loading the configuration reports faults of the jail. */
	if (master->reexec->lock != -1 &&
	    jail_init(&jail, config->jail, config->user, error, sizeof error) ==
		0)
		state_adopt(&master->left, master->reexec->state,
		    master->reexec->lock, &jail);
}

int
startup_begin(struct master *master, char *error, size_t error_size)
{
	process_raise_limits();
	archive_prepare();
	master->media = media_new(error, error_size);
	if (master->media == NULL)
		return -1;
	master->limits = limit_new();
	if (master->limits == NULL || signals_begin(&master->waiting) == -1) {
		snprintf(
		    error, error_size, "cannot start: %s", strerror(errno));
		return -1;
	}
	master->workers.limits = master->limits;
	master->workers.work = children_worker_main;
	master->workers.context = master;
	services_init(&master->services, children_services, master);
	master->index = (struct service){ .name = "index",
		.work = children_be_indexer,
		.context = master,
		.line = -1 };
	return 0;
}

void
startup_announce(struct master *master)
{
	const struct reexec *reexec = master->reexec;

	jail_log(&master->generation->jail);
	ready_log(&master->listeners, &master->generation->config);
	generation_log_made(master->generation);
	if (reexec->is_successor) {
		reexec_succeed(reexec, &master->workers, &master->index,
		    &master->services, master->generation);
	} else {
		ready_print_urls(&master->generation->config);
		reexec_warn();
	}
}
