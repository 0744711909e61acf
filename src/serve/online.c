/*
 * The built-in page that shows the number of recent visitors.
 */
#include "serve/online.h"

#include <assert.h>

#include "sys/visitors.h"

static_assert(VISITORS_SECONDS == 5 * 60, "the page says five minutes");

#define PAGE_SIZE 1024

static void
add_page(struct buf *page, size_t count)
{
	buf_printf(page,
	    "# Visitors online now\n\n"
	    "%zu visitor%s\n\n"
	    "Counted by address (IPv6: by network) over the last five "
	    "minutes, Gemini and Gopher together. Exact while small, an "
	    "estimate when large. No address is kept.\n\n"
	    "=> ?plain The number alone\n"
	    "=> / Home\n",
	    count, count == 1 ? "" : "s");
}

void
online(const struct host *host, const struct request *request,
    struct response *response)
{
	struct visitors *visitors = host->visitors;
	struct buf text = buf_in(request->arena, PAGE_SIZE);
	size_t count = visitors_count(visitors, visitors_time(visitors));

	response_set(response, STATUS_SUCCESS, STR("text/gemini"));
	if (str_equals(request->query, STR("plain"))) {
		response->meta = STR("text/plain");
		buf_printf(&text, "%zu\n", count);
	} else {
		add_page(&text, count);
	}
	if (!text.overflow)
		response->body = body_of_text(request->arena, buf_str(&text));
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}
