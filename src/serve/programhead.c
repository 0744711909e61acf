/*
 * Parses the header of a program's answer: a line of Gemini, or a header block
 * of HTTP.
 */
#include "serve/programhead.h"

#include "text/utf8.h"

/* The longest line of a header: status, space, META, CR. */
#define LINE_MAX_LEN (sizeof "20 \r" - 1 + PROGRAMHEAD_META_MAX)

/* Some clients end a line there, too. */
#define LINE_SEPARATOR 0x2028
#define PARAGRAPH_SEPARATOR 0x2029

/* The fields of a block that are used. */
struct block {
	struct str status, type, location;
	size_t len; /* with the empty line */
};

static enum programhead_state
fail(struct programhead *out, const char *fault)
{
	out->fault = fault;
	return PROGRAMHEAD_BAD;
}

/* Takes a line and its LF, or CR LF, from `rest`; false: it has no end. */
static bool
take_line(struct str *rest, struct str *line)
{
	if (str_find(*rest, '\n') == rest->len)
		return false;
	*line = str_cut(rest, '\n');
	if (str_ends(*line, STR("\r")))
		line->len--;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether this begins as a header of Gemini does: two digits and a space. */
static bool
begins_gemini(struct str text)
{
	return text.len >= 3 && is_digit(text.at[0]) && is_digit(text.at[1]) &&
	    text.at[2] == ' ';
}

/* Whether more bytes could complete such a beginning. */
static bool
may_begin_gemini(struct str text)
{
	return text.len < 3 && (text.len < 1 || is_digit(text.at[0])) &&
	    (text.len < 2 || is_digit(text.at[1]));
}

/*
 * Whether this is text for one line. A character that ends a line for a client,
 * or for its terminal, could forge another header.
 */
static bool
is_line(struct str text)
{
	uint32_t c;
	struct str character;

	while (text.len > 0)
		if (!utf8_take(&text, &c, &character) || utf8_is_control(c) ||
		    c == LINE_SEPARATOR || c == PARAGRAPH_SEPARATOR)
			return false;
	return true;
}

/* The status that a number means; 0: none (Gemini 0.24, Responses). */
static enum status
status_of(unsigned number)
{
	switch ((enum status)number) {
	case STATUS_INPUT:
	case STATUS_SENSITIVE_INPUT:
	case STATUS_SUCCESS:
	case STATUS_REDIRECT:
	case STATUS_MOVED:
	case STATUS_FAILURE:
	case STATUS_UNAVAILABLE:
	case STATUS_PROGRAM:
	case STATUS_PROXY:
	case STATUS_SLOW_DOWN:
	case STATUS_TOO_LARGE:
	case STATUS_GONE:
	case STATUS_NOT_FOUND:
	case STATUS_REFUSED:
	case STATUS_BAD_REQUEST:
	case STATUS_CERTIFICATE_REQUIRED:
	case STATUS_CERTIFICATE_REFUSED:
	case STATUS_CERTIFICATE_INVALID: return (enum status)number;
	}
	/* An unknown second digit counts as 0. */
	return number >= 10 && number < 70 ? status_of(number / 10 * 10)
					   : (enum status)0;
}

/* The META for a header without one; empty: the status requires one. */
static struct str
default_meta(enum status status)
{
	switch (status) {
	case STATUS_INPUT:
	case STATUS_SENSITIVE_INPUT: return STR("Your input");
	/* Gemini 0.16 section 3.3 */
	case STATUS_SUCCESS: return STR("text/gemini");
	case STATUS_REDIRECT:
	case STATUS_MOVED: break;
	case STATUS_SLOW_DOWN: return STR("1");
	case STATUS_NOT_FOUND: return STR("There is no page at this address");
	case STATUS_GONE: return STR("This page was removed");
	case STATUS_CERTIFICATE_REQUIRED:
		return STR("This page needs a client certificate");
	case STATUS_CERTIFICATE_REFUSED:
	case STATUS_CERTIFICATE_INVALID:
		return STR("This page does not accept your certificate");
	case STATUS_FAILURE:
	case STATUS_UNAVAILABLE:
	case STATUS_PROGRAM:
	case STATUS_PROXY:
	case STATUS_TOO_LARGE:
	case STATUS_REFUSED:
	case STATUS_BAD_REQUEST: return STR("The program of this page failed");
	}
	return STR("");
}

static enum programhead_state
finish(struct programhead *out, enum status status, struct str meta)
{
	if (!is_line(meta))
		return fail(out, "a control character in the header");
	meta = str_trim_end(str_trim_start(meta));
	if (meta.len == 0)
		meta = default_meta(status);
	if (meta.len == 0)
		return fail(out, "a redirect without a target");
	if (meta.len > PROGRAMHEAD_META_MAX)
		return fail(out, "a header of more than 1029 bytes");
	out->status = status;
	out->meta = meta;
	return PROGRAMHEAD_DONE;
}

/* Parses a line that begins_gemini, or has only a status. */
static enum programhead_state
read_line(struct str line, struct programhead *out)
{
	unsigned number =
	    (unsigned)(line.at[0] - '0') * 10 + (unsigned)(line.at[1] - '0');
	enum status status = status_of(number);

	if (status == 0)
		return fail(out, "a status that Gemini does not have");
	return finish(out, status, str_tail(line, line.len > 2 ? 3 : 2));
}

/* Reads the line of Gemini that `rest` begins with. */
static enum programhead_state
read_gemini(
    struct str input, struct str rest, bool ended, struct programhead *out)
{
	struct str line;

	if (take_line(&rest, &line)) {
		out->len = input.len - rest.len;
		return read_line(line, out);
	}
	if (rest.len > LINE_MAX_LEN)
		return fail(out, "a header of more than 1029 bytes");
	return ended ? fail(out, "the output ended within the header")
		     : PROGRAMHEAD_MORE;
}

/* An error needs no META, and then no space (Gemini 0.24). */
static bool
is_bare_error(struct str line)
{
	return line.len == 2 && line.at[0] >= '4' && line.at[0] <= '6' &&
	    is_digit(line.at[1]);
}

/* The characters of the name of a field (RFC 9110 section 5.6.2). */
static bool
is_name(struct str name)
{
	static const struct str marks = STR_INIT("!#$%&'*+-.^_`|~");

	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (!is_digit(c) && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && str_find(marks, c) == marks.len)
			return false;
	}
	return name.len > 0;
}

/* Keeps the first field of a name. */
static void
keep(struct str *field, struct str value)
{
	if (field->len == 0)
		*field = str_trim_end(str_trim_start(value));
}

static bool
read_field(struct str line, struct block *block)
{
	size_t colon = str_find(line, ':');
	struct str name = str_head(line, colon), value;

	if (colon == line.len || !is_name(name))
		return false;
	value = str_tail(line, colon + 1);
	if (str_equals_nocase(name, STR("Status")))
		keep(&block->status, value);
	else if (str_equals_nocase(name, STR("Content-Type")))
		keep(&block->type, value);
	else if (str_equals_nocase(name, STR("Location")))
		keep(&block->location, value);
	return true;
}

/* Reads the header fields of HTTP at the start of `input`. */
static enum programhead_state
read_block(
    struct str input, bool ended, struct block *block, struct programhead *out)
{
	struct str rest = input, line;

	while (take_line(&rest, &line)) {
		block->len = input.len - rest.len;
		if (block->len > PROGRAMHEAD_BLOCK_MAX)
			return fail(out, "a header of more than 8 KiB");
		if (line.len == 0 && block->len > 2)
			return PROGRAMHEAD_DONE;
		if (!read_field(line, block))
			return fail(out, "neither a status nor a header field");
	}
	if (input.len > PROGRAMHEAD_BLOCK_MAX)
		return fail(out, "a header of more than 8 KiB");
	if (!ended)
		return PROGRAMHEAD_MORE;
	return fail(out,
	    input.len == 0 ? "no output"
			   : "the output ended within the header");
}

/* Gemini's status for one of HTTP; 0: none. */
static enum status
status_of_http(unsigned long number)
{
	switch (number) {
	case 301:
	case 308: return STATUS_MOVED;
	case 400:
	case 405: return STATUS_BAD_REQUEST;
	case 403: return STATUS_CERTIFICATE_REFUSED;
	case 404: return STATUS_NOT_FOUND;
	case 410: return STATUS_GONE;
	default: break;
	}
	switch (number / 100) {
	case 2: return STATUS_SUCCESS;
	case 3: return STATUS_REDIRECT;
	case 4: return STATUS_TOO_LARGE;
	case 5: return STATUS_FAILURE;
	default: break;
	}
	return (enum status)0;
}

/* Maps a block that no line of Gemini follows. */
static enum programhead_state
map_block(const struct block *block, struct programhead *out)
{
	struct str reason = block->status;
	struct str code = str_cut(&reason, ' ');
	unsigned long number = block->location.len > 0 ? 302 : 200;
	enum status status;

	if (block->status.len > 0 && !str_number(code, 599, &number))
		return fail(out, "a Status that HTTP does not have");
	status = status_of_http(number);
	if (status == 0)
		return fail(out, "a Status that HTTP does not have");
	out->len = block->len;
	if (status == STATUS_SUCCESS && block->type.len == 0)
		return fail(out, "a header without Content-Type");
	if (status == STATUS_SUCCESS)
		return finish(out, status, block->type);
	if (status == STATUS_REDIRECT || status == STATUS_MOVED)
		return finish(out, status, block->location);
	return finish(out, status, reason);
}

enum programhead_state
programhead_read(struct str input, bool ended, struct programhead *out)
{
	struct str rest = input, line;
	struct block block = { 0 };
	enum programhead_state state;

	*out = (struct programhead){ 0 };
	if (begins_gemini(input))
		return read_gemini(input, input, ended, out);
	if (take_line(&rest, &line) && is_bare_error(line))
		return read_gemini(input, input, ended, out);
	state = read_block(input, ended, &block, out);
	if (state != PROGRAMHEAD_DONE)
		return state;
	rest = str_tail(input, block.len);
	if (begins_gemini(rest))
		return read_gemini(input, rest, ended, out);
	if (may_begin_gemini(rest) && !ended)
		return PROGRAMHEAD_MORE;
	return map_block(&block, out);
}
