/* The verb `mv`: moves a page or folder, and all links to it. */
#include "tool/mv.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/log.h"
#include "sys/sink.h"
#include "text/buf.h"
#include "text/gophermap.h"
#include "text/mime.h"
#include "text/uri.h"
#include "tool/changes.h"
#include "tool/cli.h"
#include "tool/relink.h"
#include "tool/textfile.h"
#include "tree/tree.h"
#include "tree/walk.h"

#define VERB "mv"
#define PAGE_MAX ((size_t)128 << 20)

struct mv {
	const struct config *config;
	const char *dir; /* without a final slash */
	size_t dir_len;
	/* Paths of the system, which are those in the capsule after `dir`. */
	char from[PATH_MAX], to[PATH_MAX];
	char real_from[PATH_MAX]; /* resolved */
	struct tree tree;
	struct relink relink;
	struct changes changes;
	size_t files; /* that were changed */
};

static int
refuse(const char *path, const char *why)
{
	return cli_say(VERB, "%s: %s", path, why);
}

static int
failed(const char *path, const char *remedy)
{
	char why[512];

	snprintf(why, sizeof why, "%s; %s", strerror(errno), remedy);
	return refuse(path, why);
}

/* Names. */

/* Makes a path of the system from the author's name for a place. */
static int
find_place(const struct mv *mv, const char *name, char out[PATH_MAX])
{
	struct buf path = buf_over(out, PATH_MAX - 1);
	size_t start;

	buf_add(&path, str_of(mv->dir));
	buf_char(&path, '/');
	start = path.len;
	if (cli_place(&path, name) == -1 || path.len == start)
		return refuse(name,
		    "name a page or folder of the capsule by its path from the "
		    "first page, without \"..\"");
	out[path.len] = '\0';
	return 0;
}

/* Refuses a path through a symbolic link, which leads to another place. */
static int
check_parents(const struct mv *mv, char path[PATH_MAX])
{
	struct stat st;
	int result = 0;

	for (char *at = path + mv->dir_len + 1;
	     result == 0 && (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
			result = refuse(path,
			    "is a symbolic link; name the folder that it "
			    "leads to");
		*at = '/';
	}
	return result;
}

static int
check_from(struct mv *mv)
{
	struct stat st;

	if (check_parents(mv, mv->from) == -1)
		return -1;
	if (lstat(mv->from, &st) == -1)
		return failed(mv->from,
		    "name a page or folder of the capsule by its path from the "
		    "first page");
	if (S_ISLNK(st.st_mode))
		return refuse(mv->from,
		    "is a symbolic link; move the file that it leads to");
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return refuse(mv->from,
		    "is neither a file nor a folder; name one of these");
	mv->relink.moved.is_folder = S_ISDIR(st.st_mode);
	return realpath(mv->from, mv->real_from) != NULL
	    ? 0
	    : failed(mv->from, "make the folders above it readable");
}

/* Whether `path` is in the folder `folder`, or is it. */
static bool
is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

/* With a folder as its new place, the page or folder keeps its name. */
static int
complete_to(struct mv *mv, const char *name)
{
	const char *base = strrchr(mv->from, '/');
	size_t len = strlen(mv->to);
	struct stat st;
	bool is_folder = lstat(mv->to, &st) == 0 && S_ISDIR(st.st_mode);

	if (!is_folder &&
	    (!str_ends(str_of(name), STR("/")) || mv->relink.moved.is_folder))
		return 0;
	if (strcmp(mv->from, mv->to) != 0 &&
	    (size_t)snprintf(mv->to + len, PATH_MAX - len, "%s", base) >=
		PATH_MAX - len)
		return refuse(
		    mv->to, "the path is too long; give a shorter one");
	return 0;
}

static int
check_to(struct mv *mv, const char *name)
{
	struct stat st;

	if (complete_to(mv, name) == -1 || check_parents(mv, mv->to) == -1)
		return -1;
	if (is_in(mv->to, mv->from) && strcmp(mv->to, mv->from) != 0)
		return refuse(mv->to,
		    "is inside the folder to be moved; name another place");
	if (lstat(mv->to, &st) == 0)
		return refuse(mv->to, "exists; give another name");
	if (errno != ENOENT)
		return failed(mv->to, "give another name");
	return tree_shows_path(&mv->tree, str_of(mv->to + mv->dir_len))
	    ? 0
	    : refuse(mv->to,
		  "would not be served: a name begins with a dot or matches "
		  "the setting hide; give another name");
}

/* Makes the folders above the new place. */
static int
make_parents(struct mv *mv)
{
	char path[PATH_MAX];
	struct stat st;

	memcpy(path, mv->to, sizeof path);
	for (char *at = path + mv->dir_len + 1; (at = strchr(at, '/')) != NULL;
	     at++) {
		*at = '\0';
		if (lstat(path, &st) == -1 &&
		    changes_folder(&mv->changes, path) == -1)
			return changes_report(&mv->changes, VERB);
		*at = '/';
	}
	return 0;
}

/* Symbolic links. */

/* Whether the text of a link leads up more than `depth` folders. */
static bool
climbs(const char *text, size_t depth)
{
	for (; strncmp(text, "../", 3) == 0 || strcmp(text, "..") == 0;
	     text += 3)
		if (depth-- == 0)
			return true;
	return false;
}

/* Refuses a move that breaks the symbolic link at `path`. */
static int
check_link(const struct mv *mv, const char *path)
{
	char real[PATH_MAX], text[PATH_MAX];
	ssize_t len = readlink(path, text, sizeof text - 1);
	size_t depth = 0;

	/* The server follows no absolute link. */
	if (len <= 0 || text[0] == '/' || realpath(path, real) == NULL)
		return 0;
	text[len] = '\0';
	if (is_in(mv->real_from, real) && strcmp(mv->real_from, real) != 0)
		refuse(path,
		    "is a symbolic link to a folder; links through it are not "
		    "rewritten");
	if (!is_in(path, mv->from))
		return is_in(real, mv->real_from)
		    ? refuse(path,
			  "is a symbolic link to what is moved; remove it "
			  "first")
		    : 0;
	for (const char *at = path + strlen(mv->from); *at != '\0'; at++)
		depth += *at == '/';
	return climbs(text, depth - 1)
	    ? refuse(path,
		  "is a symbolic link out of the folder that is moved; remove "
		  "it first")
	    : 0;
}

/* Pages. */

static bool
exists(void *context, struct str path)
{
	struct mv *mv = context;

	return tree_status(&mv->tree, path) != STATUS_NOT_FOUND;
}

/* Rewrites a page or gophermap, if a link in it changes. */
static int
rewrite(struct mv *mv, const char *path, struct relink_page *page)
{
	struct sink_memory out = sink_memory_of(PAGE_MAX);
	size_t before = mv->relink.count;
	int result = str_ends(page->before, STR("/gophermap"))
	    ? relink_gophermap(&mv->relink, page, &out.sink)
	    : relink_gemtext(&mv->relink, page, &out.sink);

	if (result == -1)
		failed(path, "nothing was changed");
	else if (mv->relink.count > before) {
		result = changes_replace(
		    &mv->changes, path, (struct str){ out.at, out.len });
		mv->files++;
		if (result == -1)
			changes_report(&mv->changes, VERB);
	}
	free(out.at);
	return result;
}

static int
visit_page(struct mv *mv, const char *path, struct str name)
{
	struct relink_page page = { .before = name, .after = name };
	char after[PATH_MAX];
	int result;

	if (is_in(path, mv->from)) {
		snprintf(after, sizeof after, "%s%s", mv->to + mv->dir_len,
		    path + strlen(mv->from));
		page.after = str_of(after);
	}
	if (textfile_read(path, &page.text) == -1)
		return failed(path, "make it readable; nothing was changed");
	result = rewrite(mv, path, &page);
	free((char *)(uintptr_t)page.text.at);
	return result;
}

static int
visit(struct mv *mv, const struct walk_entry *met)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof path, "%s%s", mv->dir, met->path.at);
	if (met->type == DT_LNK)
		return check_link(mv, path);
	if (met->type != DT_REG ||
	    (!str_equals(met->name, GOPHERMAP_NAME) &&
		!mime_is(mime_of_name(met->name), STR("text/gemini"))))
		return 0;
	return visit_page(mv, path, met->path);
}

static int
visit_all(struct mv *mv)
{
	struct walk *walk = walk_open(&mv->tree, STR("/"), false);
	struct walk_entry met;
	char path[2 * PATH_MAX];
	int found = -1, result = 0;

	while (
	    walk != NULL && result == 0 && (found = walk_next(walk, &met)) == 1)
		result = visit(mv, &met);
	if (found == -1 && result == 0) {
		snprintf(path, sizeof path, "%s%.*s", mv->dir,
		    STR_ARG(walk != NULL ? walk_path(walk) : STR("")));
		result = failed(path, "make it readable; nothing was changed");
	}
	walk_close(walk);
	return result;
}

/* The verb. */

static void
print_path(const struct mv *mv, const char *path, bool is_folder)
{
	char text[3 * PATH_MAX];
	struct buf encoded = buf_over(text, sizeof text);

	uri_encode(&encoded, str_of(path + mv->dir_len));
	printf("\"%.*s%s\"", STR_ARG(buf_str(&encoded)), is_folder ? "/" : "");
}

static bool
has_index_page(const struct mv *mv, struct str folder)
{
	static const char *const names[] = { "index.gmi", "index.gemini" };
	struct entry entry;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (tree_open_in(&mv->tree, folder, str_of(names[i]), &entry) ==
		    STATUS_SUCCESS) {
			close(entry.fd);
			return true;
		}
	return false;
}

/* Warns of a folder that has lost its index page. */
static void
warn_of_index(const struct mv *mv)
{
	const struct relocation *moved = &mv->relink.moved;
	struct str folder = relocation_folder(moved->from);

	if (moved->is_folder || !relocation_is_index(moved->from) ||
	    has_index_page(mv, folder))
		return;
	if (folder.len == 1)
		cli_say(VERB,
		    "the capsule has no front page now; write an index.gmi, or "
		    "move the page back");
	else
		cli_say(VERB,
		    "%.*s has no index page now, which links to the folder "
		    "show; write an index.gmi, or move the page back",
		    STR_ARG(folder));
}

static int
print_report(const struct mv *mv)
{
	bool is_folder = mv->relink.moved.is_folder;

	cli_say(VERB, "rewrote %zu link%s in %zu file%s", mv->relink.count,
	    mv->relink.count == 1 ? "" : "s", mv->files,
	    mv->files == 1 ? "" : "s");
	fputs("moved(", stdout);
	print_path(mv, mv->from, is_folder);
	fputs(", ", stdout);
	print_path(mv, mv->to, is_folder);
	puts(")");
	if (fflush(stdout) == EOF || ferror(stdout))
		return cli_say(VERB, "standard output: %s", strerror(errno));
	return 0;
}

static int
change(struct mv *mv)
{
	int result;

	changes_init(&mv->changes);
	relink_init(&mv->relink);
	result = make_parents(mv) == -1 || visit_all(mv) == -1 ? -1 : 0;
	if (result == 0 &&
	    (changes_move(&mv->changes, mv->from, mv->to) == -1 ||
		changes_commit(&mv->changes) == -1))
		result = changes_report(&mv->changes, VERB);
	relink_release(&mv->relink);
	changes_release(&mv->changes);
	return result;
}

static int
run(struct mv *mv, char **names)
{
	const struct host_config *host = mv->config->hosts;
	int result;

	mv->relink.site = &host->site;
	mv->relink.moved.exists = exists;
	mv->relink.moved.context = mv;
	if (tree_init(&mv->tree, mv->dir, host->hide) == -1)
		return failed(mv->dir, tree_init_remedy(errno));
	result = find_place(mv, names[0], mv->from) == -1 ||
		find_place(mv, names[1], mv->to) == -1 ||
		check_from(mv) == -1 || check_to(mv, names[1]) == -1
	    ? -1
	    : 0;
	mv->relink.moved.from = str_of(mv->from + mv->dir_len);
	mv->relink.moved.to = str_of(mv->to + mv->dir_len);
	if (result == 0)
		result = change(mv);
	if (result == 0)
		result = print_report(mv);
	if (result == 0)
		warn_of_index(mv);
	tree_release(&mv->tree);
	return result;
}

static int
read_arguments(int argc, char **argv, struct options *options)
{
	int option;

	opterr = 0;
	while ((option = getopt(argc, argv, "c:n:o:")) != -1)
		if (cli_set(VERB, options, option, argv) == -1)
			return -1;
	if (argc - optind != 3)
		return cli_misused(VERB,
		    "name a folder, and the old and the new path in it", "");
	return cli_capsule(VERB, options, cli_trim_slashes(argv[optind]));
}

int
mv_main(int argc, char **argv)
{
	static struct mv mv;
	struct options options = { 0 };
	struct config config;
	int result;

	if (read_arguments(argc, argv, &options) == -1 ||
	    cli_load(VERB, &options, &config) == -1)
		return 2;
	log_mute(true);
	mv.config = &config;
	mv.dir = argv[optind];
	mv.dir_len = strlen(mv.dir);
	result = run(&mv, argv + optind + 1);
	config_release(&config);
	return result == 0 ? 0 : 1;
}
