#ifndef WIRE_GOPHERREPLY_H
#define WIRE_GOPHERREPLY_H

#include <stdbool.h>

#include "text/buf.h"
#include "wire/exchange.h"

/* Room for an answer of a few lines. */
#define GOPHERREPLY_SIZE 4096

/*
 * Each of these sets the exchange's answer. Without memory the answer is
 * STATUS_FAILURE with constant text.
 */

/* Answers with `text`, which must live as long as the exchange's arena. */
void gopherreply_text(
    struct exchange *exchange, enum status status, const struct buf *text);

/*
 * Answers with an error line, which names a missing file as such, and an item
 * that leads to the first page.
 */
void gopherreply_error(
    struct exchange *exchange, enum status status, struct str words);

/* Answers with an error line with the status's standard text. */
void gopherreply_refusal(struct exchange *exchange, enum status status);

/* Answers with the response to `request`; takes its body. */
void gopherreply_response(struct exchange *exchange,
    const struct request *request, struct response *response);

#endif
