/* The page that announces a change of the key. */
#include "tool/keynotice.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/atomic_file.h"
#include "sys/sink.h"
#include "text/buf.h"
#include "tool/cli.h"

#define NOTICE_MAX 4096

static void
add_pair(struct buf *out, const struct cert *cert)
{
	buf_printf(out, "* Key: %s\n* Certificate: %s\n\n",
	    cert->key_fingerprint, cert->fingerprint);
}

/* The text is true before the change and after it. */
static void
add_notice(struct buf *out, const struct keychange *change)
{
	buf_printf(out,
	    "# A new key for %.*s\n\n"
	    "From %s on, this capsule has another key. A program that "
	    "remembers the key may warn you then. Compare what it shows with "
	    "these fingerprints, the SHA-256 of the public key and of the "
	    "certificate.\n\n"
	    "## Until %s\n\n",
	    STR_ARG(change->name), change->day, change->day);
	add_pair(out, &change->cert);
	buf_printf(out, "## From %s on\n\n", change->day);
	add_pair(out, &change->next);
	buf_add(out,
	    STR("The first key has signed the certificate of the second one, "
		"and this page.\n\n"
		"=> gemini-key.gmi.sig Signature of this page\n"));
}

static int
fail(const char *path, const char *cure)
{
	return cli_say("rekey", "%s: %s; %s", path, strerror(errno), cure);
}

static int
write_file(const char *path, struct str text)
{
	struct atomic_file atomic;
	struct sink_file file = { { sink_file_write }, -1 };

	if (atomic_file_open(&atomic, path) == -1)
		return fail(path, "name a capsule that you may write to");
	file.fd = atomic.fd;
	if (sink_file_write(&file.sink, text) == -1)
		atomic_file_drop(&atomic);
	else if (atomic_file_keep(&atomic, path) == 0)
		return 0;
	return fail(path, "make room for it, and run the command again");
}

static int
make_folder(const char *folder)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s/.well-known", folder) >=
	    sizeof path) {
		errno = ENAMETOOLONG;
		return fail(folder, "name the folder of the capsule");
	}
	if (mkdir(path, 0777) == -1 && errno != EEXIST)
		return fail(path, "name the folder of the capsule");
	return 0;
}

int
keynotice_write(struct keychange *change, const char *folder)
{
	unsigned char signature[KEYCHANGE_SIGNATURE_MAX];
	char text[NOTICE_MAX], path[PATH_MAX], beside[PATH_MAX + 4];
	struct buf notice = buf_over(text, sizeof text);
	int len;

	add_notice(&notice, change);
	len = keychange_sign(change, buf_str(&notice), signature);
	if (len == -1)
		return cli_say("rekey", "%s", change->error);
	if (make_folder(folder) == -1)
		return -1;
	snprintf(path, sizeof path, "%s/" KEYNOTICE_PATH, folder);
	snprintf(beside, sizeof beside, "%s.sig", path);
	if (write_file(path, buf_str(&notice)) == -1 ||
	    write_file(beside,
		(struct str){ (const char *)signature, (size_t)len }) == -1)
		return -1;
	printf("notice: %s\n", path);
	return 0;
}
