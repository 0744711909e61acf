/*
 * Writes findings as lines of text or as JSON, so that no name breaks either.
 */
#include "tool/finding.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "text/buf.h"
#include "text/utf8.h"

#define MESSAGE_MAX 2048
#define TEXT_MAX ((size_t)8192) /* bytes of a message or a path */

static void
put(FILE *out, struct str s)
{
	(void)fwrite(s.at, 1, s.len, out);
}

static void
put_text(FILE *out, struct str text)
{
	char memory[4 * TEXT_MAX];
	struct buf escaped = buf_over(memory, sizeof memory);

	utf8_escape(&escaped,
	    str_head(text, text.len < TEXT_MAX ? text.len : TEXT_MAX));
	put(out, buf_str(&escaped));
}

static void
put_json(FILE *out, struct str text)
{
	fputc('"', out);
	while (text.len > 0) {
		uint32_t c = 0;
		struct str part;

		if (!utf8_take(&text, &c, &part))
			fputs("\\ufffd", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (char)c);
		else if (utf8_is_control(c))
			fprintf(out, "\\u%04x", (unsigned)c);
		else
			put(out, part);
	}
	fputc('"', out);
}

void
finding_begin(struct finding_writer *writer)
{
	writer->count = writer->problems = 0;
	if (writer->format == FINDING_JSON)
		fputs("[", writer->out);
}

/* Joins the folder and the path; returns `path` if the result is too long. */
static struct str
file_of(const struct finding_writer *writer, struct str path, struct buf *out)
{
	struct str root = str_of(writer->root);

	while (str_ends(root, STR("/")))
		root.len--;
	buf_add(out, root);
	buf_add(out, path);
	return out->overflow ? path : buf_str(out);
}

static void
add_text(const struct finding_writer *writer, const struct finding *finding,
    struct str file, struct str message)
{
	put_text(writer->out, file);
	fprintf(writer->out, ":%zu: %s", finding->line == 0 ? 1 : finding->line,
	    finding->is_note ? "note: " : "");
	put_text(writer->out, message);
	fputc('\n', writer->out);
}

static void
add_json(const struct finding_writer *writer, const struct finding *finding,
    struct str file, struct str message)
{
	FILE *out = writer->out;

	fputs(writer->count == 0 ? "\n{\"file\":" : ",\n{\"file\":", out);
	put_json(out, file);
	fprintf(out, ",\"line\":%zu,\"level\":\"%s\",\"check\":\"%s\"",
	    finding->line == 0 ? 1 : finding->line,
	    finding->is_note ? "note" : "problem", finding->check);
	fputs(",\"message\":", out);
	put_json(out, message);
	fputc('}', out);
}

static bool
is_ignored(const struct finding_writer *writer, const char *check)
{
	const char *const *name = writer->ignored;

	while (name != NULL && *name != NULL && strcmp(*name, check) != 0)
		name++;
	return name != NULL && *name != NULL;
}

void
finding_add(struct finding_writer *writer, const struct finding *finding,
    const char *format, ...)
{
	char message[MESSAGE_MAX], name[TEXT_MAX];
	struct buf joined = buf_over(name, sizeof name);
	struct str file = file_of(writer, finding->path, &joined);
	va_list arguments;

	if (is_ignored(writer, finding->check))
		return;
	va_start(arguments, format);
	if (vsnprintf(message, sizeof message, format, arguments) < 0)
		message[0] = '\0';
	va_end(arguments);
	switch (writer->format) {
	case FINDING_TEXT:
		add_text(writer, finding, file, str_of(message));
		break;
	case FINDING_JSON:
		add_json(writer, finding, file, str_of(message));
		break;
	}
	writer->count++;
	writer->problems += !finding->is_note;
}

int
finding_end(struct finding_writer *writer)
{
	size_t notes = writer->count - writer->problems;

	if (writer->format == FINDING_JSON)
		fputs(writer->count == 0 ? "]\n" : "\n]\n", writer->out);
	else
		fprintf(writer->out, "%zu problem%s, %zu note%s\n",
		    writer->problems, writer->problems == 1 ? "" : "s", notes,
		    notes == 1 ? "" : "s");
	if (fflush(writer->out) == 0 && ferror(writer->out) == 0)
		return 0;
	if (errno == 0)
		errno = EIO;
	return -1;
}
