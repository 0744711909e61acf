/*
 * Opens the trees of all hosts, and finds out where they lie.
 */
#include "daemon/capsules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/log.h"
#include "tree/tree_contains.h"
#include "tree/zones.h"

/*
 * Shortens `top` to the names that it has in common with `path`; both are
 * absolute and without links.
 */
static void
shorten(char *top, const char *path)
{
	size_t len = 0, end = 0;

	while (top[len] != '\0' && top[len] == path[len]) {
		if (top[len] == '/')
			end = len;
		len++;
	}
	if ((top[len] == '\0' || top[len] == '/') &&
	    (path[len] == '\0' || path[len] == '/'))
		end = len;
	top[end > 0 ? end : 1] = '\0';
}

/* Opens the deepest directory above all trees, for chroot; "/" at worst. */
static int
open_top(const struct config *config)
{
	char top[PATH_MAX], path[PATH_MAX];
	bool known = realpath(config->hosts->capsule, top) != NULL;

	for (size_t i = 1; known && i < config->host_count; i++) {
		known = realpath(config->hosts[i].capsule, path) != NULL;
		if (known)
			shorten(top, path);
	}
	return open(known ? top : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Describes a fault of jail_try, and errno; returns -1. */
static int
fail(enum jail_fault fault, const struct jail *jail, const char *capsule,
    struct buf *error)
{
	switch (fault) {
	case JAIL_FINE: break;
	case JAIL_NO_USER:
		buf_printf(error,
		    "cannot become user %s: %s; start with the capabilities "
		    "CAP_SETUID and CAP_SETGID, or as a user other than root",
		    jail->name, strerror(errno));
		break;
	case JAIL_NO_WALLS:
		buf_printf(error,
		    "cannot confine workers: %s; change the setting jail, see "
		    "capsuled.conf(5)",
		    strerror(errno));
		break;
	case JAIL_UNREADABLE:
		buf_printf(error,
		    "%s: not readable for %s%s; open it with chmod a+rx",
		    capsule, jail->changes ? "user " : "this user", jail->name);
		break;
	}
	return -1;
}

/* Opens the next tree. */
static int
open_next(struct capsules *capsules, const struct host_config *host)
{
	size_t at = capsules->count;
	struct capsule *capsule = &capsules->all[at];

	if (tree_init(&capsule->tree, host->capsule, host->hide) == -1)
		return -1;
	capsule->tree.zones = config_zones(host);
	capsules->descriptors[at] = capsule->tree.root;
	capsules->count++;
	return fstat(capsule->tree.root, &capsules->states[at]);
}

void
capsules_describe(const struct host_config *host, struct buf *error)
{
	if (host->place.file != NULL)
		buf_printf(
		    error, "%.128s:%d: ", host->place.file, host->place.line);
	buf_printf(error, "%.200s: cannot be opened: %s; %s", host->capsule,
	    strerror(errno), tree_init_remedy(errno));
}

static int
open_all(
    struct capsules *capsules, const struct config *config, struct buf *error)
{
	size_t count = config->host_count;

	capsules->all = calloc(count, sizeof *capsules->all);
	capsules->descriptors = calloc(count, sizeof *capsules->descriptors);
	capsules->states = calloc(count, sizeof *capsules->states);
	if (capsules->all == NULL || capsules->descriptors == NULL ||
	    capsules->states == NULL) {
		buf_add(error, STR("out of memory"));
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (open_next(capsules, &config->hosts[i]) == -1) {
			capsules_describe(&config->hosts[i], error);
			return -1;
		}
	capsules->top = count > 1 ? open_top(config) : -1;
	capsules->roots = (struct jail_roots){
		.all = capsules->descriptors,
		.count = count,
		.top = count > 1 ? capsules->top : capsules->descriptors[0],
	};
	return 0;
}

int
capsules_open(struct capsules *capsules, const struct config *config,
    struct jail *jail, char *error, size_t error_size)
{
	struct buf text = buf_over(error, error_size - 1);
	enum jail_fault fault;
	size_t which = 0;
	int result;

	*capsules = (struct capsules){ .top = -1 };
	result = open_all(capsules, config, &text);
	if (result == 0) {
		fault = jail_try(jail, &capsules->roots, &which);
		if (fault != JAIL_FINE)
			result = fail(
			    fault, jail, config->hosts[which].capsule, &text);
	}
	error[text.len] = '\0';
	if (result == -1)
		capsules_release(capsules);
	return result;
}

void
capsules_release(struct capsules *capsules)
{
	for (size_t i = 0; i < capsules->count; i++)
		tree_release(&capsules->all[i].tree);
	/* Without a tree the descriptor was never set. */
	if (capsules->count > 0 && capsules->top != -1)
		close(capsules->top);
	capsules_forget_visitors(capsules);
	capsules_forget_scans(capsules);
	free(capsules->all);
	free(capsules->descriptors);
	free(capsules->states);
	*capsules = (struct capsules){ .top = -1 };
}

int
capsules_count_visitors(struct capsules *capsules)
{
	size_t cells =
	    capsules->count == 1 ? VISITORS_CELLS_MANY : VISITORS_CELLS_FEW;

	for (size_t i = 0; i < capsules->count; i++) {
		capsules->all[i].visitors = visitors_new(cells);
		if (capsules->all[i].visitors == NULL)
			return -1;
	}
	return 0;
}

int
capsules_share_scans(struct capsules *capsules)
{
	struct capsules_scan *scans =
	    mmap(NULL, capsules->count * sizeof *capsules->scans,
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (scans == MAP_FAILED)
		return -1;
	capsules->scans = scans;
	return 0;
}

void
capsules_forget_scans(struct capsules *capsules)
{
	if (capsules->scans != NULL)
		munmap(
		    capsules->scans, capsules->count * sizeof *capsules->scans);
	capsules->scans = NULL;
}

void
capsules_keep_visitors(const struct capsules *capsules)
{
	bool kept = true;

	for (size_t i = 0; i < capsules->count; i++) {
		struct visitors *visitors = capsules->all[i].visitors;

		if (visitors_keep(visitors, visitors_time(visitors)) == -1)
			kept = false;
	}
	if (!kept)
		log_line(LOG_LEVEL_WARN,
		    "master: no randomness for a new key, so visitors are "
		    "counted with the old key");
}

void
capsules_forget_visitors(struct capsules *capsules)
{
	for (size_t i = 0; i < capsules->count; i++) {
		visitors_free(capsules->all[i].visitors);
		capsules->all[i].visitors = NULL;
	}
}

int
capsules_contain(const struct capsules *capsules, const char *path)
{
	size_t which;

	return tree_contains_which(
	    capsules->states, capsules->count, path, &which);
}

/*
 * Whether the tree hides none of the folders from its root to `folder`, an
 * absolute path in the tree, which is changed.
 */
static bool
shows_folder(const struct tree *tree, const struct stat *root, char *folder)
{
	struct stat st;
	char *slash;

	while (stat(folder, &st) == 0 &&
	    (st.st_dev != root->st_dev || st.st_ino != root->st_ino) &&
	    (slash = strrchr(folder, '/')) != NULL && slash != folder) {
		if (!tree_shows(tree, str_of(slash + 1)))
			return false;
		*slash = '\0';
	}
	return true;
}

bool
capsules_show_file(const struct capsules *capsules, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char folder[PATH_MAX], real[PATH_MAX];
	const struct tree *tree;
	size_t which;

	if ((size_t)snprintf(folder, sizeof folder, "%.*s.", (int)(name - path),
		path) >= sizeof folder ||
	    tree_contains_which(
		capsules->states, capsules->count, folder, &which) != 1)
		return false;
	tree = &capsules->all[which].tree;
	return tree_shows(tree, str_of(name)) &&
	    (realpath(folder, real) == NULL ||
		shows_folder(tree, &capsules->states[which], real));
}

/* Whether two hosts have one capsule, but hide different parts of it. */
static bool
differ(const struct capsules *capsules, size_t a, size_t b)
{
	const struct stat *left = &capsules->states[a];
	const struct stat *right = &capsules->states[b];

	return left->st_dev == right->st_dev && left->st_ino == right->st_ino &&
	    zones_number(capsules->all[a].tree.zones) !=
	    zones_number(capsules->all[b].tree.zones);
}

/* Warns if an earlier host has the same capsule, but hides other parts. */
static void
warn_of_readers(const struct capsules *capsules, const struct config *config,
    size_t host, void (*say)(const char *text))
{
	char text[1024];
	size_t other = 0;

	while (other < host && !differ(capsules, host, other))
		other++;
	if (other == host)
		return;
	snprintf(text, sizeof text,
	    "hosts \"%.*s\" and \"%.*s\" have one capsule, but different parts "
	    "with readers; set readers outside of both hosts, or in both",
	    STR_ARG(config->hosts[other].site.names[0]),
	    STR_ARG(config->hosts[host].site.names[0]));
	say(text);
}

void
capsules_warn(const struct capsules *capsules, const struct config *config,
    void (*say)(const char *text))
{
	char path[PATH_MAX], text[2 * PATH_MAX + 128];
	size_t which;

	for (size_t i = 0; i < capsules->count; i++) {
		const char *capsule = config->hosts[i].capsule;

		warn_of_readers(capsules, config, i, say);
		snprintf(path, sizeof path, "%s/..", capsule);
		/* The directory above / is / itself. */
		if (tree_contains_which(
			capsules->states, capsules->count, path, &which) != 1 ||
		    which == i)
			continue;
		snprintf(text, sizeof text,
		    "%s: lies in the capsule %s, and is served as a part of "
		    "that one, too; move it if this is not intended",
		    capsule, config->hosts[which].capsule);
		say(text);
	}
}

bool
capsules_is_indexed(const struct host_config *host)
{
	return host->builtins[BUILTIN_ASK].len > 0 ||
	    host->builtins[BUILTIN_MANIFEST].len > 0;
}

void
capsules_place(struct capsules *capsules, const struct config *config,
    const struct state *state)
{
	for (size_t i = 0; i < capsules->count; i++) {
		struct capsule *capsule = &capsules->all[i];
		struct str name = config->hosts[i].site.names[0];

		/* "_.NAME" for "*.NAME", as in the names of certificates. */
		snprintf(capsule->index_name, sizeof capsule->index_name,
		    "%s%.*s.db", str_starts(name, STR("*")) ? "_" : "",
		    STR_ARG(
			str_starts(name, STR("*")) ? str_tail(name, 1) : name));
		capsule->place = (struct db_place){
			.directory = state->fd,
			.name = capsule->index_name,
			.lasts = !state->is_temporary,
			.zones = zones_number(config_zones(&config->hosts[i])),
		};
		capsule->is_indexed = capsules_is_indexed(&config->hosts[i]);
	}
}
