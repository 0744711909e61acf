/* The texts of certificates, which their owners choose as they like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/x509.h>

#include "sys/clientcert.h"

#define MEMORY ((size_t)1 << 20)

static struct arena arena;

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

static void
add_entry(X509_NAME *name, const char *field, int type, struct str text)
{
	assert_int_equal(
	    X509_NAME_add_entry_by_txt(name, field, type,
		(const unsigned char *)text.at, (int)text.len, -1, 0),
	    1);
}

static struct clientcert_text
describe(const X509 *cert)
{
	struct clientcert_text text;

	assert_int_equal(clientcert_describe(cert, &arena, &text), 0);
	return text;
}

static void
check(size_t row, struct str got, const char *want)
{
	if (!str_equals(got, str_of(want)))
		fail_msg(
		    "row %zu: \"%.*s\", not \"%s\"", row, STR_ARG(got), want);
}

#define UTF8 V_ASN1_UTF8STRING

static void
names(void **state)
{
	static const struct {
		const char *field;
		int type;
		struct str text;
		const char *second; /* another CN; NULL: none */
		const char *cn, *subject;
	} table[] = {
		{ "CN", UTF8, STR_INIT("alice"), NULL, "alice", "CN=alice" },
		{ "CN", UTF8, STR_INIT("x/CN=admin"), NULL, "x/CN=admin",
		    "CN=x/CN=admin" },
		{ "CN", UTF8, STR_INIT("x,CN=admin+O=y"), NULL,
		    "x,CN=admin+O=y", "CN=x\\,CN=admin\\+O=y" },
		{ "CN", UTF8, STR_INIT("a\nTLS_CLIENT_AUTHORISED=1"), NULL,
		    "aTLS_CLIENT_AUTHORISED=1",
		    "CN=a\\0ATLS_CLIENT_AUTHORISED=1" },
		{ "CN", UTF8, STR_INIT("a\r\n\t\x1b[2J\x7f z"), NULL, "a[2J z",
		    "CN=a\\0D\\0A\\09\\1B[2J\\7F z" },
		{ "CN", UTF8, STR_INIT("first"), "second", "first",
		    "CN=second,CN=first" },
		{ "CN", UTF8, STR_INIT("admin\0.evil"), NULL, "admin.evil",
		    "CN=admin\\00.evil" },
		{ "CN", UTF8, STR_INIT("\xc3\xa9\xe2\x80\xaexyz"), NULL,
		    "\xc3\xa9xyz", "CN=\xc3\xa9xyz" },
		{ "CN", V_ASN1_BMPSTRING, STR_INIT("\0c\0a\0f\0\xe9"), NULL,
		    "caf\xc3\xa9", "CN=caf\xc3\xa9" },
		{ "CN", V_ASN1_T61STRING, STR_INIT("caf\xe9"), NULL,
		    "caf\xc3\xa9", "CN=caf\xc3\xa9" },
		{ "O", UTF8, STR_INIT("nobody"), NULL, "", "O=nobody" },
		{ NULL, 0, STR_INIT(""), NULL, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		X509 *cert = X509_new();
		X509_NAME *name = X509_NAME_new();
		struct clientcert_text text;

		if (table[i].field != NULL)
			add_entry(
			    name, table[i].field, table[i].type, table[i].text);
		if (table[i].second != NULL)
			add_entry(name, "CN", UTF8, str_of(table[i].second));
		X509_set_subject_name(cert, name);
		text = describe(cert);
		check(i, text.subject_cn, table[i].cn);
		check(i, text.subject, table[i].subject);
		check(i, text.issuer, "");
		check(i, text.issuer_cn, "");
		X509_set_issuer_name(cert, name);
		text = describe(cert);
		check(i, text.issuer_cn, table[i].cn);
		check(i, text.issuer, table[i].subject);
		X509_NAME_free(name);
		X509_free(cert);
	}
}

/* A text is whole or missing: a part of it may be another one's name. */
static void
lengths(void **state)
{
	static const struct {
		size_t len;
		bool cn, subject;
	} table[] = {
		{ 1020, true, true },
		{ 1021, true, true }, /* with "CN=" */
		{ 1022, true, false },
		{ 1024, true, false },
		{ 1025, false, false },
		{ 61440, false, false },
	};
	static char letters[61440];

	(void)state;
	memset(letters, 'a', sizeof letters);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		X509 *cert = X509_new();
		X509_NAME *name = X509_get_subject_name(cert);
		struct clientcert_text text;

		/* OpenSSL makes no CN of more than 64 letters. */
		add_entry(name, "CN", UTF8, STR("x"));
		assert_int_equal(
		    ASN1_STRING_set(
			X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 0)),
			letters, (int)table[i].len),
		    1);
		text = describe(cert);
		assert_int_equal(
		    text.subject_cn.len, table[i].cn ? table[i].len : 0);
		assert_int_equal(
		    text.subject.len, table[i].subject ? table[i].len + 3 : 0);
		X509_free(cert);
	}
}

static void
long_unit(void **state)
{
	static char letters[61440];
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	struct clientcert_text text;

	(void)state;
	memset(letters, 'a', sizeof letters);
	add_entry(name, "OU", UTF8, STR("x"));
	assert_int_equal(ASN1_STRING_set(X509_NAME_ENTRY_get_data(
					     X509_NAME_get_entry(name, 0)),
			     letters, sizeof letters),
	    1);
	add_entry(name, "CN", UTF8, STR("alice"));
	X509_set_subject_name(cert, name);
	text = describe(cert);
	check(0, text.subject_cn, "alice");
	check(0, text.subject, "");
	X509_NAME_free(name);
	X509_free(cert);
}

static void
serials(void **state)
{
	static const struct {
		const char *hex, *want;
	} table[] = {
		{ "0", "0" },
		{ "42F7F0E42357", "73632665838423" },
		{ "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
		    "1461501637330902918203684832716283019655932542975" },
		{ "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "" },
		{ "-5", "-5" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		X509 *cert = X509_new();
		BIGNUM *number = NULL;

		assert_true(BN_hex2bn(&number, table[i].hex) > 0);
		assert_non_null(
		    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)));
		check(i, describe(cert).serial, table[i].want);
		BN_free(number);
		X509_free(cert);
	}
}

static void
times(void **state)
{
	static const struct {
		const char *time, *want;
	} table[] = {
		{ "20200405041822Z", "2020-04-05T04:18:22Z" },
		{ "99991231235959Z", "9999-12-31T23:59:59Z" },
		{ "19500101000000Z", "1970-01-01T00:00:00Z" },
		{ "200405041822Z", "2020-04-05T04:18:22Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		X509 *cert = X509_new();

		assert_int_equal(ASN1_TIME_set_string(
				     X509_getm_notBefore(cert), table[i].time),
		    1);
		check(i, describe(cert).not_before, table[i].want);
		/* Never set, and therefore not a time. */
		check(i, describe(cert).not_after, "");
		X509_free(cert);
	}
}

static void
without_memory(void **state)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();
	struct clientcert_text text;

	(void)state;
	add_entry(name, "CN", UTF8, STR("alice"));
	X509_set_subject_name(cert, name);
	for (size_t n = 1;; n++) {
		arena_fail_at(&arena, n);
		if (clientcert_describe(cert, &arena, &text) == 0)
			break;
		assert_in_range(n, 1, 20);
	}
	arena_fail_at(&arena, 0);
	X509_NAME_free(name);
	X509_free(cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lengths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_unit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(serials, set_up, tear_down),
		cmocka_unit_test_setup_teardown(times, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
