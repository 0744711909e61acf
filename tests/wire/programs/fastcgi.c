/*
 * A FastCGI program with libfcgi: usage: fastcgi SOCKET.  It prints "ready",
 * then answers requests: with the parameters, each with a NUL after it; or with
 * as many bytes as QUERY_STRING says.
 */
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>

static void
answer(FCGX_Request *request)
{
	const char *query = FCGX_GetParam("QUERY_STRING", request->envp);
	char *const *parameter;
	long bytes;

	bytes = query == NULL ? 0 : strtol(query, NULL, 10);
	(void)FCGX_PutS("20 application/octet-stream\r\n", request->out);
	for (; bytes > 0; bytes--)
		(void)FCGX_PutChar('x', request->out);
	if (query != NULL && *query != '\0')
		return;
	for (parameter = request->envp; *parameter != NULL; parameter++) {
		(void)FCGX_PutS(*parameter, request->out);
		(void)FCGX_PutChar('\0', request->out);
	}
	(void)FCGX_PutS("written to the log\n", request->err);
}

int
main(int argc, char **argv)
{
	FCGX_Request request;
	int listener;

	if (argc != 2 || FCGX_Init() != 0)
		return 2;
	listener = FCGX_OpenSocket(argv[1], 16);
	if (listener < 0 || FCGX_InitRequest(&request, listener, 0) != 0)
		return 1;
	(void)puts("ready");
	(void)fflush(stdout);
	while (FCGX_Accept_r(&request) == 0) {
		answer(&request);
		FCGX_Finish_r(&request);
	}
	return 0;
}
