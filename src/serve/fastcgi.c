/*
 * Parses the records that a FastCGI server answers with.
 */
#include "serve/fastcgi.h"

/* FastCGI 1.0, section 8. */
#define VERSION_1 1
enum record {
	RECORD_END_REQUEST = 3,
	RECORD_STDOUT = 6,
	RECORD_STDERR = 7,
};

/* The offsets in the header of a record, section 3.3. */
enum offset {
	OFFSET_VERSION = 0,
	OFFSET_TYPE = 1,
	OFFSET_REQUEST = 2,
	OFFSET_CONTENT = 4,
	OFFSET_PADDING = 6,
};

static size_t
number_at(const unsigned char *at)
{
	return (size_t)at[0] << 8 | at[1];
}

static struct str
take(struct str *input, size_t most)
{
	struct str taken =
	    str_head(*input, input->len < most ? input->len : most);

	*input = str_tail(*input, taken.len);
	return taken;
}

/* Takes bytes until `at` has `size`; false: more are to come. */
static bool
fill(struct str *input, unsigned char *at, size_t *len, size_t size)
{
	struct str taken = take(input, size - *len);

	if (taken.len > 0)
		memcpy(at + *len, taken.at, taken.len);
	*len += taken.len;
	return *len == size;
}

/* Begins a record after its complete header; false: it is not valid. */
static bool
begin(struct fastcgi *fastcgi)
{
	const unsigned char *head = fastcgi->head;
	const size_t request = number_at(head + OFFSET_REQUEST);

	fastcgi->content = number_at(head + OFFSET_CONTENT);
	fastcgi->padding = head[OFFSET_PADDING];
	fastcgi->end_len = 0;
	if (head[OFFSET_VERSION] != VERSION_1)
		return false;
	if (head[OFFSET_TYPE] == RECORD_END_REQUEST &&
	    fastcgi->content < sizeof fastcgi->end)
		return false;
	/* 0 is for records of the connection, section 3.3. */
	if (request == 0)
		return head[OFFSET_TYPE] > RECORD_STDERR;
	return request == FASTCGI_REQUEST;
}

/* Takes the end of the request; FASTCGI_MORE: it is not complete. */
static enum fastcgi_event
take_end(struct fastcgi *fastcgi, struct str *input)
{
	const unsigned char *end = fastcgi->end;

	if (!fill(input, fastcgi->end, &fastcgi->end_len, sizeof fastcgi->end))
		return FASTCGI_MORE;
	fastcgi->exit_status =
	    (uint32_t)(number_at(end) << 16 | number_at(end + 2));
	fastcgi->result = end[4];
	return FASTCGI_END;
}

/* Takes some of a record's content. */
static enum fastcgi_event
take_content(struct fastcgi *fastcgi, struct str *input, struct str *out)
{
	const unsigned char type = fastcgi->head[OFFSET_TYPE];

	if (type == RECORD_END_REQUEST)
		return take_end(fastcgi, input);
	*out = take(input, fastcgi->content);
	fastcgi->content -= out->len;
	if (out->len > 0 && type == RECORD_STDOUT)
		return FASTCGI_OUTPUT;
	if (out->len > 0 && type == RECORD_STDERR)
		return FASTCGI_ERRORS;
	return FASTCGI_MORE;
}

enum fastcgi_event
fastcgi_next(struct fastcgi *fastcgi, struct str *input, struct str *out)
{
	while (input->len > 0) {
		if (fastcgi->content > 0) {
			enum fastcgi_event event =
			    take_content(fastcgi, input, out);

			if (event != FASTCGI_MORE)
				return event;
		} else if (fastcgi->padding > 0) {
			fastcgi->padding -= take(input, fastcgi->padding).len;
		} else if (fill(input, fastcgi->head, &fastcgi->head_len,
			       sizeof fastcgi->head)) {
			fastcgi->head_len = 0;
			if (!begin(fastcgi))
				return FASTCGI_BAD;
		}
	}
	return FASTCGI_MORE;
}
