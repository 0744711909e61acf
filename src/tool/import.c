/*
 * The verb `import`: reads the article and reports what is left out.
 * text/article parses it, tool/import_pages writes its pages, tool/folder makes
 * the files.
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
#include "text/site.h"
#include "tool/cli.h"
#include "tool/folder.h"
#include "tool/import_pages.h"

#define ARTICLE_MAX ((size_t)16 << 20)
#define ARENA_MAX ((size_t)256 << 20)

struct import {
	struct arena arena;
	const char *file; /* the text */
	bool has_title; /* the user gave one */
	struct article article;
	struct import_pages pages;
	struct folder folder;
};

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
		cli_say("import",
		    "%s: is empty; write a text in it: paragraphs, or "
		    "questions with their answers",
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

/* Makes a title from the file's name, for a text without a title. */
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
	import->pages.title = (struct str){ at, name.len };
	if (!article_is_title(import->pages.title))
		import->pages.title = STR("Questions and answers");
	return 0;
}

/* Finds the title.  One in the text that is not used is reported as a line. */
static int
find_title(struct import *import)
{
	struct article *article = &import->article;
	struct str own = article_unmarked(article->title);

	if (import->has_title && !str_equals(own, import->pages.title))
		return 0;
	article->title = (struct str){ NULL, 0 };
	if (import->has_title)
		return 0;
	import->pages.title = own;
	return own.len > 0 ? 0 : title_of_file(import);
}

/* The verb. */

static void
print_report(const struct import *import)
{
	const struct article_text *text = import->article.left_out;
	const struct article_question *question = import->article.questions;

	if (import->article.title.len > 0)
		cli_say("import", "%s:%zu: left out: %.*s", import->file,
		    import->article.title_line, STR_ARG(import->article.title));
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
	if (find_title(import) == -1 ||
	    import_pages_list(
		&import->arena, &import->pages, &import->folder) == -1) {
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

/* A language tag (RFC 5646), in the form that metadata.txt can hold. */
static int
read_language(struct import *import, const char *tag)
{
	import->pages.language = str_of(tag);
	if (import->pages.language.len <= 35 &&
	    site_is_language(import->pages.language))
		return 0;
	return cli_say(
	    "import", "--lang: give one language, such as en or pt-BR");
}

static int
read_option(struct import *import, int option, char **argv)
{
	switch (option) {
	case 'l': return read_language(import, optarg);
	case 't':
		import->has_title = true;
		return cli_title(
		    "import", "--title", optarg, &import->pages.title);
	default: return cli_refuse_option("import", argv);
	}
}

int
import_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "lang", required_argument, NULL, 'l' },
		{ "title", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	struct import import = { .pages.article = &import.article };
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (read_option(&import, option, argv) == -1)
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
