/*
 * The built-in page that shows the number of recent visitors.
 */
#include "serve/online.h"

#include "sys/visitors.h"

#define PAGE_SIZE 1024

static void
add_page(struct buf *page, size_t count)
{
	buf_printf(page,
	    "# Visitors online now\n\n"
	    "Visitors online now: %zu\n\n"
	    "This is the number of different addresses that sent a request "
	    "in the last %d minutes, over Gemini or Gopher. With IPv6 it "
	    "counts networks. A small number is exact, and a large one is an "
	    "estimate. No address is stored for it.\n\n"
	    "=> ?plain The number alone\n"
	    "=> / Home\n",
	    count, VISITORS_SECONDS / 60);
}

void
online(const struct host *host, const struct request *request,
    struct response *response)
{
	struct visitors *visitors = host->server->visitors;
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
