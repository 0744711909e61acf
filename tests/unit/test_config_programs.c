#include "daemon/config_programs.h"

#include <assert.h>
#include <limits.h>

#include "configuring.h"
#include "serve/rules.h"
#include "tree/zones.h"

static const struct rules_part *
part_of(const struct host_config *host, const char *path)
{
	const struct rules_part *part =
	    rules_part_of(&host->rules, str_of(path));

	return part != NULL ? part : &host->whole;
}

/* A program without an address has a path as its target. */
static void
expect_target(const struct rules_program *program, const char *want)
{
	char text[NET_TEXT_MAX];

	if (program->address == NULL) {
		assert_string_equal(program->target, want);
		return;
	}
	assert_string_equal(program->target, "");
	net_address_format(program->address, text);
	assert_string_equal(text, want);
}

/* The path of the rule that names a program is the program's. */
static void
test_inherited(void **state)
{
	static const char text[] =
	    "path \"/a/\" { cgi = \"/usr/lib/a\" }\n"
	    "path \"/a/b/\" { lang = de }\n"
	    "path \"/a/c/\" { scgi = \"/run/c.sock\" }\n"
	    "path \"/a/c/d/\" { scgi = '' }\n"
	    "path \"/a/c/e/\" { cgi = '' fastcgi = '' }\n"
	    "path \"/a/c/f/\" { cgi = '' fastcgi = \"[::1]:9000\" }\n"
	    "path \"/off/\" { cgi = '' }\n"
	    "path \"/x y/\" { fastcgi = \"127.0.0.2:90\" scgi = '' }\n"
	    "host \"one\" { path \"/a/b/\" { script_timeout_ms = 5 } }\n"
	    "host \"two\" { scgi = \"/run/two\"\n"
	    "  path \"/a/c\" { cgi = \"/c\" }\n"
	    "  path \"/b/\" { scgi = '' } }\n";
	static const struct {
		size_t host;
		const char *path;
		enum rules_program_kind kind;
		const char *rule, *target;
	} table[] = {
		{ 0, "/", RULES_NO_PROGRAM, "", NULL },
		{ 0, "/a", RULES_CGI, "/a", "/usr/lib/a" },
		{ 0, "/a/x/y", RULES_CGI, "/a", "/usr/lib/a" },
		{ 0, "/a/b/x", RULES_CGI, "/a", "/usr/lib/a" },
		{ 0, "/a/c/x", RULES_SCGI, "/a/c", "/run/c.sock" },
		{ 0, "/a/c/d/x", RULES_NO_PROGRAM, NULL, NULL },
		{ 0, "/a/c/e/x", RULES_SCGI, "/a/c", "/run/c.sock" },
		{ 0, "/a/c/f/x", RULES_FASTCGI, "/a/c/f", "[::1]:9000" },
		{ 0, "/off/", RULES_NO_PROGRAM, NULL, NULL },
		{ 0, "/x y/z", RULES_FASTCGI, "/x y", "127.0.0.2:90" },
		{ 1, "/", RULES_SCGI, "", "/run/two" },
		{ 1, "/z/z", RULES_SCGI, "", "/run/two" },
		{ 1, "/a/c/x", RULES_CGI, "/a/c", "/c" },
		{ 1, "/a/c/d", RULES_CGI, "/a/c", "/c" },
		{ 1, "/b/x", RULES_NO_PROGRAM, NULL, NULL },
		{ 1, "/off/x", RULES_SCGI, "", "/run/two" },
	};
	struct config config;

	(void)state;
	load_good(&config, text, no_settings);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct rules_program *program =
		    &part_of(&config.hosts[table[i].host], table[i].path)
			 ->program;

		if (program->kind != table[i].kind)
			fail_msg("%zu: %s: %d", table[i].host, table[i].path,
			    (int)program->kind);
		if (table[i].rule != NULL)
			expect_str(program->path, table[i].rule);
		if (table[i].target != NULL)
			expect_target(program, table[i].target);
	}
	assert_int_equal(
	    part_of(config.hosts, "/a/b/x")->program.timeout_ms, 5);
	assert_int_equal(
	    part_of(config.hosts, "/a")->program.timeout_ms, 30000);
	config_release(&config);
}

/* The program of a host replaces that outside of all hosts, of any kind. */
static void
test_outside(void **state)
{
	static const struct {
		const char *host;
		enum rules_program_kind kind;
		const char *target;
	} table[] = {
		{ "", RULES_FASTCGI, "127.0.0.1:9" },
		{ "cgi = \"/c\"", RULES_CGI, "/c" },
		{ "scgi = \"/s\"", RULES_SCGI, "/s" },
		{ "fastcgi = \"/f\"", RULES_FASTCGI, "/f" },
		{ "fastcgi = ''", RULES_NO_PROGRAM, NULL },
		{ "cgi = ''", RULES_FASTCGI, "127.0.0.1:9" },
	};
	char text[256];
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct rules_program *program;

		snprintf(text, sizeof text,
		    "fastcgi = \"127.0.0.1:9\"\nhost \"a\" { %s }",
		    table[i].host);
		load_good(&config, text, no_settings);
		program = &part_of(config.hosts, "/x")->program;
		assert_int_equal(program->kind, table[i].kind);
		if (table[i].target != NULL)
			expect_target(program, table[i].target);
		config_release(&config);
	}
	/* Without sections, and from the command line. */
	load_good(&config,
	    "scgi = \"/s\" cgi = '' cgi_user = guests\n"
	    "script_limit = 5 script_memory = 100",
	    (const char *const[SETTINGS]){ "scgi=/t", "cgi_network=yes" });
	expect_target(&part_of(config.hosts, "/x")->program, "/t");
	assert_int_equal(part_of(config.hosts, "/x")->program.path.len, 0);
	assert_true(part_of(config.hosts, "/x")->program.network);
	assert_string_equal(config.cgi_user, "guests");
	assert_int_equal(config.script_limit, 5);
	assert_int_equal(config.script_memory, 100);
	config_release(&config);
	load_good(&config, NULL, no_settings);
	assert_string_equal(config.cgi_user, "");
	assert_int_equal(config.script_limit, 32);
	assert_int_equal(config.script_memory, 256);
	assert_null(rules_part_of(&config.hosts->rules, STR("/x")));
	config_release(&config);
}

static void
expect_list(const char *const *list, const char *const *want)
{
	for (; *want != NULL; list++, want++)
		assert_string_equal(*list, *want);
	assert_null(*list);
}

/* Paths of files are absolute, from the directory of the configuration. */
static void
test_paths(void **state)
{
	char directory[PATH_MAX], script[PATH_MAX + 16], data[PATH_MAX + 16];
	struct config config;
	const struct rules_program *program;

	(void)state;
	assert_non_null(getcwd(directory, sizeof directory));
	assert_int_equal(mkdir("d", 0700), 0);
	write_file("d/x",
	    STR("path \"/a/\" { cgi = scripts script = \"/s.php\"\n"
		"cgi_read = { data, \"/etc/x\" } cgi_write = \"../w\" }\n"
		"path \"/a/b/\" { cgi_read += \"/y\" cgi_write = {}\n"
		"script = \"index.php\" cgi_network = yes }\n"
		"path \"/a/c/\" { script = '' }\n"));
	load_good(&config, "include(\"d/x\")", no_settings);
	unlink("d/x");
	assert_int_equal(rmdir("d"), 0);

	program = &part_of(config.hosts, "/a")->program;
	snprintf(script, sizeof script, "%s/d/scripts", directory);
	assert_string_equal(program->target, script);
	assert_string_equal(program->script, "/s.php");
	assert_false(program->network);
	snprintf(data, sizeof data, "%s/d/data", directory);
	expect_list(
	    program->reads, (const char *const[]){ data, "/etc/x", NULL });
	snprintf(script, sizeof script, "%s/d/../w", directory);
	expect_list(program->writes, (const char *const[]){ script, NULL });

	program = &part_of(config.hosts, "/a/b")->program;
	snprintf(script, sizeof script, "%s/d/index.php", directory);
	assert_string_equal(program->script, script);
	expect_list(program->reads,
	    (const char *const[]){ data, "/etc/x", "/y", NULL });
	assert_null(program->writes);
	assert_true(program->network);
	assert_null(part_of(config.hosts, "/a/c")->program.script);
	config_release(&config);
}

static void
test_uploads(void **state)
{
	static const struct {
		const char *path, *first;
		unsigned limit, quota, versions;
		bool deletes;
	} table[] = {
		{ "/", NULL, 1, 64, 10, false },
		{ "/n", "editors", 2, 5, 10, false },
		{ "/n/x/y", "editors", 2, 5, 0, true },
		{ "/n/off/", "", 2, 5, 10, false },
		{ "/any/", "any", 1, 64, 10, false },
	};
	struct config config;

	(void)state;
	load_good(&config,
	    "path \"/n/\" { writers = { editors, any } upload_limit = 2\n"
	    "quota = 5 }\npath \"/n/x/\" { versions = 0 delete = yes }\n"
	    "path \"/n/off/\" { writers = {} }\n"
	    "path \"/any/\" { writers = any }",
	    no_settings);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct rules_upload *upload =
		    &part_of(config.hosts, table[i].path)->upload;

		assert_int_equal(upload->limit_mib, table[i].limit);
		assert_int_equal(upload->quota_mib, table[i].quota);
		assert_int_equal(upload->versions, table[i].versions);
		assert_int_equal(upload->deletes, table[i].deletes);
		if (table[i].first == NULL) {
			assert_null(upload->writers);
			continue;
		}
		assert(upload->writers != NULL);
		if (table[i].first[0] == '\0')
			assert_null(upload->writers[0]);
		else
			assert_string_equal(upload->writers[0], table[i].first);
	}
	config_release(&config);

	/* Writers of the whole host are a rule. */
	load_good(&config, "writers = any", no_settings);
	assert_string_equal(
	    rules_part_of(&config.hosts->rules, STR("/x"))->upload.writers[0],
	    "any");
	config_release(&config);
}

/* No file that belongs to a program, by its real path, is for visitors. */
static void
test_hidden(void **state)
{
	static const char text[] =
	    "path \"/app/\" { fastcgi = \"/s\" script = \"tree/php/a.php\" }\n"
	    "path \"/app/static/\" { fastcgi = '' }\n"
	    "path \"/run/\" { cgi = link readers = any }\n"
	    "path \"/scripts/open/\" { lang = de }\n"
	    "path \"/scripts/club/\" { readers = club }\n"
	    "path \"/scripts-not/\" { readers = club }\n"
	    "path \"/out/\" { cgi = away }\n"
	    "path \"/none/\" { cgi = \"/nowhere\" }\n"
	    "host \"one\" { capsule = tree }\n"
	    "host \"two\" { capsule = \"tree/php\" }\n"
	    "host \"three\" { capsule = absent }\n";
	static const struct {
		size_t host;
		const char *path;
		bool is_hidden, has_readers;
	} table[] = {
		{ 0, "/", false, false },
		{ 0, "/app", true, false },
		{ 0, "/app/x", true, false },
		{ 0, "/app/static/x", false, false },
		{ 0, "/run/x", true, true },
		{ 0, "/scripts", true, false },
		{ 0, "/scripts/x", true, false },
		{ 0, "/scripts/open/x", true, false },
		{ 0, "/scripts/club/x", true, true },
		{ 0, "/scripts-not/x", false, true },
		{ 0, "/scriptsx", false, false },
		{ 0, "/php/a.php", true, false },
		{ 0, "/php/b.php", false, false },
		{ 0, "/none/", true, false },
		{ 1, "/a.php", true, false },
		{ 1, "/scripts/x", false, false },
		{ 1, "/scripts/club/x", false, true },
		{ 2, "/scripts/club/x", false, true },
		{ 2, "/run/x", true, true },
	};
	struct config config;

	(void)state;
	assert_int_equal(mkdir("tree", 0700) | mkdir("tree/scripts", 0700) |
		mkdir("away", 0700) | mkdir("tree/php", 0700) |
		symlink("tree/scripts", "link"),
	    0);
	write_file("tree/php/a.php", STR(""));
	load_good(&config, text, no_settings);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct zone *zone = zones_find(
		    &config.hosts[table[i].host].zones, str_of(table[i].path));

		if (zones_is_hidden(zone) != table[i].is_hidden ||
		    zones_has_readers(zone) != table[i].has_readers)
			fail_msg("%zu: %s %d", table[i].host, table[i].path,
			    zones_is_hidden(zone));
	}
	config_release(&config);

	/* The capsule itself, if it is a directory of scripts. */
	load_good(
	    &config, "path \"/x/\" { cgi = tree } capsule = tree", no_settings);
	assert_true(
	    zones_is_hidden(zones_find(&config.hosts->zones, STR("/a.gmi"))));
	config_release(&config);
	unlink("tree/php/a.php");
	unlink("link");
	assert_int_equal(rmdir("tree/php") | rmdir("tree/scripts") |
		rmdir("tree") | rmdir("away"),
	    0);
}

/* A certificate is of use for readers, writers and programs. */
static void
test_asks(void **state)
{
	static const struct {
		const char *text;
		bool asks;
	} table[] = {
		{ "", false },
		{ "path \"/a\" { lang = de readers = {} writers = {} }",
		    false },
		{ "path \"/a\" { readers = any }", true },
		{ "path \"/a\" { writers = x }", true },
		{ "path \"/a\" { scgi = \"/s\" }", true },
		{ "cgi = \"/s\"", true },
		{ "path \"/a\" { script = \"/s\" }", false },
	};
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		load_good(&config, table[i].text, no_settings);
		assert_int_equal(config_asks(config.hosts), table[i].asks);
		config_release(&config);
	}
}

static void
test_errors(void **state)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "path \"/a\" {\n cgi = \"/c\"\n scgi = \"/s\" }",
		    "c:3: cgi and scgi are both set, but a part has one "
		    "program; remove one of them" },
		{ "host \"h\" { path \"/a\" {\nfastcgi = \"/c\"\n"
		  "cgi = \"/s\" } }",
		    "c:3: fastcgi and cgi are both set, but a part has one "
		    "program; remove one of them" },
		{ "host \"h\" { scgi = \"/c\"\nfastcgi = \"/s\" }",
		    "c:2: scgi and fastcgi are both set, but a part has one "
		    "program; remove one of them" },
		{ "path \"/b\" {}\nscgi = \"/c\"\nfastcgi = \"/s\"",
		    "c:3: scgi and fastcgi are both set, but a part has one "
		    "program; remove one of them" },
		{ "scgi = \"run/x\"",
		    "c:1: scgi is \"run/x\", give the absolute path of a "
		    "socket, or an address of this machine like "
		    "127.0.0.1:9000" },
		{ "fastcgi = \"192.0.2.1:9000\"",
		    "c:1: fastcgi is \"192.0.2.1:9000\", give the absolute "
		    "path of a socket, or an address of this machine like "
		    "127.0.0.1:9000" },
		{ "fastcgi = \"9000\"",
		    "c:1: fastcgi is \"9000\", give the absolute path of a "
		    "socket, or an address of this machine like "
		    "127.0.0.1:9000" },
		{ "fastcgi = \"[::1]:0\"",
		    "c:1: fastcgi is \"[::1]:0\", give the absolute path of a "
		    "socket, or an address of this machine like "
		    "127.0.0.1:9000" },
		{ "fastcgi = \"/1234567890123456789012345678901234567890123456"
		  "789012345678901234567890123456789012345678901234567890"
		  "12345678\"",
		    "c:1: fastcgi is "
		    "\"/1234567890123456789012345678901234567890123456"
		    "789012345678901234567890123456789012345678901234567890"
		    "12345678\", which is too long for the path of a socket; "
		    "give at most 107 bytes" },
		{ "path \"/a\" {\ncgi_read = { a, '' } }",
		    "c:2: a name in cgi_read is empty, give a directory" },
		{ "path \"/a\" {\ncgi_user = a }",
		    "c:2: cgi_user is a setting of the whole server, move it "
		    "out of \"/a\"" },
		{ "upload_limit = 0",
		    "c:1: upload_limit is \"0\", give a number from 1 to "
		    "10000" },
		{ "delete = maybe",
		    "c:1: delete is \"maybe\", give yes or no" },
		{ "writers = { \"\" }",
		    "c:1: a name in writers is empty, give a file or any" },
		{ "readers = a\nwriters = any\n'writers' = {}",
		    "c:3: writers is set twice in one section, remove one of "
		    "the lines, or append with +=" },
		{ "path \"/a\" {\nwriters += { } }",
		    "c:2: writers += {} appends nothing, give a file, or = {} "
		    "for no list" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		expect_error(table[i].text, no_settings, table[i].want);
	expect_error("cgi = \"/c\"", (const char *const[SETTINGS]){ "scgi=/s" },
	    "c:1: scgi and cgi are both set, but a part has one program; "
	    "remove one of them");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_uploads),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(
	    tests, configuring_enter, configuring_leave);
}
