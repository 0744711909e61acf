/*
 * The page that answers questions: writes search results as gemtext.
 */
#include "serve/ask.h"

#include <errno.h>
#include <string.h>

#include "index/search.h"
#include "serve/frontpage.h"
#include "serve/remote.h"
#include "text/buf.h"
#include "text/question.h"
#include "text/uri.h"
#include "text/utf8.h"

/*
 * The most bytes of a question that are displayed, and that are put into the
 * link to the next part.
 */
#define SHOWN_MAX 120
#define CARRIED_MAX 800
/* A longer link would not fit into a request, so it is omitted. */
#define LINK_MAX 1000
/* Room for one result: its link, title, heading and passage. */
#define HIT_ROOM ((size_t)4096)

/* Room for a page: the hits, its head and its foot. */
#define PAGE_ROOM ((SEARCH_SHOWN + 2) * HIT_ROOM)

struct answer {
	struct str own; /* the path of the built-in page */
	struct search_result result;
	struct str words; /* the question, cleaned */
	size_t part; /* from 0 */
};

static void
add_question(struct buf *out, struct str words)
{
	size_t len = words.len < SHOWN_MAX ? words.len : SHOWN_MAX;

	while (len > 0 && len < words.len && (words.at[len] & 0xc0) == 0x80)
		len--;
	buf_add(out, STR("\xe2\x80\x9c"));
	buf_add(out, str_head(words, len));
	if (len < words.len)
		buf_add(out, STR("\xe2\x80\xa6"));
	buf_add(out, STR("\xe2\x80\x9d"));
}

/* Names the first word that no page has. */
static void
add_unknown(struct buf *out, const struct search_result *result)
{
	buf_add(out,
	    result->is_near ? STR("No page says ") : STR("No page mentions "));
	add_question(out, result->unknown);
	buf_add(out, result->is_near ? STR("; these come close.") : STR("."));
}

/* Tells how many pages there are, and which of them are shown. */
static void
add_count(struct buf *out, const struct answer *answer)
{
	const struct search_result *result = &answer->result;
	size_t first = answer->part * SEARCH_SHOWN + 1;

	if (result->count == 0) {
		buf_printf(out,
		    "This part is empty. Pages that mention it: %zu.\n",
		    result->found);
		return;
	}
	if (result->is_loose)
		buf_add(out, STR("No page has this phrase. "));
	if (result->has_near_only)
		add_unknown(out, result);
	else if (result->found == 1)
		buf_add(out,
		    result->is_loose ? STR("One page has some of its words.")
				     : STR("One page mentions it."));
	else
		buf_printf(out, "%zu pages %s, best match first.",
		    result->found,
		    result->is_loose ? "have some of its words" : "mention it");
	if (result->found > SEARCH_SHOWN)
		buf_printf(out, " These are %zu to %zu%s", first,
		    first + result->count - 1,
		    result->has_near_only ? "" : ".");
	if (result->found > SEARCH_SHOWN && result->has_near_only)
		buf_printf(out, " of %zu.", result->found);
	buf_char(out, '\n');
}

/* Tells the reader when the question was loosened. */
static void
add_notes(struct buf *out, const struct search_result *result)
{
	if (result->unknown.len > 0 && !result->has_near_only) {
		add_unknown(out, result);
		buf_char(out, '\n');
	}
	if (result->is_partial)
		buf_add(out,
		    STR("There are too many matches to compare all of them; "
			"try a rarer word.\n"));
}

/* The question without its quotes, if all of it is one quoted phrase. */
static struct str
without_quotes(struct str words)
{
	struct question question;

	question_read(words, &question);
	return question.count == 1 && question.parts[0].is_phrase
	    ? question.parts[0].text
	    : words;
}

static void
add_head(struct buf *out, const struct answer *answer)
{
	buf_add(out,
	    answer->result.found > 0 ? STR("# Found for ")
				     : STR("# Nothing found for "));
	add_question(out, without_quotes(answer->words));
	buf_add(out, STR("\n\n"));
	if (answer->result.found > 0) {
		add_count(out, answer);
		add_notes(out, &answer->result);
	}
}

/* Adds a link to a page; an index page is linked as its directory. */
static void
add_link(struct buf *out, struct str path)
{
	if (str_ends(path, STR("/index.gmi")))
		path = str_head(path, path.len - strlen("index.gmi"));
	buf_add(out, STR("=> "));
	uri_encode(out, path);
	buf_char(out, ' ');
}

static void
add_hit(struct buf *out, const struct hits_page *hit)
{
	buf_char(out, '\n');
	add_link(out, hit->path);
	buf_add(out, hit->title);
	buf_char(out, '\n');
	if (hit->heading.len > 0) {
		buf_add(out, STR("Under \xe2\x80\x9c"));
		buf_add(out, hit->heading);
		buf_add(out, STR("\xe2\x80\x9d:\n"));
	}
	if (hit->passage.len > 0) {
		buf_add(out, STR("> "));
		buf_add(out, hit->passage);
		buf_char(out, '\n');
	}
}

static void
add_hits(struct buf *out, const struct search_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		if (result->hits[i].path.len <= LINK_MAX / 3)
			add_hit(out, &result->hits[i]);
}

/* Lists the links of the front page, below a search without a result. */
static void
add_start(struct buf *out, const struct host *host, struct arena *arena)
{
	struct frontpage_link links[FRONTPAGE_LINKS];
	size_t count = frontpage_read(host, arena, links);

	buf_add(out,
	    count > 0 ? STR("Nothing matches. Try other words, or start from a "
			    "page:\n\n")
		      : STR("Nothing matches. Try other words.\n"));
	for (size_t i = 0; i < count; i++) {
		if (links[i].path.len > LINK_MAX / 3)
			continue;
		add_link(out, links[i].path);
		buf_add(out, links[i].label);
		buf_char(out, '\n');
	}
}

/* Adds a link to a part of the result, counted from 0. */
static void
add_part_link(
    struct buf *out, const struct answer *answer, size_t part, struct str label)
{
	if (answer->words.len >= CARRIED_MAX / 3)
		return;
	buf_add(out, STR("=> "));
	uri_encode(out, answer->own);
	if (part > 0)
		buf_printf(out, "/%zu", part + 1);
	buf_char(out, '?');
	uri_encode(out, answer->words);
	buf_add(out, label);
}

static void
add_foot(struct buf *out, const struct answer *answer)
{
	const struct search_result *result = &answer->result;
	size_t next = answer->part + 1;

	buf_char(out, '\n');
	if (result->found > 0 && result->count == 0)
		add_part_link(out, answer, 0, STR(" The first pages\n"));
	else if (result->found > next * SEARCH_SHOWN && next < SEARCH_PARTS)
		add_part_link(out, answer, next, STR(" The next pages\n"));
	buf_add(out, STR("=> "));
	uri_encode(out, answer->own);
	buf_add(out, STR(" Ask something else\n=> / Home\n"));
}

/* Decodes the question and cleans it for display on one line. */
static int
read_words(const struct request *request, struct str *out)
{
	struct buf raw = buf_in(request->arena, request->query.len);
	struct buf clean = buf_in(request->arena, request->query.len * 3);

	uri_decode(&raw, request->query);
	for (size_t i = 0; i < raw.len; i++)
		if ((unsigned char)raw.at[i] < ' ')
			raw.at[i] = ' ';
	utf8_clean(&clean, buf_str(&raw));
	*out = str_trim_start(str_trim_end(buf_str(&clean)));
	return raw.overflow || clean.overflow ? -1 : 0;
}

/*
 * Reads the part number from the path, counted from 0; false when there is no
 * such part.
 */
static bool
read_part(struct str path, struct str own, size_t *out)
{
	struct str rest = str_tail(path, own.len);
	unsigned long number = 1;

	if (rest.len > 0 &&
	    (!str_number(str_tail(rest, 1), SEARCH_PARTS, &number) ||
		number < 2))
		return false;
	*out = number - 1;
	return true;
}

/* Searches; -1 with errno set, EAGAIN when there is no index yet. */
static int
find(const struct host *host, struct arena *arena, struct answer *answer)
{
	const struct search_wish wish = { answer->words, answer->part,
		host->tree };

	errno = EAGAIN;
	return host->index == NULL
	    ? -1
	    : search_run(host->index, arena, &wish, &answer->result);
}

/* Writes the page; empty without memory. */
static struct str
write_page(
    const struct host *host, struct arena *arena, const struct answer *answer)
{
	struct buf out = buf_in(arena, PAGE_ROOM);

	add_head(&out, answer);
	if (answer->result.found == 0)
		add_start(&out, host, arena);
	add_hits(&out, &answer->result);
	add_foot(&out, answer);
	return out.overflow ? (struct str){ 0 } : buf_str(&out);
}

static void
answer_words(const struct host *host, const struct request *request,
    struct answer *answer, struct response *response)
{
	struct str page =
	    STR("# Not yet\n\nThe pages of this capsule are being "
		"read just now. Please ask again in a "
		"moment.\n");

	if (remote_ask(host, request, response))
		return;
	if (find(host, request->arena, answer) == 0)
		page = write_page(host, request->arena, answer);
	else if (errno != EAGAIN)
		page.len = 0;
	response_set(response, STATUS_SUCCESS, STR("text/gemini"));
	if (page.len > 0)
		response->body = body_of_text(request->arena, page);
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}

void
ask_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	struct answer answer = { .own = host->builtins[BUILTIN_ASK] };

	if (!read_part(request->path, answer.own, &answer.part))
		response_error(response, STATUS_NOT_FOUND);
	else if (read_words(request, &answer.words) == -1)
		response_error(response, STATUS_FAILURE);
	else if (answer.words.len > 0)
		answer_words(host, request, &answer, response);
	else if (answer.part > 0)
		response_redirect(response, request->arena,
		    &(struct response_target){
			STATUS_REDIRECT, answer.own, { 0 } });
	else
		response_set(response, STATUS_INPUT,
		    STR("What would you like to know?"));
}
