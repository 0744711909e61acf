/*
 * The verb `check`: visits every file of a tree, and runs the checks that suit
 * it.
 */
#include "tool/check.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/log.h"
#include "text/gophermap.h"
#include "text/mime.h"
#include "text/uri.h"
#include "text/utf8.h"
#include "tool/book.h"
#include "tool/cli.h"
#include "tool/finding.h"
#include "tool/invisible.h"
#include "tool/links.h"
#include "tool/offline.h"
#include "tool/proofread.h"
#include "tool/rulecheck.h"
#include "tool/survey.h"
#include "tree/media.h"

/* The names of the checks, as in the manual. */
static const char *const checks[] = { "case", "comment", "control", "cut",
	"dead-link", "dialect", "encoding", "external", "heading", "hidden",
	"incomplete", "invisible", "item-type", "name", "not-served", "orphan",
	"permission", "readers", RULECHECK_NAME, "tab", "title", "two-indexes",
	"unclosed" };

#define CHECK_COUNT (sizeof checks / sizeof *checks)

/* The command line. */
struct check_options {
	struct options settings;
	enum finding_format format;
	/* NULL after the last; a name that is repeated is not added again. */
	const char *ignored[CHECK_COUNT + 1];
};

struct check_run {
	struct offline offline;
	struct finding_writer findings;
	bool begun; /* a capsule was opened */
	struct links links;
	struct rules_audit rules;
};

static struct finding
finding_of(const struct survey_entry *entry, const char *name)
{
	return (struct finding){ .check = name, .path = entry->path };
}

static void
problem(struct check_run *check, const struct survey_entry *entry,
    const char *name, const char *what)
{
	const struct finding finding = finding_of(entry, name);

	finding_add(&check->findings, &finding, "%s", what);
}

static void
note(struct check_run *check, const struct survey_entry *entry,
    const char *name, const char *what)
{
	struct finding finding = finding_of(entry, name);

	finding.is_note = true;
	finding_add(&check->findings, &finding, "%s", what);
}

/* Reports why an entry is not served. */
static void
check_refused(struct check_run *check, const struct survey_entry *entry)
{
	static const char kind[] = "not-served";

	if (str_starts(entry->name, STR(".")) &&
	    !str_equals(entry->name, STR(".well-known")))
		note(check, entry, "hidden",
		    "not served: the name begins with a dot; rename it if it "
		    "should be served");
	else if (!tree_shows(&check->offline.tree, entry->name))
		note(check, entry, "hidden",
		    "not served: the name matches the setting hide; rename it "
		    "if it should be served");
	else if (entry->status == STATUS_FAILURE)
		problem(check, entry, kind,
		    "cannot be opened; check memory and disk");
	else if (entry->error == EACCES)
		problem(check, entry, kind,
		    "not served: permission denied; chmod a+r, or a+rx for a "
		    "folder");
	else if (entry->error == ENAMETOOLONG)
		problem(check, entry, kind,
		    "not served: its path is too long; move it up");
	else if (entry->type == DT_LNK)
		problem(check, entry, kind,
		    "not served: the symbolic link is absolute, is broken, or "
		    "leads out of the capsule; replace it by the file");
	else if (entry->type != DT_REG && entry->type != DT_DIR)
		problem(check, entry, kind,
		    "not served: neither a file nor a folder; remove it");
	else
		problem(
		    check, entry, kind, "not served: removed during the check");
}

static void
check_mode(struct check_run *check, const struct survey_entry *entry)
{
	mode_t wanted =
	    tree_is_directory(&entry->found) ? S_IROTH | S_IXOTH : S_IROTH;

	if ((entry->found.st.st_mode & wanted) != wanted)
		note(check, entry, "permission",
		    "not readable by other users, and the server may run as "
		    "one; chmod a+r, or a+rx for a folder");
}

/* Whether links must encode the name for its letters outside of ASCII only. */
static bool
is_only_foreign(struct str name, struct str encoded)
{
	size_t foreign = 0;

	for (size_t i = 0; i < name.len; i++)
		foreign += (unsigned char)name.at[i] >= 0x80;
	return encoded.len == name.len + 2 * foreign && utf8_is_valid(name);
}

static void
check_name(struct check_run *check, const struct survey_entry *entry)
{
	struct finding finding = finding_of(entry, "name");
	char text[3 * NAME_MAX + 1];
	struct buf encoded = buf_over(text, sizeof text);
	char room[INVISIBLE_ROOM];
	struct buf invisible = buf_over(room, sizeof room);

	uri_encode(&encoded, entry->name);
	if (encoded.len == entry->name.len)
		return;
	if (utf8_is_valid(entry->name) &&
	    invisible_find(entry->name, &invisible)) {
		finding.check = "invisible";
		finding_add(&check->findings, &finding,
		    "the name contains an invisible character, %.*s; rename it",
		    STR_ARG(buf_str(&invisible)));
		return;
	}
	if (is_only_foreign(entry->name, buf_str(&encoded))) {
		finding.is_note = true;
		finding_add(&check->findings, &finding,
		    "the name should be encoded in links, as %.*s",
		    FINDING_ARG(buf_str(&encoded)));
		return;
	}
	finding_add(&check->findings, &finding,
	    "the name must be encoded in links, as %.*s%s; rename it",
	    FINDING_ARG(buf_str(&encoded)),
	    str_find(entry->name, '\\') < entry->name.len
		? ", and with a backslash it is in no zip or Gempub"
		: "");
}

/* Requests the file with a request line, and reports a refusal. */
static void
check_on(struct check_run *check, const struct survey_entry *entry,
    const struct protocol *protocol, struct str line)
{
	const struct finding finding = finding_of(entry, "not-served");
	const struct offline_answer answer =
	    offline_ask(&check->offline, protocol, line);

	if (answer.status >= STATUS_FAILURE)
		finding_add(&check->findings, &finding,
		    "not served on %s: %u%s%.*s; rename or move it",
		    protocol == &gemini ? "Gemini" : "Gopher",
		    (unsigned)answer.status, answer.meta.len > 0 ? " " : "",
		    FINDING_ARG(answer.meta));
}

/*
 * Requests the file over each protocol: a name may be too long for one, or have
 * another meaning in it.
 */
static void
check_served(struct check_run *check, const struct survey_entry *entry)
{
	struct arena *scratch = &check->links.scratch;
	struct str url;
	struct buf line;

	arena_reset(scratch);
	line = buf_in(scratch, entry->path.len * 3 + 1024);
	if (site_url(check->offline.host.site, scratch, entry->path, &url) ==
	    -1)
		return;
	buf_add(&line, url);
	buf_add(&line, STR("\r\n"));
	check_on(check, entry, &gemini, buf_str(&line));
	if (!check->offline.has_gopher)
		return;
	line.len = 0;
	uri_encode(&line, entry->path);
	buf_add(&line, STR("\r\n"));
	check_on(check, entry, &gopher, buf_str(&line));
}

/* Whether the directory has a page of that name. */
static bool
has_page(struct check_run *check, struct str path, struct str name)
{
	struct entry page;

	if (tree_open_in(&check->offline.tree, path, name, &page) !=
	    STATUS_SUCCESS)
		return false;
	close(page.fd);
	return !tree_is_directory(&page);
}

static void
check_directory(struct check_run *check, const struct survey_entry *entry)
{
	if (entry->type == DT_DIR &&
	    has_page(check, entry->path, STR("index.gmi")) &&
	    has_page(check, entry->path, STR("index.gemini")))
		problem(check, entry, "two-indexes",
		    "has both index.gmi and index.gemini, and only the first "
		    "is used; remove one");
}

static void
check_file(struct check_run *check, const struct survey_entry *entry)
{
	struct str type;

	if (str_equals(entry->name, GOPHERMAP_NAME)) {
		if (check->offline.has_gopher)
			proofread_gophermap(&check->links, entry);
		return;
	}
	check_served(check, entry);
	type =
	    media_type(check->offline.server.media, entry->path, &entry->found);
	if (mime_is(type, STR("text/gemini")))
		proofread_gemtext(&check->links, entry);
	else if (mime_is_text(type))
		proofread_text(&check->links, entry);
}

static void
check_entry(void *context, const struct survey_entry *entry)
{
	struct check_run *check = context;

	if (entry->unlisted) {
		problem(check, entry, "not-served",
		    "the names in the folder cannot be read; make it readable, "
		    "or smaller");
		return;
	}
	if (entry->status != STATUS_SUCCESS) {
		check_refused(check, entry);
		return;
	}
	check_name(check, entry);
	check_mode(check, entry);
	if (entry->type == DT_LNK)
		rulecheck_link(&check->offline, entry, &check->findings);
	if (tree_is_directory(&entry->found))
		check_directory(check, entry);
	else
		check_file(check, entry);
}

/* Whether a folder without index page is listed, with links to its files. */
static bool
is_listed(struct check_run *check, const struct survey_entry *entry)
{
	return check->offline.host.site->listing &&
	    !has_page(check, entry->path, STR("index.gmi")) &&
	    !has_page(check, entry->path, STR("index.gemini"));
}

static void
find_orphan(void *context, const struct survey_entry *entry)
{
	struct check_run *check = context;
	struct file_set *known = &check->links.file_set;
	const struct stat *st = &entry->found.st;

	if (entry->status != STATUS_SUCCESS)
		return;
	/* Parents are visited first, so a chain of listings is followed. */
	if (entry->within != NULL &&
	    file_set_has(known, entry->within, FILE_SET_REACHED) &&
	    file_set_has(known, entry->within, FILE_SET_LISTED))
		links_reach(&check->links, NULL, entry->path);
	if (tree_is_directory(&entry->found)) {
		if (is_listed(check, entry))
			file_set_add(known, st, FILE_SET_LISTED);
	} else if (!str_equals(entry->name, GOPHERMAP_NAME) &&
	    mime_is(media_type(check->offline.server.media, entry->path,
			&entry->found),
		STR("text/gemini")) &&
	    !file_set_has(known, st, FILE_SET_REACHED)) {
		problem(check, entry, "orphan",
		    "no page links here; link to it or remove it");
	}
}

/* Checks one capsule; false when it could not be checked completely. */
static bool
run(struct check_run *check)
{
	struct survey survey = { .tree = &check->offline.tree,
		.visit = check_entry,
		.context = check };
	bool complete;

	links_init(&check->links);
	/* Every reader can reach the home page. */
	links_reach(&check->links, NULL, STR("/"));
	complete = survey_run(&survey) == 0;
	survey.visit = find_orphan;
	complete = survey_run(&survey) == 0 && complete &&
	    !check->links.file_set.incomplete;
	if (!complete)
		cli_say("check",
		    "not enough memory to find pages without links to them");
	return complete;
}

/* Checks the capsule of one host. Returns -1 after an error message. */
static int
check_host(struct check_run *check, const struct host_config *host)
{
	char error[512];
	bool complete;

	if (offline_open(&check->offline, host, error, sizeof error) == -1)
		return cli_say("check", "%s", error);
	/* The findings already contain the server's log lines. */
	log_mute(true);
	if (!check->begun)
		finding_begin(&check->findings);
	check->begun = true;
	check->findings.root = host->capsule;
	check->links.offline = &check->offline;
	check->links.findings = &check->findings;
	complete = run(check);
	book_check(&check->offline.host, &check->findings);
	rules_audit_host(&check->rules, host, &check->offline.tree);
	links_release(&check->links);
	offline_release(&check->offline);
	return complete ? 0 : -1;
}

/* Returns the exit status. */
static int
check_with(struct config *config, const struct check_options *options)
{
	static struct check_run check;
	/* cli_load has made the named folder's host the first one. */
	size_t count =
	    cli_folder(&options->settings) != NULL ? 1 : config->host_count;
	int result = 0;

	check.findings = (struct finding_writer){ .out = stdout,
		.format = options->format,
		.ignored = options->ignored };
	check.rules = rulecheck_begin(&check.findings);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = check_host(&check, &config->hosts[i]);
	rules_audit_end(&check.rules);
	if (check.begun && finding_end(&check.findings) == -1) {
		cli_say("check", "standard output: %s", strerror(errno));
		return 2;
	}
	if (result == -1)
		return 2;
	return check.findings.problems > 0 ? 1 : 0;
}

static int
read_format(const char *name, enum finding_format *format)
{
	if (strcmp(name, "text") == 0)
		*format = FINDING_TEXT;
	else if (strcmp(name, "json") == 0)
		*format = FINDING_JSON;
	else
		return cli_misused("check", "unknown format: ", name);
	return 0;
}

static int
refuse_check(const char *name)
{
	char text[512];
	struct buf known = buf_over(text, sizeof text);

	for (size_t i = 0; i < CHECK_COUNT; i++)
		buf_printf(&known, "%s%s", i > 0 ? ", " : "", checks[i]);
	return cli_say("check", "--ignore: no check \"%s\"; name one of %.*s",
	    name, STR_ARG(buf_str(&known)));
}

static int
ignore(struct check_options *options, const char *name)
{
	size_t at = 0, known = 0;

	while (known < CHECK_COUNT && strcmp(checks[known], name) != 0)
		known++;
	if (known == CHECK_COUNT)
		return refuse_check(name);
	while (options->ignored[at] != NULL &&
	    strcmp(options->ignored[at], name) != 0)
		at++;
	options->ignored[at] = checks[known];
	return 0;
}

static int
read_option(struct check_options *options, int option, char **argv)
{
	switch (option) {
	case 'f': return read_format(optarg, &options->format);
	case 'i': return ignore(options, optarg);
	default: return cli_set("check", &options->settings, option, argv);
	}
}

/* Reads the options and the folder. */
static int
read_arguments(int argc, char **argv, struct check_options *options)
{
	static const struct option names[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "ignore", required_argument, NULL, 'i' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 1;
	opterr = 0;
	while ((option = getopt_long(
		    argc, argv, CLI_CAPSULE_FLAGS, names, NULL)) != -1)
		if (read_option(options, option, argv) == -1)
			return -1;
	if (argc - optind > 1)
		return cli_misused("check", "name one folder", "");
	return argc - optind == 1
	    ? cli_capsule("check", &options->settings, argv[optind])
	    : 0;
}

int
check_main(int argc, char **argv)
{
	struct check_options options = { .format = FINDING_TEXT };
	struct config config;
	int status;

	if (read_arguments(argc, argv, &options) == -1)
		return 2;
	if (cli_load("check", &options.settings, &config) == -1)
		return 2;
	status = check_with(&config, &options);
	config_release(&config);
	return status;
}
