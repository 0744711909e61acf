/* The files of a configuration, in memory and without comments. */
#include "daemon/config_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config_section.h"

const char *
config_text_path(struct arena *arena, const char *base, const char *name)
{
	const char *slash = strrchr(base, '/');
	size_t len =
	    slash == NULL || name[0] == '/' ? 0 : (size_t)(slash - base) + 1;
	struct buf path = buf_in(arena, len + strlen(name) + 1);

	buf_add(&path, (struct str){ base, len });
	buf_add(&path, str_of(name));
	buf_char(&path, '\0');
	return path.overflow ? NULL : path.at;
}

/* Reports a problem with the file, at the line that names the file. */
static int
fail_file(
    const struct config_text *text, struct config *config, const char *problem)
{
	if (text->named.file == NULL)
		return config_section_fail(config,
		    (struct config_place){ text->name, 0 }, "%s", problem);
	return config_section_fail(
	    config, text->named, "%.128s: %s", text->name, problem);
}

static int
fail_errno(const struct config_text *text, struct config *config, int error)
{
	char problem[128];
	struct buf buf = buf_over(problem, sizeof problem - 1);

	buf_printf(&buf, "%s, name a file that can be read", strerror(error));
	problem[buf.len] = '\0';
	return fail_file(text, config, problem);
}

/* Reads up to `room` bytes; returns their number, -1 with errno set. */
static ssize_t
read_all(int fd, char *at, size_t room)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = read(fd, at + len, room - len);
		if (got > 0)
			len += (size_t)got;
	} while (len < room && (got > 0 || (got == -1 && errno == EINTR)));
	return got == -1 ? -1 : (ssize_t)len;
}

/*
 * libConfuse's own reader exits when a read fails, as for a directory; so it
 * gets the text from memory.
 */
static int
read_fd(struct config_text *text, struct arena *arena, struct config *config,
    int fd)
{
	ssize_t len;
	size_t room = text->most;

	if (fstat(fd, &text->st) == -1)
		return fail_errno(text, config, errno);
	/* The file of -c may be a pipe; an included pipe could block. */
	if (text->named.file != NULL && !S_ISREG(text->st.st_mode) &&
	    !S_ISDIR(text->st.st_mode))
		return fail_file(
		    text, config, "is not a file, name a file with settings");
	if (S_ISREG(text->st.st_mode) && (uintmax_t)text->st.st_size < room)
		room = (size_t)text->st.st_size;
	text->at = arena_buffer(arena, room + 2);
	if (text->at == NULL)
		return fail_file(text, config, "no memory, make it shorter");
	len = read_all(fd, text->at, room + 1);
	if (len == -1)
		return fail_errno(text, config, errno);
	if ((size_t)len > text->most)
		return config_section_fail(config,
		    (struct config_place){ text->name, 0 },
		    "the configuration is over %zu bytes, make it shorter",
		    CONFIG_TEXT_MAX);
	/* A file that is being written: leave out its new bytes. */
	text->len = (size_t)len < room ? (size_t)len : room;
	text->at[text->len] = '\0';
	if (strlen(text->at) != text->len)
		return fail_file(
		    text, config, "holds a NUL byte, give a text file");
	return 0;
}

/* Blanks the text before `end`, except for line ends. */
static char *
blank(char *at, const char *end, int *line)
{
	for (; at < end; at++) {
		if (*at == '\n')
			++*line;
		else
			*at = ' ';
	}
	return at;
}

/* The end of the comment at `at`; NULL for one without end; `at`: none. */
static char *
comment_end(const struct config_text *text, char *at)
{
	char *end;

	if (*at == '#')
		return at + strcspn(at, "\n");
	if (at[0] != '/')
		return at;
	/* libConfuse takes // for a comment, but not within a word. */
	if (at[1] == '/' &&
	    (at == text->at || strchr(" \t\r\n\"'={}(),+", at[-1]) != NULL))
		return at + strcspn(at, "\n");
	if (at[1] != '*')
		return at;
	end = strstr(at + 2, "*/");
	return end != NULL ? end + 2 : NULL;
}

/*
 * Blanks the comments. libConfuse 3.3 skips comments, too, but counts a
 * comment's line three times, so that later errors would have wrong line
 * numbers.
 */
static int
blank_comments(struct config_text *text, struct config *config)
{
	int line = 1;
	char quote = '\0', *at = text->at;

	while (*at != '\0') {
		char *end = quote == '\0' ? comment_end(text, at) : at;

		if (end == NULL)
			return config_section_fail(config,
			    (struct config_place){ text->name, line },
			    "comment without end, close it with */");
		if (end > at) {
			at = blank(at, end, &line);
			continue;
		}
		if (quote == '\0' && (*at == '"' || *at == '\''))
			quote = *at;
		else if (quote == *at)
			quote = '\0';
		else if (quote != '\0' && *at == '\\' && at[1] != '\0')
			line += *at++ == '\n';
		line += *at++ == '\n';
	}
	return 0;
}

int
config_text_read(
    struct config_text *text, struct arena *arena, struct config *config)
{
	int fd = open(text->name,
	    O_RDONLY | O_CLOEXEC | O_NOCTTY |
		(text->named.file != NULL ? O_NONBLOCK : 0));
	int result;

	if (fd == -1)
		return fail_errno(text, config, errno);
	result = read_fd(text, arena, config, fd);
	close(fd);
	if (result == -1)
		return -1;
	/* Skip a byte order mark, which some Windows editors write. */
	if (str_starts(str_of(text->at), STR("\xef\xbb\xbf")))
		memset(text->at, ' ', 3);
	return blank_comments(text, config);
}
