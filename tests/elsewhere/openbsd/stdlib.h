#include_next <stdlib.h>

void setproctitle(const char *format, ...);
