/* The pages that an article becomes, and their links. */
#include "tool/import_pages.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text/buf.h"
#include "text/gemtext.h"

#define DESCRIPTION_MAX ((size_t)200) /* bytes */

static void
put(FILE *out, struct str s)
{
	fwrite(s.at, 1, s.len, out);
}

/*
 * Whether a line that begins so would be read as something else than it is in a
 * plain text.  A leading space makes any line a text line.
 */
static bool
is_mark(enum gemtext_kind kind)
{
	return kind != GEMTEXT_TEXT && kind != GEMTEXT_ITEM;
}

/* Writes one paragraph a line, each followed by a blank line. */
static void
put_text(FILE *out, const struct article_text *text)
{
	bool preformatted = false;

	if (text->is_heading)
		fputs("## ", out);
	else if (is_mark(gemtext_read(text->text, &preformatted).kind))
		fputc(' ', out);
	put(out, text->is_heading ? article_unmarked(text->text) : text->text);
	fputs("\n\n", out);
}

static void
put_texts(FILE *out, const struct article_text *text)
{
	for (; text != NULL; text = text->next)
		put_text(out, text);
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

/* Links to the page with the whole text, by its title. */
static void
put_details(FILE *out, const char *folder, const struct import_pages *pages)
{
	fprintf(out, "=> %sdetails.gmi ", folder);
	put(out, pages->title);
	fputs(", in full\n", out);
}

/* The first paragraph that is not a heading. */
static const struct article_text *
first_text(const struct import_pages *pages)
{
	const struct article_text *text = pages->article->lead;

	while (text != NULL && text->is_heading)
		text = text->next;
	return text;
}

/* Without questions, the lead is the whole text. */
static void
put_lead(FILE *out, const struct import_pages *pages)
{
	const struct article_text *text = first_text(pages);

	if (pages->article->questions != NULL)
		put_texts(out, text);
	else if (text != NULL)
		put_text(out, text);
}

static void
write_home(FILE *out, const void *context)
{
	const struct import_pages *pages = context;
	const struct article_question *question = pages->article->questions;

	put_title(out, "# ", pages->title, "");
	put_lead(out, pages);
	if (question != NULL)
		fputs("## Questions\n\n", out);
	for (; question != NULL; question = question->next)
		put_link(out, "qa/", "", question);
	if (pages->article->questions != NULL)
		fputc('\n', out);
	put_details(out, "", pages);
	fputs("=> /ask Search these pages\n\n"
	      "=> /capsule.gpub All pages as a book (Gempub)\n"
	      "=> /capsule.tar.gz All pages as an archive (tar.gz)\n",
	    out);
}

static void
write_details(FILE *out, const void *context)
{
	const struct import_pages *pages = context;
	const struct article_question *question = pages->article->questions;

	put_title(out, "# ", pages->title, ", in full");
	put_texts(out, pages->article->lead);
	for (; question != NULL; question = question->next) {
		put_title(out, "## ", question->text, "");
		put_texts(out, question->answer);
	}
	fputs("=> ./ Home\n", out);
}

static void
write_questions(FILE *out, const void *context)
{
	const struct import_pages *pages = context;
	const struct article_question *question = pages->article->questions;

	fputs("# All questions\n\n", out);
	for (; question != NULL; question = question->next)
		put_link(out, "", "", question);
	fputc('\n', out);
	put_details(out, "../", pages);
	fputs("=> ../ Home\n", out);
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

/* The length of the sentences that fit, or else of the words. */
static size_t
cut_of(struct str text, bool *is_sentence)
{
	size_t word = 0, cut = DESCRIPTION_MAX;

	*is_sentence = false;
	if (text.len <= DESCRIPTION_MAX)
		return text.len;
	for (size_t i = DESCRIPTION_MAX; i > 1; i--) {
		*is_sentence = text.at[i] == ' ' && text.at[i - 1] == '.';
		if (*is_sentence)
			return i;
		if (word == 0 && text.at[i] == ' ')
			word = i;
	}
	while (((unsigned char)text.at[cut] & 0xc0) == 0x80)
		cut--;
	return word > 0 ? word : cut;
}

/* The beginning of the text, on one line. */
static void
put_description(FILE *out, const struct import_pages *pages)
{
	const struct article_text *text = first_text(pages);
	struct str all = text != NULL ? text->text : pages->title;
	bool is_sentence;
	size_t end = cut_of(all, &is_sentence);

	put(out, str_head(all, end));
	fputs(end < all.len && !is_sentence ? "\u2026\n" : "\n", out);
}

/* For a book (Gempub): the links of the index page are its contents. */
static void
write_metadata(FILE *out, const void *context)
{
	const struct import_pages *pages = context;

	fputs("title: ", out);
	put(out, pages->title);
	fprintf(out, "\ngpubVersion: 1.0.0\nindex: %s\ncharset: UTF-8\n",
	    pages->article->questions != NULL ? "qa/index.gmi" : "details.gmi");
	if (pages->language.len > 0)
		fprintf(out, "language: %.*s\n", STR_ARG(pages->language));
	fputs("description: ", out);
	put_description(out, pages);
}

static const char *
path_of(struct arena *arena, const struct article_question *question)
{
	char path[80];
	struct buf built = buf_over(path, sizeof path);

	buf_printf(&built, "qa/%.*s.gmi", STR_ARG(question->slug));
	return arena_string(arena, buf_str(&built));
}

static struct folder_file *
list_questions(struct arena *arena, const struct import_pages *pages,
    struct folder_file *file)
{
	const struct article_question *question = pages->article->questions;

	*file++ = (struct folder_file){ .path = "qa/" };
	for (; question != NULL; question = question->next) {
		const char *path = path_of(arena, question);

		if (path == NULL)
			return NULL;
		*file++ =
		    (struct folder_file){ path, write_question, question };
	}
	*file++ =
	    (struct folder_file){ "qa/index.gmi", write_questions, pages };
	return file;
}

/* The home page comes last, after the pages that it links to. */
int
import_pages_list(struct arena *arena, const struct import_pages *pages,
    struct folder *folder)
{
	const struct folder_file others[] = {
		{ "details.gmi", write_details, pages },
		{ "robots.txt", folder_write_robots, NULL },
		{ "metadata.txt", write_metadata, pages },
		{ "index.gmi", write_home, pages },
	};
	struct folder_file *file = arena_alloc(arena,
	    sizeof others +
		(pages->article->question_count + 2) * sizeof *file);

	if (file == NULL)
		return -1;
	folder->files = file;
	if (pages->article->questions != NULL)
		file = list_questions(arena, pages, file);
	if (file == NULL)
		return -1;
	memcpy(file, others, sizeof others);
	file += sizeof others / sizeof *others;
	folder->count = (size_t)(file - folder->files);
	return 0;
}
