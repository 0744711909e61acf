/*
 * A text to import.  Whatever it is: what was read is all there, in order,
 * and can be written to files of its own as one line a paragraph.
 */
#include <unistr.h>

#include "fuzz.h"
#include "text/article.h"

#define ARENA_CAP ((size_t)16 << 20)

/* How many bytes are no space: none may be lost, none come twice. */
static size_t
count_bytes(struct str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; i++)
		count += s.at[i] != ' ' && s.at[i] != '\t' && s.at[i] != '\r' &&
		    s.at[i] != '\n';
	return count;
}

static size_t
check_text(struct str text)
{
	CHECK(text.len > 0);
	CHECK(u8_check((const uint8_t *)text.at, text.len) == NULL);
	for (size_t i = 0; i < text.len; i++)
		CHECK((unsigned char)text.at[i] >= ' ' || text.at[i] == '\t');
	return count_bytes(text);
}

static size_t
check_title(struct str title)
{
	CHECK(title.len == 0 || article_is_title(title));
	return title.len == 0 ? 0 : check_text(title);
}

static size_t
check_texts(const struct article_text *text)
{
	size_t count = 0, line = 0;

	for (; text != NULL; text = text->next) {
		CHECK(text->line > line);
		line = text->line;
		count += check_text(text->text);
	}
	return count;
}

static void
check_slug(
    const struct article *article, const struct article_question *question)
{
	const struct article_question *other = article->questions;
	struct str slug = question->slug;

	CHECK(slug.len > 0 && slug.len <= 64);
	CHECK(!str_equals(slug, STR("index")));
	for (size_t i = 0; i < slug.len; i++)
		CHECK((slug.at[i] >= 'a' && slug.at[i] <= 'z') ||
		    (slug.at[i] >= '0' && slug.at[i] <= '9') ||
		    slug.at[i] == '-');
	for (; other != question; other = other->next)
		CHECK(!str_equals(other->slug, slug));
}

static size_t
check_questions(const struct article *article)
{
	const struct article_question *question = article->questions;
	const struct article_question *previous = NULL;
	size_t bytes = 0, count = 0;

	for (; question != NULL; question = question->next) {
		CHECK(question->previous == previous);
		CHECK(previous == NULL || question->line > previous->line);
		bytes += check_text(question->text);
		bytes += check_texts(question->answer);
		check_slug(article, question);
		previous = question;
		count++;
	}
	CHECK(count == article->question_count);
	return bytes;
}

static void
check_article(const struct article *article, struct str text)
{
	size_t bytes = check_title(article->title) +
	    check_texts(article->lead) + check_texts(article->left_out) +
	    check_questions(article);

	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_tail(text, 3);
	CHECK(bytes == count_bytes(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_text(data, size);
	struct article article;
	struct arena arena;

	arena_init(&arena, ARENA_CAP);
	switch (article_read(&arena, text, &article)) {
	case ARTICLE_OK:
		CHECK(article.questions != NULL || article.left_out == NULL);
		check_article(&article, text);
		break;
	case ARTICLE_NOT_UTF8:
	case ARTICLE_CONTROL:
		CHECK(article.line > 0 && article.line <= size);
		CHECK(!article_is_title(text));
		break;
	case ARTICLE_EMPTY:
	case ARTICLE_TOO_MANY:
	case ARTICLE_NO_MEMORY: break;
	}
	arena_release(&arena);
	/* Again, with an allocation that fails. */
	arena_init(&arena, ARENA_CAP);
	arena_fail_at(&arena, 1 + size % 23);
	(void)!article_read(&arena, text, &article);
	arena_release(&arena);
	return 0;
}
