/* As much of OpenBSD's as its file of sys/system calls. */
#include_next <unistd.h>

int pledge(const char *promises, const char *exec_promises);
int unveil(const char *path, const char *permissions);
