#ifndef WIRE_GOPHERREPLY_H
#define WIRE_GOPHERREPLY_H

#include <stdbool.h>

#include "text/buf.h"
#include "wire/exchange.h"

/* Room for an answer of a few lines. */
#define GOPHERREPLY_SIZE 4096

/*
 * Each of these sets the exchange's answer.  Without memory for it, the
 * answer is STATUS_FAILURE in constant words.
 */

/* The bytes of `text`, which must live as long as the exchange's arena. */
void gopherreply_text(
    struct exchange *exchange, enum status status, const struct buf *text);

/* A menu with one line of error, in these words. */
void gopherreply_error(
    struct exchange *exchange, enum status status, struct str words);

/* The same, in the words that readers always get for that status. */
void gopherreply_refusal(struct exchange *exchange, enum status status);

/* Whatever serving `request` has led to; takes the response's body. */
void gopherreply_response(struct exchange *exchange,
    const struct request *request, struct response *response);

#endif
