/* Checks the content of an upload: its type and the faults of text. */
#include "tree/storecheck.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/mime.h"
#include "text/textfault.h"

/* The parameter "charset" of a type; empty: none. */
static struct str
charset_of(struct str mime)
{
	(void)str_cut(&mime, ';');
	while (mime.len > 0) {
		struct str value = str_cut(&mime, ';'), name;

		name = str_trim_end(str_trim_start(str_cut(&value, '=')));
		value = str_trim_end(str_trim_start(value));
		if (!str_equals_nocase(name, STR("charset")))
			continue;
		if (value.len > 1 && value.at[0] == '"' &&
		    str_ends(value, STR("\"")))
			value = str_head(str_tail(value, 1), value.len - 2);
		return value;
	}
	return (struct str){ 0 };
}

static bool
has_other_charset(struct str mime)
{
	struct str charset = charset_of(mime);

	return mime_is_text(mime) && charset.len > 0 &&
	    !str_equals_nocase(charset, STR("utf-8")) &&
	    !str_equals_nocase(charset, STR("us-ascii"));
}

static enum status
refuse(char reason[STORECHECK_REASON], const char *text)
{
	snprintf(reason, STORECHECK_REASON, "%s", text);
	return STATUS_BAD_REQUEST;
}

/* The position of the reads. */
struct storecheck_source {
	int fd;
	off_t at;
};

static ssize_t
read_upload(void *context, char *at, size_t room)
{
	struct storecheck_source *source = context;
	ssize_t got;

	do
		got = pread(source->fd, at, room, source->at);
	while (got == -1 && errno == EINTR);
	source->at += got > 0 ? got : 0;
	return got;
}

static const char *
words(enum textfault_kind kind)
{
	switch (kind) {
	case TEXTFAULT_NONE: break;
	case TEXTFAULT_MARK:
		return "begins with a byte order mark; leave it out";
	case TEXTFAULT_ENCODING: return "is not UTF-8; save it as UTF-8";
	case TEXTFAULT_CONTROL:
		return "contains control characters; remove them";
	case TEXTFAULT_UNCLOSED:
		return "has preformatted text that does not end; close it "
		       "with ```";
	}
	return NULL;
}

static enum status
check_text(const struct storecheck *check, struct str type,
    char reason[STORECHECK_REASON])
{
	struct storecheck_source source = { check->fd, 0 };
	struct textfault fault;

	if (textfault_find(read_upload, &source,
		mime_is(type, STR("text/gemini")), &fault) == -1)
		return STATUS_FAILURE;
	if (fault.kind == TEXTFAULT_NONE)
		return STATUS_SUCCESS;
	snprintf(reason, STORECHECK_REASON, "Line %zu of the text %s",
	    fault.line, words(fault.kind));
	return STATUS_BAD_REQUEST;
}

enum status
storecheck_run(const struct storecheck *check, char reason[STORECHECK_REASON])
{
	struct str mime =
	    check->mime.len > 0 ? check->mime : STR("text/gemini");
	struct str type, served;
	struct entry entry = { .fd = check->fd };

	if (fstat(check->fd, &entry.st) == -1)
		return STATUS_FAILURE;
	type = media_type_by(
	    check->media, check->rules, str_of(check->name), &entry);
	if (type.len == 0)
		return STATUS_FAILURE;
	served = str_trim_end(str_head(type, str_find(type, ';')));
	if (!mime_is(mime, served)) {
		snprintf(reason, STORECHECK_REASON,
		    "By its name and content this is %.*s, but it was sent as "
		    "another type",
		    served.len < 60 ? (int)served.len : 60, served.at);
		return STATUS_BAD_REQUEST;
	}
	if (has_other_charset(mime) || has_other_charset(type))
		return refuse(reason, "Text must be UTF-8");
	return mime_is_text(type) ? check_text(check, type, reason)
				  : STATUS_SUCCESS;
}
