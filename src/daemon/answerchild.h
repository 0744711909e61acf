#ifndef DAEMON_ANSWERCHILD_H
#define DAEMON_ANSWERCHILD_H

#include <stdbool.h>

#include "daemon/service.h"
#include "serve/response.h"
#include "sys/jail.h"
#include "sys/limit.h"
#include "text/attribute.h"

/* The exit status of the process, and of a child, that met a damaged index. */
#define ANSWERS_DAMAGED 3

/* The setup of the process; borrowed. */
struct answers_setup {
	const struct service *service; /* its sockets */
	const struct server *server; /* without `answers` */
	const struct jail *jail;
	const struct jail_roots *roots; /* of all hosts */
	/* The limits that count the cost of answers for each network. */
	struct limit_table *limits;
	const struct limit_rules *rules;
	int state; /* the directory of the index; -1: no index */
};

/*
 * In a new child of the answers process: limits itself, answers the request
 * over `fd`, and exits, with ANSWERS_DAMAGED if it met a damaged index.
 */
NO_RETURN void answerchild_run(const struct answers_setup *setup,
    const struct request *asked, int fd, bool archive);

/* Whether the worker at the other end of `fd` no longer waits for the answer.
 */
bool answerchild_is_given_up(int fd);

#endif
