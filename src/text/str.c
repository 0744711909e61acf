/* Views of text: bytes and ASCII, no other encoding. */
#include "text/str.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

struct str
str_of(const char *string)
{
	return (struct str){ string, string != NULL ? strlen(string) : 0 };
}

int
str_compare(struct str a, struct str b)
{
	size_t both = a.len < b.len ? a.len : b.len;
	int order = both > 0 ? memcmp(a.at, b.at, both) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool
str_equals_nocase(struct str a, struct str b)
{
	return a.len == b.len &&
	    (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}

size_t
str_find(struct str s, char c)
{
	const char *found = s.len > 0 ? memchr(s.at, c, s.len) : NULL;

	return found != NULL ? (size_t)(found - s.at) : s.len;
}

struct str
str_cut(struct str *rest, char separator)
{
	size_t at = str_find(*rest, separator);
	struct str head = str_head(*rest, at);

	*rest = str_tail(*rest, at < rest->len ? at + 1 : at);
	return head;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct str
str_trim_start(struct str s)
{
	while (s.len > 0 && is_space(s.at[0]))
		s = str_tail(s, 1);
	return s;
}

struct str
str_trim_end(struct str s)
{
	while (s.len > 0 && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool
str_is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.at[i] & 0x80) != 0)
			return false;
	return true;
}

uint64_t
str_hash(struct str s)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.at[i]) * 0x100000001b3u;
	return hash;
}

bool
str_number(struct str s, unsigned long most, unsigned long *out)
{
	unsigned long number = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned long digit = (unsigned long)(s.at[i] - '0');

		if (s.at[i] < '0' || s.at[i] > '9' || digit > most ||
		    number > (most - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = number;
	return true;
}

bool
str_lists_equal(const char *const *a, const char *const *b)
{
	while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0)
		a++, b++;
	return *a == NULL && *b == NULL;
}
