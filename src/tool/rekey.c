/*
 * The verb `rekey`: plans a change of a capsule's key, makes it, or renews the
 * certificate of the key in use.
 */
#include "tool/rekey.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sys/keychange.h"
#include "sys/keyplan.h"
#include "sys/keyrenew.h"
#include "sys/keyswap.h"
#include "text/arena.h"
#include "text/hostname.h"
#include "tool/cli.h"
#include "tool/keynotice.h"

#define MEMORY ((size_t)1 << 20)
#define NAMES_MAX 256

enum {
	OPTION_DAY = 256,
	OPTION_FORCE,
	OPTION_NAMES,
	OPTION_NOTICE,
	OPTION_NOW
};

/* From the command line. */
struct rekey {
	const char *day, *notice;
	bool now, force, renews;
	const char *certs;
	struct str names[NAMES_MAX]; /* normal form */
	size_t name_count;
	struct arena arena; /* of the names */
};

static void
print_pair(const char *what, const struct cert *cert)
{
	if (cert->leaf != NULL)
		printf("%s:\n  key_sha256: %s\n  sha256: %s\n", what,
		    cert->key_fingerprint, cert->fingerprint);
}

/*
 * RFC 6698: 3 1 1 is the SHA-256 of the server's own key. Neither an address
 * nor a wildcard can have a record of this form.
 */
static void
print_record(const struct keychange *change, const struct cert *cert)
{
	if (cert->leaf != NULL && !str_starts(change->name, STR("*")) &&
	    !hostname_is_address(change->name))
		printf("_1965._tcp.%.*s. IN TLSA 3 1 1 %s\n",
		    STR_ARG(change->name), cert->key_fingerprint);
}

static void
print_plan(const struct keychange *change)
{
	print_pair("key in use", &change->cert);
	if (change->next.leaf == NULL)
		return;
	print_pair("next key", &change->next);
	printf("day of the change: %s\n", change->day);
}

static int
plan_change(const struct rekey *rekey, struct keychange *change)
{
	if (keyplan_make(change, rekey->day) == -1)
		return cli_say("rekey", "%s", change->error);
	print_plan(change);
	print_record(change, &change->cert);
	print_record(change, &change->next);
	return rekey->notice != NULL ? keynotice_write(change, rekey->notice)
				     : 0;
}

static int
swap_keys(const struct rekey *rekey, struct keychange *change)
{
	if (keyswap_run(change, rekey->force) == -1)
		return cli_say("rekey", "%s", change->error);
	print_pair("key before", &change->cert);
	if (change->kept[0] != '\0')
		printf("  kept as: %s/%s.key\n", rekey->certs, change->kept);
	print_pair("key in use from the next SIGHUP on", &change->next);
	print_record(change, &change->next);
	return 0;
}

static int
renew_names(const struct rekey *rekey, struct keychange *change)
{
	const struct keyrenew names = { .names = rekey->names,
		.name_count = rekey->name_count,
		.forced = rekey->force };

	if (keyrenew_run(change, &names) == -1)
		return cli_say("rekey", "%s", change->error);
	print_plan(change);
	if (change->next.leaf != NULL)
		cli_say("rekey",
		    "%s: the certificate of the next key is a new one, too; "
		    "renew the notice with capsule rekey --notice",
		    change->next.file);
	return 0;
}

static int
run(const struct rekey *rekey)
{
	static struct keychange change;
	int result;

	if (keychange_open(&change, rekey->certs, rekey->names[0]) == -1)
		result = cli_say("rekey", "%s", change.error);
	else if (rekey->now)
		result = swap_keys(rekey, &change);
	else if (rekey->renews)
		result = renew_names(rekey, &change);
	else
		result = plan_change(rekey, &change);
	keychange_close(&change);
	return result == 0 ? 0 : 1;
}

/* Reads a host name, or "*." and the end of one. */
static int
read_name(struct rekey *rekey, const char *argument)
{
	struct str name = str_of(argument), end = name;
	struct str *out = &rekey->names[rekey->name_count];
	struct buf wildcard;

	if (rekey->name_count == NAMES_MAX)
		return cli_misused("rekey", "too many names", "");
	if (str_starts(name, STR("*.")))
		end = str_tail(name, 2);
	if (hostname_normal(&rekey->arena, end, out) == -1)
		return cli_misused("rekey", "not a host name: ", argument);
	rekey->name_count++;
	if (end.len == name.len)
		return 0;
	wildcard = buf_in(&rekey->arena, out->len + 2);
	buf_add(&wildcard, STR("*."));
	buf_add(&wildcard, *out);
	*out = buf_str(&wildcard);
	return wildcard.overflow ? -1 : 0;
}

static int
read_options(struct rekey *rekey, int argc, char **argv)
{
	static const struct option options[] = {
		{ "day", required_argument, NULL, OPTION_DAY },
		{ "force", no_argument, NULL, OPTION_FORCE },
		{ "names", no_argument, NULL, OPTION_NAMES },
		{ "notice", required_argument, NULL, OPTION_NOTICE },
		{ "now", no_argument, NULL, OPTION_NOW },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPTION_DAY: rekey->day = optarg; break;
		case OPTION_FORCE: rekey->force = true; break;
		case OPTION_NAMES: rekey->renews = true; break;
		case OPTION_NOTICE: rekey->notice = optarg; break;
		case OPTION_NOW: rekey->now = true; break;
		default: return cli_refuse_option("rekey", argv);
		}
	}
	return 0;
}

/* Refuses options that do not fit together. */
static int
check_usage(const struct rekey *rekey, int operands)
{
	bool plans = rekey->day != NULL || rekey->notice != NULL;

	if (plans + rekey->now + rekey->renews > 1)
		return cli_misused("rekey",
		    "--now, --names, and --day or --notice exclude each other",
		    "");
	if (rekey->force && !rekey->now && !rekey->renews)
		return cli_misused(
		    "rekey", "--force needs --now or --names", "");
	if (operands < 2 || (operands > 2 && !rekey->renews))
		return cli_misused("rekey",
		    "name the directory of the certificates, and the first "
		    "name of the capsule",
		    "");
	return 0;
}

int
rekey_main(int argc, char **argv)
{
	static struct rekey rekey;
	int status = 2;

	arena_init(&rekey.arena, MEMORY);
	if (read_options(&rekey, argc, argv) == 0 &&
	    check_usage(&rekey, argc - optind) == 0) {
		rekey.certs = argv[optind++];
		status = 0;
		while (status == 0 && optind < argc)
			status = read_name(&rekey, argv[optind++]) == 0 ? 0 : 2;
	}
	if (status == 0)
		status = run(&rekey);
	arena_release(&rekey.arena);
	return status;
}
