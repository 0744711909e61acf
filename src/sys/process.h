#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

/*
 * Call it first in main, to replace unusable state of the parent.  It opens
 * /dev/null for each of the descriptors 0, 1 and 2 that is closed, so that no
 * other file gets its number; unblocks every signal; and gives SIGCHLD its
 * default action, without which children cannot be waited for.  Other ignored
 * signals stay ignored, as nohup(1) needs.  Exits with status 1 when /dev/null
 * cannot be opened.
 */
void process_start(void);

/* As many descriptors as the system lets us have. */
void process_raise_limits(void);

/* Closes the descriptors from 3 on. */
void process_close_inherited(void);

#endif
