/* As much of FreeBSD's as its file of sys/system calls. */
#include <stdint.h>

typedef struct cap_rights {
	uint64_t bits[2];
} cap_rights_t;

#define CAP_READ UINT64_C(1)
#define CAP_SEEK UINT64_C(2)
#define CAP_LOOKUP UINT64_C(4)
#define CAP_FSTAT UINT64_C(8)
#define CAP_FCNTL UINT64_C(16)
#define CAP_FCHDIR UINT64_C(32)

cap_rights_t *cap_rights_init(cap_rights_t *rights, ...);
int cap_rights_limit(int fd, const cap_rights_t *rights);
int cap_enter(void);
