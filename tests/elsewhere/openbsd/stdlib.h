#include_next <stdlib.h>

const char *getprogname(void);
void setproctitle(const char *format, ...);
