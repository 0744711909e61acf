#ifndef WIRE_GOPHER_H
#define WIRE_GOPHER_H

#include "wire/protocol.h"

/* The longest request line, without its end; RFC 1436 advises 255. */
#define GOPHER_LINE_MAX 1024

/* Redirects within the capsule that are followed for a client. */

#endif
