#include_next <stdlib.h>

const char *getprogname(void);
