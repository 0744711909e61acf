#ifndef SERVE_ASK_H
#define SERVE_ASK_H

#include "serve/response.h"

/*
 * Answers a question from the capsule's own pages: prompts for one when there
 * is no query, else lists the best matching passages.
 */
void ask_answer(const struct host *host, const struct request *request,
    struct response *response);

#endif
