/*
 * robots.txt, as capsules use it.  Knows its lines; fetches nothing.
 */
#include "text/robots.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes one byte off a path that may be percent-encoded. */
static char
take_byte(struct str *text)
{
	char c = text->at[0];
	size_t taken = 1;

	if (c == '%' && text->len >= 3 && hex(text->at[1]) != -1 &&
	    hex(text->at[2]) != -1) {
		c = (char)(hex(text->at[1]) << 4 | hex(text->at[2]));
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
is_named(struct str agent, const struct str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equals_nocase(agent, names[i]))
			return true;
	return false;
}

/*
 * What the groups for these names say: 1 to let in, 0 not to, -1 when there
 * is no such group.
 */
static int
ask(struct str robots, const struct str *names, size_t count, struct str path)
{
	bool ours = false, in_agents = false;
	int answer = -1;

	if (str_starts(robots, STR("\xef\xbb\xbf")))
		robots = str_tail(robots, 3);
	while (robots.len > 0) {
		struct str value;
		struct str key = read_line(str_cut(&robots, '\n'), &value);

		if (str_equals_nocase(key, STR("user-agent"))) {
			/* The first of a group ends the group before it. */
			ours = (in_agents && ours) ||
			    is_named(value, names, count);
			in_agents = true;
			if (ours && answer == -1)
				answer = 1;
		} else if (str_equals_nocase(key, STR("disallow"))) {
			in_agents = false;
			if (ours && value.len > 0 && begins(path, value))
				answer = 0;
		}
	}
	return answer;
}

bool
robots_allow(
    struct str robots, const struct str *names, size_t count, struct str path)
{
	const struct str everybody = STR("*");
	int answer = ask(robots, names, count, path);

	if (answer == -1)
		answer = ask(robots, &everybody, 1, path);
	return answer != 0;
}
