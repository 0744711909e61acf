#ifndef WIRE_GEMINI_H
#define WIRE_GEMINI_H

#include "wire/protocol.h"

/* The longest URI of a request, without its CRLF (Gemini 0.24, Requests). */
#define GEMINI_URI_MAX 1024

/* The longest META that is sent: clients have this limit, 0.24 has none. */
#define GEMINI_META_MAX 1024

#endif
