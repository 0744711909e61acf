/* Makes the next pair of a planned change of the key. */
#include "sys/keyplan.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/certkey.h"
#include "sys/certwrite.h"
#include "text/utc.h"

static int
make_next_key(struct keychange *change)
{
	struct certfiles *files = &change->next_files;
	struct stat like;
	struct certwrite file = {
		.name = files->key_name, .is_key = true, .like = &like
	};
	EVP_PKEY *key;
	int result = -1;

	if (keychange_stat(change, change->files.key_name, &like) == -1)
		return -1;
	key = EVP_EC_gen("P-256");
	if (key == NULL)
		return certfiles_fail_openssl(files, "cannot be made");
	if (certwrite_key(files, &file, key) == 0)
		result = certwrite_name(files, &file);
	certwrite_release(files, &file);
	EVP_PKEY_free(key);
	return result == 0 ? certwrite_sync(files) : -1;
}

/* Sets the day of a new plan. */
static int
set_day(struct keychange *change, const char *day)
{
	char today[KEYCHANGE_DAY_SIZE], text[UTC_SIZE];
	int64_t ignored;

	if (day == NULL) {
		keychange_day(change->day, KEYCHANGE_DAYS);
		return 0;
	}
	keychange_day(today, 0);
	if (strlen(day) != KEYCHANGE_DAY_SIZE - 1 ||
	    snprintf(text, sizeof text, "%sT00:00:00Z", day) < 0 ||
	    !utc_read(str_of(text), &ignored) || strcmp(day, today) < 0) {
		snprintf(change->error, sizeof change->error,
		    "%.40s: give the day of the change as 2027-01-15, and not "
		    "one in the past",
		    day);
		return -1;
	}
	snprintf(change->day, sizeof change->day, "%s", day);
	return 0;
}

static int
make_next(struct keychange *change)
{
	struct certfiles *files = &change->next_files;
	const struct str *name = &change->name;
	bool named = X509_get_ext_by_NID(
			 change->cert.leaf, NID_subject_alt_name, -1) >= 0;
	EVP_PKEY *key;
	int result;

	if (!keychange_has(change, files->key_name) &&
	    make_next_key(change) == -1)
		return -1;
	/* Read a new key, too: it has to pass the checks of a server. */
	key = certkey_read(files);
	if (key == NULL)
		return -1;
	result = keychange_issue(change, key, name, named ? 0 : 1);
	EVP_PKEY_free(key);
	return result == 0 ? keychange_load_next(change) : -1;
}

int
keyplan_make(struct keychange *change, const char *day)
{
	if (keychange_load(change) == -1)
		return -1;
	if (change->next.leaf != NULL) {
		if (day == NULL || strcmp(day, change->day) == 0)
			return 0;
		return certfiles_fail(&change->next_files,
		    change->next_files.cert_name,
		    "the change is planned for %s already; remove this file "
		    "for another day with the same key",
		    change->day);
	}
	return set_day(change, day) == 0 ? make_next(change) : -1;
}
