/* The verb `post`: a dated page, and its line in the index of the log. */
#include "tool/post.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/sink.h"
#include "text/article.h"
#include "text/buf.h"
#include "text/gemtext.h"
#include "text/slug.h"
#include "text/uri.h"
#include "tool/changes.h"
#include "tool/cli.h"
#include "tool/editor.h"
#include "tool/gemlog.h"
#include "tool/textfile.h"
#include "tree/tree.h"

#define VERB "post"
#define SLUG_MAX ((size_t)60)
#define INDEX_MAX ((size_t)65 << 20)

struct post {
	const char *dir, *log;
	struct str title;
	char date[CLOCK_DATE_SIZE];
	char name[CLOCK_DATE_SIZE + SLUG_MAX + 8]; /* of the page */
	/* Paths: the log, its index, the page, and its draft. */
	char folder[PATH_MAX], index[PATH_MAX], page[PATH_MAX], draft[PATH_MAX];
	char template[2 * ARTICLE_TITLE_MAX + 32];
	bool has_folder, has_index;
	bool has_draft; /* the text is in the draft, too */
	struct str text; /* of the page; from malloc, or the template */
};

static int
failed(const char *path, const char *remedy)
{
	return cli_say(VERB, "%s: %s; %s", path, strerror(errno), remedy);
}

/* Names and paths. */

static int
name_page(struct post *post)
{
	char room[20 * SLUG_MAX];
	struct buf slug = buf_over(room, sizeof room);

	clock_date(post->date);
	if (slug_add(&slug, post->title, SLUG_ALL, SLUG_MAX) == -1)
		return cli_say(VERB, "out of memory; try again");
	snprintf(post->name, sizeof post->name, "%s%s%.*s.gmi", post->date,
	    slug.len > 0 ? "-" : "", STR_ARG(buf_str(&slug)));
	return 0;
}

static int
join(char out[PATH_MAX], const char *folder, const char *name)
{
	if ((size_t)snprintf(out, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return failed(folder, "move the capsule up");
}

static int
make_paths(struct post *post)
{
	char room[PATH_MAX];
	struct buf log = buf_over(room, sizeof room);
	char draft[sizeof ".capsule-post" + sizeof post->name];

	if (cli_place(&log, post->log) == -1 || log.len == 0)
		return cli_say(VERB,
		    "--log: %s: name a folder of the capsule, without \"..\"",
		    post->log);
	buf_char(&log, '\0');
	/* Without the date: the same command continues it on another day. */
	snprintf(draft, sizeof draft, ".capsule-post%s",
	    post->name + strlen(post->date));
	return join(post->folder, post->dir, room) == -1 ||
		join(post->index, post->folder, "index.gmi") == -1 ||
		join(post->page, post->folder, post->name) == -1 ||
		join(post->draft, post->dir, draft) == -1
	    ? -1
	    : 0;
}

/* Whether a path exists, as a link or otherwise: 1, 0, or -1 with errno set. */
static int
exists(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

/* Finds the index page of the log. */
static int
find_index(struct post *post)
{
	char other[PATH_MAX];
	int found = exists(post->index);

	if (found == 0 && join(other, post->folder, "index.gemini") == 0 &&
	    exists(other) == 1) {
		memcpy(post->index, other, sizeof other);
		found = 1;
	}
	post->has_index = found == 1;
	return found == -1 ? failed(post->index, "make it readable") : 0;
}

static int
check_places(struct post *post)
{
	struct tree tree;
	struct stat st;
	int found;

	if (tree_init(&tree, post->dir, NULL) == -1)
		return failed(post->dir, tree_init_remedy(errno));
	tree_release(&tree);
	found = stat(post->folder, &st);
	if (found == 0 && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		found = -1;
	}
	if (found == -1 && errno != ENOENT)
		return failed(post->folder, "name another folder with --log");
	post->has_folder = found == 0;
	if (!post->has_folder)
		return 0;
	if (exists(post->page) == 1)
		return cli_say(VERB,
		    "%s: exists; edit it, or give another title", post->page);
	return find_index(post);
}

/* The draft. */

/* Makes the page: its heading, and a link to the log with the log's title. */
static void
make_page(struct post *post)
{
	struct str index = { 0 }, title = { 0 };

	/* An index that cannot be read is an error later. */
	if (post->has_index && textfile_read(post->index, &index) == 0)
		title = gemtext_title(index);
	if (!article_is_title(title))
		title = STR("Log");
	snprintf(post->template, sizeof post->template,
	    "# %.*s\n\n\n\n=> ./ %.*s\n", STR_ARG(post->title), STR_ARG(title));
	post->text = str_of(post->template);
	free((char *)(uintptr_t)index.at);
}

/* Whether the text has more than white space. */
static bool
has_text(struct str text)
{
	struct str blank = STR(" \t\r\n");

	for (size_t i = 0; i < text.len; i++)
		if (str_find(blank, text.at[i]) == blank.len)
			return true;
	return false;
}

/*
 * Reads the draft, and removes one in which the author left nothing to post;
 * -1 with errno set when it cannot be read.
 */
static int
read_draft(struct post *post)
{
	struct str text = { 0 };

	if (textfile_read(post->draft, &text) == -1 && errno != ENOENT)
		return -1;
	post->has_draft =
	    has_text(text) && !str_equals(text, str_of(post->template));
	if (post->has_draft) {
		post->text = text;
		return 0;
	}
	free((char *)(uintptr_t)text.at);
	unlink(post->draft);
	return 0;
}

/* Makes the draft, or takes the one that an earlier run has kept. */
static int
make_draft(struct post *post)
{
	int fd =
	    open(post->draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct sink_file sink = { { sink_file_write }, fd };
	int result;

	if (fd == -1 && errno == EEXIST) {
		cli_say(VERB, "%s: continuing this draft", post->draft);
		return 0;
	}
	if (fd == -1)
		return failed(post->draft, "make the capsule writable");
	result = sink.sink.write(&sink.sink, post->text);
	if (close(fd) == -1 || result == -1) {
		failed(post->draft, "make room on the disk");
		unlink(post->draft);
		return -1;
	}
	return 0;
}

static int
edit(struct post *post, const char *editor)
{
	int result;

	if (make_draft(post) == -1)
		return -1;
	result = editor_run(editor, post->draft);
	if (read_draft(post) == -1)
		return failed(post->draft, "the draft stays there");
	if (result == -1)
		return cli_say(
		    VERB, "the editor failed: %s; nothing was posted", editor);
	if (!post->has_draft)
		return cli_say(VERB,
		    "the page is empty or was not changed; nothing was posted");
	return 0;
}

/* The changes. */

/* The author may have changed the title in the editor. */
static struct str
title_of(const struct post *post)
{
	struct str title = gemtext_title(post->text);

	return article_is_title(title) ? title : post->title;
}

/* Writes the index with the line of the page, after `old`. */
static int
prepare_index(struct post *post, struct changes *changes, struct str old)
{
	const struct gemlog_entry entry = {
		.name = str_of(post->name),
		.date = str_of(post->date),
		.title = title_of(post),
	};
	struct sink_memory index = sink_memory_of(INDEX_MAX);
	int result = gemlog_add(&index.sink, old, &entry);
	struct str bytes = { index.at, index.len };

	changes->culprit = post->index;
	if (result == 0)
		result = post->has_index
		    ? changes_replace(changes, post->index, bytes)
		    : changes_create(changes, post->index, bytes);
	free(index.at);
	return result;
}

static int
prepare(struct post *post, struct changes *changes)
{
	struct str old = STR("# Log\n");
	int result;

	if (!post->has_folder && changes_folder(changes, post->folder) == -1)
		return -1;
	changes->culprit = post->index;
	if (post->has_index && textfile_read(post->index, &old) == -1)
		return -1;
	result = changes_create(changes, post->page, post->text);
	if (result == 0)
		result = prepare_index(post, changes, old);
	if (post->has_index)
		free((char *)(uintptr_t)old.at);
	return result;
}

static int
publish(struct post *post)
{
	struct changes changes;
	int result;

	changes_init(&changes);
	result = prepare(post, &changes);
	if (result == 0)
		result = changes_commit(&changes);
	if (result == -1)
		changes_report(&changes, VERB);
	changes_release(&changes);
	if (result == 0 && post->has_draft)
		unlink(post->draft);
	return result;
}

/* The verb. */

static int
print_report(const struct post *post)
{
	char map[PATH_MAX], room[3 * PATH_MAX];
	struct buf url = buf_over(room, sizeof room);

	uri_encode(&url, str_of(post->folder + strlen(post->dir)));
	if (!post->has_folder)
		cli_say(VERB,
		    "made %s, the index of a log; link to it from another "
		    "page, as in: => %.*s/ Log",
		    post->index, STR_ARG(buf_str(&url)));
	else if (!post->has_index)
		cli_say(VERB,
		    "made %s, since the log had no index; add the other pages "
		    "of the folder to it",
		    post->index);
	if (join(map, post->folder, "gophermap") == 0 && exists(map) == 1)
		cli_say(VERB,
		    "%s: is the menu of the log on Gopher; add the page to it",
		    map);
	if (!post->has_draft && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		cli_say(VERB,
		    "neither VISUAL nor EDITOR names an editor; add the text "
		    "to the page, which has none yet");
	printf("%s\n", post->page);
	if (fflush(stdout) == EOF || ferror(stdout))
		return cli_say(VERB, "standard output: %s", strerror(errno));
	return 0;
}

static int
run(struct post *post)
{
	const char *editor = editor_name();
	int result = 0;

	if (name_page(post) == -1 || make_paths(post) == -1 ||
	    check_places(post) == -1)
		return -1;
	make_page(post);
	if (editor != NULL)
		result = edit(post, editor);
	/* The log may have changed while the page was written. */
	if (result == 0 && editor != NULL)
		result = check_places(post);
	if (result == 0)
		result = publish(post);
	if (result == -1 && post->has_draft)
		cli_say(VERB,
		    "the text is in %s; the same command continues it",
		    post->draft);
	if (post->has_draft)
		free((char *)(uintptr_t)post->text.at);
	return result == -1 ? -1 : print_report(post);
}

static int
read_arguments(int argc, char **argv, struct post *post)
{
	static const struct option options[] = {
		{ "log", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'l')
			return cli_refuse_option(VERB, argv);
		post->log = optarg;
	}
	if (argc - optind != 2 || argv[optind][0] == '\0')
		return cli_misused(
		    VERB, "name a folder, and give a title in quotes", "");
	post->dir = cli_trim_slashes(argv[optind]);
	return cli_title(VERB, "the title", argv[optind + 1], &post->title);
}

int
post_main(int argc, char **argv)
{
	static struct post post = { .log = "log" };

	if (read_arguments(argc, argv, &post) == -1)
		return 2;
	return run(&post) == 0 ? 0 : 1;
}
