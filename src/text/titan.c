/* The parameters of a Titan URL. */
#include "text/titan.h"

#include "text/buf.h"
#include "text/hex.h"

#define NO_DEFECT ((struct str){ 0 })

/* The parameters with a value. */
enum titan_name {
	TITAN_SIZE,
	TITAN_MIME,
	TITAN_TOKEN,
	TITAN_BASE,
	TITAN_NAMES,
};

static const struct str names[TITAN_NAMES] = {
	[TITAN_SIZE] = STR_INIT("size="),
	[TITAN_MIME] = STR_INIT("mime="),
	[TITAN_TOKEN] = STR_INIT("token="),
	[TITAN_BASE] = STR_INIT("base="),
};

/* The parameter in `piece`, of which it cuts the name; or TITAN_NAMES. */
static enum titan_name
name_of(struct str *piece)
{
	for (int i = 0; i < TITAN_NAMES; i++)
		if (str_starts(*piece, names[i])) {
			*piece = str_tail(*piece, names[i].len);
			return (enum titan_name)i;
		}
	return TITAN_NAMES;
}

/* Whether the "/" in a piece after ";" belongs to the value of a parameter. */
static bool
may_have_slash(struct str piece)
{
	return str_starts(piece, names[TITAN_MIME]) ||
	    str_starts(piece, names[TITAN_TOKEN]);
}

/* The length of the path: to the first ";" in its last segment. */
static size_t
path_length(struct str path)
{
	struct str rest = path;
	size_t length = 0;

	while (true) {
		size_t at = (size_t)(path.len - rest.len);
		struct str piece = str_cut(&rest, ';');

		if (at == 0 ||
		    (str_find(piece, '/') < piece.len &&
			!may_have_slash(piece)))
			length = at + piece.len;
		if (rest.len == 0)
			return length;
	}
}

static struct str
read_size(struct str value, uint64_t *out)
{
	static const struct str bad = STR_INIT(
	    "The size of an upload is a number of bytes, as in size=5");
	uint64_t size = 0;

	if (value.len == 0)
		return bad;
	for (size_t i = 0; i < value.len; i++) {
		unsigned digit = (unsigned)((unsigned char)value.at[i] - '0');

		if (digit > 9)
			return bad;
		size = size > (UINT64_MAX - digit) / 10 ? UINT64_MAX
							: size * 10 + digit;
	}
	*out = size;
	return NO_DEFECT;
}

static struct str
read_mime(struct arena *arena, struct str value, struct str *out)
{
	struct buf mime = buf_in(arena, TITAN_MIME_MAX);

	uri_decode(&mime, value);
	*out = buf_str(&mime);
	for (size_t i = 0; i < out->len; i++)
		if (out->at[i] < ' ' || out->at[i] > '~')
			out->len = 0;
	return out->len > 0 && !mime.overflow
	    ? NO_DEFECT
	    : STR("The type of an upload is a MIME type, as in "
		  "mime=text/gemini");
}

static struct str
read_base(struct str value, unsigned char out[TITAN_BASE_SIZE])
{
	static const struct str bad =
	    STR_INIT("The base of an upload is a SHA-256, in 64 digits");

	if (value.len != (size_t)2 * TITAN_BASE_SIZE)
		return bad;
	for (size_t i = 0; i < TITAN_BASE_SIZE; i++) {
		int high = hex_value(value.at[2 * i]);
		int low = hex_value(value.at[2 * i + 1]);

		if (high == -1 || low == -1)
			return bad;
		out[i] = (unsigned char)(high * 16 + low);
	}
	return NO_DEFECT;
}

static struct str
read_value(struct arena *arena, enum titan_name name, struct str value,
    struct titan *out)
{
	switch (name) {
	case TITAN_SIZE: return read_size(value, &out->size);
	case TITAN_MIME: return read_mime(arena, value, &out->mime);
	case TITAN_BASE:
		out->has_base = true;
		return read_base(value, out->base);
	case TITAN_TOKEN:
	case TITAN_NAMES: break;
	}
	return NO_DEFECT;
}

/* Reads the text after the path, which begins with ";" or is empty. */
static struct str
read_parameters(struct arena *arena, struct str rest, struct titan *out)
{
	unsigned seen = 0;

	while (rest.len > 0) {
		struct str piece, defect;
		enum titan_name name;

		rest = str_tail(rest, 1);
		piece = str_head(rest, str_find(rest, ';'));
		rest = str_tail(rest, piece.len);
		name = name_of(&piece);
		if (name == TITAN_NAMES)
			return STR("An upload has only the parameters size, "
				   "mime, token and base, or edit alone");
		if (seen & 1U << name)
			return STR("A parameter of the upload was sent twice");
		seen |= 1U << name;
		defect = read_value(arena, name, piece, out);
		if (defect.len > 0)
			return defect;
	}
	return seen & 1U << TITAN_SIZE
	    ? NO_DEFECT
	    : STR("The upload has no size, as in ;size=5");
}

struct str
titan_read(struct arena *arena, const struct uri *uri, struct titan *out)
{
	size_t length = path_length(uri->path);
	struct str rest = str_tail(uri->path, length);

	*out = (struct titan){ .path = str_head(uri->path, length),
		.mime = STR("text/gemini") };
	if (uri->has_query)
		return STR("A Titan URL has no query");
	if (uri->has_fragment)
		return STR("A URL is sent without its fragment");
	out->edits = str_equals(rest, STR(";edit"));
	return out->edits ? NO_DEFECT : read_parameters(arena, rest, out);
}
