/*
 * capsuled: serves one tree of files over Gemini and Gopher. Parses the command
 * line and starts the master.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/activation.h"
#include "daemon/config_load.h"
#include "daemon/master.h"
#include "daemon/reexec.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/process.h"
#include "sys/system.h"

#define EXIT_USAGE 2 /* wrong usage or configuration */
#define SEE_HELP "see capsuled --help"
#define TOO_MANY "more than %d settings, put them in a file (-c)"

static const char usage[] =
    "usage: capsuled [-n NAME]... [-g [ADDR:]PORT]... [-G [ADDR:]PORT]...\n"
    "                [-C CERTS] [-w WORKERS] [-u USER] [-c FILE]\n"
    "                [-o KEY=VALUE]... [-t] [-v] [CAPSULE]\n"
    "\n"
    "Serves the files beneath CAPSULE, ./capsule if none is given, over\n"
    "Gemini and Gopher.\n"
    "\n"
    "  -n NAME          a host name of the capsule; the first is canonical\n"
    "                   (localhost, open to this machine only)\n"
    "  -g [ADDR:]PORT   listen for Gemini (1965), or off\n"
    "  -G [ADDR:]PORT   listen for Gopher (70), or off\n"
    "  -C CERTS         directory of certificates (certs)\n"
    "  -w WORKERS       processes that serve (one for each CPU)\n"
    "  -u USER          the user that they become, when started as root\n"
    "  -c FILE          read capsuled.conf(5)\n"
    "  -o KEY=VALUE     set a key of capsuled.conf(5)\n"
    "  -t               check the configuration and exit\n"
    "  -v               log more\n"
    "  --help           show this and exit\n"
    "  --version        show the version and exit\n"
    "\n"
    "-n, -g, -G and -o may be repeated.  See capsuled(8).\n";

static NO_RETURN void
show(const char *text)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		log_die(EXIT_FAILURE, "standard output: cannot be written");
	exit(EXIT_SUCCESS);
}

static void
set(struct options *options, const char *flag, const char *key,
    const char *value)
{
	if (options_set(options, flag, key, value) == -1)
		log_die(EXIT_USAGE, TOO_MANY, OPTIONS_MAX);
}

static void
assign(struct options *options, char *assignment)
{
	if (strchr(assignment, '=') == NULL)
		log_die(
		    EXIT_USAGE, "-o %s: not KEY=VALUE, " SEE_HELP, assignment);
	if (options_assign(options, assignment) == -1)
		log_die(EXIT_USAGE, TOO_MANY, OPTIONS_MAX);
}

/* Reports an argument that getopt_long rejects. */
static NO_RETURN void
refuse_option(int what, char **argv)
{
	const char *word = argv[optind - 1];

	if (what == ':')
		log_die(EXIT_USAGE, "-%c needs a value, " SEE_HELP, optopt);
	if (optopt != 0 && word[0] == '-' && word[1] == '-')
		log_die(EXIT_USAGE, "%s takes no value, " SEE_HELP, word);
	if (optopt != 0)
		log_die(EXIT_USAGE, "no option -%c, " SEE_HELP, optopt);
	log_die(EXIT_USAGE, "no option %s, " SEE_HELP, word);
}

/* Parses the command line; exits after -h and the like, or on an error. */
static void
options_read(struct options *options, int argc, char **argv)
{
	static const struct option words[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options = (struct options){ 0 };
	opterr = 0;
	while ((option = getopt_long(
		    argc, argv, ":n:g:G:C:w:u:c:o:tv", words, NULL)) != -1) {
		switch (option) {
		case 'n': set(options, "-n", "names", optarg); break;
		case 'g': set(options, "-g", "gemini", optarg); break;
		case 'G': set(options, "-G", "gopher", optarg); break;
		case 'C': set(options, "-C", "certs", optarg); break;
		case 'w': set(options, "-w", "workers", optarg); break;
		case 'u': set(options, "-u", "user", optarg); break;
		case 'v': set(options, "-v", "verbose", "yes"); break;
		case 'c': options->file = optarg; break;
		case 't': options->check = true; break;
		case 'o': assign(options, optarg); break;
		case 'h': show(usage);
		case 'V': show("capsuled " VERSION "\n");
		default: refuse_option(option, argv);
		}
	}
	if (optind < argc)
		set(options, NULL, "capsule", argv[optind++]);
	if (optind < argc)
		log_die(EXIT_USAGE, "%s: one capsule at a time, " SEE_HELP,
		    argv[optind]);
}

static NO_RETURN void
check(struct config *config, const struct reexec *reexec)
{
	char error[4608];

	if (reexec_check(reexec, config, error, sizeof error) == -1)
		log_die(EXIT_USAGE, "%s", error);
	show("configuration is good\n");
}

int
main(int argc, char **argv)
{
	static struct reexec reexec;
	struct options options;
	struct config config;
	char error[512];
	int activated = 0;

	argv = system_make_title(argv);
	reexec_init(&reexec, argv);
	notify_init();
	/* A successor is already set up, and its signals must stay blocked. */
	if (!reexec.is_successor)
		process_start();
	system_hide_memory();
	log_start();
	options_read(&options, argc, argv);
	if (!reexec.is_successor)
		activated =
		    activation_take(&reexec.listeners, error, sizeof error);
	if (activated == -1)
		log_die(EXIT_USAGE, "%s", error);
	activation_list(&reexec.listeners, &options);
	if (config_load(&config, &options) == -1)
		log_die(EXIT_USAGE, "%s", config.error);
	/* Not earlier: the configuration may have been /dev/fd/3. */
	if (!reexec.is_successor)
		system_close_from(STDERR_FILENO + 1 + activated);
	if (options.check)
		check(&config, &reexec);
	/* In a successor the kernel has set the name from the executed link. */
	system_set_title("master");
	if (!reexec.is_successor &&
	    activation_share(&reexec.listeners, config.workers) == -1)
		log_die(EXIT_FAILURE, "LISTEN_FDS: cannot share sockets: %s",
		    strerror(errno));
	return master_run(&config, &options, &reexec);
}
