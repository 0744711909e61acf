/*
 * The handler for directories: answers with an index page, a gophermap or a
 * listing.
 */
#include "serve/folderpage.h"

#include <unistd.h>

#include "serve/file.h"
#include "serve/listing.h"

/* Whether the directory may be listed. */
static bool
lists(const struct host *host, const struct request *request)
{
	/* A gophermap may list its directory in any case. */
	if (request->entries_only)
		return true;
	return request->part != NULL ? request->part->listing
				     : host->site->listing;
}

static void
answer_listing(const struct host *host, const struct request *request,
    struct response *response)
{
	struct entry entry;
	enum status status = tree_open(request->tree, request->path, &entry);

	if (status != STATUS_SUCCESS) {
		response_error(response, status);
		return;
	}
	if (file_answer_cached(host, request, &entry.st, response) == HANDLED) {
		close(entry.fd);
		return;
	}
	if (lists(host, request))
		listing_answer(host, request, &entry, response);
	else
		response_error(response, STATUS_NOT_FOUND);
	close(entry.fd);
}

enum handled
folderpage_list(const struct host *host, const struct request *request,
    struct response *response)
{
	if (!str_ends(request->path, STR("/")))
		return DECLINED;
	answer_listing(host, request, response);
	return HANDLED;
}

enum handled
folderpage_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	static const struct str pages[] = { STR_INIT("gophermap"),
		STR_INIT("index.gmi"), STR_INIT("index.gemini") };

	if (!str_ends(request->path, STR("/")))
		return DECLINED;
	for (size_t i = request->form == FORM_MENU ? 0 : 1;
	     i < sizeof pages / sizeof *pages; i++)
		if (file_answer_in(host, request, pages[i], response) ==
		    HANDLED)
			return HANDLED;
	answer_listing(host, request, response);
	return HANDLED;
}
