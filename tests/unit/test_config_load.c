#include "daemon/config_load.h"

#include "configuring.h"
#include "text/buf.h"

static void
test_defaults(void **state)
{
	struct config config;
	char text[NET_TEXT_MAX];

	(void)state;
	load_good(&config, NULL, no_settings);
	assert_string_equal(config.hosts->capsule, "capsule");
	assert_string_equal(config.hosts->certs, "certs");
	assert_string_equal(config.user, "");
	assert_int_equal(config.hosts->site.name_count, 1);
	expect_str(config.hosts->site.names[0], "localhost");
	assert_true(config.loopback);
	assert_int_equal(config.gemini_count, 2);
	net_address_format(&config.gemini[0], text);
	assert_string_equal(text, "127.0.0.1:1965");
	net_address_format(&config.gemini[1], text);
	assert_string_equal(text, "[::1]:1965");
	assert_int_equal(config.gopher_count, 2);
	assert_int_equal(net_port(&config.gopher[0]), 70);
	assert_true(config.workers >= 1 && config.workers <= 256);
	assert_false(config.hosts->gopher_port_given);
	assert_false(config.gemini_ports_given);
	assert_int_equal(config.hosts->site.gopher_port, 70);
	assert_int_equal(config.hosts->site.gemini_port_count, 2);
	assert_int_equal(config.hosts->site.gemini_ports[0], 1965);
	assert_ptr_equal(config.hosts->site.gemini_ports, config.gemini_ports);
	expect_str(config.hosts->site.gopher_host, "localhost");
	expect_str(config.hosts->site.lang, "");
	assert_int_equal(config.hosts->site.width, 67);
	assert_int_equal(config.hosts->site.type_count, 0);
	assert_true(config.hosts->site.alt_text);
	assert_false(config.hosts->site.strict_text);
	assert_true(config.hosts->site.listing);
	expect_str(config.hosts->builtins[BUILTIN_ASK], "/ask");
	expect_str(config.hosts->builtins[BUILTIN_GEMPUB], "/capsule.gpub");
	expect_str(config.hosts->builtins[BUILTIN_TAR], "/capsule.tar.gz");
	expect_str(config.hosts->builtins[BUILTIN_MANIFEST], "/manifest");
	assert_int_equal(config.hosts->archive_limit, 256);
	assert_false(config.gopher_tls);
	assert_false(config.log_addresses);
	assert_false(config.verbose);
	assert_int_equal(config.request_timeout_ms, 10000);
	assert_int_equal(config.stall_timeout_ms, 30000);
	assert_int_equal(config.drain_timeout_ms, 1000);
	assert_int_equal(config.shutdown_timeout_ms, 30000);
	config_release(&config);
}

static void
test_everything(void **state)
{
	static const char text[] =
	    "# A whole file.\n"
	    "capsule = \"/srv/my capsule\"\n"
	    "names = { \"Example.org\", b\xc3\xbc"
	    "cher.example, 192.0.2.1,\n"
	    "    example.ORG }  # the last is known already\n"
	    "gemini = { \"1965\", \"[2001:db8::1]:1966\" }\n"
	    "gopher = { \"127.0.0.1:0\" }\n"
	    "gemini_ports = { 443, 1965 }\n"
	    "gopher_host = Gopher.Example.org\n"
	    "gopher_port = 7070\n"
	    "gopher_tls = yes\n"
	    "certs = /etc/capsuled\n"
	    "user = _capsuled\n"
	    "workers = 256\n"
	    "lang = \"de-CH,en\"\n"
	    "width = 200\n"
	    "alt_text = no\nstrict_text = yes\nlisting = no\n"
	    "item_types = { \"application/PDF=d\", \"video=;\", \"a/b==\" }\n"
	    "ask = '/a question'\nwatch = no\n"
	    "gempub = off\ntar = /all.tar.gz\nmanifest = /all\n"
	    "archive_limit = 1000000\n"
	    "log_addresses = yes\nverbose = yes\n"
	    "request_timeout_ms = 1\nstall_timeout_ms = 3600000\n"
	    "drain_timeout_ms = 0000000002\nshutdown_timeout_ms = 4\n";
	struct config config;
	char address[NET_TEXT_MAX];

	(void)state;
	load_good(&config, text, no_settings);
	assert_string_equal(config.hosts->capsule, "/srv/my capsule");
	assert_int_equal(config.hosts->site.name_count, 3);
	expect_str(config.hosts->site.names[0], "example.org");
	expect_str(config.hosts->site.names[1], "xn--bcher-kva.example");
	expect_str(config.hosts->site.names[2], "192.0.2.1");
	assert_int_equal(config.gemini_count, 2);
	net_address_format(&config.gemini[1], address);
	assert_string_equal(address, "[2001:db8::1]:1966");
	net_address_format(&config.gopher[0], address);
	assert_string_equal(address, "127.0.0.1:0");
	assert_true(config.gemini_ports_given);
	assert_int_equal(config.hosts->site.gemini_port_count, 2);
	assert_int_equal(config.hosts->site.gemini_ports[0], 443);
	assert_int_equal(config.hosts->site.gemini_ports[1], 1965);
	assert_true(config.hosts->gopher_port_given);
	assert_int_equal(config.hosts->site.gopher_port, 7070);
	expect_str(config.hosts->site.gopher_host, "gopher.example.org");
	assert_true(config.gopher_tls);
	assert_string_equal(config.hosts->certs, "/etc/capsuled");
	assert_string_equal(config.user, "_capsuled");
	assert_int_equal(config.workers, 256);
	expect_str(config.hosts->site.lang, "de-CH,en");
	assert_int_equal(config.hosts->site.width, 200);
	assert_true(
	    !config.hosts->site.alt_text && config.hosts->site.strict_text);
	assert_false(config.hosts->site.listing);
	assert_int_equal(config.hosts->site.type_count, 3);
	expect_str(config.hosts->site.types[0].mime, "application/pdf");
	assert_int_equal(config.hosts->site.types[0].item, 'd');
	expect_str(config.hosts->site.types[1].mime, "video");
	assert_int_equal(config.hosts->site.types[1].item, ';');
	assert_int_equal(config.hosts->site.types[2].item, '=');
	expect_str(config.hosts->builtins[BUILTIN_ASK], "/a question");
	expect_str(config.hosts->builtins[BUILTIN_GEMPUB], "");
	expect_str(config.hosts->builtins[BUILTIN_TAR], "/all.tar.gz");
	expect_str(config.hosts->builtins[BUILTIN_MANIFEST], "/all");
	assert_int_equal(config.hosts->archive_limit, 1000000);
	assert_false(config.watch);
	assert_true(config.log_addresses && config.verbose);
	assert_int_equal(config.request_timeout_ms, 1);
	assert_int_equal(config.stall_timeout_ms, 3600000);
	assert_int_equal(config.drain_timeout_ms, 2);
	assert_int_equal(config.shutdown_timeout_ms, 4);
	config_release(&config);
}

static void
test_command_line_wins(void **state)
{
	static const char text[] = "names = { a.example, b.example }\n"
				   "width = 40\n"
				   "gemini_ports = { 443 }\n"
				   "item_types = { video=9 }\n";
	static const char *const settings[SETTINGS] = { "names=c.example",
		"width=50", "names=d.example", "gemini_ports=" };
	struct config config;

	(void)state;
	/* An unquoted "=" ends a word of libConfuse. */
	assert_int_equal(load(&config, text, settings), -1);
	load_good(&config,
	    "names = { a.example, b.example }\nwidth = 40\n"
	    "gemini_ports = { 443 }\n",
	    settings);
	assert_int_equal(config.hosts->site.name_count, 2);
	expect_str(config.hosts->site.names[0], "c.example");
	expect_str(config.hosts->site.names[1], "d.example");
	assert_int_equal(config.hosts->site.width, 50);
	assert_false(config.gemini_ports_given);
	assert_int_equal(config.hosts->site.gemini_ports[0], 1965);
	config_release(&config);
}

static void
test_lists(void **state)
{
	static const struct {
		const char *text;
		size_t names;
	} table[] = {
		{ "names = { a }", 1 },
		{ "names = a", 1 },
		{ "names = { a, b }\nnames = { c }", 1 },
		{ "names += { a, b }", 3 },
		{ "names = {}\nnames += { a }", 1 },
		{ "", 1 },
		{ "#\n\n# nothing", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct config config;

		load_good(&config, table[i].text, no_settings);
		assert_int_equal(config.hosts->site.name_count, table[i].names);
		config_release(&config);
	}
}

static void
test_listeners(void **state)
{
	static const struct {
		const char *settings[SETTINGS];
		size_t gemini, gopher, ports;
		unsigned port, gopher_port;
	} table[] = {
		{ { "gopher=off" }, 1, 0, 1, 1965, 70 },
		{ { "gemini=off" }, 0, 1, 1, 1965, 70 },
		{ { "gemini=0", "gemini=0" }, 2, 1, 2, 0, 70 },
		{ { "gemini=0", "gopher=0" }, 1, 1, 1, 0, 0 },
		{ { "gemini=127.0.0.1:1", "gemini=[::1]:2" }, 2, 1, 2, 1, 70 },
		{ { "gopher=7070", "gopher=70" }, 1, 2, 1, 1965, 7070 },
		{ { "gemini=127.0.0.1:5", "gopher=127.0.0.2:5" }, 1, 1, 1, 5,
		    5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct config config;

		load_good(&config, "names = example.org", table[i].settings);
		assert_int_equal(config.gemini_count, table[i].gemini);
		assert_int_equal(config.gopher_count, table[i].gopher);
		assert_int_equal(
		    config.hosts->site.gemini_port_count, table[i].ports);
		assert_int_equal(
		    config.hosts->site.gemini_ports[0], table[i].port);
		assert_int_equal(
		    config.hosts->site.gopher_port, table[i].gopher_port);
		config_release(&config);
	}
}

/* Writes the addresses, with commas. */
static void
list_addresses(
    const struct net_address *all, size_t count, char *out, size_t size)
{
	char text[NET_TEXT_MAX];
	struct buf list = buf_over(out, size - 1);

	for (size_t i = 0; i < count; i++) {
		net_address_format(&all[i], text);
		buf_printf(&list, "%s%s", i > 0 ? "," : "", text);
	}
	out[list.len] = '\0';
}

static void
test_loopback(void **state)
{
	static const struct {
		const char *settings[SETTINGS];
		const char *gemini;
		bool loopback;
	} table[] = {
		{ { "gemini=5" }, "127.0.0.1:5,[::1]:5", true },
		{ { "gemini=0", "names=LOCALHOST" }, "127.0.0.1:0,[::1]:0",
		    true },
		{ { "gemini=5", "gemini=127.0.0.1:5" }, "127.0.0.1:5,[::1]:5",
		    true },
		{ { "gemini=[::1]:5", "gemini=5" }, "[::1]:5,127.0.0.1:5",
		    true },
		{ { "gemini=5", "gemini=[::]:5" }, "127.0.0.1:5,[::1]:5,[::]:5",
		    true },
		{ { "gemini=5", "gemini=0.0.0.0:6" },
		    "127.0.0.1:5,[::1]:5,0.0.0.0:6", true },
		{ { "gemini=[::]:5", "gopher=off" }, "[::]:5", false },
		{ { "gemini=5", "names=a" }, "[::]:5", false },
		{ { "gemini=5", "names=localhost", "names=a" }, "[::]:5",
		    false },
		{ { "gemini=5", "names=127.0.0.1" }, "[::]:5", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct config config;
		char text[256];

		load_good(&config, NULL, table[i].settings);
		list_addresses(
		    config.gemini, config.gemini_count, text, sizeof text);
		assert_string_equal(text, table[i].gemini);
		assert_int_equal(config.loopback, table[i].loopback);
		assert_int_equal(
		    config.hosts->site.gemini_port_count, config.gemini_count);
		config_release(&config);
	}
}

static void
test_bad_files(void **state)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "nmaes = { a }",
		    "c:1: no such key 'nmaes', did you mean names?" },
		{ "\nlog-adresses = yes",
		    "c:2: no such key 'log-adresses', "
		    "did you mean log_addresses?" },
		{ "port = 70",
		    "c:1: no such key 'port', "
		    "see capsuled.conf(5)" },
		/* A byte order mark is no part of the first key. */
		{ "\xef\xbb\xbfwidth = 1",
		    "c:1: width is \"1\", give a number from 33 to 200" },
		/* Values that need quotes, at the line that they are on. */
		{ "\ncapsule = /srv/my capsule\nwidth = 40\n",
		    "c:2: quote values that contain spaces: "
		    "\"/srv/my capsule\"" },
		{ "capsule = /srv/my docs \r\n",
		    "c:1: quote values that contain spaces: "
		    "\"/srv/my docs\"" },
		{ "user = '\n' lang = en\ncapsule = /srv/a \t b c # d\n",
		    "c:3: quote values that contain spaces: "
		    "\"/srv/a ? b c\"" },
		{ "names = { a,\n b c, d }\nwidth 40",
		    "c:2: quote values that contain spaces: \"b c\"" },
		{ "capsule = /srv/c++\n",
		    "c:1: quote values that contain \"+\": "
		    "\"/srv/c++\"" },
		{ "capsule = /srv/a+=b",
		    "c:1: quote values that contain \"+\": "
		    "\"/srv/a+=b\"" },
		{ "user = +a",
		    "c:1: quote values that contain \"+\": "
		    "\"+a\"" },
		{ "user = a = b",
		    "c:1: quote values that contain spaces: "
		    "\"a = b\"" },
		{ "user = a\t'b c'",
		    "c:1: quote values that contain spaces: "
		    "\"a?'b c'\"" },
		{ "lang = en,fr\n",
		    "c:1: quote values that contain \",\", or put a "
		    "list in braces: \"en,fr\"" },
		/* Several settings on a line are none of that. */
		{ "lang = en listing = no names += { a }\nwidht = 1",
		    "c:2: no such key 'widht', did you mean width?" },
		{ "lang=en alt_text = 'a b' names = { a\nb }",
		    "c:2: unexpected token 'b', check for a missing comma, "
		    "quote or brace before it" },
		{ "names = { \"a\"\nwidth = 67\n",
		    "c:2: unexpected token 'width', check for a missing comma, "
		    "quote or brace before it" },
		{ "\n# two\n\nwidth 40\n",
		    "c:4: missing equal sign after option 'width', "
		    "see capsuled.conf(5)" },
		/* Comments, and what only looks like one. */
		{ "#\n# a \" b\n/* ' # \n */ # don't\nuser = \"# \\\" /*\"\n"
		  "width = 1",
		    "c:6: width is \"1\", give a number from 33 to 200" },
		{ "user = '\\' #\\\n'\nwidth = 1 # one",
		    "c:3: width is \"1\", give a number from 33 to 200" },
		{ "\n/* a\nb", "c:2: comment without end, close it with */" },
		{ "names = { a",
		    "c:1: premature end of file, close each list with }, and "
		    "each value with its quote" },
		{ "width = {\n",
		    "c:1: unexpected token '{', check for a missing comma, "
		    "quote or brace before it" },
		{ "width += 1\n",
		    "c:1: attempt to append to non-list option 'width', "
		    "see capsuled.conf(5)" },
		{ "user = \"\\400\"\n",
		    "c:1: invalid octal number '\\400', "
		    "see capsuled.conf(5)" },
		/* Where a value would end. */
		{ "\ncapsule = \"a\\0b\"",
		    "c:2: a value holds a NUL byte, remove its escape" },
		{ "user = 'a' names = { b,\n \"\\\\\\x00\" }",
		    "c:2: a value holds a NUL byte, remove its escape" },
		{ "user = '\\0' names = { \"\\\\0\" }",
		    "c:1: \"\\0\" is not a host name, give one like "
		    "example.org" },
		{ "width = \"\\x30\\060\\01\"",
		    "c:1: width is \"00?\", give a number from 33 to 200" },
		/* Where libConfuse would go on to the next brace. */
		{ "\nuser = \"${A\"\nnames = { b }",
		    "c:2: a value holds \"${\" without \"}\", close it, or "
		    "write \"\\${\" for these characters" },
		{ "user = \"x${A\\\"B\" names = { \"}\" }",
		    "c:1: a value holds \"${\" without \"}\", close it, or "
		    "write \"\\${\" for these characters" },
		{ "names = { '${A', \"${HOME}\", \"\\${A\", \"$\", \"{\" }",
		    "c:1: \"${A\" is not a host name, give one like "
		    "example.org" },
		{ "user = 'x",
		    "c:1: unterminated string constant, "
		    "see capsuled.conf(5)" },
		{ "\nwidth = 0x20\n",
		    "c:2: width is \"0x20\", give a number from 33 to 200" },
		{ "width = 32",
		    "c:1: width is \"32\", give a number from 33 to 200" },
		{ "workers = 257",
		    "c:1: workers is \"257\", give a number from 0 to 256" },
		{ "workers = -1",
		    "c:1: workers is \"-1\", give a number from 0 to 256" },
		{ "workers = \"\"",
		    "c:1: workers is \"\", give a number from 0 to 256" },
		{ "request_timeout_ms = 0",
		    "c:1: request_timeout_ms is \"0\", "
		    "give a number from 1 to 3600000" },
		{ "stall_timeout_ms = 99999999999999999999",
		    "c:1: stall_timeout_ms is \"99999999999999999999\", "
		    "give a number from 1 to 3600000" },
		{ "listing = maybe",
		    "c:1: listing is \"maybe\", give yes or no" },
		{ "listing = \"a\\nb\"",
		    "c:1: listing is \"a?b\", give yes or no" },
		{ "capsule = \"\"", "c:1: capsule is empty, name a directory" },
		{ "certs = \"\"", "c:1: certs is empty, name a directory" },
		{ "names = {}", "c: names is empty, give at least one" },
		{ "gemini = { 70 }",
		    "c: \"70\" is in use for gemini, choose another "
		    "port" },
		{ "names = { a,\n  \"b c\",\n  d }",
		    "c:3: \"b c\" is not a host name, "
		    "give one like example.org" },
		{ "gopher_host = \"x/y\"",
		    "c:1: \"x/y\" is not a host name, "
		    "give one like example.org" },
		{ "gemini = { 99999 }",
		    "c:1: \"99999\" is not a valid address, expected "
		    "[ADDR:]PORT with a port up to 65535, or off" },
		{ "gemini = { localhost:1 }",
		    "c:1: \"localhost:1\" is not a valid address, expected "
		    "[ADDR:]PORT with a port up to 65535, or off" },
		{ "gopher = { 70, off }",
		    "c:1: gopher has off and an address, "
		    "give one or the other" },
		{ "gopher = { 70, 70 }",
		    "c:1: \"70\" is given twice, remove one" },
		{ "gopher = { 1965 }",
		    "c:1: \"1965\" is in use for gemini, choose another "
		    "port" },
		{ "gemini = off\ngopher = off",
		    "c:2: gemini and gopher are both off, "
		    "give one of them a port" },
		{ "gemini_ports = { 0 }",
		    "c:1: \"0\" is not a port, give a number from 1 to 65535" },
		{ "gopher_port = 65536",
		    "c:1: gopher_port is \"65536\", "
		    "give a number from 0 to 65535" },
		{ "item_types = { \"video\" }",
		    "c:1: \"video\" is not an item type, "
		    "give MIME=TYPE like application/pdf=d" },
		{ "item_types = { \"video=ab\" }",
		    "c:1: \"video=ab\" is not an item type, "
		    "give MIME=TYPE like application/pdf=d" },
		{ "item_types = { \"video= \" }",
		    "c:1: \"video= \" is not an item type, "
		    "give MIME=TYPE like application/pdf=d" },
		{ "item_types = { \"a/b/c=9\" }",
		    "c:1: \"a/b/c=9\" is not an item type, "
		    "give MIME=TYPE like application/pdf=d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		expect_error(table[i].text, no_settings, table[i].want);
}

static void
test_lang(void **state)
{
	static const struct {
		const char *value;
		bool good;
	} table[] = {
		{ "en", true },
		{ "de-CH-1996", true },
		{ "en,fr,x-a-b", true },
		{ "en,", false },
		{ ",en", false },
		{ "en,,fr", false },
		{ "en fr", false },
		{ "-en", false },
		{ "en-", false },
		{ "en--us", false },
		{ "abcdefghi", false },
		{ "en-abcdefghi", false },
		{ "gsw-1996-x-english", true },
		{ "i-default", true },
		{ "english", false },
		{ "12", false },
		{ "x", false },
		{ "a-b", false },
		{ "en;q=1", false },
		{ "fran\xc3\xa7", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct config config;
		char setting[64], want[128];
		const char *const settings[SETTINGS] = { setting };

		snprintf(setting, sizeof setting, "lang=%s", table[i].value);
		if (table[i].good) {
			load_good(&config, NULL, settings);
			expect_str(config.hosts->site.lang, table[i].value);
			config_release(&config);
			continue;
		}
		snprintf(want, sizeof want,
		    "-o lang: lang is \"%s\", "
		    "give language tags like en or en,fr",
		    table[i].value);
		expect_error(NULL, settings, want);
	}
}

static void
test_bad_settings(void **state)
{
	static const struct {
		const char *settings[SETTINGS];
		const char *want;
	} table[] = {
		{ { "nope=1" }, "-o nope: no such key, see capsuled.conf(5)" },
		{ { "Width=40" },
		    "-o Width: no such key, did you mean width?" },
		{ { "=1" }, "-o : no such key, see capsuled.conf(5)" },
		{ { "names|a=1" },
		    "-o names|a: no such key, did you mean names?" },
		{ { "names=" }, "-o names: names is empty, give at least one" },
		{ { "width=1" },
		    "-o width: width is \"1\", give a number from 33 to 200" },
		{ { "width=" },
		    "-o width: width is \"\", give a number from 33 to 200" },
		{ { "gopher=[::1]:1965" },
		    "-o gopher: \"[::1]:1965\" is in use for gemini, "
		    "choose another port" },
		{ { "gemini=5", "gemini=127.0.0.1:6", "gemini=127.0.0.1:6" },
		    "-o gemini: \"127.0.0.1:6\" is given twice, remove "
		    "one" },
		{ { "names=a", "gemini=5", "gemini=[::]:5" },
		    "-o gemini: \"[::]:5\" is given twice, remove one" },
		{ { "gopher=1965" },
		    "-o gopher: \"1965\" is in use for gemini, "
		    "choose another port" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		expect_error(NULL, table[i].settings, table[i].want);
}

static void
test_bad_files_as_such(void **state)
{
	static char text[(1 << 20) + 1];
	struct options options = { .file = "absent" };
	struct config config;

	(void)state;
	assert_int_equal(config_load(&config, &options), -1);
	assert_string_equal(config.error,
	    "absent: No such file or directory, name a file that can be read");
	options.file = ".";
	assert_int_equal(config_load(&config, &options), -1);
	assert_string_equal(
	    config.error, ".: Is a directory, name a file that can be read");
	options.file = "c";
	write_file("c",
	    (struct str){ "width=4\0"
			  "0\n",
		10 });
	assert_int_equal(config_load(&config, &options), -1);
	assert_string_equal(
	    config.error, "c: holds a NUL byte, give a text file");
	memset(text, '#', sizeof text);
	write_file("c", (struct str){ text, sizeof text });
	assert_int_equal(config_load(&config, &options), -1);
	assert_string_equal(config.error,
	    "c: the configuration is over 1048576 bytes, make it shorter");
}

/* The processes send the number of a host in 16 bits. */
static void
test_too_many_hosts(void **state)
{
	static char text[(1 << 20) + 1];
	struct buf buf = buf_over(text, sizeof text - 1);

	(void)state;
	for (size_t i = 0; i <= 65536; i++)
		buf_printf(&buf, "host\"%zx\"{}\n", i + 0xa0000);
	assert_false(buf.overflow);
	expect_error(text, no_settings,
	    "c:65537: this host is one of over 65536, give it to another "
	    "server");
}

/* A bad load leaves nothing behind that the next one trips over. */
static void
test_builtins(void **state)
{
	static const char *const good[] = { "off", "/a", "/a/b", "/\xc3\xa9?" };
	static const char *const bad[] = { "", "/", "a", "/a/", "//a", "/a//b",
		"/.a", "/a/..", "/a/.b/c", "/%41", "/a\nb", "on" };
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		char setting[64];
		const char *const settings[SETTINGS] = { setting };

		snprintf(setting, sizeof setting, "ask=%s", good[i]);
		load_good(&config, NULL, settings);
		expect_str(
		    config.hosts->builtins[BUILTIN_ASK], i > 0 ? good[i] : "");
		config_release(&config);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char setting[64];
		const char *const settings[SETTINGS] = { setting };

		snprintf(setting, sizeof setting, "ask=%s", bad[i]);
		assert_int_equal(load(&config, NULL, settings), -1);
		assert_non_null(strstr(config.error, "give a path like /ask"));
	}
	assert_int_equal(
	    load(&config, NULL,
		(const char *const[SETTINGS]){ "tar=/a", "manifest=/a" }),
	    -1);
	assert_non_null(strstr(config.error, "another page's path"));
}

static void
test_again(void **state)
{
	struct config config;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    load(&config, "user = \"never closed", no_settings), -1);
		load_good(&config, "user = closed", no_settings);
		assert_string_equal(config.user, "closed");
		config_release(&config);
	}
}

static void
test_long_values(void **state)
{
	static char value[60000];
	static char text[sizeof value + 32];
	struct config config;

	(void)state;
	memset(value, 'x', sizeof value - 1);
	snprintf(text, sizeof text, "width = %s", value);
	assert_int_equal(load(&config, text, no_settings), -1);
	assert_true(strlen(config.error) < 300);
	snprintf(text, sizeof text, "%s = 1", value);
	assert_int_equal(load(&config, text, no_settings), -1);
	snprintf(text, sizeof text, "capsule = %s", value);
	load_good(&config, text, no_settings);
	assert_int_equal(strlen(config.hosts->capsule), sizeof value - 1);
	config_release(&config);
}

/* An error names what was typed. */
static void
test_flags(void **state)
{
	static const struct option_setting rows[] = {
		{ "-g", "gemini", "x" },
		{ "-w", "workers", "x" },
		{ NULL, "capsule", "" },
	};
	static const char *const want[] = {
		("-g: \"x\" is not a valid address, expected [ADDR:]PORT with "
		 "a port up to 65535, or off"),
		"-w: workers is \"x\", give a number from 0 to 256",
		"capsule is empty, name a directory",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct options options = { .count = 1, .settings[0] = rows[i] };
		struct config config;

		assert_int_equal(config_load(&config, &options), -1);
		assert_string_equal(config.error, want[i]);
		/* Nor does a file change that. */
		options.file = "c";
		write_file("c", STR("width = 70\n"));
		assert_int_equal(config_load(&config, &options), -1);
		assert_string_equal(config.error, want[i]);
	}
}

static void
test_options(void **state)
{
	struct options options = { 0 };
	char good[] = "a=b=c", bad[] = "ab";

	(void)state;
	assert_int_equal(options_assign(&options, bad), -1);
	assert_int_equal(options.count, 0);
	assert_int_equal(options_assign(&options, good), 0);
	assert_string_equal(options.settings[0].key, "a");
	assert_string_equal(options.settings[0].value, "b=c");
	for (size_t i = 1; i < OPTIONS_MAX; i++)
		assert_int_equal(options_set(&options, "-k", "k", "v"), 0);
	assert_int_equal(options_set(&options, "-k", "k", "v"), -1);
	assert_int_equal(options.count, OPTIONS_MAX);
}

/* An IPv6 address among the names may stand in brackets, as in URLs. */
static void
test_bracketed_names(void **state)
{
	static const struct {
		const char *in, *want;
	} table[] = {
		{ "names=[::1]", "::1" },
		{ "names=[2001:DB8:0::1]", "2001:db8::1" },
		{ "names=::1", "::1" },
		{ "names=[::1", NULL },
		{ "names=::1]", NULL },
		{ "names=[]", NULL },
		{ "names=[:]", NULL },
		{ "names=[127.0.0.1]", NULL },
		{ "names=[example.org]", NULL },
		{ "names=[[::1]]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *const settings[SETTINGS] = { table[i].in };
		struct config config;

		if (table[i].want == NULL) {
			assert_int_equal(load(&config, NULL, settings), -1);
			assert_non_null(
			    strstr(config.error, "not a host name"));
			continue;
		}
		load_good(&config, NULL, settings);
		expect_str(config.hosts->site.names[0], table[i].want);
		expect_str(config.hosts->site.gopher_host, table[i].want);
		config_release(&config);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_bracketed_names),
		cmocka_unit_test(test_command_line_wins),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_lang),
		cmocka_unit_test(test_too_many_hosts),
		cmocka_unit_test(test_bad_settings),
		cmocka_unit_test(test_bad_files_as_such),
		cmocka_unit_test(test_builtins),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(
	    tests, configuring_enter, configuring_leave);
}
