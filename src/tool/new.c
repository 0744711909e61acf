/* The verb `new`: the pages of a small capsule to begin with. */
#include "tool/new.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "sys/clock.h"
#include "tool/cli.h"
#include "tool/folder.h"

struct new_capsule {
	struct str title;
	char date[CLOCK_DATE_SIZE];
	char post[64]; /* path of the first page of the log */
};

static void
write_home(FILE *out, const void *context)
{
	const struct new_capsule *capsule = context;

	fprintf(out,
	    "# %.*s\n\n"
	    "Welcome! This page is the file index.gmi. Each file in its folder "
	    "is a page: change them, and readers see the change at once.\n\n"
	    "=> log/ Log\n"
	    "=> about.gmi About\n\n"
	    "=> /ask Search this capsule\n"
	    "=> /capsule.gpub Download it as a book\n"
	    "=> /capsule.tar.gz Download it as an archive\n",
	    STR_ARG(capsule->title));
}

static void
write_about(FILE *out, const void *context)
{
	(void)context;
	fputs("# About\n\n"
	      "Tell your readers about yourself and this capsule.\n\n"
	      "=> ./ Home\n",
	    out);
}

static void
write_log(FILE *out, const void *context)
{
	const struct new_capsule *capsule = context;

	fprintf(out,
	    "# %.*s: log\n\n"
	    "=> %s %s First page\n\n"
	    "=> ../about.gmi About\n"
	    "=> ../ Home\n",
	    STR_ARG(capsule->title), capsule->post + strlen("log/"),
	    capsule->date);
}

static void
write_post(FILE *out, const void *context)
{
	(void)context;
	fputs("# First page\n\n"
	      "This is the first page of a log with dates. Readers can "
	      "subscribe to the log: its page has a link to each page, which "
	      "begins with the date.\n\n"
	      "=> ./ Log\n",
	    out);
}

/* The book begins with the log, whose links all lead to pages in the book. */
static void
write_metadata(FILE *out, const void *context)
{
	const struct new_capsule *capsule = context;

	fprintf(out,
	    "title: %.*s\n"
	    "gpubVersion: 1.0.0\n"
	    "index: log/index.gmi\n"
	    "charset: UTF-8\n"
	    "language: en\n"
	    "description: A new capsule\n",
	    STR_ARG(capsule->title));
}

static int
make(struct new_capsule *capsule, const char *path)
{
	/* The home page comes last, after the pages that it links to. */
	const struct folder_file files[] = {
		{ "log/", NULL, NULL },
		{ capsule->post, write_post, NULL },
		{ "log/index.gmi", write_log, capsule },
		{ "about.gmi", write_about, NULL },
		{ "robots.txt", folder_write_robots, NULL },
		{ "metadata.txt", write_metadata, capsule },
		{ "index.gmi", write_home, capsule },
	};
	struct folder folder = { .path = path,
		.files = files,
		.count = sizeof files / sizeof *files };

	clock_date(capsule->date);
	snprintf(capsule->post, sizeof capsule->post, "log/%s-first-page.gmi",
	    capsule->date);
	if (folder_fill(&folder) == -1)
		return cli_say("new", "%s", folder.error);
	folder_list(&folder);
	if (fflush(stdout) == EOF || ferror(stdout))
		return cli_say("new", "standard output: %s", strerror(errno));
	return 0;
}

int
new_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "title", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	struct new_capsule capsule = { .title = STR_INIT("My capsule") };
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		status = option == 't'
		    ? cli_title("new", "--title", optarg, &capsule.title)
		    : cli_refuse_option("new", argv);
		if (status != 0)
			return 2;
	}
	if (argc - optind != 1 || argv[optind][0] == '\0') {
		cli_misused("new", "name one folder", "");
		return 2;
	}
	return make(&capsule, cli_trim_slashes(argv[optind])) == 0 ? 0 : 1;
}
