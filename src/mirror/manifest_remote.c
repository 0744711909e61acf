/* Gets the manifest of a server's capsule, or its changes, and checks it. */
#include "mirror/manifest_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/signature.h"
#include "text/uri.h"
#include "text/utc.h"

/* About a million files. */
#define MANIFEST_MAX ((uint64_t)128 << 20)
/* Of changes; a longer list of changes has no advantage. */
#define CHANGES_MAX ((uint64_t)16 << 20)
/* In seconds: for clocks that differ, and for the time that a run takes. */
#define SLACK 3600

int
manifest_remote_read(struct arena *arena, struct str text, struct manifest *out)
{
	unsigned char hash[SHA256_SIZE];

	if (manifest_parse(arena, text, out) == -1)
		return -1;
	if (sha256_of(str_head(text, out->hashed), hash) == 0 &&
	    memcmp(hash, out->total.hash, sizeof hash) == 0)
		return 0;
	out->error =
	    "the hash in the last line does not match the lines before it";
	return -1;
}

static int
read_manifest(
    struct manifest_remote *remote, struct str text, struct manifest *out)
{
	return manifest_remote_read(&remote->mirror->arena, text, out);
}

static bool
is_manifest(const struct mirror_text *text)
{
	return text->got == MIRROR_TEXT &&
	    str_starts((struct str){ text->at, text->len },
		STR("# capsule manifest "));
}

static void
get(struct manifest_remote *remote, const char *name, const char *query,
    uint64_t limit, struct mirror_text *out)
{
	char memory[2 * ORIGIN_REQUEST_MAX];
	struct buf request = buf_over(memory, sizeof memory);

	(remote->is_root ? origin_root_request : origin_request)(
	    &remote->mirror->origin, &request, str_of(name));
	buf_add(&request, str_of(query));
	mirror_get(remote->mirror, buf_str(&request), limit, out);
}

/* Over Gopher it asks by item type 9 first, which other servers do not know. */
static void
get_manifest(struct manifest_remote *remote, const char *query, uint64_t limit,
    struct mirror_text *out)
{
	struct origin *origin = &remote->mirror->origin;

	origin->knows_binary = origin->is_gopher;
	get(remote, MANIFEST_REMOTE_NAME, query, limit, out);
	if (!origin->is_gopher || out->got == MIRROR_FAILED || is_manifest(out))
		return;
	free(out->at);
	origin->knows_binary = false;
	get(remote, MANIFEST_REMOTE_NAME, query, limit, out);
}

/*
 * Applies changes to the old manifest.  Returns 1, or 0 when the result does
 * not match its hash.
 */
static int
apply(
    struct manifest_remote *remote, const struct manifest *changes, size_t room)
{
	struct buf text = buf_over(malloc(room), room);

	if (text.at == NULL)
		return 0;
	manifest_merge(&remote->old, changes, &text);
	if (read_manifest(remote, buf_str(&text), &remote->manifest) == -1) {
		free(text.at);
		return 0;
	}
	remote->text = (struct mirror_text){
		.got = MIRROR_TEXT, .at = text.at, .len = text.len
	};
	return 1;
}

/*
 * A time before that of the folder's manifest.  If the clocks differ by more
 * than the slack, changes are missing and the hash does not match.
 */
static int64_t
long_enough_ago(struct manifest_remote *remote)
{
	return replica_written(&remote->mirror->replica, MANIFEST_REMOTE_NAME) -
	    SLACK;
}

/*
 * Asks for the changes since the folder's manifest.  Returns 1 when the new
 * manifest results from them, 0 when it has to be fetched whole.
 */
static int
ask_for_changes(struct manifest_remote *remote, size_t old_len)
{
	struct mirror_text changed;
	char query[32] = "?since=";
	int result = 0;

	utc_format(long_enough_ago(remote), query + strlen(query));
	get_manifest(remote, query, CHANGES_MAX, &changed);
	if (is_manifest(&changed)) {
		struct str text = { changed.at, changed.len };
		struct manifest changes;

		result = read_manifest(remote, text, &changes) == 0;
		if (result == 1 && !changes.is_changes) {
			/* A server without a record of changes sends all. */
			remote->manifest = changes;
			remote->text = changed;
			return 1;
		}
		if (result == 1)
			result = apply(remote, &changes,
			    old_len + text.len +
				2 * (size_t)MANIFEST_RECORD_MAX);
	}
	free(changed.at);
	return result;
}

/* Handles a base without a manifest: 0, or -1 when it must have one. */
static int
has_none(struct manifest_remote *remote)
{
	bool had_one = remote->old_text.at != NULL;

	/* Without a manifest it may be any server. */
	remote->mirror->origin.knows_binary = false;
	if (!had_one && remote->mirror->key == NULL)
		return 0;
	return mirror_fail(remote->mirror,
	    had_one ? "the server no longer has a manifest; to follow its "
		      "links, remove the manifest in %s"
		    : "the server has no manifest, so %s cannot be checked "
		      "with a signature",
	    remote->mirror->folder);
}

/* Returns 1 with the manifest, 0 when there is none, -1 on a failure. */
static int
ask_for_all(struct manifest_remote *remote)
{
	struct str text;

	get_manifest(remote, "", MANIFEST_MAX, &remote->text);
	if (remote->text.got == MIRROR_FAILED)
		return mirror_fail(
		    remote->mirror, "the manifest: %s", remote->text.why);
	if (!is_manifest(&remote->text)) {
		free(remote->text.at);
		remote->text.at = NULL;
		return 0;
	}
	text = (struct str){ remote->text.at, remote->text.len };
	if (read_manifest(remote, text, &remote->manifest) == -1)
		return mirror_fail(remote->mirror, "manifest:%zu: %s",
		    remote->manifest.line, remote->manifest.error);
	if (remote->manifest.is_changes)
		return mirror_fail(
		    remote->mirror, "the manifest lists only changes");
	return 1;
}

/* Reads the folder's own manifest; false when it is not valid. */
static bool
read_old(struct manifest_remote *remote, const struct replica_text *text)
{
	struct manifest old;

	if (read_manifest(remote, (struct str){ text->at, text->len }, &old) ==
		-1 ||
	    old.is_changes)
		return false;
	remote->old = old;
	return true;
}

/* Whether there is a copy, with a manifest of its own. */
static bool
has_copy(const struct manifest_remote *remote)
{
	return remote->mirror->pool.replica != NULL;
}

static int
get_whole(struct manifest_remote *remote)
{
	struct mirror *mirror = remote->mirror;
	int result = 0;

	if (has_copy(remote) &&
	    replica_read(&mirror->replica, REPLICA_BESIDE, MANIFEST_REMOTE_NAME,
		&remote->old_text) == -1)
		return mirror_fail_disk(mirror, MANIFEST_REMOTE_NAME);
	if (remote->old_text.at != NULL && read_old(remote, &remote->old_text))
		result = ask_for_changes(remote, remote->old_text.len);
	if (result == 0 && mirror->origin.error[0] == '\0')
		result = ask_for_all(remote);
	if (result == 0 && mirror->origin.base[1] != '\0' &&
	    mirror->origin.error[0] == '\0') {
		remote->is_root = true;
		result = ask_for_all(remote);
	}
	if (result == 0 && mirror->origin.error[0] == '\0')
		return has_none(remote);
	return mirror->origin.error[0] == '\0' ? result : -1;
}

/*
 * Reduces the server's manifest to the files beneath the base, with paths
 * relative to it.  Returns 1; 0 when it lists none; or -1.
 */
static int
narrow(struct manifest_remote *remote)
{
	struct mirror *mirror = remote->mirror;
	const struct manifest *all = &remote->manifest;
	struct manifest_file *files =
	    arena_alloc(&mirror->arena, (all->count + 1) * sizeof *files);
	char memory[ORIGIN_REQUEST_MAX];
	struct buf base = buf_over(memory, sizeof memory);
	size_t count = 0;

	uri_decode(&base, str_tail(str_of(mirror->origin.base), 1));
	for (size_t i = 0; files != NULL && i < all->count; i++) {
		files[count] = all->files[i];
		if (!str_starts(files[count].path, buf_str(&base)))
			continue;
		files[count].path = str_tail(files[count].path, base.len);
		count += manifest_lists(files[count].path);
	}
	if (count == 0 && files != NULL && has_copy(remote))
		return has_none(remote);
	free(remote->text.at);
	remote->text.at = NULL;
	if (files == NULL ||
	    mirror_manifest_of(files, count, &remote->text) == -1 ||
	    read_manifest(remote,
		(struct str){ remote->text.at, remote->text.len },
		&remote->manifest) == -1)
		return mirror_fail(mirror, "out of memory");
	/* The signature is that of another text. */
	remote->signature.got = MIRROR_NOTHING;
	return 1;
}

/* Fetches the signature even without a key, for readers of the copy. */
static int
get_signature(struct manifest_remote *remote)
{
	struct mirror *mirror = remote->mirror;
	struct mirror_text *signature = &remote->signature;
	struct signature_key key = { .path = mirror->key };
	int good;

	get(remote, MANIFEST_REMOTE_SIGNATURE, "", SIGNATURE_SIZE, signature);
	if (mirror->origin.error[0] != '\0')
		return -1;
	if (signature->got == MIRROR_TEXT && signature->len != SIGNATURE_SIZE)
		signature->got = MIRROR_NOTHING;
	if (mirror->key == NULL)
		return 0;
	if (signature->got != MIRROR_TEXT)
		return mirror_fail(remote->mirror,
		    "the server has no signature of its manifest%s%s",
		    signature->got == MIRROR_FAILED ? ": " : "",
		    signature->got == MIRROR_FAILED ? signature->why : "");
	good = signature_check(&key,
	    (struct str){ remote->text.at, remote->text.len },
	    (struct str){ signature->at, signature->len });
	if (good == -1)
		return mirror_fail(remote->mirror, "%s", key.error);
	if (good == 0)
		return mirror_fail(remote->mirror,
		    "the signature does not fit the manifest and the key %s: "
		    "the author has changed something and not signed again, or "
		    "someone else has changed it; nothing was fetched",
		    mirror->key);
	return 0;
}

int
manifest_remote_get(struct manifest_remote *remote, struct mirror *mirror)
{
	const struct replica_text *old = &remote->old_text;
	int result;

	*remote = (struct manifest_remote){ .mirror = mirror };
	result = get_whole(remote);
	if (result == 1 && has_copy(remote) && get_signature(remote) == -1)
		result = -1;
	if (result == 1 && remote->is_root)
		result = narrow(remote);
	remote->is_old = result == 1 && remote->text.at != NULL &&
	    old->at != NULL &&
	    str_equals((struct str){ remote->text.at, remote->text.len },
		(struct str){ old->at, old->len });
	return result;
}

void
manifest_remote_release(struct manifest_remote *remote)
{
	free(remote->text.at);
	free(remote->signature.at);
	free(remote->old_text.at);
}
