/*
 * The access log: one line for each answer.
 */
#include "wire/access.h"

#include "sys/log.h"
#include "text/buf.h"

/*
 * Escaping can make it four times as long, and the rest of the line needs room.
 */
#define PATH_LONGEST ((size_t)256)

void
access_log(const struct access *access)
{
	char text[2048], address[NET_TEXT_MAX];
	struct buf line = buf_over(text, sizeof text);
	struct str path = access->path;

	if (access->status == 0) {
		if (log_is_debug())
			log_line(LOG_LEVEL_DEBUG,
			    "%s: ended before a request, after %ld ms",
			    access->protocol, access->ms);
		return;
	}
	if (path.len > PATH_LONGEST)
		path = str_head(path, PATH_LONGEST);
	buf_add(&line, str_of(access->protocol));
	buf_add(&line, STR(" status="));
	buf_number(&line, (unsigned)access->status);
	if (access->peer != NULL) {
		net_host_format(access->peer, address);
		log_field(&line, "address", str_of(address));
	}
	log_field(&line, "path", path);
	buf_add(&line, STR(" bytes="));
	buf_number(&line, access->bytes);
	buf_add(&line, STR(" ms="));
	buf_number(&line, (unsigned long)access->ms);
	if (access->cut)
		buf_add(&line, STR(" cut=yes"));
	log_info(buf_str(&line));
}
