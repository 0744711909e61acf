/* Parses the lines of a server's menu. */
#include "text/gopheritem.h"

#include <string.h>

bool
gopheritem_read(struct str line, struct gopheritem *out)
{
	unsigned long port;

	if (str_ends(line, STR("\r")))
		line = str_head(line, line.len - 1);
	if (line.len == 0 || line.at[0] == '\t')
		return false;
	*out = (struct gopheritem){ .type = line.at[0] };
	line = str_tail(line, 1);
	out->display = str_cut(&line, '\t');
	out->selector = str_cut(&line, '\t');
	out->host = str_cut(&line, '\t');
	/* Gopher+ adds a field. */
	if (out->host.len == 0 ||
	    !str_number(str_trim_end(str_cut(&line, '\t')), UINT16_MAX, &port))
		return false;
	out->port = (uint16_t)port;
	return true;
}

bool
gopheritem_leads(const struct gopheritem *item)
{
	struct str selector = item->selector;

	if (str_starts(selector, STR("/")))
		selector = str_tail(selector, 1);
	/* A selector with "?" contains a query. */
	return memchr("014569gIhspd;PMc", item->type, 16) != NULL &&
	    !str_starts(selector, STR("URL:")) &&
	    str_find(selector, '?') == selector.len;
}

void
gopheritem_write(struct buf *out, const struct gopheritem *item, bool is_ours)
{
	buf_char(out, item->type);
	buf_add(out, item->display);
	buf_char(out, '\t');
	/*
	 * In a gophermap a relative selector is beneath the map's own folder.
	 */
	if (is_ours && !str_starts(item->selector, STR("/")) &&
	    !str_starts(item->selector, STR("URL:")))
		buf_char(out, '/');
	buf_add(out, item->selector);
	if (!is_ours) {
		buf_char(out, '\t');
		buf_add(out, item->host);
		buf_printf(out, "\t%u", item->port);
	}
	buf_char(out, '\n');
}
