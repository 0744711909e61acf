#ifndef TOOL_POST_H
#define TOOL_POST_H

#define POST_USAGE "post [--log FOLDER] DIR TITLE"

/*
 * `capsule post`: adds a dated page to the log of a capsule.  Returns the exit
 * status: 0, 1 when nothing was posted, 2 for wrong usage.
 */
int post_main(int argc, char **argv);

#endif
