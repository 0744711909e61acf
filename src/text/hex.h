#ifndef TEXT_HEX_H
#define TEXT_HEX_H

#include <stddef.h>

/* The value of a hexadecimal digit of either case, or -1. */
int hex_value(char c);

/* Writes two lower-case digits for each byte, and a NUL, to `out`. */
void hex_format(const unsigned char *bytes, size_t count, char *out);

#endif
