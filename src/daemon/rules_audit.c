/* Checks of rules against the capsule, and their list for -t. */
#include "daemon/rules_audit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistd.h>

#include "daemon/config_signature.h"
#include "serve/rules.h"
#include "serve/moved.h"
#include "text/array.h"
#include "text/uri.h"

/* Memory for the paths of one rule. */
#define MEMORY ((size_t)1 << 16)

enum fault {
	FAULT_MISSING,
	FAULT_HIDES,
	FAULT_LOST,
};

/* A possible fault of a rule for all hosts. */
struct rules_audit_common {
	struct rules_place place;
	enum fault fault;
	bool is_fine; /* on a host */
	char *text; /* of the first host with the fault; NULL: none */
};

/* One comparison. */
struct audit {
	struct rules_audit *all;
	const struct host_config *host;
	struct tree tree; /* with the parts that are hidden from visitors */
	struct arena arena; /* for one rule */
};

/* Whether two places are of one rule: a line may have several. */
static bool
is_same_rule(const struct rules_place *a, const struct rules_place *b)
{
	return a->line == b->line && rules_compare(a, b) == 0 &&
	    strcmp(a->file, b->file) == 0;
}

/* Finds or adds the possible fault; NULL without memory. */
static struct rules_audit_common *
common_of(
    struct rules_audit *all, const struct rules_place *place, enum fault fault)
{
	struct rules_audit_common *grown;

	/* The first host adds all; the others have them in the same order. */
	for (size_t i = 0; all->has_host && i < all->count; i++) {
		struct rules_audit_common *common =
		    &all->common[(all->at + i) % all->count];

		if (common->fault != fault ||
		    !is_same_rule(&common->place, place))
			continue;
		all->at = (size_t)(common - all->common) + 1;
		return common;
	}
	grown = array_grow(
	    all->common, all->count, &all->room, sizeof *all->common);
	if (grown == NULL)
		return NULL;
	all->common = grown;
	grown[all->count] =
	    (struct rules_audit_common){ .place = *place, .fault = fault };
	all->at = 0;
	return &grown[all->count++];
}

/* Reports a fault, or keeps it for the end; `text` is NULL without one. */
static void
judge(struct audit *audit, const struct rules_place *place, enum fault fault,
    const char *text)
{
	struct rules_audit_common *common =
	    place->is_common ? common_of(audit->all, place, fault) : NULL;

	if (common == NULL && text != NULL)
		audit->all->say(audit->all->context, place, text);
	if (common == NULL)
		return;
	common->is_fine |= text == NULL;
	if (text != NULL && common->text == NULL)
		common->text = strdup(text);
}

/* Whether a decoded path is a page or folder of the tree. */
static bool
exists(const struct tree *tree, struct str path)
{
	struct entry entry;

	if (tree_find(tree, path, &entry) != STATUS_SUCCESS)
		return false;
	close(entry.fd);
	return true;
}

/* The same for a path of zones_path, and for its decomposed form. */
static bool
exists_in_some_form(const struct tree *tree, struct str path)
{
	uint8_t *text;
	size_t len;
	bool found;

	if (exists(tree, path))
		return true;
	text = u8_normalize(
	    UNINORM_NFD, (const uint8_t *)path.at, path.len, NULL, &len);
	found = text != NULL &&
	    exists(tree, (struct str){ (const char *)text, len });
	free(text);
	return found;
}

/* The path of a place, with the slash of a folder. */
static struct str
path_of(struct arena *arena, const struct rules_place *place)
{
	struct buf path = buf_in(arena, place->path.len + 1);

	buf_add(&path, place->path);
	buf_add(&path, place->is_folder ? STR("/") : STR(""));
	return buf_str(&path);
}

static bool
is_builtin(const struct host_config *host, struct str path)
{
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		if (path.len > 0 && str_equals(path, host->builtins[i]))
			return true;
	return false;
}

static void
audit_part(struct audit *audit, const struct rules_part *part)
{
	struct str path = part->place.path;

	/* The path is a page or a folder, with a final slash or without. */
	if (path.len > 0 && !is_builtin(audit->host, path) &&
	    part->program.kind == RULES_NO_PROGRAM)
		judge(audit, &part->place, FAULT_MISSING,
		    exists_in_some_form(&audit->tree, path)
			? NULL
			: "no page or folder has this path; check its "
			  "spelling");
}

/* Whether a URL leads to a name of this host. */
static bool
is_own_url(struct audit *audit, struct str target, struct str *path)
{
	struct uri uri;

	if (uri_parse(&audit->arena, target, &uri) == -1 ||
	    !str_equals_nocase(uri.scheme, STR("gemini")) ||
	    !site_has_name(&audit->host->site, &audit->arena, uri.host))
		return false;
	*path = uri.path.len > 0 ? uri.path : STR("/");
	return true;
}

/* Whether the answer to the target of a move is an error. */
static bool
is_lost(struct audit *audit, struct str target)
{
	struct str path;

	target.len = str_find(target, '?');
	if (!str_starts(target, STR("/")) &&
	    !is_own_url(audit, target, &target))
		return false;
	return uri_path_decode(&audit->arena, target, &path) ==
	    URI_PATH_NORMAL &&
	    !is_builtin(audit->host, path) && !exists(&audit->tree, path);
}

static void
audit_move(struct audit *audit, const struct rules_move *move)
{
	struct str path = path_of(&audit->arena, &move->place);
	struct buf encoded = buf_in(&audit->arena, path.len * 3);
	char text[512];
	struct moved end;
	bool is_bad;

	judge(audit, &move->place, FAULT_HIDES,
	    exists_in_some_form(&audit->tree, path)
		? "the capsule still has this path, which the line hides; "
		  "remove one of them"
		: NULL);
	if (move->status == STATUS_GONE)
		return;
	uri_encode(&encoded, path);
	end = moved_follow(
	    &audit->host->rules, &audit->arena, path, buf_str(&encoded));
	is_bad = end.status == STATUS_MOVED && is_lost(audit, end.target);
	snprintf(text, sizeof text,
	    "moved leads to %.*s, which does not exist; change it to the new "
	    "path, or to gone",
	    (int)(end.target.len < 300 ? end.target.len : 300), end.target.at);
	judge(audit, &move->place, FAULT_LOST, is_bad ? text : NULL);
}

/* Warns of a signature that is not served. */
static void
audit_signature(const struct audit *audit)
{
	const struct rules_part *part =
	    rules_first_writable(&audit->host->rules);
	struct rules_audit *all = audit->all;

	if (part != NULL &&
	    faccessat(audit->tree.root, CONFIG_SIGNATURE_NAME, F_OK, 0) == 0)
		all->say(all->context, &part->place,
		    "manifest.sig is not served, since uploads to this part "
		    "change the manifest; remove it, and sign only capsules "
		    "without writers");
}

void
rules_audit_host(struct rules_audit *all, const struct host_config *host,
    const struct tree *tree)
{
	const struct rules *rules = &host->rules;
	struct audit audit = { .all = all, .host = host, .tree = *tree };

	audit.tree.zones = NULL;
	arena_init(&audit.arena, MEMORY);
	for (size_t i = 0; i < rules->part_count; i++)
		audit_part(&audit, &rules->parts[i]);
	audit_signature(&audit);
	for (; rules != NULL; rules = rules->common)
		for (size_t i = 0; i < rules->move_count; i++) {
			audit_move(&audit, &rules->moves[i]);
			arena_reset(&audit.arena);
		}
	arena_release(&audit.arena);
	all->has_host = true;
	all->at = 0;
}

void
rules_audit_end(struct rules_audit *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct rules_audit_common *common = &all->common[i];

		if (common->text != NULL &&
		    (common->fault == FAULT_HIDES || !common->is_fine))
			all->say(all->context, &common->place, common->text);
		free(common->text);
	}
	free(all->common);
	*all = (struct rules_audit){ .say = all->say, .context = all->context };
}

/* Prints a path, with any control bytes replaced. */
static void
print_path(const char *before, const struct rules_place *place)
{
	printf("%s", before);
	for (size_t i = 0; i < place->path.len; i++) {
		unsigned char c = (unsigned char)place->path.at[i];

		putchar(c < ' ' || c == 0x7f ? '?' : c);
	}
	if (place->is_folder)
		putchar('/');
}

/* Prints the program and the lists of writers of a part. */
static void
print_part(const struct rules_part *part)
{
	static const char *const kinds[] = { [RULES_CGI] = "cgi",
		[RULES_SCGI] = "scgi",
		[RULES_FASTCGI] = "fastcgi" };
	const struct rules_program *program = &part->program;
	const char *const *name = part->upload.writers;
	char address[NET_TEXT_MAX];

	if (program->address != NULL)
		net_address_format(program->address, address);
	if (program->kind != RULES_NO_PROGRAM)
		printf("  %s: %s\n", kinds[program->kind],
		    program->address != NULL ? address : program->target);
	if (name == NULL || *name == NULL)
		return;
	printf("  writers: %s", *name);
	while (*++name != NULL)
		printf(", %s", *name);
	printf("\n");
}

void
rules_audit_print(const struct host_config *host)
{
	const struct rules *rules = &host->rules;

	/* Backwards: in the array, a folder precedes everything in it. */
	for (size_t i = rules->part_count; i > 0; i--) {
		const struct rules_part *part = &rules->parts[i - 1];

		print_path("path: ", &part->place);
		/* The settings of the whole host have no place. */
		if (part->place.file != NULL)
			printf(" (%s:%d)", part->place.file, part->place.line);
		printf("\n");
		print_part(part);
	}
	for (; rules != NULL; rules = rules->common)
		for (size_t i = rules->move_count; i > 0; i--) {
			const struct rules_move *move = &rules->moves[i - 1];

			print_path(
			    move->status == STATUS_GONE ? "gone: " : "moved: ",
			    &move->place);
			if (move->status == STATUS_MOVED)
				printf(" to %.*s", STR_ARG(move->target));
			printf(
			    " (%s:%d)\n", move->place.file, move->place.line);
		}
}
