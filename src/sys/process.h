#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include <signal.h>
#include <sys/types.h>

/*
 * Replaces unusable state from the parent; call it first in main. Opens
 * /dev/null for each closed descriptor of 0, 1 and 2, so that no other file
 * gets its number; unblocks every signal; and restores the default action of
 * SIGCHLD, which waiting for children needs. Other ignored signals stay
 * ignored, as nohup(1) needs. Exits with status 1 when /dev/null cannot be
 * opened.
 */
void process_start(void);

/*
 * Blocks SIGHUP, SIGINT and SIGTERM, which would end a change of files halfway;
 * `before` gets the mask to restore with sigprocmask(2).
 */
void process_block_signals(sigset_t *before);

/* Raises the limit of open descriptors to the maximum. */
void process_raise_limits(void);

/*
 * Copies an array of strings that ends with NULL, such as environ, into one
 * block, to be freed as a whole. Returns NULL without memory.
 */
char **process_copy_strings(char *const *strings);

/*
 * Forks a child of the master, which has the title of `role` from its start;
 * see system_set_title. Returns as fork(2).
 */
pid_t process_fork(const char *role);

/* Closes a descriptor, unless it is -1, and keeps errno. */
void process_close(int fd);

#endif
