#ifndef FUZZ_MENU_H
#define FUZZ_MENU_H

/* What is true of every menu, and the site that the projections are for. */
#include <stdbool.h>
#include <string.h>

#include <unistr.h>

#include "../unit/source.h"
#include "fuzz.h"
#include "text/gophermenu.h"

#define MENU_BASE STR("gemini://example.org/docs/page.gmi")

static inline char
menu_item_type(void *context, struct str path, struct str query)
{
	(void)context;
	CHECK(str_find(query, '#') == query.len);
	CHECK(str_starts(path, STR("/")));
	CHECK(!fuzz_holds(path, STR("//")));
	return str_ends(path, STR(".txt")) ? '0' : '1';
}

static inline struct site
menu_site(unsigned width, bool alt_text)
{
	static const struct str names[] = { STR_INIT("example.org"),
		STR_INIT("alias.example") };
	static const uint16_t ports[] = { 1965, 1967 };

	return (struct site){
		.names = names,
		.name_count = sizeof names / sizeof *names,
		.gemini_ports = ports,
		.gemini_port_count = sizeof ports / sizeof *ports,
		.gopher_host = STR("g.example"),
		.gopher_port = 70,
		.width = width,
		.alt_text = alt_text,
	};
}

/* Bytes that no field of a menu holds. */
static inline void
menu_check_field(struct str field)
{
	for (size_t i = 0; i < field.len; i++) {
		unsigned char c = (unsigned char)field.at[i];

		CHECK(c >= ' ' && c != 0x7f);
	}
}

/* The display is for people: whole characters, none of them C1. */
static inline void
menu_check_display(struct str display)
{
	CHECK(display.len > 0);
	menu_check_field(display);
	CHECK(u8_check((const uint8_t *)display.at, display.len) == NULL);
	for (size_t i = 0; i + 1 < display.len; i++)
		CHECK(display.at[i] != '\xc2' ||
		    (unsigned char)display.at[i + 1] >= 0xa0);
}

/* A line without its CRLF. */
static inline void
menu_check_line(struct str line)
{
	struct str rest = line;
	unsigned long port;
	size_t tabs = 0;

	for (size_t i = 0; i < line.len; i++)
		tabs += line.at[i] == '\t';
	CHECK(tabs == 3);
	menu_check_display(str_cut(&rest, '\t'));
	menu_check_field(str_cut(&rest, '\t'));
	CHECK(str_find(rest, '\t') > 0);
	CHECK(str_find(rest, ' ') == rest.len);
	menu_check_field(str_cut(&rest, '\t'));
	CHECK(str_number(rest, UINT16_MAX, &port));
}

/* Takes a line off `rest`, without its CRLF. */
static inline struct str
menu_line(struct str *rest)
{
	struct str line;

	CHECK(str_find(*rest, '\n') < rest->len);
	line = str_cut(rest, '\n');
	CHECK(str_ends(line, STR("\r")));
	line.len--;
	return line;
}

/* Every line of it; `dotted` tells whether a "." ends it. */
static inline void
menu_check(struct str menu, bool dotted)
{
	struct str line = { 0 };

	while (menu.len > 0) {
		line = menu_line(&menu);
		if (menu.len > 0 || !dotted)
			menu_check_line(line);
	}
	CHECK(!dotted || str_equals(line, STR(".")));
}

#endif
