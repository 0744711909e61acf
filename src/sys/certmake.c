/*
 * Creates the two files of a certificate pair. Neither a crash nor another
 * process that starts at the same time can leave a mismatched pair.
 */
#include "sys/certmake.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "sys/certissue.h"
#include "sys/certwrite.h"

#define LOCK_TRIES 1000

void
certmake_lock(const struct certfiles *files)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	/*
	 * Do not block in flock(2): any user that may open the directory can
	 * hold the lock for ever.
	 */
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(files->fd, LOCK_EX | LOCK_NB) == 0 ||
		    errno != EWOULDBLOCK)
			return;
		nanosleep(&pause, NULL);
	}
}

/* Write the key first: clients must not trust a certificate without key. */
static int
name_pair(
    struct certfiles *files, struct certwrite *key, struct certwrite *cert)
{
	if (certwrite_name(files, key) == -1)
		return -1;
	if (certwrite_name(files, cert) == -1) {
		unlinkat(files->fd, files->key_name, 0);
		return -1;
	}
	return certwrite_sync(files);
}

int
certmake_pair(struct certfiles *files, const struct str *names, size_t count)
{
	struct certwrite key_file = { .name = files->key_name, .is_key = true };
	struct certwrite cert_file = { .name = files->cert_name };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *leaf = key != NULL
	    ? certissue_make(&(struct certissue){
		  .key = key, .names = names, .name_count = count })
	    : NULL;
	int result = -1;

	if (leaf == NULL)
		certfiles_fail_openssl(files, "cannot be made");
	else if (certwrite_key(files, &key_file, key) == 0 &&
	    certwrite_cert(files, &cert_file, leaf, NULL) == 0)
		result = name_pair(files, &key_file, &cert_file);
	certwrite_release(files, &cert_file);
	certwrite_release(files, &key_file);
	X509_free(leaf);
	EVP_PKEY_free(key);
	return result;
}
