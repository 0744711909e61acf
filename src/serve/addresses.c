/*
 * The built-in page with the addresses of the capsule: the way from one
 * protocol to the other, which a page of the author cannot know.
 */
#include "serve/addresses.h"

#include "text/gophermenu.h"

#define PAGE_SIZE 2048
#define URL_SIZE 512
#define PORT_GOPHER 70

/* The label has the address, too, since not all clients can follow it. */
static void
add_link(struct buf *page, const char *protocol, struct str url)
{
	buf_printf(page, "=> %.*s Over %s: %.*s\n", STR_ARG(url), protocol,
	    STR_ARG(url));
}

static void
add_gopher(struct buf *url, const struct site *site)
{
	buf_add(url, STR("gopher://"));
	site_add_host(url, site->gopher_host);
	if (site->gopher_port != PORT_GOPHER)
		buf_printf(url, ":%u", (unsigned)site->gopher_port);
	buf_char(url, '/');
}

static int
add_page(struct buf *page, const struct site *site, struct arena *arena)
{
	struct buf gopher = buf_in(arena, URL_SIZE);
	struct str gemini;

	if (site_url(site, arena, STR("/"), &gemini) == -1)
		return -1;
	buf_add(page, STR("# Addresses of this capsule\n\n"));
	add_link(page, "Gemini", gemini);
	add_gopher(&gopher, site);
	if (site->has_gopher)
		add_link(page, "Gopher", buf_str(&gopher));
	buf_add(page, STR("\n=> / Home\n"));
	return page->overflow || gopher.overflow ? -1 : 0;
}

static ssize_t
read_page(void *context, char *at, size_t room)
{
	return body_pull(context, at, room);
}

static char
item_type(void *context, struct str path, struct str query)
{
	(void)context;
	(void)path;
	(void)query;
	return '1';
}

/*
 * The projection of the page.  Elsewhere a link to the capsule's own Gemini URL
 * becomes a link to the menu of that page; here it must remain a URL, so the
 * site has no Gemini port, and the base has another host.
 */
static struct body *
menu_of(const struct host *host, struct arena *arena, struct body *page)
{
	static const uint16_t no_port;
	struct site site = *host->site;
	struct gophermenu_page from = { .site = &site,
		.base = STR("gemini://capsule.invalid/"),
		.read = read_page,
		.item_type = item_type,
		.context = page };
	struct gophermenu *menu =
	    page == NULL ? NULL : gophermenu_open(arena, &from);
	char *at = arena_alloc(arena, 2 * GOPHERMENU_ROOM);
	size_t len = 0;
	ssize_t got = 0;
	bool ended = false;

	site.gemini_ports = &no_port;
	site.gemini_port_count = 1;
	while (menu != NULL && at != NULL && !ended && got >= 0 &&
	    len <= GOPHERMENU_ROOM) {
		got = gophermenu_read(
		    menu, at + len, 2 * GOPHERMENU_ROOM - len, &ended);
		len += got > 0 ? (size_t)got : 0;
	}
	if (menu != NULL)
		gophermenu_release(menu);
	return ended ? body_of_text(arena, (struct str){ at, len }) : NULL;
}

void
addresses_answer(const struct host *host, const struct request *request,
    struct response *response)
{
	struct buf text = buf_in(request->arena, PAGE_SIZE);

	if (add_page(&text, host->site, request->arena) == -1) {
		response_error(response, STATUS_FAILURE);
		return;
	}
	response_set(response, STATUS_SUCCESS, STR("text/gemini"));
	response->body = body_of_text(request->arena, buf_str(&text));
	if (request->form == FORM_MENU) {
		response->meta = RESPONSE_MENU;
		response->body = menu_of(host, request->arena, response->body);
	}
	if (response->body == NULL)
		response_error(response, STATUS_FAILURE);
}
