/* Requests for programs, as a worker that was taken over may send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "serve/programcall.h"
#include "serve/visitor.h"
#include "text/site.h"

#define MEMORY ((size_t)1 << 20)
/* The bytes before the parts. */
#define HEAD 88

static struct arena arena;
static char bytes[PROGRAMCALL_MAX];

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena, MEMORY);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct programcall
sample(void)
{
	return (struct programcall){
		.host = 3,
		.network = 0x123456789abcdef0,
		.has_query = true,
		.path = STR("/cgi-bin/x\n"),
		.query = STR("a=%00"),
		.url = STR("gemini://example.org/cgi-bin/x%0A?a=%00"),
		.address = STR("192.0.2.1"),
		.port = 65535,
		.server_port = 1965,
		.tls_version = STR("TLSv1.3"),
		.tls_cipher = STR("TLS_AES_128_GCM_SHA256"),
		.has_client = true,
		.is_listed = true,
		.client = { { 1, 2, 3 }, IDENTITY_EXPIRED },
		.certificate = { .subject = STR("CN=a"),
		    .subject_cn = STR("a"),
		    .not_after = STR("2026-11-24T20:29:42Z") },
	};
}

static struct str
message_of(const struct programcall *call)
{
	struct buf message = buf_over(bytes, sizeof bytes);

	programcall_write(&message, call);
	assert_false(message.overflow);
	return buf_str(&message);
}

static void
assert_str(struct str got, struct str want)
{
	if (!str_equals(got, want))
		fail_msg("\"%.*s\", not \"%.*s\"", STR_ARG(got), STR_ARG(want));
}

static void
there_and_back(void **state)
{
	struct programcall call = sample(), back;

	(void)state;
	assert_true(programcall_read(message_of(&call), &back));
	assert_int_equal(back.host, 3);
	assert_true(back.network == call.network);
	assert_true(back.has_query && back.has_client && back.is_listed);
	assert_false(back.is_gopher);
	assert_int_equal(back.port, 65535);
	assert_int_equal(back.server_port, 1965);
	assert_int_equal(back.client.state, IDENTITY_EXPIRED);
	assert_memory_equal(back.client.hash, call.client.hash, IDENTITY_SIZE);
	assert_str(back.path, call.path);
	assert_str(back.query, call.query);
	assert_str(back.url, call.url);
	assert_str(back.selector, STR(""));
	assert_str(back.address, call.address);
	assert_str(back.tls_cipher, call.tls_cipher);
	assert_str(back.certificate.subject, STR("CN=a"));
	assert_str(back.certificate.subject_cn, STR("a"));
	assert_str(back.certificate.issuer, STR(""));
	assert_str(back.certificate.not_after, call.certificate.not_after);
}

/* A message that is cut anywhere, or is longer, is refused. */
static void
lengths(void **state)
{
	struct programcall call = sample(), back;
	struct str message = message_of(&call);

	(void)state;
	for (size_t len = 0; len < message.len; len++)
		assert_false(programcall_read(str_head(message, len), &back));
	message.len++;
	assert_false(programcall_read(message, &back));
}

static void
too_long(void **state)
{
	static char query[UINT16_MAX + 1], large[2 * sizeof query];
	struct programcall call = sample();
	struct buf message = buf_over(bytes, sizeof bytes);

	(void)state;
	memset(query, '%', sizeof query);
	call.query = (struct str){ query, sizeof bytes };
	programcall_write(&message, &call);
	assert_true(message.overflow);
	call.query.len = sizeof query;
	message = buf_over(large, sizeof large);
	programcall_write(&message, &call);
	assert_true(message.overflow);
}

/* Each byte of the head changed: never a fault, never a string with a NUL. */
static void
hostile_heads(void **state)
{
	struct programcall call = sample(), back;
	struct str message = message_of(&call);

	(void)state;
	for (size_t i = 0; i < HEAD; i++) {
		char was = bytes[i];

		for (int c = 0; c < 256; c++) {
			bytes[i] = (char)c;
			if (!programcall_read(message, &back))
				continue;
			assert_true(str_starts(back.path, STR("/")));
			assert_true(back.has_client || !back.is_listed);
			assert_false(back.has_client && back.is_gopher);
			assert_in_range(back.client.state, 0, IDENTITY_EARLY);
		}
		bytes[i] = was;
	}
	assert_true(programcall_read(message, &back));
}

static void
hostile_parts(void **state)
{
	static const struct {
		struct str path, query, cn;
		bool good;
	} table[] = {
		{ STR_INIT("/"), STR_INIT(""), STR_INIT(""), true },
		{ STR_INIT("/a\xff\n\t\x01"), STR_INIT("\r\n"), STR_INIT("\n"),
		    true },
		{ STR_INIT(""), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("a"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("/a\0b"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("/a\0"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("/"), STR_INIT("\0"), STR_INIT(""), false },
		{ STR_INIT("/"), STR_INIT(""), STR_INIT("admin\0x"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct programcall call = sample(), back;

		call.path = table[i].path;
		call.query = table[i].query;
		call.certificate.subject_cn = table[i].cn;
		if (programcall_read(message_of(&call), &back) != table[i].good)
			fail_msg("row %zu", i);
	}
}

static const struct str names[] = { STR_INIT("example.org") };

/* The call of a request that comes over Gopher. */
static void
of_gopher(void **state)
{
	static const struct {
		struct str selector, search, query, url, want_query;
	} table[] = {
		{ STR_INIT("/x"), STR_INIT(""), STR_INIT(""),
		    STR_INIT("gopher://g.example:7070/1/x"), STR_INIT("") },
		{ STR_INIT("/x?a=b"), STR_INIT(""), STR_INIT("a=b"),
		    STR_INIT("gopher://g.example:7070/1/x%3Fa=b"),
		    STR_INIT("a=b") },
		{ STR_INIT("/x"),
		    STR_INIT("sea & \xc3\xb6"
			     "?"),
		    STR_INIT("q"), STR_INIT("gopher://g.example:7070/7/x"),
		    STR_INIT("sea%20&%20%C3%B6%3F") },
	};
	const struct site site = { .names = names,
		.name_count = 1,
		.gopher_host = STR("g.example"),
		.gopher_port = 7070 };
	struct server server = { .host_count = 2 };
	struct host hosts[2] = { { .server = &server },
		{ .server = &server, .site = &site } };

	(void)state;
	server.hosts = hosts;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct visitor visitor = { .is_gopher = true,
			.selector = table[i].selector,
			.port = 7070 };
		const struct identity client = { { 0 }, IDENTITY_VALID };
		const struct request request = { .arena = &arena,
			.path = STR("/x"),
			.query = table[i].query,
			.has_query = table[i].query.len > 0,
			.search = table[i].search,
			.client = &client,
			.visitor = &visitor };
		struct programcall call;

		assert_int_equal(programcall_of(&hosts[1], &request, &call), 0);
		assert_int_equal(call.host, 1);
		assert_true(call.is_gopher);
		assert_int_equal(call.server_port, 7070);
		/* Client certificates are Gemini's alone. */
		assert_false(call.has_client);
		assert_str(call.selector, table[i].selector);
		assert_str(call.search, table[i].search);
		assert_str(call.url, table[i].url);
		assert_str(call.query, table[i].want_query);
		assert_int_equal(call.has_query, table[i].want_query.len > 0);
	}
}

static void
of_gemini(void **state)
{
	static const unsigned char address[4] = { 192, 0, 2, 7 };
	static const char *const any[] = { "any", NULL };
	static const struct {
		bool readers, writers;
		enum identity_state valid;
		bool listed;
	} table[] = {
		{ false, false, IDENTITY_VALID, false },
		{ true, false, IDENTITY_VALID, true },
		{ false, true, IDENTITY_VALID, true },
		{ true, true, IDENTITY_EXPIRED, false },
		{ true, true, IDENTITY_EARLY, false },
	};
	const struct site site = { .names = names, .name_count = 1 };
	struct server server = { .host_count = 1 };
	const struct host host = { .server = &server, .site = &site };
	const struct net_address peer = net_address_of(address, 4, 1234);

	(void)state;
	server.hosts = &host;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct visitor visitor = { .peer = &peer,
			.url = STR("gemini://example.org/x?q"),
			.port = 1966 };
		const struct identity client = { { 9 }, table[i].valid };
		const struct rules_part part = {
			.readers = table[i].readers ? any : NULL,
			.upload.writers = table[i].writers ? any : NULL,
		};
		const struct request request = { .arena = &arena,
			.path = STR("/x"),
			.query = STR("q"),
			.has_query = true,
			.network = 77,
			.client = &client,
			.part = &part,
			.visitor = &visitor };
		struct programcall call;

		assert_int_equal(programcall_of(&host, &request, &call), 0);
		assert_true(call.has_client && call.has_query);
		assert_int_equal(call.is_listed, table[i].listed);
		assert_int_equal(call.network, 77);
		assert_int_equal(call.server_port, 1966);
		assert_int_equal(call.port, 1234);
		assert_str(call.address, STR("192.0.2.7"));
		assert_str(call.url, STR("gemini://example.org/x?q"));
		assert_str(call.query, STR("q"));
		assert_str(call.tls_version, STR(""));
	}
}

static void
without_memory(void **state)
{
	const struct site site = {
		.names = names, .name_count = 1, .gopher_host = STR("g.example")
	};
	struct server server = { .host_count = 1 };
	const struct host host = { .server = &server, .site = &site };
	const struct visitor visitor = { .is_gopher = true,
		.selector = STR("/x") };
	const struct request request = { .arena = &arena,
		.path = STR("/x"),
		.search = STR("words"),
		.visitor = &visitor };
	struct programcall call;

	(void)state;
	server.hosts = &host;
	for (size_t n = 1;; n++) {
		arena_fail_at(&arena, n);
		if (programcall_of(&host, &request, &call) == 0)
			break;
		assert_in_range(n, 1, 10);
	}
	arena_fail_at(&arena, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(lengths),
		cmocka_unit_test(too_long),
		cmocka_unit_test(hostile_heads),
		cmocka_unit_test(hostile_parts),
		cmocka_unit_test_setup_teardown(of_gopher, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_gemini, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
