#include_next <unistd.h>

void setproctitle(const char *format, ...);
