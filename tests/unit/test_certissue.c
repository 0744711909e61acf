/* Certificates: one when there is none, renewed ones, and successors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pairs.h"
#include "sys/certissue.h"

static void
expect_names(X509 *leaf, const char *const *want)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int i;

	assert_non_null(all);
	for (i = 0; want[i] != NULL; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
		const ASN1_STRING *text;
		int kind;

		assert_non_null(name);
		text = GENERAL_NAME_get0_value(name, &kind);
		assert_int_equal(kind, want[i][0] == '#' ? GEN_IPADD : GEN_DNS);
		if (kind == GEN_IPADD) {
			assert_int_equal(ASN1_STRING_length(text),
			    (int)strtol(want[i] + 1, NULL, 10));
			continue;
		}
		assert_int_equal(
		    ASN1_STRING_length(text), (int)strlen(want[i]));
		assert_memory_equal(
		    ASN1_STRING_get0_data(text), want[i], strlen(want[i]));
	}
	assert_int_equal(sk_GENERAL_NAME_num(all), i);
	GENERAL_NAMES_free(all);
}

static void
expect_days(const ASN1_TIME *time, int want)
{
	int days, seconds;

	assert_int_equal(ASN1_TIME_diff(&days, &seconds, NULL, time), 1);
	assert_true(days >= want - 1 && days <= want);
}

static void
test_made(void **state)
{
	static const char *const want[] = { "example.org",
		"xn--bcher-kva.example", "192.0.2.1", "#4", "2001:db8::1",
		"#16", NULL };
	const struct str names[] = { STR("example.org"),
		STR("xn--bcher-kva.example"), STR("192.0.2.1"),
		STR("2001:db8::1") };
	struct cert cert;
	struct stat st;
	char text[128];

	(void)state;
	pairs_remove_all();
	pairs_load(&cert, names, 4);
	assert_true(cert.made);
	assert_int_equal(cert.warning_count, 0);
	assert_null(cert.chain);
	assert_string_equal(cert.file, "d/example.org.crt");
	assert_int_equal(pairs_count_files(), 2);
	assert_int_equal(stat("d", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat("d/example.org.key", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat("d/example.org.crt", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	assert_int_equal(X509_get_version(cert.leaf), X509_VERSION_3);
	assert_int_equal(
	    EVP_PKEY_get_group_name(cert.key, text, sizeof text, NULL), 1);
	assert_string_equal(text, "prime256v1");
	assert_int_equal(
	    X509_NAME_get_text_by_NID(X509_get_subject_name(cert.leaf),
		NID_commonName, text, sizeof text),
	    11);
	assert_string_equal(text, "example.org");
	expect_names(cert.leaf, want);
	expect_days(X509_get0_notBefore(cert.leaf), -1);
	expect_days(X509_get0_notAfter(cert.leaf), 36525);
	assert_int_equal(X509_verify(cert.leaf, cert.key), 1);
	assert_int_equal(X509_get_extension_flags(cert.leaf) & EXFLAG_CA, 0);
	assert_int_equal(X509_get_key_usage(cert.leaf), KU_DIGITAL_SIGNATURE);
	assert_int_equal(
	    X509_get_extended_key_usage(cert.leaf), XKU_SSL_SERVER);
	assert_non_null(X509_get0_subject_key_id(cert.leaf));
	cert_release(&cert);
}

static void
test_serial(void **state)
{
	const struct str name = STR("a");
	ASN1_INTEGER *serials[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct cert cert;
		BIGNUM *number;

		pairs_remove_all();
		pairs_load(&cert, &name, 1);
		serials[i] =
		    ASN1_INTEGER_dup(X509_get0_serialNumber(cert.leaf));
		number = ASN1_INTEGER_to_BN(serials[i], NULL);
		assert_int_equal(BN_num_bits(number), 128);
		assert_false(BN_is_negative(number));
		BN_free(number);
		cert_release(&cert);
	}
	assert_int_not_equal(ASN1_INTEGER_cmp(serials[0], serials[1]), 0);
	ASN1_INTEGER_free(serials[0]);
	ASN1_INTEGER_free(serials[1]);
}

static void
test_long_name(void **state)
{
	/* 64 bytes fit a common name, 65 do not. */
	char name[66];

	(void)state;
	memset(name, 'x', 65);
	name[30] = '.';
	name[65] = '\0';
	for (size_t len = 64; len <= 65; len++) {
		struct str names = { name + 65 - len, len };
		const char *const want[] = { names.at, NULL };
		struct cert cert;
		int critical;

		pairs_remove_all();
		pairs_load(&cert, &names, 1);
		assert_int_equal(
		    X509_NAME_entry_count(X509_get_subject_name(cert.leaf)),
		    len == 64 ? 1 : 0);
		expect_names(cert.leaf, want);
		GENERAL_NAMES_free(X509_get_ext_d2i(
		    cert.leaf, NID_subject_alt_name, &critical, NULL));
		assert_int_equal(critical, len == 65);
		assert_int_equal(cert.warning_count, 0);
		cert_release(&cert);
	}
}

static char *
subject_of(X509 *leaf, char text[128])
{
	return X509_NAME_oneline(X509_get_subject_name(leaf), text, 128);
}

/* Whether `leaf` is of `issuer`, which need not be a CA. */
static void
expect_signed(X509 *leaf, X509 *issuer)
{
	assert_int_equal(X509_NAME_cmp(X509_get_issuer_name(leaf),
			     X509_get_subject_name(issuer)),
	    0);
	assert_int_equal(X509_verify(leaf, X509_get0_pubkey(issuer)), 1);
	assert_int_not_equal(X509_NAME_cmp(X509_get_issuer_name(leaf),
				 X509_get_subject_name(leaf)),
	    0);
}

/* A certificate for each kind of key that signs it, and one after another. */
static void
test_successors(void **state)
{
	static const char *const want[] = { "a.example", "192.0.2.1", "#4",
		NULL };
	const struct str names[] = { STR("a.example"), STR("192.0.2.1") };
	EVP_PKEY *keys[] = { EVP_RSA_gen(2048), EVP_EC_gen("P-256"),
		EVP_EC_gen("P-384"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
	X509 *before = certissue_make(&(struct certissue){
	    .key = keys[0], .names = names, .name_count = 2 });
	char text[128], wanted[128];

	(void)state;
	assert_non_null(before);
	assert_string_equal(subject_of(before, text), "/CN=a.example");
	for (size_t i = 1; i <= 4; i++) {
		X509 *leaf =
		    certissue_make(&(struct certissue){ .key = keys[i % 4],
			.before = before,
			.issuer = before,
			.issuer_key = keys[i - 1] });

		assert_non_null(leaf);
		snprintf(wanted, sizeof wanted, "/CN=a.example/GN=%zu", i + 1);
		assert_string_equal(subject_of(leaf, text), wanted);
		expect_names(leaf, want);
		expect_signed(leaf, before);
		X509_free(before);
		before = leaf;
	}
	X509_free(before);
	for (size_t i = 0; i < 4; i++)
		EVP_PKEY_free(keys[i]);
}

/* Other names, the same subject, and no other signer. */
static void
test_renewed(void **state)
{
	static const char *const want[] = { "b.example", NULL };
	const struct str names[] = { STR("a.example"), STR("b.example") };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *before = certissue_make(
	    &(struct certissue){ .key = key, .names = names, .name_count = 1 });
	X509 *leaf = certissue_make(&(struct certissue){ .key = key,
	    .names = names + 1,
	    .name_count = 1,
	    .before = before });
	char text[128];

	(void)state;
	assert_string_equal(subject_of(leaf, text), "/CN=a.example");
	expect_names(leaf, want);
	assert_int_equal(X509_verify(leaf, key), 1);
	X509_free(before);
	X509_free(leaf);
	EVP_PKEY_free(key);
}

/* Subjects that others have made, and the next one. */
static void
test_generations(void **state)
{
	static const struct {
		const char *before, *want;
	} table[] = {
		{ "", "/GN=2" },
		{ "1", "/GN=2" },
		{ "2", "/GN=3" },
		{ "999999", "/GN=1000000" },
		{ "1000000", "/GN=1000001" },
		{ "1000001", "/GN=2" },
		{ "99999999999999999999999", "/GN=2" },
		{ "Ann", "/GN=2" },
		{ "-1", "/GN=2" },
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		X509 *before = pairs_make_named_leaf(key, -1, 1, "DNS:a"),
		     *leaf;
		char text[128];

		if (table[i].before[0] != '\0')
			assert_int_equal(
			    X509_NAME_add_entry_by_NID(
				X509_get_subject_name(before), NID_givenName,
				MBSTRING_ASC,
				(const unsigned char *)table[i].before, -1, -1,
				0),
			    1);
		leaf = certissue_make(&(struct certissue){ .key = key,
		    .before = before,
		    .issuer = before,
		    .issuer_key = key });
		assert_non_null(leaf);
		assert_string_equal(subject_of(leaf, text), table[i].want);
		expect_signed(leaf, before);
		X509_free(before);
		X509_free(leaf);
	}
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_serial),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_successors),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_generations),
	};

	return cmocka_run_group_tests(tests, pairs_enter, pairs_leave);
}
