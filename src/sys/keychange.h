#ifndef SYS_KEYCHANGE_H
#define SYS_KEYCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "sys/cert.h"
#include "sys/certfiles.h"
#include "text/attribute.h"
#include "text/str.h"

#define KEYCHANGE_DAY_SIZE 11 /* "2027-01-15" and its NUL */
/* Of NAME: leaves room for ".old-20270115-99.key.123456abcdef". */
#define KEYCHANGE_NAME_SIZE 221
#define KEYCHANGE_SIGNATURE_MAX ((size_t)1024) /* that of RSA of 8192 bits */
#define KEYCHANGE_DAYS 30 /* from the announcement of a change to its day */

/*
 * A planned change of a capsule's key. The files of the directory: NAME.key and
 * NAME.crt, the pair in use; NAME.next.key and NAME.next.crt, the next pair,
 * whose certificate the key in use signs; NAME.old-YYYYMMDD.key and .crt, a
 * pair that was replaced on that day. The certificate of the next key is
 * followed by another one of the key in use, which is made for this purpose:
 * the one in use may expire, and most are not allowed to sign others, so that
 * clients that check each link would refuse the chain. A key is written before
 * its certificate, each new file has the owner and group of the file in use,
 * and no file but the ones that are renewed is ever replaced or removed.
 */
struct keychange {
	/* Private. */
	struct str name;
	struct certfiles files, next_files;
	char stem[KEYCHANGE_NAME_SIZE]; /* NAME, but "_." for "*." */
	char next_name[CERTFILES_NAME_MAX];
	/* The pair in use, and the next one; without it next.leaf is NULL. */
	struct cert cert, next;
	char day[KEYCHANGE_DAY_SIZE]; /* of the change, in UTC, or "" */
	/* After keyswap_run: NAME.old-YYYYMMDD, or "" after a resumption. */
	char kept[CERTFILES_NAME_MAX];
	char error[1024]; /* one line: the file, the fault, the remedy */
};

/*
 * Opens and locks the directory. `dir` and `name`, a host name in normal form,
 * are borrowed until keychange_close, which is called in any case. Returns -1
 * with `error` set.
 */
MUST_USE int
keychange_open(struct keychange *change, const char *dir, struct str name);
void keychange_close(struct keychange *change);

/* Loads the pair in use and the next one, if both of its files exist. */
MUST_USE int keychange_load(struct keychange *change);

/*
 * Signs `text` with the key in use, by ECDSA or RSA with SHA-256, or Ed25519.
 * `out` has KEYCHANGE_SIGNATURE_MAX bytes; returns the length, or -1.
 */
MUST_USE int
keychange_sign(struct keychange *change, struct str text, unsigned char *out);

/* Functions of the three changes; each returns -1 with `error` set. */

/* Loads the pair NAME.key and NAME.crt. */
MUST_USE int keychange_load_pair(
    struct keychange *change, struct cert *cert, struct str name);
MUST_USE int keychange_load_next(struct keychange *change);

/* Whether the directory has this file. */
bool keychange_has(const struct keychange *change, const char *file);

/* Sets `st` to the owner, group and mode of a file of the pair in use. */
MUST_USE int
keychange_stat(struct keychange *change, const char *file, struct stat *st);

/*
 * Writes the certificate of the next key, and after it one of the key in use
 * that may sign others. Both get these names, or without any those of the
 * certificate in use. Replaces an existing file.
 */
MUST_USE int keychange_issue(struct keychange *change,
    struct evp_pkey_st *next_key, const struct str *names, size_t count);

/* Writes the day that is this number of days from now. */
void keychange_day(char day[KEYCHANGE_DAY_SIZE], int days_ahead);

#endif
