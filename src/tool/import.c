/*
 * The verb `import`: the pages that an article becomes, and their links.
 * text/article parses the article, tool/folder makes the files.
 */
#include "tool/import.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/process.h"
#include "text/arena.h"
#include "text/article.h"
#include "text/buf.h"
#include "text/gemtext.h"
#include "tool/cli.h"
#include "tool/folder.h"

#define ARTICLE_MAX ((size_t)16 << 20)
#define ARENA_MAX ((size_t)256 << 20)

struct import {
	struct arena arena;
	const char *file; /* the text */
	struct str title;
	struct article article;
	struct folder folder;
};

/* Pages. */

static void
put(FILE *out, struct str s)
{
	fwrite(s.at, 1, s.len, out);
}

/* Writes one paragraph a line, each followed by a blank line. */
static void
put_texts(FILE *out, const struct article_text *text)
{
	for (; text != NULL; text = text->next) {
		bool preformatted = false;

		/* A leading space makes any line a text line. */
		if (gemtext_read(text->text, &preformatted).kind !=
		    GEMTEXT_TEXT)
			fputc(' ', out);
		put(out, text->text);
		fputs("\n\n", out);
	}
}

static void
put_link(FILE *out, const char *folder, const char *label,
    const struct article_question *question)
{
	fprintf(
	    out, "=> %s%.*s.gmi %s", folder, STR_ARG(question->slug), label);
	put(out, question->text);
	fputc('\n', out);
}

static void
put_title(FILE *out, const char *before, struct str title, const char *after)
{
	fputs(before, out);
	put(out, title);
	fprintf(out, "%s\n\n", after);
}

static void
write_home(FILE *out, const void *context)
{
	const struct import *import = context;
	const struct article_question *question = import->article.questions;

	put_title(out, "# ", import->title, "");
	put_texts(out, import->article.lead);
	fputs("## Questions\n\n", out);
	for (; question != NULL; question = question->next)
		put_link(out, "qa/", "", question);
	fputs("\n=> details.gmi Show details\n", out);
}

static void
write_details(FILE *out, const void *context)
{
	const struct import *import = context;
	const struct article_question *question = import->article.questions;

	put_title(out, "# ", import->title, ", in full");
	put_texts(out, import->article.lead);
	for (; question != NULL; question = question->next) {
		put_title(out, "## ", question->text, "");
		put_texts(out, question->answer);
	}
	fputs("=> ./ Home\n", out);
}

static void
write_questions(FILE *out, const void *context)
{
	const struct import *import = context;
	const struct article_question *question = import->article.questions;

	fputs("# All questions\n\n", out);
	for (; question != NULL; question = question->next)
		put_link(out, "", "", question);
	fputs("\n=> ../details.gmi Show details\n=> ../ Home\n", out);
}

static void
write_question(FILE *out, const void *context)
{
	const struct article_question *question = context;

	put_title(out, "# ", question->text, "");
	put_texts(out, question->answer);
	if (question->previous != NULL)
		put_link(out, "", "Previous: ", question->previous);
	if (question->next != NULL)
		put_link(out, "", "Next: ", question->next);
	if (question->previous != NULL || question->next != NULL)
		fputc('\n', out);
	fputs("=> ./ All questions\n=> ../ Home\n", out);
}

static void
write_robots(FILE *out, const void *context)
{
	(void)context;
	fputs("User-agent: *\nDisallow:\n", out);
}

static const char *
path_of(struct arena *arena, const struct article_question *question)
{
	char path[80];
	struct buf built = buf_over(path, sizeof path);

	buf_printf(&built, "qa/%.*s.gmi", STR_ARG(question->slug));
	return arena_string(arena, buf_str(&built));
}

/* The home page comes last, after the pages that it links to. */
static int
list_pages(struct import *import)
{
	const struct folder_file others[] = {
		{ "qa/index.gmi", write_questions, import },
		{ "details.gmi", write_details, import },
		{ "robots.txt", write_robots, NULL },
		{ "index.gmi", write_home, import },
	};
	const struct article_question *question = import->article.questions;
	struct folder_file *file = arena_alloc(&import->arena,
	    sizeof others +
		(import->article.question_count + 1) * sizeof *file);

	if (file == NULL)
		return -1;
	import->folder.files = file;
	file++->path = "qa/";
	for (; question != NULL; question = question->next) {
		file->path = path_of(&import->arena, question);
		if (file->path == NULL)
			return -1;
		file->write = write_question;
		file++->context = question;
	}
	memcpy(file, others, sizeof others);
	file += sizeof others / sizeof *others;
	import->folder.count = (size_t)(file - import->folder.files);
	return 0;
}

/* The article. */

/* Reads the whole file into the arena. */
static int
read_file(struct import *import, struct str *out)
{
	char *at = arena_alloc(&import->arena, ARTICLE_MAX + 1);
	int fd = open(import->file, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got = -1;

	if (at != NULL && fd != -1)
		while (len <= ARTICLE_MAX &&
		    (got = read(fd, at + len, ARTICLE_MAX + 1 - len)) > 0)
			len += (size_t)got;
	if (got == -1)
		cli_say("import", "%s: %s; name a text file", import->file,
		    strerror(errno));
	else if (len > ARTICLE_MAX)
		cli_say("import", "%s: is larger than 16 MiB; split it",
		    import->file);
	process_close(fd);
	*out = (struct str){ at, len };
	return got == -1 || len > ARTICLE_MAX ? -1 : 0;
}

static int
read_article(struct import *import)
{
	struct article *article = &import->article;
	struct str text;

	if (read_file(import, &text) == -1)
		return -1;
	switch (article_read(&import->arena, text, article)) {
	case ARTICLE_OK: return 0;
	case ARTICLE_EMPTY:
		cli_say("import", "%s: is empty; write a lead and questions",
		    import->file);
		break;
	case ARTICLE_NOT_UTF8:
		cli_say("import",
		    "%s:%zu: is not UTF-8; save the text as UTF-8",
		    import->file, article->line);
		break;
	case ARTICLE_CONTROL:
		cli_say("import",
		    "%s:%zu: contains a control character; save it as plain "
		    "text",
		    import->file, article->line);
		break;
	case ARTICLE_NO_QUESTION:
		cli_say("import",
		    "%s: has no question; end the paragraph of a question with "
		    "\"?\"",
		    import->file);
		break;
	case ARTICLE_TOO_MANY:
		cli_say("import", "%s: has more than %d questions; split it",
		    import->file, ARTICLE_QUESTIONS_MAX);
		break;
	case ARTICLE_NO_MEMORY:
		cli_say("import", "%s: needs too much memory; split it",
		    import->file);
		break;
	}
	return -1;
}

/* Makes a title from the file's name. */
static int
title_of_file(struct import *import)
{
	struct str name = str_of(import->file);
	char *at;

	for (size_t i = name.len; i > 0; i--)
		if (name.at[i - 1] == '/') {
			name = str_tail(name, i);
			break;
		}
	for (size_t i = name.len; i > 1; i--)
		if (name.at[i - 1] == '.') {
			name = str_head(name, i - 1);
			break;
		}
	at = arena_string(&import->arena, name);
	if (at == NULL)
		return -1;
	for (size_t i = 0; i < name.len; i++)
		if (at[i] == '-' || at[i] == '_')
			at[i] = ' ';
	if (at[0] >= 'a' && at[0] <= 'z')
		at[0] = (char)(at[0] - 'a' + 'A');
	import->title = (struct str){ at, name.len };
	if (!article_is_title(import->title))
		import->title = STR("Questions and answers");
	return 0;
}

/* The verb. */

static void
print_report(const struct import *import)
{
	const struct article_text *text = import->article.left_out;
	const struct article_question *question = import->article.questions;

	for (; text != NULL; text = text->next)
		cli_say("import", "%s:%zu: left out: %.*s", import->file,
		    text->line, STR_ARG(text->text));
	for (; question != NULL; question = question->next)
		if (question->answer == NULL)
			cli_say("import",
			    "%s:%zu: no answer follows this question",
			    import->file, question->line);
	folder_list(&import->folder);
}

static int
run(struct import *import)
{
	if (read_article(import) == -1)
		return 1;
	if ((import->title.len == 0 && title_of_file(import) == -1) ||
	    list_pages(import) == -1) {
		cli_say("import", "%s: needs too much memory; split it",
		    import->file);
		return 1;
	}
	if (folder_fill(&import->folder) == -1) {
		cli_say("import", "%s", import->folder.error);
		return 1;
	}
	print_report(import);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		cli_say("import", "standard output: %s", strerror(errno));
		return 1;
	}
	return 0;
}

int
import_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "title", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	struct import import = { 0 };
	int option, status = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		status = option == 't'
		    ? cli_title("import", optarg, &import.title)
		    : cli_refuse_option("import", argv);
		if (status != 0)
			return 2;
	}
	if (argc - optind != 2 || argv[optind + 1][0] == '\0') {
		cli_misused("import", "name an article and a folder", "");
		return 2;
	}
	import.file = argv[optind];
	import.folder.path = cli_trim_slashes(argv[optind + 1]);
	arena_init(&import.arena, ARENA_MAX);
	status = run(&import);
	arena_release(&import.arena);
	return status;
}
