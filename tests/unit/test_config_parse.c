#include "daemon/config_parse.h"

#include "configuring.h"

static void
expect_names(const struct host_config *host, const char *const want[4])
{
	size_t count = 0;

	while (count < 4 && want[count] != NULL)
		count++;
	assert_int_equal(host->site.name_count, count);
	for (size_t i = 0; i < count; i++)
		expect_str(host->site.names[i], want[i]);
}

static void
test_two_hosts(void **state)
{
	static const char text[] =
	    "certs = \"/keys\"  lang = \"de\"  hide = { \"*.o\" }\n"
	    "host \"Example.org.\"  { names = { \"www.example.org\" }\n"
	    "  capsule = \"/srv/gemini/example\" }\n"
	    "host \"caf\xc3\xa9.example\" { capsule = \"/srv/gemini/cafe\"\n"
	    "  lang = \"fr\"  hide += { \"*.a\" } ask = off\n"
	    "  gopher = { \"[2001:db8::2]:70\" } }\n"
	    "host '*.Caf\xc3\xa9.example' { hide = {} manifest = /m}\n"
	    "listing = no\n";
	struct config config;
	const struct host_config *host;

	(void)state;
	load_good(&config, text, no_settings);
	assert_int_equal(config.host_count, 3);
	assert_false(config.loopback);
	host = config.hosts;
	expect_names(
	    host, (const char *const[4]){ "example.org", "www.example.org" });
	assert_string_equal(host->place.file, "c");
	assert_int_equal(host->place.line, 2);
	assert_string_equal(host->capsule, "/srv/gemini/example");
	assert_string_equal(host->certs, "/keys");
	expect_str(host->site.lang, "de");
	assert_string_equal(host->hide[0], "*.o");
	assert_null(host->hide[1]);
	assert_false(host->site.listing);
	expect_str(host->site.gopher_host, "example.org");
	host++;
	expect_names(host, (const char *const[4]){ "xn--caf-dma.example" });
	assert_int_equal(host->place.line, 4);
	assert_string_equal(host->capsule, "/srv/gemini/cafe");
	expect_str(host->site.lang, "fr");
	assert_string_equal(host->hide[0], "*.o");
	assert_string_equal(host->hide[1], "*.a");
	assert_null(host->hide[2]);
	expect_str(host->builtins[BUILTIN_ASK], "");
	expect_str(host->site.gopher_host, "xn--caf-dma.example");
	host++;
	expect_names(host, (const char *const[4]){ "*.xn--caf-dma.example" });
	assert_string_equal(host->capsule, "capsule");
	assert_null(host->hide[0]);
	expect_str(host->builtins[BUILTIN_ASK], "/ask");
	expect_str(host->builtins[BUILTIN_MANIFEST], "/m");
	assert_int_equal(host->gopher_count, 0);
	assert_int_equal(host->site.gopher_port, 70);
	assert_ptr_equal(host->site.gemini_ports, config.gemini_ports);
	config_release(&config);
}

/* The listeners of a host have its number. */
static void
test_gopher(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		unsigned ports[3];
		size_t hosts[3];
	} table[] = {
		{ "host \"a\" {} host \"b\" {}", 1, { 70 }, { 0 } },
		{ "host \"a\" {} host \"b\" { gopher = 71 }", 2, { 70, 71 },
		    { 0, 1 } },
		{ "gopher = 72 host \"a\" {} host \"b\" {}", 1, { 72 }, { 0 } },
		{ "gopher = off host \"a\" {} host \"b\" { gopher = 0 }", 1,
		    { 0 }, { 1 } },
		{ "gopher = 72 host \"a\" { gopher = 73 }\n"
		  "host \"b\" { gopher = { 72, 74 } }",
		    3, { 73, 72, 74 }, { 0, 1, 1 } },
		{ "gopher = 72 host \"a\" { gopher += { 73 } }", 2, { 72, 73 },
		    { 0, 0 } },
		{ "gopher = 72 host \"a\" { gopher = off }", 0, { 0 }, { 0 } },
		{ "host \"*.a\" { gopher = off }", 0, { 0 }, { 0 } },
		{ "host \"*.a\" { gopher_host = b }", 1, { 70 }, { 0 } },
		{ "host \"*.a\" { names = { a } }", 1, { 70 }, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct config config;

		load_good(&config, table[i].text, no_settings);
		assert_int_equal(config.gopher_count, table[i].count);
		for (size_t j = 0; j < config.gopher_count; j++) {
			assert_int_equal(
			    net_port(&config.gopher[j]), table[i].ports[j]);
			assert_int_equal(
			    config.gopher_hosts[j], table[i].hosts[j]);
		}
		config_release(&config);
	}
}

/* The command line replaces what stands outside of the hosts alone. */
static void
test_command_line(void **state)
{
	static const char *const settings[SETTINGS] = { "lang=fr", "capsule=b",
		"workers=3" };
	struct config config;

	(void)state;
	load_good(&config,
	    "lang = en host \"a\" { lang = de capsule = a } host \"b\" {}",
	    settings);
	expect_str(config.hosts[0].site.lang, "de");
	expect_str(config.hosts[1].site.lang, "fr");
	assert_string_equal(config.hosts[0].capsule, "a");
	assert_string_equal(config.hosts[1].capsule, "b");
	assert_int_equal(config.workers, 3);
	config_release(&config);
	expect_error("host \"a\" {}",
	    (const char *const[SETTINGS]){ "names=b" },
	    "-o names: names is outside of all hosts, move it into the host "
	    "that has these names");
	expect_error("host \"a\" {}", (const char *const[SETTINGS]){ "host=b" },
	    "-o host: no such key, see capsuled.conf(5)");
}

static void
test_bad_hosts(void **state)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		/* Titles that libConfuse would take, some of them changed. */
		{ "\nhost *.x {}",
		    "c:2: quotes are missing, give host \"example.org\" "
		    "{ ... }" },
		{ "host example.org {}",
		    "c:1: quotes are missing, give host \"example.org\" "
		    "{ ... }" },
		{ "host {}",
		    "c:1: quotes are missing, give host \"example.org\" "
		    "{ ... }" },
		{ "host \"a\\x2e\" {}",
		    "c:1: the text in quotes has an escape or no end, give "
		    "host "
		    "\"example.org\" { ... }" },
		{ "host \"${HOME}\" {}",
		    "c:1: the text in quotes has an escape or no end, give "
		    "host "
		    "\"example.org\" { ... }" },
		{ "host \"a\n\" {}",
		    "c:1: the text in quotes has an escape or no end, give "
		    "host "
		    "\"example.org\" { ... }" },
		{ "host 'a' = b",
		    "c:1: \"a\" has no opening brace, give host "
		    "\"example.org\" { ... }" },
		{ "\nhost \".x\" {\n}",
		    "c:2: \".x\" is not a host name, give one like "
		    "example.org" },
		{ "host \"\" {}",
		    "c:1: \"\" is not a host name, give one like "
		    "example.org" },
		{ "host \"*\" {}",
		    "c:1: \"*\" is not a host name, give one like "
		    "*.example.org" },
		{ "host \"*.\" {}",
		    "c:1: \"*.\" is not a host name, give one like "
		    "*.example.org" },
		{ "host \"**.org\" {}",
		    "c:1: \"**.org\" is not a host name, give one like "
		    "*.example.org" },
		{ "host \"*.*.org\" {}",
		    "c:1: \"*.*.org\" is not a host name, give one like "
		    "*.example.org" },
		{ "host \"*.127.0.0.1\" {}",
		    "c:1: \"*.127.0.0.1\" is not a host name, give one like "
		    "*.example.org" },
		{ "host \"a.*.org\" {}",
		    "c:1: \"a.*.org\" is not a host name, give one like "
		    "example.org" },
		/* One host by two names. */
		{ "host \"Club.Example\" {}\nhost \"b\" {}\n"
		  "host \"club.example.\" {\n}",
		    "c:3: the name \"club.example\" also belongs to the host "
		    "at c:1, remove it from one of them" },
		{ "host \"a\" {}\nhost \"a\" {}",
		    "c:2: the name \"a\" also belongs to the host at c:1, "
		    "remove it from one of them" },
		{ "host \"a\" { names = { \"caf\xc3\xa9.b\" } }\n"
		  "host \"XN--caf-dma.b\" {}",
		    "c:2: the name \"xn--caf-dma.b\" also belongs to the host "
		    "at c:1, remove it from one of them" },
		{ "host \"a\" {}\nnames = { b }",
		    "c:2: names is outside of all hosts, move it into the host "
		    "that has these names" },
		/* Keys of the server, each at its line. */
		{ "host \"a\" {\n  lang = de\n  workers = 2\n}",
		    "c:3: workers is a setting of the whole server, move it "
		    "out of \"a\"" },
		{ "host \"a\" {\n  gemini = {} }",
		    "c:1: gemini is a setting of the whole server, move it "
		    "out of \"a\"" },
		{ "host \"a\" {\n}\nhost \"b\" {\n\nwidth = 1\n\n}",
		    "c:5: width is \"1\", give a number from 33 to 200" },
		{ "\nhost \"a\" { nmaes = { b } }",
		    "c:2: no such key 'nmaes', did you mean names?" },
		{ "host \"a\" {\n names = {\n b,\n \"c d\" } }",
		    "c:4: \"c d\" is not a host name, give one like "
		    "example.org" },
		/* A default is at fault in a host. */
		{ "ask = /m\nhost \"a\" {}\nhost \"b\" { manifest = /m }",
		    "c:3: manifest is \"/m\", which is another page's path; "
		    "give another, or off" },
		{ "manifest = /m\nhost \"a\" {}\nhost \"b\" { ask = /m }",
		    "c:1: manifest is \"/m\", which is another page's path; "
		    "give another, or off" },
		{ "\nhost \"a\" { ask = /manifest }",
		    "c:2: manifest is \"/manifest\", which is another page's "
		    "path; give another, or off" },
		{ "host \"a\" {}\nhost \"b\" {\n gopher = 70 }",
		    "c:3: \"70\" is the gopher of host \"a\", choose another "
		    "address or port, since Gopher has no host names" },
		{ "host \"a\" { gopher = 1965 }",
		    "c:1: \"1965\" is in use for gemini, choose another "
		    "port" },
		{ "gemini = off host \"a\" {}\nhost \"b\" {}",
		    "c:2: gemini and gopher are both off, give one of them a "
		    "port" },
		{ "host \"*.a\" {}",
		    "c:1: \"*.a\" cannot be the host of links in menus, give "
		    "gopher_host" },
		/* Braces, which libConfuse does not count. */
		{ "lang = de\nhost \"a\" {\n lang = de\n",
		    "c:2: the section \"a\" has no end, close it with }" },
		{ "host \"a\" {\nhost \"b\" {\n}\n}",
		    "c:2: a host begins within \"a\", close that section with "
		    "} before" },
		{ "host \"a\" {}\n}",
		    "c:2: unexpected closing brace, remove it, or add the { "
		    "that it closes" },
		{ "host \"a\" { user = '}' }\nwidht = 1",
		    "c:1: user is a setting of the whole server, move it out "
		    "of \"a\"" },
		{ "host \"a\" { lang = '}' }",
		    "c:1: lang is \"}\", give language tags like en or "
		    "en,fr" },
		/* A key of libConfuse's sections. */
		{ "host \"a\" {}\nhost|lang = de",
		    "c:2: no sub-section title/index for 'host', see "
		    "capsuled.conf(5)" },
		{ "\nsite \"a\" { lang = de }",
		    "c:2: a section of an unknown kind begins, give host "
		    "\"example.org\" { ... } or path \"/docs/\" { ... }" },
		/* A setting after a function or section, and before one. */
		{ "capsule = /a b host \"a\" {}",
		    "c:1: quote values that contain spaces: \"/a b\"" },
		{ "// host \"a\" {\n// }\nwidth = 1",
		    "c:3: width is \"1\", give a number from 33 to 200" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		expect_error(table[i].text, no_settings, table[i].want);
}

static void
test_include(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	write_file("d/hosts",
	    STR("host \"a\" {\n"
		"  include(\"lang\") listing = no }\n"
		"host \"b\" { include('../end')\n}"));
	write_file("d/lang",
	    STR("\xef\xbb\xbflang = fr\n"
		"hide += { a }"));
	write_file("end", STR("# nothing"));
	load_good(&config,
	    "hide = {} include(\"d/hosts\") lang = en include( \"end\" ) "
	    "width = 40",
	    no_settings);
	assert_int_equal(config.host_count, 2);
	assert_string_equal(config.hosts[1].place.file, "d/hosts");
	assert_int_equal(config.hosts[1].place.line, 3);
	expect_str(config.hosts[0].site.lang, "fr");
	expect_str(config.hosts[1].site.lang, "en");
	assert_string_equal(config.hosts[0].hide[0], "a");
	assert_null(config.hosts[1].hide[0]);
	assert_false(config.hosts[0].site.listing);
	assert_int_equal(config.hosts[1].site.width, 40);
	config_release(&config);

	/* The last value counts, in the order of reading. */
	load_good(&config, "lang = de include(\"d/lang\")", no_settings);
	expect_str(config.hosts->site.lang, "fr");
	config_release(&config);
	load_good(&config, "include(\"d/lang\") lang = de", no_settings);
	expect_str(config.hosts->site.lang, "de");
	config_release(&config);

	write_file("d/lang", STR("lang = fr\n\nwidth = 1\n"));
	expect_error("\ninclude(\"d/hosts\")", no_settings,
	    "d/lang:3: width is \"1\", give a number from 33 to 200");
	unlink("end");
	unlink("d/lang");
	unlink("d/hosts");
	assert_int_equal(rmdir("d"), 0);
}

/* A chain of files. */
static void
write_deep(void)
{
	for (char name[] = "deep0"; name[4] <= '9'; name[4]++) {
		char text[32];

		snprintf(text, sizeof text, "include('deep%c')", name[4] + 1);
		write_file(name, str_of(text));
	}
}

static void
test_bad_includes(void **state)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "\ninclude(\"absent\")",
		    "c:2: absent: No such file or directory, name a file that "
		    "can be read" },
		{ "\ninclude(\"d\")",
		    "c:2: d: Is a directory, name a file that can be read" },
		{ "\ninclude(\"\")",
		    "c:2: : No such file or directory, name a file that can be "
		    "read" },
		{ "include(\"/dev/null\")",
		    "c:1: /dev/null: is not a file, name a file with "
		    "settings" },
		{ "include(\"fifo\")",
		    "c:1: fifo: is not a file, name a file with settings" },
		{ "include(\"nul\")",
		    "c:1: nul: holds a NUL byte, give a text file" },
		{ "include(nul)",
		    "c:1: quotes are missing, give include(\"FILE\")" },
		{ "include(\n\"nul\", \"nul\")",
		    "c:2: a comma or parenthesis is wrong, give "
		    "include(\"FILE\")" },
		{ "include \"nul\"",
		    "c:1: a comma or parenthesis is wrong, give "
		    "include(\"FILE\")" },
		{ "include = a",
		    "c:1: no such key 'include', see capsuled.conf(5)" },
		{ "\ninclude(\"c\")",
		    "c:2: c is being read already, from here back to c; remove "
		    "one include" },
		{ "include(\"circle\")",
		    "circle:2: d/../c is being read already, from here back "
		    "to c; remove one include" },
		{ "include(\"deep0\")",
		    "deep7:1: files include each other over 8 levels, include "
		    "fewer" },
		{ "host \"a\" { include(\"brace\")",
		    "brace:2: unexpected closing brace, remove it, or add the "
		    "{ that it closes" },
		{ "include(\"open\") }",
		    "open:1: the section \"a\" has no end, close it with }" },
		{ "include(\"quote\")\n'",
		    "quote:2: unterminated string constant, see "
		    "capsuled.conf(5)" },
		{ "lang = include(\"nul\")",
		    "c:1: quote values that contain \"(\": "
		    "\"include(\"nul\")\"" },
	};

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	write_file("nul", (struct str){ "a\0b", 3 });
	assert_int_equal(symlink("d/circle", "circle"), 0);
	write_file("d/circle", STR("\ninclude(\"d/../c\")"));
	write_deep();
	write_file("brace", STR("\n}"));
	write_file("open", STR("host \"a\" {"));
	write_file("quote", STR("\nlang = 'x"));
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		expect_error(table[i].text, no_settings, table[i].want);
	unlink("nul");
	unlink("fifo");
	unlink("circle");
	unlink("d/circle");
	for (char name[] = "deep0"; name[4] <= '9'; name[4]++)
		unlink(name);
	unlink("brace");
	unlink("open");
	unlink("quote");
	assert_int_equal(rmdir("d"), 0);
}

/* Two files that include each other are limited by their size, too. */
static void
test_size(void **state)
{
	static char text[1 << 19];

	(void)state;
	memset(text, '#', sizeof text);
	write_file("half", (struct str){ text, sizeof text });
	expect_error("include(\"half\") include(\"half\")", no_settings,
	    "half: the configuration is over 1048576 bytes, make it shorter");
	unlink("half");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_hosts),
		cmocka_unit_test(test_gopher),
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_bad_hosts),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_bad_includes),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(
	    tests, configuring_enter, configuring_leave);
}
