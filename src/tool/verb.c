/*
 * What the verbs share.  Knows how they complain, and the options by which
 * those that ask a capsule are told of its configuration.
 */
#include "tool/verb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
verb_say(const char *verb, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "capsule %s: ", verb);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	return -1;
}

int
verb_misused(const char *verb, const char *what, const char *argument)
{
	return verb_say(
	    verb, "%s%s; see capsule %s --help", what, argument, verb);
}

int
verb_refuse_option(const char *verb, char **argv)
{
	return verb_misused(
	    verb, "no such option, or no value for it: ", argv[optind - 1]);
}

int
verb_set(const char *verb, struct options *options, int option, char **argv)
{
	int result = 0;

	switch (option) {
	case 'c': options->file = optarg; break;
	case 'd': result = options_set(options, "-d", "capsule", optarg); break;
	case 'n': result = options_set(options, "-n", "names", optarg); break;
	case 'o':
		if (strchr(optarg, '=') == NULL)
			return verb_misused(verb, "not KEY=VALUE: ", optarg);
		result = options_assign(options, optarg);
		break;
	default: return verb_refuse_option(verb, argv);
	}
	return result == 0 ? 0 : verb_misused(verb, "too many options", "");
}
