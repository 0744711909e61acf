/*
 * A robots.txt from a server, and a path behind its first NUL.  Whatever it
 * is: what it forbids everybody, it forbids no one more by what it leaves
 * out, and line ends and comments mean nothing.
 */
#include "fuzz.h"
#include "text/robots.h"

static const struct str names[] = { STR_INIT("archiver"), STR_INIT("capsule"),
	STR_INIT("") };

static bool
allows(struct str text, struct str path)
{
	struct arena arena;
	struct robots robots;
	bool result;

	arena_init(&arena, (size_t)1 << 30);
	CHECK(robots_read(&arena, text, names, &robots) == 0);
	result = robots_allow(&robots, path);
	arena_release(&arena);
	return result;
}

/* A rule for everybody in a file of its own. */
static void
check_rule(struct str path)
{
	char rule[4096];
	int len;

	if (path.len == 0 || path.len > 1000)
		return;
	/* Nothing that a line or a comment ends with, nor an escape. */
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.at[i] <= ' ' || path.at[i] == '#' ||
		    path.at[i] == '%')
			return;
	len = snprintf(rule, sizeof rule,
	    "User-agent: *\r\nDisallow: %.*s # so\r\n", STR_ARG(path));
	CHECK(!allows((struct str){ rule, (size_t)len }, path));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str path = fuzz_text(data, size);
	struct str robots = str_cut(&path, '\0');
	bool allowed = allows(robots, path);

	/* What nobody says anything about is open. */
	if (memchr(robots.at, ':', robots.len) == NULL)
		CHECK(allowed);
	check_rule(path);
	return 0;
}
