/* The verb `publish`: its options. */
#include "tool/publish.h"

#include <getopt.h>
#include <string.h>

#include "sys/log.h"
#include "tool/cli.h"
#include "tool/publish_run.h"

#define VERB "publish"

enum {
	OPTION_CERT = 256,
	OPTION_DELETE,
	OPTION_DRY_RUN,
	OPTION_FORCE,
	OPTION_KEY,
	OPTION_KNOWN_HOSTS,
	OPTION_LIMIT,
	OPTION_PATIENCE,
	OPTION_STRICT_KEY,
	OPTION_TIME
};

/* The command line. */

static int
read_number(const char *text, unsigned long most, unsigned long *out)
{
	if (str_number(str_of(text), most, out) && *out > 0)
		return 0;
	return cli_say(VERB,
	    "give a number from 1 to %lu, not %s; see capsule publish --help",
	    most, text);
}

static int
read_option(struct publish_run *run, int option, char **argv)
{
	switch (option) {
	case OPTION_CERT: run->identity.certificate = optarg; break;
	case OPTION_DELETE: run->rules.deletes = true; break;
	case OPTION_DRY_RUN: run->is_dry = true; break;
	case OPTION_FORCE: run->rules.forces = true; break;
	case OPTION_KEY: run->identity.key = optarg; break;
	case OPTION_KNOWN_HOSTS: run->mirror.known_hosts = optarg; break;
	case OPTION_LIMIT: return read_number(optarg, 1ul << 20, &run->limit);
	case OPTION_PATIENCE: return read_number(optarg, 3600, &run->patience);
	case OPTION_STRICT_KEY: run->mirror.is_strict = true; break;
	case OPTION_TIME: return read_number(optarg, 1000000, &run->seconds);
	default: return cli_set(VERB, &run->options, option, argv);
	}
	return 0;
}

static int
read_arguments(int argc, char **argv, struct publish_run *run)
{
	static const struct option options[] = {
		{ "cert", required_argument, NULL, OPTION_CERT },
		{ "delete", no_argument, NULL, OPTION_DELETE },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ "key", required_argument, NULL, OPTION_KEY },
		{ "known-hosts", required_argument, NULL, OPTION_KNOWN_HOSTS },
		{ "limit", required_argument, NULL, OPTION_LIMIT },
		{ "patience", required_argument, NULL, OPTION_PATIENCE },
		{ "strict-key", no_argument, NULL, OPTION_STRICT_KEY },
		{ "time", required_argument, NULL, OPTION_TIME },
		{ NULL, 0, NULL, 0 },
	};
	struct tlsidentity *identity = &run->identity;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "c:o:", options, NULL)) != -1)
		if (read_option(run, option, argv) == -1)
			return -1;
	if (argc - optind != 2 || argv[optind][0] == '\0')
		return cli_misused(VERB, "name a folder and a URL", "");
	if (identity->key != NULL && identity->certificate == NULL)
		return cli_misused(VERB, "--key needs --cert", "");
	/* Some clients write both to one file. */
	if (identity->key == NULL)
		identity->key = identity->certificate;
	run->dir = cli_trim_slashes(argv[optind]);
	run->url = argv[optind + 1];
	return cli_capsule(VERB, &run->options, run->dir);
}

int
publish_main(int argc, char **argv)
{
	static struct publish_run run = { .patience = 30, .seconds = 86400 };
	struct config config;
	int status;

	if (read_arguments(argc, argv, &run) == -1 ||
	    cli_load(VERB, &run.options, &config) == -1)
		return 2;
	log_mute(true);
	status = publish_run(&run, config.hosts);
	config_release(&config);
	return status;
}
