#ifndef SERVE_READERS_H
#define SERVE_READERS_H

#include "serve/response.h"

/*
 * A handler: refuses requests for a part that has readers, since no client is
 * known as one.
 */
handler readers_answer;

#endif
