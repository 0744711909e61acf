/*
 * Finds values that need quotes.  libConfuse takes a space in a value for the
 * start of an unknown key, or reports the next line, and silently drops a "+".
 */
#include "daemon/unquoted.h"

#include <string.h>

/* Characters that end a word in libConfuse. */
#define SEPARATORS " \t\r\n\"'={}(),+"
#define SPACES " \t\r"

size_t
unquoted_word(const char *at)
{
	return strcspn(at, SEPARATORS);
}

size_t
unquoted_string(const char *start, int *line)
{
	const char *at = start;
	char quote = *at++;

	while (*at != '\0' && *at != quote) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		*line += *at++ == '\n';
	}
	return (size_t)(at - start) + (*at == quote);
}

/* Whether `at` can follow a value: the end of the line, or another setting. */
static bool
may_follow(const char *at, bool in_list)
{
	if (*at == '\0' || *at == '\n')
		return true;
	if (in_list)
		return *at == ',' || *at == '}';
	if (strchr(SEPARATORS, *at) != NULL)
		return false;
	at += strcspn(at, SEPARATORS);
	at += strspn(at, SPACES);
	return *at == '=' || (at[0] == '+' && at[1] == '=');
}

/* Whether the value at `at` goes on after its first word. */
static bool
ends_early(const char *at, const char *end, bool in_list)
{
	if (end == at)
		return *at == '+';
	return !may_follow(end + strspn(end, SPACES), in_list);
}

static struct str
whole_value(const char *at, bool in_list)
{
	struct str value = { at, strcspn(at, in_list ? ",}\n" : "\n") };

	while (strchr(SPACES, value.at[value.len - 1]) != NULL)
		value.len--;
	return value;
}

bool
unquoted_find(const char *text, struct unquoted *out)
{
	const char *at = text;
	bool in_list = false, is_value = false;
	int line = 1;

	while (*at != '\0') {
		const char *end = at + strcspn(at, SEPARATORS);

		if (is_value && ends_early(at, end, in_list)) {
			*out = (struct unquoted){ whole_value(at, in_list),
				*end, line };
			return true;
		}
		if (*at == '"' || *at == '\'')
			end = at + unquoted_string(at, &line);
		if (end > at) {
			is_value = false;
			at = end;
			continue;
		}
		if (*at == '{' || *at == '}')
			in_list = *at == '{';
		if (strchr("={,}", *at) != NULL)
			is_value = *at == '=' || (in_list && *at != '}');
		line += *at++ == '\n';
	}
	return false;
}

/* Whether an escape for a NUL byte is at this place in a string. */
static bool
is_nul(const char *at, const char *end)
{
	bool is_hex = at[1] == 'x';
	const char *digits = at + 1 + is_hex;
	size_t count =
	    strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "01234567");
	size_t most = is_hex ? 2 : 3;

	(void)end;
	if (*at != '\\')
		return false;
	if (count > most)
		count = most;
	return count > 0 && strspn(digits, "0") >= count;
}

/* Whether a variable begins here that does not end in the string. */
static bool
is_open_variable(const char *at, const char *end)
{
	return at[0] == '$' && at[1] == '{' &&
	    memchr(at, '}', (size_t)(end - at)) == NULL;
}

/* The line of the first string in double quotes with a fault; 0: none. */
static int
find_fault(const char *text, bool (*is_fault)(const char *at, const char *end))
{
	int line = 1;

	while (*text != '\0') {
		int start = line;
		bool is_string = *text == '"' || *text == '\'';
		size_t len = is_string ? unquoted_string(text, &line) : 1;
		const char *end = text + len;

		line += !is_string && *text == '\n';
		for (const char *at = text + 1; *text == '"' && at + 1 < end;
		     at += *at == '\\' ? 2 : 1)
			if (is_fault(at, end))
				return start;
		text = end;
	}
	return 0;
}

int
unquoted_find_nul(const char *text)
{
	return find_fault(text, is_nul);
}

int
unquoted_find_variable(const char *text)
{
	return find_fault(text, is_open_variable);
}
