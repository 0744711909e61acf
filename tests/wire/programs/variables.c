/*
 * A CGI program in C: its arguments and its environment as it got them, each
 * with a NUL after it.  A shell would add variables of its own.
 */
#include <stdio.h>

extern char **environ;

static void
print_all(char *const *strings)
{
	for (; *strings != NULL; strings++) {
		(void)fputs(*strings, stdout);
		(void)putchar('\0');
	}
}

int
main(int argc, char **argv)
{
	(void)printf("20 application/octet-stream\r\n");
	(void)printf("%d", argc - 1);
	(void)putchar('\0');
	print_all(argv + 1);
	print_all(environ);
	return 0;
}
