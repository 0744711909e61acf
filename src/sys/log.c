/*
 * Writes log lines to standard error, with control bytes escaped.
 */
#include "sys/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "text/utc.h"
#include "text/utf8.h"

#define LINE_MAX_BYTES 2048
#define MILLISECOND_NS 1000000

/*
 * A buffer of log lines, no larger than a pipe takes at once. The master writes
 * the lines of a worker that exited. A compromised worker may have stored
 * anything here: the length is read once and checked, and the lines are written
 * as opaque bytes, which the worker could have written itself.
 */
struct log_store {
	_Atomic size_t len;
	char lines[PIPE_BUF - sizeof(size_t)];
};

/* The prefix of a line, before its level. */
static enum {
	STAMP_NONE,
	STAMP_TIME,
	STAMP_PRIORITY
} stamp;
static bool debug, mute;
static unsigned long lost; /* lines that could not be written */
static bool torn; /* the first of them was written in part */
static struct log_store *store; /* buffer for info lines, or NULL */

void
log_set_debug(bool on)
{
	debug = on;
}

/* JOURNAL_STREAM is the device and inode of its socket: systemd.exec(5). */
static bool
is_journal(const struct stat *st)
{
	const char *journal = getenv("JOURNAL_STREAM");
	char text[64];

	if (journal == NULL)
		return false;
	snprintf(text, sizeof text, "%ju:%ju", (uintmax_t)st->st_dev,
	    (uintmax_t)st->st_ino);
	return strcmp(journal, text) == 0;
}

void
log_start(void)
{
	struct stat st;
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	stamp = STAMP_TIME;
	if (fstat(STDERR_FILENO, &st) == -1)
		return;
	if (is_journal(&st))
		stamp = STAMP_PRIORITY;
	if (S_ISREG(st.st_mode) && flags != -1)
		(void)fcntl(STDERR_FILENO, F_SETFL, flags | O_APPEND);
}

bool
log_is_debug(void)
{
	return debug;
}

void
log_mute(bool on)
{
	mute = on;
}

/*
 * Takes the character at the start of `rest`, which is not empty. Returns
 * whether it is printable; otherwise `out` is one byte of it.
 */
static bool
take(struct str *rest, struct str *out)
{
	struct str whole = *rest;
	uint32_t c;

	if (utf8_take(rest, &c, out) && !utf8_is_control(c) &&
	    !utf8_misleads(c))
		return true;
	*out = str_head(whole, 1);
	*rest = str_tail(whole, 1);
	return false;
}

static void
add_escaped(struct buf *out, char byte)
{
	if (byte == '\n')
		buf_add(out, STR("\\n"));
	else if (byte == '\t')
		buf_add(out, STR("\\t"));
	else
		buf_printf(out, "\\x%02X", (unsigned char)byte);
}

/* The leading bytes, up to `most`, of printable ASCII: usually all. */
static size_t
plain_length(struct str text, size_t most)
{
	size_t len = 0;

	if (most > text.len)
		most = text.len;
	while (len < most && text.at[len] >= ' ' && text.at[len] < 0x7f)
		len++;
	return len;
}

/* Appends as much as fits, without cutting a character or an escape. */
static void
add_line(struct buf *out, struct str text)
{
	while (text.len > 0 && !out->overflow) {
		size_t plain = plain_length(text, buf_room(out));
		struct str part = str_head(text, plain);

		if (plain > 0) {
			buf_add(out, part);
			text = str_tail(text, plain);
		} else if (take(&text, &part)) {
			buf_add(out, part);
		} else {
			add_escaped(out, part.at[0]);
		}
	}
}

static struct str
level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR: return STR("error ");
	case LOG_LEVEL_WARN: return STR("warn ");
	case LOG_LEVEL_INFO: return STR("info ");
	case LOG_LEVEL_DEBUG: return STR("debug ");
	}
	return STR("");
}

/* The priority of a level in syslog(3). */
static struct str
priority(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR: return STR("<3>");
	case LOG_LEVEL_WARN: return STR("<4>");
	case LOG_LEVEL_INFO: return STR("<6>");
	case LOG_LEVEL_DEBUG: return STR("<7>");
	}
	return STR("");
}

/* Appends "2026-11-29T12:00:00.123Z "; formats each second only once. */
static void
add_time(struct buf *out)
{
	static char text[UTC_SIZE + 4];
	static time_t formatted = -1;
	struct timespec now = clock_wall();
	int ms = (int)(now.tv_nsec / MILLISECOND_NS);
	char *fraction = text + UTC_SIZE - 2;

	if (now.tv_sec != formatted) {
		utc_format(now.tv_sec, text);
		formatted = now.tv_sec;
	}
	fraction[0] = '.';
	fraction[1] = (char)('0' + ms / 100);
	fraction[2] = (char)('0' + ms / 10 % 10);
	fraction[3] = (char)('0' + ms % 10);
	fraction[4] = 'Z';
	fraction[5] = ' ';
	buf_add(out, (struct str){ text, sizeof text });
}

/* Appends the time or priority, and the level. */
static void
add_start(struct buf *out, enum log_level level)
{
	if (stamp == STAMP_TIME)
		add_time(out);
	else if (stamp == STAMP_PRIORITY)
		buf_add(out, priority(level));
	buf_add(out, level_name(level));
}

/*
 * Whether a line can be written without blocking. A pipe without a reader must
 * not block the service; a file always takes a line.
 */
static bool
has_room(void)
{
	static enum {
		UNKNOWN,
		PLAIN_FILE,
		STREAM
	} kind;
	struct pollfd log = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct stat st;

	if (kind == UNKNOWN)
		kind = fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode)
		    ? PLAIN_FILE
		    : STREAM;
	return kind == PLAIN_FILE || poll(&log, 1, 0) != 0;
}

/*
 * Writes whole lines, and counts the lines that cannot be written: the pipe is
 * full or the disk is full.
 */
static void
write_bytes(struct str lines)
{
	ssize_t written = 0;

	if (has_room())
		do
			written = write(STDERR_FILENO, lines.at, lines.len);
		while (written == -1 && errno == EINTR);
	if (written > 0) {
		torn = lines.at[written - 1] != '\n';
		lines = str_tail(lines, (size_t)written);
	}
	while (lines.len > 0) {
		(void)str_cut(&lines, '\n');
		lost++;
	}
}

/* Writes whole lines, after a line about earlier lost ones. */
static void
write_lines(struct str lines)
{
	char text[120];
	struct buf notice = buf_over(text, sizeof text);
	unsigned long before = lost;

	if (before > 0) {
		if (torn)
			buf_char(&notice, '\n');
		add_start(&notice, LOG_LEVEL_WARN);
		buf_printf(&notice,
		    "log: %lu lines were lost, there was no room\n", before);
		lost = 0;
		write_bytes(buf_str(&notice));
		if (lost > 0)
			lost = before;
	}
	write_bytes(lines);
}

struct log_store *
log_store_new(void)
{
	struct log_store *new = mmap(NULL, sizeof *new, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return new != MAP_FAILED ? new : NULL;
}

void
log_store_free(struct log_store *old)
{
	if (old != NULL)
		munmap(old, sizeof *old);
}

bool
log_store_is_empty(const struct log_store *held)
{
	return held == NULL || held->len == 0;
}

void
log_store_write(struct log_store *held)
{
	size_t len = held != NULL ? held->len : 0;

	if (len == 0 || len > sizeof held->lines)
		return;
	write_lines((struct str){ held->lines, len });
	held->len = 0;
}

void
log_hold(struct log_store *held)
{
	store = held;
}

/* Stores a line. False when it must be written directly. */
static bool
hold(struct str line)
{
	if (store == NULL || line.len > sizeof store->lines)
		return false;
	if (line.len > sizeof store->lines - store->len)
		log_store_write(store);
	memcpy(store->lines + store->len, line.at, line.len);
	/* Set the length last: a kill leaves no partial line. */
	store->len += line.len;
	return true;
}

/* Appends `text` and LF. */
static struct str
make_line(enum log_level level, struct str text, char bytes[LINE_MAX_BYTES])
{
	struct buf line = buf_over(bytes, LINE_MAX_BYTES - 1);

	add_start(&line, level);
	add_line(&line, text);
	bytes[line.len++] = '\n';
	return buf_str(&line);
}

static void write_formatted(enum log_level level, const char *format,
    va_list arguments) PRINTF_LIKE(2, 0);

static void
write_formatted(enum log_level level, const char *format, va_list arguments)
{
	char text[LINE_MAX_BYTES], bytes[LINE_MAX_BYTES];
	int len = vsnprintf(text, sizeof text, format, arguments);

	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof text)
		len = sizeof text - 1;
	/* Held lines are older: write them first. */
	log_store_write(store);
	write_lines(make_line(level, (struct str){ text, (size_t)len }, bytes));
}

void
log_line(enum log_level level, const char *format, ...)
{
	int saved = errno;
	va_list arguments;

	if (mute || (level == LOG_LEVEL_DEBUG && !debug))
		return;
	va_start(arguments, format);
	write_formatted(level, format, arguments);
	va_end(arguments);
	errno = saved;
}

void
log_info(struct str text)
{
	int saved = errno;
	char bytes[LINE_MAX_BYTES];
	struct str line = make_line(LOG_LEVEL_INFO, text, bytes);

	if (!hold(line)) {
		log_store_write(store);
		write_lines(line);
	}
	errno = saved;
}

void
log_output(struct str text)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (poll(&out, 1, 0) == 1 &&
	    write(STDOUT_FILENO, text.at, text.len) == -1)
		return;
}

void
log_die(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_formatted(LOG_LEVEL_ERROR, format, arguments);
	va_end(arguments);
	exit(status);
}

/* Whether an ASCII character can stand without quotes. */
static bool
is_bare(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

static bool
is_quoted(struct str value)
{
	struct str rest = value, part;

	while (rest.len > 0)
		if (is_bare(rest.at[0]))
			rest = str_tail(rest, 1);
		else if ((unsigned char)rest.at[0] < 0x80 ||
		    !take(&rest, &part))
			return true;
	return value.len == 0;
}

static void
add_quoted(struct buf *out, struct str value)
{
	buf_char(out, '"');
	while (value.len > 0 && !out->overflow) {
		struct str part;

		if (!take(&value, &part)) {
			add_escaped(out, part.at[0]);
			continue;
		}
		if (part.at[0] == '"' || part.at[0] == '\\')
			buf_char(out, '\\');
		buf_add(out, part);
	}
	buf_char(out, '"');
}

void
log_field(struct buf *out, const char *key, struct str value)
{
	struct buf field;

	if (buf_room(out) == 0) {
		out->overflow = true;
		return;
	}
	/* Build the field in spare room, to append it whole or not at all. */
	field = buf_over(out->at + out->len, buf_room(out));
	if (out->len > 0)
		buf_char(&field, ' ');
	buf_add(&field, str_of(key));
	buf_char(&field, '=');
	if (is_quoted(value))
		add_quoted(&field, value);
	else
		buf_add(&field, value);
	if (field.overflow)
		out->overflow = true;
	else
		out->len += field.len;
}
