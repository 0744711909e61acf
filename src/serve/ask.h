#ifndef SERVE_ASK_H
#define SERVE_ASK_H

#include "serve/response.h"

/*
 * Answers a question from the capsule's own pages: asks for one where there
 * is no query, and else lists the passages that tell most about it.
 */
void ask_answer(const struct server *server, const struct request *request,
    struct response *response);

#endif
