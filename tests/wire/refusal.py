"""A sandbox around a program: system calls that its filter refuses."""

import ctypes
import errno

ALLOW = 0x7fff0000
ERRNO = 0x00050000


def refusing(*calls, error=errno.EPERM):
    """A preexec_fn after which each of these calls fails with the error."""
    lib = ctypes.CDLL('libseccomp.so.2')
    lib.seccomp_init.restype = ctypes.c_void_p

    def enter():
        context = ctypes.c_void_p(lib.seccomp_init(ALLOW))
        for call in calls:
            number = lib.seccomp_syscall_resolve_name(call.encode())
            if lib.seccomp_rule_add(context, ERRNO | error, number, 0) != 0:
                raise OSError('no rule for ' + call)
        if lib.seccomp_load(context) != 0:
            raise OSError('no filter')
    return enter
