/* Shows the progress of a transfer. */
#include "mirror/report.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sys/clock.h"
#include "text/buf.h"
#include "text/utf8.h"

#define PATH_SHOWN 1024 /* bytes */
#define DRAWN_MS 100
#define BAR_COLUMNS 30
#define COLUMNS 80

void
report_begin(struct report *report, const char *verb)
{
	*report = (struct report){ .verb = verb,
		.bar = isatty(STDOUT_FILENO) == 1,
		.began = clock_now() };
}

/* Writes a name from the server, safe for a terminal. */
static void
put_path(FILE *out, struct str path)
{
	char text[4 * PATH_SHOWN];
	struct buf escaped = buf_over(text, sizeof text);

	utf8_escape(&escaped,
	    str_head(path, path.len < PATH_SHOWN ? path.len : PATH_SHOWN));
	fwrite(escaped.at, 1, escaped.len, out);
}

static size_t
columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return COLUMNS;
}

/* "[######      ] 1200 of 10000 files, 3.4 MiB" */
static void
draw(struct report *report)
{
	char text[256], bar[BAR_COLUMNS + 1];
	size_t done = report->fetched + report->failed;
	size_t wide = columns() - 1, filled;
	int len = 0;

	if (report->total > 0) {
		if (done > report->total)
			done = report->total;
		filled = done * BAR_COLUMNS / report->total;
		memset(bar, ' ', BAR_COLUMNS);
		memset(bar, '#', filled);
		bar[BAR_COLUMNS] = '\0';
		len = snprintf(text, sizeof text, "[%s] %zu of %zu files", bar,
		    done, report->total);
	} else {
		len = snprintf(text, sizeof text, "%zu files", done);
	}
	snprintf(text + len, sizeof text - (size_t)len, ", %.1f MiB",
	    (double)report->bytes / (1 << 20));
	/* The carriage return cannot clear a line that wraps. */
	printf("\r%.*s\033[K", (int)(wide < sizeof text ? wide : sizeof text),
	    text);
	fflush(stdout);
	report->drawn = clock_now();
}

static void
redraw(struct report *report)
{
	if (report->bar &&
	    (report->drawn.tv_sec == 0 ||
		clock_since_ms(&report->drawn) >= DRAWN_MS ||
		report->fetched + report->failed == report->total))
		draw(report);
}

static void
line(const struct report *report, const char *before, struct str path)
{
	if (report->bar)
		return;
	fputs(before, stdout);
	put_path(stdout, path);
	putchar('\n');
}

void
report_fetched(struct report *report, struct str path, uint64_t bytes)
{
	report->fetched++;
	report->bytes += bytes;
	line(report, "", path);
	redraw(report);
}

void
report_removed(struct report *report, struct str path)
{
	report->removed++;
	line(report, "removed ", path);
}

void
report_restored(struct report *report, struct str path)
{
	report->restored++;
	line(report, "restored ", path);
}

void
report_note(struct report *report, struct str path, const char *what)
{
	report_pause(report);
	fprintf(stderr, "capsule %s: ", report->verb);
	put_path(stderr, path);
	fputs(": ", stderr);
	put_path(stderr, str_of(what));
	fputc('\n', stderr);
}

void
report_failed(struct report *report, struct str path, const char *why)
{
	report->failed++;
	report_note(report, path, why);
	redraw(report);
}

void
report_pause(struct report *report)
{
	if (report->bar && report->drawn.tv_sec != 0)
		fputs("\r\033[K", stdout);
	fflush(stdout);
}
