/*
 * Finds the CGI script for a path.
 */
#include "daemon/scriptlookup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tree/beneath.h"

/* The kinds of a leading part of a path. */
enum found {
	FOUND_NOTHING,
	FOUND_FOLDER,
	FOUND_SCRIPT,
	FOUND_FAILURE, /* errno is set */
};

static enum found
look(int directory, const char *path)
{
	struct stat st;

	if (beneath_stat(directory, path[0] == '\0' ? "." : path, &st) == -1)
		return beneath_is_absent(errno) ? FOUND_NOTHING : FOUND_FAILURE;
	if (S_ISDIR(st.st_mode))
		return FOUND_FOLDER;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? FOUND_SCRIPT
							  : FOUND_NOTHING;
}

static enum status
status_of(enum found found)
{
	switch (found) {
	case FOUND_NOTHING:
	case FOUND_FOLDER: break;
	case FOUND_SCRIPT: return STATUS_SUCCESS;
	case FOUND_FAILURE: return STATUS_UNAVAILABLE;
	}
	return STATUS_NOT_FOUND;
}

static enum status
find_index(int directory, struct scriptlookup *out)
{
	static const char *const names[] = { "index.gmi", "index.cgi" };
	size_t len = strlen(out->file);
	enum found found = FOUND_NOTHING;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if ((size_t)snprintf(out->file + len, sizeof out->file - len,
			"%s%s", len > 0 ? "/" : "",
			names[i]) >= sizeof out->file - len)
			return STATUS_NOT_FOUND;
		found = look(directory, out->file);
		if (found == FOUND_SCRIPT || found == FOUND_FAILURE)
			break;
	}
	out->info.len = 0;
	return status_of(found);
}

enum status
scriptlookup_find(int directory, struct str path, struct scriptlookup *out)
{
	size_t len = 0;

	*out = (struct scriptlookup){ .info = path };
	while (out->info.len > 1) {
		struct str rest = str_tail(out->info, 1);
		struct str name = str_head(rest, str_find(rest, '/'));
		enum found found;

		if (name.len == 0 || name.at[0] == '.' ||
		    str_find(name, '\0') < name.len ||
		    len + 1 + name.len >= sizeof out->file)
			return STATUS_NOT_FOUND;
		if (len > 0)
			out->file[len++] = '/';
		memcpy(out->file + len, name.at, name.len);
		len += name.len;
		out->file[len] = '\0';
		out->info = str_tail(rest, name.len);
		found = look(directory, out->file);
		if (found != FOUND_FOLDER)
			return status_of(found);
	}
	return out->info.len == 1 ? find_index(directory, out)
				  : STATUS_NOT_FOUND;
}
