#ifndef SERVE_RULES_H
#define SERVE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/net.h"
#include "text/arena.h"
#include "text/attribute.h"
#include "text/status.h"
#include "text/str.h"
#include "tree/media.h"

/*
 * The rules of a host for parts of its capsule. Of the rules that match a path,
 * the one with the longest path applies, wherever it stands in the
 * configuration.
 */

/* The beginning of each rule. */
struct rules_place {
	struct str path; /* as of zones_path, without a final slash */
	bool is_folder; /* matches all beneath, too, by whole segments */
	bool is_common; /* outside of all hosts */
	const char *file; /* of the configuration */
	int line;
};

enum rules_program_kind {
	RULES_NO_PROGRAM,
	RULES_CGI,
	RULES_SCGI,
	RULES_FASTCGI,
};

/* The program that answers requests for a part; see capsuled.conf(5). */
struct rules_program {
	enum rules_program_kind kind;
	/* The path of the rule that names it, as in struct rules_place. */
	struct str path;
	/*
	 * An absolute path: the directory of CGI scripts, or the socket of a
	 * server. Empty: the server has `address`, on loopback.
	 */
	const char *target;
	const struct net_address *address;
	/*
	 * SCRIPT_FILENAME for FastCGI. NULL: the .php file in the capsule that
	 * the request names, or else none.
	 */
	const char *script;
	/* The time to the header, and the longest silence after it. */
	unsigned timeout_ms;
	/* Absolute directories for CGI scripts, with NULL at the end. */
	const char *const *reads, *const *writes; /* NULL: none */
	bool network; /* CGI scripts may use the network */
};

/* Uploads to a part, by Titan. */
struct rules_upload {
	/*
	 * Lists of writers, with NULL at the end. NULL, or an empty array: the
	 * part is not writable.
	 */
	const char *const *writers;
	unsigned limit_mib; /* of a file */
	unsigned quota_mib; /* of all files in the part, with old versions */
	unsigned versions; /* old versions that are kept of a file */
	bool deletes; /* writers may delete files */
};

/*
 * The settings of a page or folder. A setting that its rule lacks is that of
 * the rule with the next longest path, or of the host.
 */
struct rules_part {
	struct rules_place place;
	struct str lang;
	bool listing;
	struct media_rules media;
	/*
	 * Lists of readers, with NULL at the end. An empty array opens a part
	 * of a part that has readers. NULL: never set.
	 */
	const char *const *readers;
	struct rules_program program;
	struct rules_upload upload;
};

/* A moved or deleted page or folder. */
struct rules_move {
	struct rules_place place;
	enum status status; /* STATUS_MOVED or STATUS_GONE */
	/*
	 * An absolute path, percent-encoded, or a URL. If a folder has moved,
	 * the rest of the requested path is appended.
	 */
	struct str target;
};

/* Each array is in the order of rules_compare. */
struct rules {
	const struct rules_part *parts;
	size_t part_count;
	const struct rules_move *moves;
	size_t move_count;
	/* Moves of all hosts, which have no parts; NULL: none. */
	const struct rules *common;
};

/* Whether files of the part can be uploaded; `part` may be NULL. */
bool rules_is_writable(const struct rules_part *part);

/* The first part with uploads; NULL: none. `rules` may be NULL. */
const struct rules_part *rules_first_writable(const struct rules *rules);

/* The order by path; a page precedes a folder of the same name. */
int rules_compare(const struct rules_place *a, const struct rules_place *b);

/* The rule for a path, in the form of zones_path; NULL when none matches. */
const struct rules_part *
rules_part_of(const struct rules *rules, struct str path);
const struct rules_move *
rules_move_of(const struct rules *rules, struct str path);

#endif
