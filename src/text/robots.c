/* Parses robots.txt in the form for Gemini. */
#include "text/robots.h"

#include "text/hex.h"

/* Takes one byte from a path that may be percent-encoded. */
static char
take_byte(struct str *text)
{
	char c = text->at[0];
	size_t taken = 1;

	if (c == '%' && text->len >= 3 && hex_value(text->at[1]) != -1 &&
	    hex_value(text->at[2]) != -1) {
		c = (char)(hex_value(text->at[1]) << 4 |
		    hex_value(text->at[2]));
		taken = 3;
	}
	*text = str_tail(*text, taken);
	return c;
}

static bool
begins(struct str path, struct str pattern)
{
	for (size_t i = 0; pattern.len > 0; i++)
		if (i == path.len || take_byte(&pattern) != path.at[i])
			return false;
	return true;
}

/* "Key: value # comment", without spaces around either. */
static struct str
read_line(struct str line, struct str *value)
{
	struct str key;

	line = str_head(line, str_find(line, '#'));
	key = str_cut(&line, ':');
	*value = str_trim_end(str_trim_start(line));
	return str_trim_end(str_trim_start(key));
}

static bool
is_named(struct str agent, const struct str *names)
{
	for (; names->len > 0; names++)
		if (str_equals_nocase(agent, *names))
			return true;
	return false;
}

/* Adds the rules for these names; returns whether there is a group. */
static bool
collect(struct str text, const struct str *names, struct robots *out)
{
	bool ours = false, in_agents = false, any = false;

	while (text.len > 0) {
		struct str value;
		struct str key = read_line(str_cut(&text, '\n'), &value);

		if (str_equals_nocase(key, STR("user-agent"))) {
			/* The first such line after rules begins a group. */
			ours = (in_agents && ours) || is_named(value, names);
			in_agents = true;
			any = any || ours;
		} else if (str_equals_nocase(key, STR("disallow"))) {
			in_agents = false;
			if (ours && value.len > 0)
				out->barred[out->count++] = value;
		}
	}
	return any;
}

int
robots_read(struct arena *arena, struct str text, const struct str *names,
    struct robots *out)
{
	static const struct str everybody[] = { STR_INIT("*"), STR_INIT("") };
	size_t lines = 1;

	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_tail(text, 3);
	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	*out = (struct robots){ .barred = arena_alloc(
				    arena, lines * sizeof *out->barred) };
	if (out->barred == NULL)
		return -1;
	if (!collect(text, names, out))
		(void)collect(text, everybody, out);
	return 0;
}

bool
robots_allow(const struct robots *robots, struct str path)
{
	for (size_t i = 0; i < robots->count; i++)
		if (begins(path, robots->barred[i]))
			return false;
	return true;
}
