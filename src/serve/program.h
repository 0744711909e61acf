#ifndef SERVE_PROGRAM_H
#define SERVE_PROGRAM_H

#include "serve/response.h"

/*
 * Answers requests for parts with a program: sends the request to the runner
 * (serve/programcall.h), with one end of a socket pair, over which it receives
 * messages (SOCK_SEQPACKET):
 *
 *   'o'  'r', or 'f' for FastCGI, with the descriptor of the output: see
 *        serve/programbody.h
 *   'x'  status (u16) and META of a refusal: 41, 42, 44, 51, 59
 *   'e'  the CGI script has ended, after its last output
 *   'f'  the CGI script was killed
 *
 * If the worker closes the pair before that, the client has gone, and the
 * runner ends the program. A program that fails before the end of its header
 * gives status 42, and one line in the log.
 */
handler program_answer;

/* Whether a program answers requests for this path, decoded. */
bool program_is_at(const struct host *host, struct str path);

#endif
