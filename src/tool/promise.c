/*
 * What a server says is in its capsule.  Knows how to get it cheaply, and when
 * to believe it; knows nothing of the files.
 */
#include "tool/promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/signature.h"
#include "text/utc.h"

/* A million files, or thereabouts. */
#define MANIFEST_MAX ((uint64_t)128 << 20)
/* Of changes; where there are more, the whole is as good. */
#define CHANGES_MAX ((uint64_t)16 << 20)
/* Seconds that clocks may differ by, and a mirror may take. */
#define SLACK 3600

int
promise_read(struct arena *arena, struct str text, struct manifest *out)
{
	unsigned char hash[SHA256_SIZE];

	if (manifest_parse(arena, text, out) == -1)
		return -1;
	if (sha256_of(str_head(text, out->hashed), hash) == 0 &&
	    memcmp(hash, out->total.hash, sizeof hash) == 0)
		return 0;
	out->error = "the last line's hash is not that of the lines before";
	return -1;
}

static int
read_manifest(struct promise *promise, struct str text, struct manifest *out)
{
	return promise_read(&promise->mirroring->arena, text, out);
}

static bool
is_manifest(const struct mirroring_text *text)
{
	return text->got == MIRRORING_TEXT &&
	    str_starts((struct str){ text->at, text->len },
		STR("# capsule manifest "));
}

static void
get(struct promise *promise, const char *name, const char *query,
    uint64_t limit, struct mirroring_text *out)
{
	char memory[2 * ORIGIN_REQUEST_MAX];
	struct buf request = buf_over(memory, sizeof memory);

	origin_request(&promise->mirroring->origin, &request, str_of(name));
	buf_add(&request, str_of(query));
	mirroring_get(promise->mirroring, buf_str(&request), limit, out);
}

/* The manifest that the old one becomes by changes; 0 when that is not sure. */
static int
apply(struct promise *promise, const struct manifest *changes, size_t room)
{
	struct buf text = buf_over(malloc(room), room);

	if (text.at == NULL)
		return 0;
	manifest_merge(&promise->old, changes, &text);
	if (read_manifest(promise, buf_str(&text), &promise->manifest) == -1) {
		free(text.at);
		return 0;
	}
	promise->text = (struct mirroring_text){
		.got = MIRRORING_TEXT, .at = text.at, .len = text.len
	};
	return 1;
}

/*
 * A time before that of the folder's manifest.  Where clocks disagree by more
 * than the slack something is left out, which the hash tells.
 */
static int64_t
long_enough_ago(struct promise *promise)
{
	return copy_written(&promise->mirroring->copy, PROMISE_FILE) - SLACK;
}

/*
 * Asks for the changes since the manifest that the folder has.  Returns 1
 * when the manifest is known by that, 0 when it has to be asked for whole.
 */
static int
ask_for_changes(struct promise *promise, size_t old_len)
{
	struct mirroring_text changed;
	char query[32] = "?since=";
	int result = 0;

	utc_format(long_enough_ago(promise), query + strlen(query));
	get(promise, PROMISE_FILE, query, CHANGES_MAX, &changed);
	if (is_manifest(&changed)) {
		struct str text = { changed.at, changed.len };
		struct manifest changes;

		result = read_manifest(promise, text, &changes) == 0;
		if (result == 1 && !changes.is_changes) {
			/* It cannot tell, and says all. */
			promise->manifest = changes;
			promise->text = changed;
			return 1;
		}
		if (result == 1)
			result = apply(promise, &changes,
			    old_len + text.len +
				2 * (size_t)MANIFEST_RECORD_MAX);
	}
	free(changed.at);
	return result;
}

/* Returns 1 with the manifest, 0 when there is none, -1 to stop. */
static int
ask_for_all(struct promise *promise, bool had_one)
{
	struct str text;

	get(promise, PROMISE_FILE, "", MANIFEST_MAX, &promise->text);
	if (promise->text.got == MIRRORING_FAILED)
		return mirroring_stop(
		    promise->mirroring, "the manifest: %s", promise->text.why);
	if (!is_manifest(&promise->text)) {
		if (!had_one && promise->mirroring->key == NULL)
			return 0;
		return mirroring_stop(promise->mirroring,
		    had_one ? "it had a manifest and has none now; to follow "
			      "its links, remove that of %s"
			    : "it has no manifest, and so nothing is signed "
			      "that %s could be compared with",
		    promise->mirroring->folder);
	}
	text = (struct str){ promise->text.at, promise->text.len };
	if (read_manifest(promise, text, &promise->manifest) == -1)
		return mirroring_stop(promise->mirroring, "manifest:%zu: %s",
		    promise->manifest.line, promise->manifest.error);
	if (promise->manifest.is_changes)
		return mirroring_stop(
		    promise->mirroring, "the manifest: is not whole");
	return 1;
}

/* The folder's own manifest, when it is one and whole. */
static bool
read_old(struct promise *promise, const struct copy_text *text)
{
	struct manifest old;

	if (read_manifest(promise, (struct str){ text->at, text->len }, &old) ==
		-1 ||
	    old.is_changes)
		return false;
	promise->old = old;
	return true;
}

static int
get_manifest(struct promise *promise)
{
	struct mirroring *mirroring = promise->mirroring;
	struct copy_text old = { 0 };
	int had = copy_read(&mirroring->copy, COPY_BESIDE, PROMISE_FILE, &old);
	int result = 0;

	if (had == -1)
		return mirroring_no_disk(mirroring, PROMISE_FILE);
	if (had == 1 && read_old(promise, &old))
		result = ask_for_changes(promise, old.len);
	if (result == 0 && mirroring->origin.error[0] == '\0')
		result = ask_for_all(promise, had == 1);
	promise->is_old = result == 1 && had == 1 &&
	    promise->text.len == old.len &&
	    memcmp(promise->text.at, old.at, old.len) == 0;
	free(old.at);
	return mirroring->origin.error[0] == '\0' ? result : -1;
}

/* The signature is fetched always: a mirror's readers may want it. */
static int
get_signature(struct promise *promise)
{
	struct mirroring *mirroring = promise->mirroring;
	struct mirroring_text *signature = &promise->signature;
	struct signature_key key = { .path = mirroring->key };
	int good;

	get(promise, PROMISE_SIGNATURE, "", SIGNATURE_SIZE, signature);
	if (mirroring->origin.error[0] != '\0')
		return -1;
	if (signature->got == MIRRORING_TEXT &&
	    signature->len != SIGNATURE_SIZE)
		signature->got = MIRRORING_NOTHING;
	if (mirroring->key == NULL)
		return 0;
	if (signature->got != MIRRORING_TEXT)
		return mirroring_stop(promise->mirroring,
		    "it has no signature of its manifest%s%s",
		    signature->got == MIRRORING_FAILED ? ": " : "",
		    signature->got == MIRRORING_FAILED ? signature->why : "");
	good = signature_check(&key,
	    (struct str){ promise->text.at, promise->text.len },
	    (struct str){ signature->at, signature->len });
	if (good == -1)
		return mirroring_stop(promise->mirroring, "%s", key.error);
	if (good == 0)
		return mirroring_stop(promise->mirroring,
		    "the signature is not that of its manifest by %s; nothing "
		    "was changed",
		    mirroring->key);
	return 0;
}

int
promise_get(struct promise *promise, struct mirroring *mirroring)
{
	int result;

	*promise = (struct promise){ .mirroring = mirroring };
	result = get_manifest(promise);
	return result == 1 && get_signature(promise) == -1 ? -1 : result;
}

void
promise_release(struct promise *promise)
{
	free(promise->text.at);
	free(promise->signature.at);
}
