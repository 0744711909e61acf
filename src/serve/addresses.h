#ifndef SERVE_ADDRESSES_H
#define SERVE_ADDRESSES_H

#include "serve/response.h"

/* Answers with the page that links to the capsule over each protocol. */
void addresses_answer(const struct host *host, const struct request *request,
    struct response *response);

#endif
