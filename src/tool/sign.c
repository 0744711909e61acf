/*
 * The verb `sign`: signs a manifest, or the one that the server would send for
 * a folder.
 */
#include "tool/sign.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mirror/manifest_remote.h"
#include "serve/serve.h"
#include "sys/atomic_file.h"
#include "sys/signature.h"
#include "sys/sink.h"
#include "text/manifest.h"
#include "tool/cli.h"
#include "tool/offline.h"
#include "tree/tree.h"
#include "tree/tree_contains.h"

#define MANIFEST_MAX ((size_t)256 << 20)
#define MEMORY ((size_t)256 << 10)

static int
ask_server(
    const struct host *host, struct sink_memory *text, const char *folder)
{
	struct arena arena;
	struct response response = { 0 };
	struct request request = { .arena = &arena,
		.path = STR("/" MANIFEST_REMOTE_NAME) };
	int result = -1;

	arena_init(&arena, MEMORY);
	serve(host, &request, &response);
	if (response.status != STATUS_SUCCESS)
		cli_say("sign", "%s: the server would send no manifest for it",
		    folder);
	else if (body_write(response.body, &text->sink) == -1)
		cli_say(
		    "sign", "%s: its manifest: %s", folder, strerror(errno));
	else
		result = 0;
	body_release(response.body);
	arena_release(&arena);
	return result;
}

/* Reads a folder's manifest as the server of `host` would send it. */
static int
read_folder(const struct host_config *host, struct sink_memory *text,
    const char *folder)
{
	struct offline offline;
	char error[512];
	int result;

	if (offline_open(&offline, host, error, sizeof error) == -1)
		return cli_say("sign", "%s", error);
	offline_hide(&offline);
	result = ask_server(&offline.host, text, folder);
	offline_release(&offline);
	return result;
}

static int
read_file(struct sink_memory *text, const char *path)
{
	FILE *file = fopen(path, "re");
	char bytes[16384];
	size_t got;
	int error;

	if (file == NULL)
		return cli_say("sign",
		    "%s: %s; name the capsule's folder, or a manifest", path,
		    strerror(errno));
	errno = 0;
	while (errno == 0 && (got = fread(bytes, 1, sizeof bytes, file)) > 0)
		if (text->sink.write(&text->sink, (struct str){ bytes, got }) ==
		    -1)
			break;
	error = errno;
	fclose(file);
	return error == 0 ? 0
			  : cli_say("sign", "%s: %s", path, strerror(error));
}

/* Refuses a manifest that no mirror would accept. */
static int
check_manifest(const struct sink_memory *text, const char *path)
{
	struct str bytes = { text->at, text->len };
	struct manifest manifest;
	struct arena arena;
	int result = 0;

	arena_init(&arena, 8 * MANIFEST_MAX);
	if (manifest_remote_read(&arena, bytes, &manifest) == -1)
		result = cli_say(
		    "sign", "%s:%zu: %s", path, manifest.line, manifest.error);
	else if (manifest.is_changes)
		result = cli_say("sign",
		    "%s: lists only changes; name a whole manifest", path);
	arena_release(&arena);
	return result;
}

static int
write_signature(const char *path, const unsigned char bytes[SIGNATURE_SIZE])
{
	struct atomic_file atomic;
	struct sink_file file = { { sink_file_write }, -1 };

	if (atomic_file_open(&atomic, path) == -1)
		return cli_say("sign",
		    "%s: cannot be made: %s; make its folder writable", path,
		    strerror(errno));
	file.fd = atomic.fd;
	if (sink_file_write(&file.sink,
		(struct str){ (const char *)bytes, SIGNATURE_SIZE }) == -1)
		atomic_file_drop(&atomic);
	else if (atomic_file_keep(&atomic, path) == 0)
		return 0;
	return cli_say("sign",
	    "%s: cannot be written: %s; make room on the disk", path,
	    strerror(errno));
}

/*
 * Refuses a key in the capsule, which would be served to everyone.  For a
 * manifest, its folder is taken for the capsule when a key is to be made there.
 */
static int
check_place(const char *path, bool is_folder, const char *key)
{
	char folder[PATH_MAX], above[PATH_MAX];
	struct tree tree;
	int inside;

	snprintf(above, sizeof above, "%s", path);
	snprintf(
	    folder, sizeof folder, "%s", is_folder ? path : dirname(above));
	if (tree_init(&tree, folder, NULL) == -1)
		return cli_say("sign", "%s: cannot be opened: %s", folder,
		    strerror(errno));
	snprintf(above, sizeof above, "%s", key);
	inside = tree_contains(&tree, dirname(above));
	tree_release(&tree);
	if (inside == 1)
		return cli_say("sign",
		    "%s: is inside the capsule, and would be served; name a "
		    "file elsewhere",
		    key);
	return 0;
}

/* The command line. */
struct signing {
	const char *path; /* of a capsule's folder or a manifest */
	const struct host_config *capsule; /* NULL: a manifest */
	const char *key;
	bool makes_key;
};

static int
sign(const struct signing *signing)
{
	const char *path = signing->path;
	struct signature_key key = { .path = signing->key };
	char name[PATH_MAX - 4], out[PATH_MAX];
	unsigned char signature[SIGNATURE_SIZE];
	struct sink_memory text = sink_memory_of(MANIFEST_MAX);
	int result = -1;

	if (snprintf(name, sizeof name,
		signing->capsule != NULL ? "%s/" MANIFEST_REMOTE_NAME : "%s",
		path) >= (int)sizeof name)
		return cli_say("sign", "%s: the name is too long", path);
	snprintf(out, sizeof out, "%s.sig", name);
	if ((signing->capsule != NULL || signing->makes_key) &&
	    check_place(path, signing->capsule != NULL, signing->key) == -1)
		return -1;
	if (signing->makes_key && signature_make_key(&key) == -1)
		return cli_say("sign", "%s", key.error);
	if ((signing->capsule != NULL
		    ? read_folder(signing->capsule, &text, path)
		    : read_file(&text, path)) == 0 &&
	    check_manifest(&text, name) == 0) {
		if (signature_sign(&key, (struct str){ text.at, text.len },
			signature) == -1)
			cli_say("sign", "%s", key.error);
		else
			result = write_signature(out, signature);
	}
	free(text.at);
	if (result == 0 && signing->makes_key)
		cli_say("sign",
		    "%s is a new key: keep it secret, and a copy of it; give "
		    "%s.pub to those who mirror the capsule",
		    signing->key, signing->key);
	if (result == 0)
		puts(out);
	return result;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Signs a capsule, `path` or that of the configuration, or the file `path`. */
static int
run(struct signing *signing, struct options *options)
{
	struct config config;
	int result;

	if (signing->path != NULL && !is_folder(signing->path))
		return sign(signing) == 0 ? 0 : 1;
	if ((signing->path != NULL &&
		cli_capsule("sign", options, signing->path) == -1) ||
	    cli_load("sign", options, &config) == -1)
		return 2;
	signing->capsule = config.hosts;
	if (signing->path == NULL)
		signing->path = config.hosts->capsule;
	result = sign(signing);
	config_release(&config);
	return result == 0 ? 0 : 1;
}

int
sign_main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "new", no_argument, NULL, 'N' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { 0 };
	struct signing signing = { 0 };
	int option;

	opterr = 0;
	while ((option = getopt_long(
		    argc, argv, CLI_CAPSULE_FLAGS, names, NULL)) != -1) {
		if (option == 'N')
			signing.makes_key = true;
		else if (cli_set("sign", &options, option, argv) == -1)
			return 2;
	}
	if (argc - optind < 1 || argc - optind > 2 || argv[optind][0] == '\0') {
		cli_misused("sign",
		    "name the file of the key, or a folder or manifest and the "
		    "file",
		    "");
		return 2;
	}
	signing.path = argc - optind == 2 ? argv[optind] : NULL;
	signing.key = argv[argc - 1];
	return run(&signing, &options);
}
