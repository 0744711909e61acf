#ifndef TOOL_STATUS_H
#define TOOL_STATUS_H

#define STATUS_USAGE "status SOCKET"

/*
 * The verb `status`: prints the status of a running server, from the socket
 * that its key `status` names.  Returns the exit status: 0, 1 when there is no
 * answer, or 2 for wrong usage.
 */
int status_main(int argc, char **argv);

#endif
