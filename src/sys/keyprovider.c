/*
 * An OpenSSL provider (provider(7)) for keys that sign in another process.
 */
#include "sys/keyprovider.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#define NAME "capsuled-keys"
#define PROPERTY "provider=" NAME
#define SIGNATURE "capsuled-signature"
#define POINTER_SIZE sizeof(void *)
#define PARAM_PUBLIC "capsuled-public" /* an EVP_PKEY pointer */
#define PARAM_INDEX "capsuled-index"

struct remote_key {
	EVP_PKEY *public;
	uint16_t index;
};

/* The state of one signature operation. */
struct signature {
	const struct remote_key *key;
	unsigned bits; /* of the digest; 0: part of the key's type */
	bool is_pss;
};

typedef void (*function)(void);

/* One for each process. */
static struct signing_line *used_line;

void
keyprovider_use(struct signing_line *line)
{
	used_line = line;
}

static void *
key_new(void *provider)
{
	(void)provider;
	return calloc(1, sizeof(struct remote_key));
}

static void
key_free(void *key)
{
	if (key != NULL)
		EVP_PKEY_free(((struct remote_key *)key)->public);
	free(key);
}

static int
key_has(const void *key, int selection)
{
	(void)selection;
	return ((const struct remote_key *)key)->public != NULL;
}

static int
key_import(void *context, int selection, const OSSL_PARAM params[])
{
	struct remote_key *key = context;
	const OSSL_PARAM *public =
	    OSSL_PARAM_locate_const(params, PARAM_PUBLIC);
	const OSSL_PARAM *index = OSSL_PARAM_locate_const(params, PARAM_INDEX);
	unsigned number;

	(void)selection;
	if (public == NULL || public->data_size != POINTER_SIZE ||
	    index == NULL || OSSL_PARAM_get_uint(index, &number) != 1 ||
	    number > UINT16_MAX)
		return 0;
	memcpy(&key->public, public->data, POINTER_SIZE);
	key->index = (uint16_t)number;
	return EVP_PKEY_up_ref(key->public);
}

static const OSSL_PARAM *
key_import_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_octet_string(PARAM_PUBLIC, NULL, 0),
		OSSL_PARAM_uint(PARAM_INDEX, NULL),
		OSSL_PARAM_END,
	};

	(void)selection;
	return types;
}

/* Other providers can import the public key only. */
static int
key_export(void *context, int selection, OSSL_CALLBACK *found, void *argument)
{
	const struct remote_key *key = context;

	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		return 0;
	return EVP_PKEY_export(key->public, selection, found, argument);
}

static const OSSL_PARAM *
key_export_types(int selection)
{
	static const OSSL_PARAM types[] = { OSSL_PARAM_END };

	(void)selection;
	return types;
}

static int
key_get_params(void *context, OSSL_PARAM params[])
{
	return EVP_PKEY_get_params(
	    ((struct remote_key *)context)->public, params);
}

static const OSSL_PARAM *
key_gettable_params(void *provider)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)provider;
	return types;
}

static const char *
key_operation_name(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? SIGNATURE : NULL;
}

static void *
signature_new(void *provider, const char *property)
{
	(void)provider;
	(void)property;
	return calloc(1, sizeof(struct signature));
}

static void
signature_free(void *signature)
{
	free(signature);
}

static unsigned
digest_bits(const char *name)
{
	static const struct {
		const char *name;
		unsigned bits;
	} digests[] = {
		{ "SHA2-256", 256 },
		{ "SHA256", 256 },
		{ "SHA2-384", 384 },
		{ "SHA384", 384 },
		{ "SHA2-512", 512 },
		{ "SHA512", 512 },
	};

	for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
		if (strcmp(name, digests[i].name) == 0)
			return digests[i].bits;
	return 0;
}

static int
signature_set_params(void *context, const OSSL_PARAM params[])
{
	struct signature *signature = context;
	const OSSL_PARAM *padding = params == NULL
	    ? NULL
	    : OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	int mode;

	if (padding == NULL)
		return 1;
	if (padding->data_type != OSSL_PARAM_INTEGER ||
	    OSSL_PARAM_get_int(padding, &mode) != 1)
		return 0;
	signature->is_pss = mode == RSA_PKCS1_PSS_PADDING;
	return signature->is_pss || mode == RSA_PKCS1_PADDING;
}

static const OSSL_PARAM *
signature_settable_params(void *context, void *provider)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_int(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL),
		OSSL_PARAM_utf8_string(
		    OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return types;
}

/* libssl calls this several times per handshake. */
static int
signature_init(
    void *context, const char *digest, void *key, const OSSL_PARAM params[])
{
	struct signature *signature = context;

	if (key != NULL)
		signature->key = key;
	signature->bits = digest != NULL ? digest_bits(digest) : 0;
	return signature->key != NULL && signature_set_params(context, params);
}

/* Returns the SignatureScheme (RFC 8446, 4.2.3), or 0 if there is none. */
static uint16_t
scheme_of(const struct signature *signature)
{
	const EVP_PKEY *public = signature->key->public;
	unsigned hash = signature->bits / 128; /* 2, 3 and 4 */

	if (EVP_PKEY_is_a(public, "ED25519"))
		return 0x0807;
	if (hash < 2)
		return 0;
	if (EVP_PKEY_is_a(public, "EC"))
		return (uint16_t)((hash + 2) << 8 | 0x03);
	if (signature->is_pss)
		return (uint16_t)(0x0802 + hash);
	return (uint16_t)((hash + 2) << 8 | 0x01);
}

/* Signs the whole message at once. With `out` NULL it returns only the size. */
static int
provider_sign(void *context, unsigned char *out, size_t *len, size_t room,
    const unsigned char *message, size_t message_len)
{
	const struct signature *signature = context;
	const struct signing_request request = {
		.key = signature->key->index,
		.scheme = scheme_of(signature),
		.message = { (const char *)message, message_len },
	};
	unsigned char bytes[SIGNING_SIGNATURE_MAX];
	int made;

	if (out == NULL) {
		*len = (size_t)EVP_PKEY_get_size(signature->key->public);
		return 1;
	}
	made = used_line != NULL ? signing_ask(used_line, &request, bytes) : -1;
	if (made == -1 || (size_t)made > room)
		return 0;
	memcpy(out, bytes, (size_t)made);
	*len = (size_t)made;
	return 1;
}

static const OSSL_DISPATCH key_functions[] = {
	{ OSSL_FUNC_KEYMGMT_NEW, (function)key_new },
	{ OSSL_FUNC_KEYMGMT_FREE, (function)key_free },
	{ OSSL_FUNC_KEYMGMT_HAS, (function)key_has },
	{ OSSL_FUNC_KEYMGMT_IMPORT, (function)key_import },
	{ OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (function)key_import_types },
	{ OSSL_FUNC_KEYMGMT_EXPORT, (function)key_export },
	{ OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (function)key_export_types },
	{ OSSL_FUNC_KEYMGMT_GET_PARAMS, (function)key_get_params },
	{ OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (function)key_gettable_params },
	{ OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME,
	    (function)key_operation_name },
	{ 0, NULL },
};

static const OSSL_DISPATCH signature_functions[] = {
	{ OSSL_FUNC_SIGNATURE_NEWCTX, (function)signature_new },
	{ OSSL_FUNC_SIGNATURE_FREECTX, (function)signature_free },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (function)signature_init },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (function)provider_sign },
	{ OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (function)signature_set_params },
	{ OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS,
	    (function)signature_settable_params },
	{ 0, NULL },
};

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
	static const OSSL_ALGORITHM keys[] = {
		{ "EC:id-ecPublicKey", PROPERTY, key_functions, NULL },
		{ "RSA:rsaEncryption", PROPERTY, key_functions, NULL },
		{ "ED25519", PROPERTY, key_functions, NULL },
		{ NULL, NULL, NULL, NULL },
	};
	static const OSSL_ALGORITHM signatures[] = {
		{ SIGNATURE, PROPERTY, signature_functions, NULL },
		{ NULL, NULL, NULL, NULL },
	};

	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT  ? keys
	    : operation == OSSL_OP_SIGNATURE ? signatures
					     : NULL;
}

static int
init_provider(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *offered,
    const OSSL_DISPATCH **functions, void **provider)
{
	static const OSSL_DISPATCH own[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (function)query },
		{ 0, NULL },
	};
	static char context;

	(void)core;
	(void)offered;
	*functions = own;
	*provider = &context;
	return 1;
}

/* Loads both providers; later calls have no effect. */
static bool
load(void)
{
	static OSSL_PROVIDER *usual, *own;

	/* OpenSSL loads the default only if no other is loaded. */
	if (usual == NULL)
		usual = OSSL_PROVIDER_load(NULL, "default");
	if (usual != NULL && own == NULL &&
	    OSSL_PROVIDER_add_builtin(NULL, NAME, init_provider) == 1)
		own = OSSL_PROVIDER_load(NULL, NAME);
	return own != NULL;
}

EVP_PKEY *
keyprovider_key(EVP_PKEY *public, uint16_t index)
{
	unsigned number = index;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(
		    PARAM_PUBLIC, &public, POINTER_SIZE),
		OSSL_PARAM_construct_uint(PARAM_INDEX, &number),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *context;
	EVP_PKEY *key = NULL;
	const char *type;

	type = public != NULL ? EVP_PKEY_get0_type_name(public) : NULL;
	if (type == NULL || !load())
		return NULL;
	context = EVP_PKEY_CTX_new_from_name(NULL, type, PROPERTY);
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}
