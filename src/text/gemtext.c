/* Parses lines of gemtext. */
#include "text/gemtext.h"

#define BOM STR("\xef\xbb\xbf")

static struct str
trimmed(struct str s)
{
	return str_trim_start(str_trim_end(s));
}

static struct gemtext_line
link_line(struct str line)
{
	struct str rest = trimmed(str_tail(line, 2));
	size_t url = 0;

	if (rest.len == 0)
		return (struct gemtext_line){ .text = str_trim_end(line) };
	while (url < rest.len && rest.at[url] != ' ' && rest.at[url] != '\t')
		url++;
	return (struct gemtext_line){
		.kind = GEMTEXT_LINK,
		.url = str_head(rest, url),
		.text = str_trim_start(str_tail(rest, url)),
	};
}

static struct gemtext_line
heading_line(struct str line)
{
	int level = 1;

	while (level < 3 && (size_t)level < line.len && line.at[level] == '#')
		level++;
	return (struct gemtext_line){
		.kind = GEMTEXT_HEADING,
		.level = level,
		.text = trimmed(str_tail(line, (size_t)level)),
	};
}

struct gemtext_line
gemtext_read(struct str line, bool *preformatted)
{
	struct gemtext_line out = { .kind = GEMTEXT_TEXT };

	if (str_starts(line, STR("```"))) {
		*preformatted = !*preformatted;
		out.kind = GEMTEXT_TOGGLE;
		out.text = trimmed(str_tail(line, 3));
	} else if (*preformatted) {
		out.kind = GEMTEXT_PREFORMATTED;
		out.text = line;
		if (str_ends(line, STR("\r")))
			out.text.len--;
	} else if (str_starts(line, STR("=>"))) {
		out = link_line(line);
	} else if (str_starts(line, STR("#"))) {
		out = heading_line(line);
	} else if (str_starts(line, STR("* "))) {
		out.kind = GEMTEXT_ITEM;
		out.text = trimmed(str_tail(line, 2));
	} else if (str_starts(line, STR(">"))) {
		out.kind = GEMTEXT_QUOTE;
		out.text = trimmed(str_tail(line, 1));
	} else {
		out.text = str_trim_end(line);
	}
	return out;
}

struct str
gemtext_title(struct str page)
{
	struct str title = { 0 };
	bool preformatted = false;

	if (str_starts(page, BOM))
		page = str_tail(page, BOM.len);
	while (page.len > 0) {
		struct gemtext_line line =
		    gemtext_read(str_cut(&page, '\n'), &preformatted);

		if (line.kind != GEMTEXT_HEADING || line.text.len == 0)
			continue;
		if (line.level == 1)
			return line.text;
		if (title.len == 0)
			title = line.text;
	}
	return title;
}
