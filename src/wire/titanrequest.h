#ifndef WIRE_TITANREQUEST_H
#define WIRE_TITANREQUEST_H

#include <stdbool.h>

#include "serve/response.h"
#include "text/str.h"
#include "text/uri.h"
#include "wire/exchange.h"

/* A Titan request and its answer. */
struct titanrequest {
	struct request request;
	struct response response;
};

/*
 * Answers a Titan URL of exchange->host; `rest` came after its line.
 * Returns false with the answer in `titan`, or true when it is pending: then
 * exchange->upload takes the body, if there is one.
 */
bool titanrequest_answer(struct exchange *exchange, const struct uri *uri,
    struct str rest, struct titanrequest *titan);

#endif
