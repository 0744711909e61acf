#ifndef UNIT_SCARCE_H
#define UNIT_SCARCE_H

#include <stddef.h>

/*
 * The `n`th allocation from now on fails (1 is the next), and so does every
 * one after it; 0 ends that.  What counts is malloc and calloc as the rooms
 * and the test call them; what libraries allocate is never refused.
 */
void scarce_memory(size_t n);

/* Only `n` more descriptors can be opened, until scarce_files_end. */
void scarce_files(size_t n);
void scarce_files_end(void);

#endif
