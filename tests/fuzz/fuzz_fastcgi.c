/*
 * The records of a FastCGI server: the same output for parts of any size, and
 * no more than came in.
 */
#include "fuzz.h"
#include "serve/fastcgi.h"

struct sum {
	size_t output, errors;
	uint64_t hash;
	enum fastcgi_event last;
};

static void
take(struct sum *sum, struct fastcgi *fastcgi, struct str part)
{
	const char *end = part.at + part.len;
	struct str out;

	do {
		const char *start = part.at;

		sum->last = fastcgi_next(fastcgi, &part, &out);
		if (sum->last != FASTCGI_OUTPUT && sum->last != FASTCGI_ERRORS)
			break;
		CHECK(out.len > 0 && out.at >= start);
		CHECK(out.at + out.len <= end && part.at >= out.at + out.len);
		for (size_t i = 0; i < out.len; i++)
			sum->hash = sum->hash * 31 + (unsigned char)out.at[i];
		if (sum->last == FASTCGI_OUTPUT)
			sum->output += out.len;
		else
			sum->errors += out.len;
	} while (true);
	CHECK(sum->last != FASTCGI_MORE || part.len == 0);
}

static struct sum
sum_in_parts(struct str text, size_t size)
{
	struct sum sum = { .last = FASTCGI_MORE };
	struct fastcgi fastcgi = { 0 };

	while (text.len > 0 && sum.last == FASTCGI_MORE) {
		size_t len = text.len < size ? text.len : size;

		take(&sum, &fastcgi, str_head(text, len));
		text = str_tail(text, len);
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_text(data, size);
	struct sum whole = sum_in_parts(text, size), parts;

	CHECK(whole.output + whole.errors <= size);
	for (size_t len = 1; len < 12; len += 5) {
		parts = sum_in_parts(text, len);
		CHECK(parts.output == whole.output);
		CHECK(parts.errors == whole.errors);
		CHECK(parts.last == whole.last);
		/* The order of both streams may differ only as they came. */
		CHECK(parts.hash == whole.hash);
	}
	return 0;
}
