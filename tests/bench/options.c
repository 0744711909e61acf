/*
 * What capload is asked to do.  Refuses every address but this machine's.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

static const char usage_text[] =
    "usage: capload [options] HOST PORT URL_OR_SELECTOR...\n"
    "  -g gemini|gopher  protocol (gemini)\n"
    "  -c N        connections in flight (8)\n"
    "  -n N        counted requests (1000; 0 only with -i)\n"
    "  -t SECONDS  no request begins later than that (30)\n"
    "  -T SECONDS  for one request (10)\n"
    "  -w N        requests before those, not counted (as -c)\n"
    "  -r          offer the server's tickets, each once\n"
    "  -s N        come from so many addresses, 127.0.0.1 and on (1)\n"
    "  -N          leave Nagle's algorithm on\n"
    "  -k SUITES   suites of TLS 1.3 to offer (OpenSSL's)\n"
    "  -K GROUPS   groups to offer (X25519:P-256)\n"
    "  -i N        first open N connections, silent after the handshake\n"
    "  -O          these send one byte of a ClientHello and no more\n"
    "  -H SECONDS  hold them that long before memory is read (2)\n"
    "  -p PID      the server: count the CPU and memory of its family\n"
    "  -G DIR      its cgroup, where the CPU time is exact\n";

void
die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("capload: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(2);
}

void *
must_calloc(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size);

	if (memory == NULL)
		die("out of memory");
	return memory;
}

int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double
number(const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !(value >= least && value <= most))
		die("%s is not a number from %g to %g", text, least, most);
	return value;
}

static void
read_address(struct options *options, const char *host, const char *port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&options->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&options->address;
	in_port_t number_of = htons((uint16_t)number(port, 1, 65535));

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1 &&
	    ntohl(v4->sin_addr.s_addr) >> 24 == 127) {
		v4->sin_family = AF_INET;
		v4->sin_port = number_of;
		options->address_length = sizeof *v4;
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = number_of;
		options->address_length = sizeof *v6;
	} else {
		die("%s is not a loopback address", host);
	}
}

/* The host of a URL, unless it is an address. */
static void
read_sni(struct target *target)
{
	static const char scheme[] = "gemini://";
	const char *host = target->text + sizeof scheme - 1;
	struct in_addr address;
	size_t length;

	if (strncmp(target->text, scheme, sizeof scheme - 1) != 0)
		die("%s: not a gemini:// URL", target->text);
	length = strcspn(host, ":/?#");
	if (*host == '[' || length >= sizeof target->sni)
		return;
	memcpy(target->sni, host, length);
	if (inet_pton(AF_INET, target->sni, &address) == 1)
		target->sni[0] = '\0';
}

static void
read_target(struct options *options, const char *text)
{
	struct target *target = &options->targets[options->target_count++];

	target->text = text;
	target->body = -1;
	target->length = strlen(text) + 2;
	target->request = must_calloc(target->length + 1, 1);
	snprintf(target->request, target->length + 1, "%s\r\n", text);
	if (!options->gopher)
		read_sni(target);
}

static void
read_flag(struct options *options, int flag)
{
	switch (flag) {
	case 'g': options->gopher = strcmp(optarg, "gopher") == 0; break;
	case 'c': options->concurrency = (size_t)number(optarg, 1, 1e4); break;
	case 'n': options->requests = (size_t)number(optarg, 0, 1e7); break;
	case 't': options->seconds = number(optarg, 0.1, 600); break;
	case 'T': options->patience_s = number(optarg, 0.1, 600); break;
	case 'w': options->warm = (size_t)number(optarg, 0, 1e6); break;
	case 'r': options->resume = true; break;
	case 's': options->sources = (size_t)number(optarg, 1, 250); break;
	case 'N': options->nagle = true; break;
	case 'O': options->half_open = true; break;
	case 'k': options->suites = optarg; break;
	case 'K': options->groups = optarg; break;
	case 'i': options->idle = (size_t)number(optarg, 1, 2e4); break;
	case 'H': options->hold_s = number(optarg, 0, 120); break;
	case 'p': options->pid = (pid_t)number(optarg, 1, 1e9); break;
	case 'G': options->cgroup = optarg; break;
	default: fputs(usage_text, stderr); exit(2);
	}
}

void
options_read(struct options *options, int argc, char **argv)
{
	int flag;

	*options = (struct options){ .concurrency = 8,
		.requests = 1000,
		.warm = SIZE_MAX,
		.sources = 1,
		.seconds = 30,
		.patience_s = 10,
		.hold_s = 2 };
	while (
	    (flag = getopt(argc, argv, "g:c:n:t:T:w:rs:NOk:K:i:H:p:G:")) != -1)
		read_flag(options, flag);
	if (argc - optind < 3) {
		fputs(usage_text, stderr);
		exit(2);
	}
	if (options->requests == 0 && options->idle == 0)
		die("-n 0 makes sense only with -i");
	if (options->warm == SIZE_MAX)
		options->warm =
		    options->requests > 0 ? options->concurrency : 0;
	read_address(options, argv[optind], argv[optind + 1]);
	options->targets =
	    must_calloc((size_t)(argc - optind - 2), sizeof *options->targets);
	for (int i = optind + 2; i < argc; i++)
		read_target(options, argv[i]);
}
