/*
 * Finds the sections and included files of a configuration. libConfuse, which
 * parses the settings between, could do that too, but version 3.3 gives a
 * section the line of its closing brace, accepts one without that brace, and
 * ends the process when an included file is a directory.
 */
#include "daemon/config_parse.h"

#include <string.h>

#include "daemon/config_lists.h"
#include "daemon/config_settings.h"
#include "daemon/config_text.h"
#include "daemon/unquoted.h"

#define INCLUDE_DEPTH_MAX 8
#define SPACES " \t\r\n"

/* A file that is being parsed. */
struct input {
	const struct input *outer; /* the file that includes it */
	struct config_text text;
	char *at; /* the next byte */
	int line;
	/* The first settings that are not parsed yet. */
	char *segment;
	int segment_line;
};

struct parser {
	struct config *config;
	struct arena *arena;
	struct config_section **next_host;
	size_t bytes; /* of all files so far */
};

/* Parses a part of a configuration, which begins at input->at. */
typedef int parse_part(struct parser *parser, struct input *input,
    struct config_settings *settings);

static parse_part parse_statements;

static struct config_place
place_of(const struct input *input)
{
	return (struct config_place){ input->text.name, input->line };
}

/* Parses the settings before input->at. */
static int
parse_segment(struct input *input, struct config_settings *settings)
{
	const struct config_place start = { input->text.name,
		input->segment_line };
	char next = *input->at;
	int result;

	*input->at = '\0';
	result = config_settings_parse(settings, input->segment, start);
	*input->at = next;
	return result;
}

/* Continues with the settings that begin at input->at. */
static void
begin_segment(struct input *input)
{
	input->segment = input->at;
	input->segment_line = input->line;
}

static void
skip_spaces(struct input *input)
{
	for (; *input->at != '\0' && strchr(SPACES, *input->at) != NULL;
	     input->at++)
		input->line += *input->at == '\n';
}

/* Skips a string, a word, or one other character. */
static void
skip_token(struct input *input)
{
	size_t len = unquoted_word(input->at);

	if (*input->at == '"' || *input->at == '\'')
		input->at += unquoted_string(input->at, &input->line);
	else
		input->at += len > 0 ? len : *input->at != '\0';
}

static void
skip_list(struct input *input)
{
	while (*input->at != '\0' && *input->at != '}') {
		skip_token(input);
		skip_spaces(input);
	}
	input->at += *input->at == '}';
}

/*
 * Skips a setting. In a faulty one it stops early: libConfuse, which gets the
 * same text, reports the fault.
 */
static void
skip_setting(struct input *input)
{
	skip_token(input);
	skip_spaces(input);
	input->at += input->at[0] == '+' && input->at[1] == '=';
	if (*input->at != '=')
		return;
	input->at++;
	skip_spaces(input);
	if (*input->at == '{')
		skip_list(input);
	else
		skip_token(input);
}

/*
 * Takes the quoted string at input->at, a name, which needs no escapes. `use`
 * is an example for the error message.
 */
static int
take_string(struct parser *parser, struct input *input, const char *use,
    struct str *out)
{
	const struct config_place place = place_of(input);
	struct str string = { input->at + 1, 0 };

	if (*input->at != '"' && *input->at != '\'')
		return config_section_fail(
		    parser->config, place, "quotes are missing, give %s", use);
	string.len =
	    strcspn(string.at, *input->at == '"' ? "\"\\\n$" : "'\\\n");
	if (string.at[string.len] != *input->at)
		return config_section_fail(parser->config, place,
		    "the text in quotes has an escape or no end, give %s", use);
	input->at += string.len + 2;
	*out = (struct str){ arena_string(parser->arena, string), string.len };
	return out->at != NULL ? 0 : config_section_fail_memory(parser->config);
}

/* Parses a section to its closing brace. */
static int
parse_body(
    struct parser *parser, struct input *input, struct config_section *section)
{
	struct config_settings settings = { .config = parser->config,
		.arena = parser->arena,
		.section = section };
	int result = config_settings_init(&settings);

	begin_segment(input);
	if (result == 0)
		result = parse_statements(parser, input, &settings);
	if (result == 0 && *input->at == '\0')
		result = config_section_fail(parser->config, section->place,
		    "the section \"%.99s\" has no end, close it with }",
		    section->title.at);
	if (result == 0)
		result = config_settings_finish(&settings);
	config_settings_release(&settings);
	input->at += *input->at == '}';
	return result;
}

/*
 * Parses the title and the body of a section. Returns the section; NULL with
 * config->error set.
 */
static struct config_section *
parse_section(struct parser *parser, struct input *input,
    const struct config_section *outer, enum config_kind kind)
{
	static const char *const uses[] = { [CONFIG_TOP] = "",
		[CONFIG_HOST] = "host \"example.org\" { ... }",
		[CONFIG_PATH] = "path \"/docs/\" { ... }" };
	const char *use = uses[kind];
	struct config_section *section =
	    arena_alloc(parser->arena, sizeof *section);

	if (section == NULL) {
		(void)config_section_fail_memory(parser->config);
		return NULL;
	}
	section->kind = kind;
	section->place = place_of(input);
	if (outer->kind >= kind) {
		config_section_fail(parser->config, section->place,
		    "a %s begins within \"%.99s\", close that section with } "
		    "before",
		    kind == CONFIG_HOST ? "host" : "path", outer->title.at);
		return NULL;
	}
	if (take_string(parser, input, use, &section->title) == -1)
		return NULL;
	skip_spaces(input);
	if (*input->at != '{') {
		config_section_fail(parser->config, place_of(input),
		    "\"%.99s\" has no opening brace, give %s",
		    section->title.at, use);
		return NULL;
	}
	input->at++;
	return parse_body(parser, input, section) == 0 ? section : NULL;
}

static int
parse_host(struct parser *parser, struct input *input,
    struct config_settings *settings)
{
	struct config_section *host =
	    parse_section(parser, input, settings->section, CONFIG_HOST);

	if (host == NULL)
		return -1;
	*parser->next_host = host;
	parser->next_host = &host->next;
	return 0;
}

static int
parse_path(struct parser *parser, struct input *input,
    struct config_settings *settings)
{
	struct config_section *outer = settings->section;
	struct config_section *path =
	    parse_section(parser, input, outer, CONFIG_PATH);

	if (path == NULL)
		return -1;
	path->next = outer->paths;
	outer->paths = path;
	return 0;
}

/* Refuses a file that includes itself, and too many levels. */
static int
check_circle(struct parser *parser, const struct input *input)
{
	size_t depth = 0;

	for (const struct input *at = input->outer; at != NULL;
	     at = at->outer, depth++)
		if (at->text.st.st_dev == input->text.st.st_dev &&
		    at->text.st.st_ino == input->text.st.st_ino)
			return config_section_fail(parser->config,
			    input->text.named,
			    "%.128s is being read already, from here back to "
			    "%.128s; remove one include",
			    input->text.name, at->text.name);
	if (depth <= INCLUDE_DEPTH_MAX)
		return 0;
	return config_section_fail(parser->config, input->text.named,
	    "files include each other over %d levels, include fewer",
	    INCLUDE_DEPTH_MAX);
}

static int
parse_file(struct parser *parser, struct input *input,
    struct config_settings *settings)
{
	input->text.most = CONFIG_TEXT_MAX - parser->bytes;
	if (config_text_read(&input->text, parser->arena, parser->config) ==
		-1 ||
	    check_circle(parser, input) == -1)
		return -1;
	parser->bytes += input->text.len;
	input->at = input->text.at;
	input->line = 1;
	begin_segment(input);
	return parse_statements(parser, input, settings);
}

/* Takes the strings in parentheses of a line such as `use`. */
static int
take_arguments(struct parser *parser, struct input *input, const char *use,
    struct str *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* The parenthesis, or the comma. */
		if (*input->at != (i == 0 ? '(' : ','))
			break;
		input->at++;
		skip_spaces(input);
		if (take_string(parser, input, use, &arguments[i]) == -1)
			return -1;
		skip_spaces(input);
	}
	if (*input->at != ')' || arguments[count - 1].at == NULL)
		return config_section_fail(parser->config, place_of(input),
		    "a comma or parenthesis is wrong, give %s", use);
	input->at++;
	return 0;
}

static int
parse_include(struct parser *parser, struct input *input,
    struct config_settings *settings)
{
	struct input file = { .outer = input,
		.text = { .named = place_of(input) } };
	struct str name = { 0 };

	if (take_arguments(parser, input, "include(\"FILE\")", &name, 1) == -1)
		return -1;
	file.text.name =
	    config_text_path(parser->arena, input->text.name, name.at);
	if (file.text.name == NULL)
		return config_section_fail_memory(parser->config);
	return parse_file(parser, &file, settings);
}

/* Parses the arguments of moved or gone. */
static int
parse_move(struct parser *parser, struct input *input,
    struct config_settings *settings, bool is_gone)
{
	const char *use =
	    is_gone ? "gone(\"/old/\")" : "moved(\"/old/\", \"/new/\")";
	struct config_section *section = settings->section;
	struct config_move *move = arena_alloc(parser->arena, sizeof *move);
	struct str paths[2] = { 0 };

	if (move == NULL)
		return config_section_fail_memory(parser->config);
	move->place = place_of(input);
	if (section->kind == CONFIG_PATH)
		return config_section_fail(parser->config, move->place,
		    "%s is within a path, move it out of \"%.99s\"",
		    is_gone ? "gone" : "moved", section->title.at);
	if (take_arguments(parser, input, use, paths, is_gone ? 1 : 2) == -1)
		return -1;
	move->path = paths[0];
	move->target = paths[1];
	move->is_gone = is_gone;
	move->next = section->moves;
	section->moves = move;
	return 0;
}

static int
parse_moved(struct parser *parser, struct input *input,
    struct config_settings *settings)
{
	return parse_move(parser, input, settings, false);
}

static int
parse_gone(struct parser *parser, struct input *input,
    struct config_settings *settings)
{
	return parse_move(parser, input, settings, true);
}

/* Refuses a section of another kind, such as another server's. */
static int
refuse_section(struct parser *parser, struct input *input,
    struct config_settings *settings)
{
	(void)settings;
	return config_section_fail(parser->config, place_of(input),
	    "a section of an unknown kind begins, give host \"example.org\" "
	    "{ ... } or path \"/docs/\" { ... }");
}

/* Whether `at` is a quoted string with a brace behind it. */
static bool
is_title(const char *at)
{
	int lines = 0;

	if (*at != '"' && *at != '\'')
		return false;
	at += unquoted_string(at, &lines);
	return at[strspn(at, SPACES)] == '{';
}

/* The parser of the section or line at input->at; NULL for a setting. */
static parse_part *
part_at(const struct input *input)
{
	static const struct {
		struct str word;
		parse_part *parse;
	} parts[] = {
		{ STR_INIT("gone"), parse_gone },
		{ STR_INIT("host"), parse_host },
		{ STR_INIT("include"), parse_include },
		{ STR_INIT("moved"), parse_moved },
		{ STR_INIT("path"), parse_path },
	};
	struct str word = { input->at, unquoted_word(input->at) };
	const char *next = word.at + word.len;

	next += strspn(next, SPACES);
	if (*next == '=' || *next == '+')
		return NULL;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (str_equals(word, parts[i].word))
			return parts[i].parse;
	return is_title(next) ? refuse_section : NULL;
}

/*
 * Parses to the end of the file, or to the brace that closes the section. A
 * file cannot close a section that another file opens.
 */
static int
parse_statements(struct parser *parser, struct input *input,
    struct config_settings *settings)
{
	bool is_inside = settings->section->place.file == input->text.name;

	for (;;) {
		parse_part *part;

		skip_spaces(input);
		if (*input->at == '\0' || (is_inside && *input->at == '}'))
			return parse_segment(input, settings);
		part = part_at(input);
		if (part == NULL) {
			if (config_lists_check(
				settings, input->at, place_of(input)) == -1)
				return -1;
			skip_setting(input);
			continue;
		}
		if (parse_segment(input, settings) == -1)
			return -1;
		input->at += unquoted_word(input->at);
		skip_spaces(input);
		if (part(parser, input, settings) == -1)
			return -1;
		begin_segment(input);
	}
}

int
config_parse(struct config_section *top, const char *file, struct arena *arena,
    struct config *config)
{
	struct parser parser = {
		.config = config, .arena = arena, .next_host = &top->hosts
	};
	struct config_settings settings = {
		.config = config, .arena = arena, .section = top
	};
	struct input input = { .text = { .name = file } };
	int result = config_settings_init(&settings);

	if (result == 0)
		result = parse_file(&parser, &input, &settings);
	if (result == 0)
		result = config_settings_finish(&settings);
	config_settings_release(&settings);
	return result;
}
