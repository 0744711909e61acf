/* As much of FreeBSD's as its file of sys/system calls. */
#include <sys/types.h>
#include <sys/wait.h>

#define PROC_TRACE_CTL 7
#define PROC_TRACE_CTL_DISABLE 2
#define PROC_NO_NEW_PRIVS_CTL 19
#define PROC_NO_NEW_PRIVS_ENABLE 1

int procctl(idtype_t type, id_t id, int command, void *argument);
