#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

/*
 * First in main, whatever the parent left: opens /dev/null as each of the
 * descriptors 0, 1 and 2 that is closed, so that no other file gets its
 * number; unblocks every signal; and gives SIGCHLD its default action, without
 * which children cannot be waited for.  Other ignored signals stay ignored, as
 * nohup(1) needs.  Exits with status 1 where there is no /dev/null.
 */
void process_start(void);

/* Closes the descriptors from 3 on. */
void process_close_inherited(void);

#endif
