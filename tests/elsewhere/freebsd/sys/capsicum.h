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
#define CAP_WRITE UINT64_C(64)
#define CAP_CREATE UINT64_C(128)
#define CAP_FTRUNCATE UINT64_C(256)
#define CAP_FSYNC UINT64_C(512)
#define CAP_UNLINKAT UINT64_C(1024)
#define CAP_RENAMEAT_SOURCE UINT64_C(2048)
#define CAP_RENAMEAT_TARGET UINT64_C(4096)
#define CAP_FLOCK UINT64_C(8192)
#define CAP_MMAP_R UINT64_C(16384)
#define CAP_MMAP_W UINT64_C(32768)
#define CAP_FCHMOD UINT64_C(65536)
#define CAP_MKDIRAT UINT64_C(131072)
#define CAP_LINKAT_SOURCE UINT64_C(262144)
#define CAP_LINKAT_TARGET UINT64_C(524288)

cap_rights_t *cap_rights_init(cap_rights_t *rights, ...);
cap_rights_t *cap_rights_set(cap_rights_t *rights, ...);
int cap_rights_limit(int fd, const cap_rights_t *rights);
int cap_enter(void);
