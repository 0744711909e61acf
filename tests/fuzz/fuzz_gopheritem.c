/*
 * A menu from a server, judged as a whole and then line by line.  Whatever it
 * is: as a line of a gophermap each item is one line that says the same, never
 * longer than twice what came.
 */
#include "fuzz.h"
#include "text/gopheranswer.h"
#include "text/gopheritem.h"

static void
check_written(const struct gopheritem *item, bool is_ours, size_t len)
{
	size_t room = 2 * len + 1;
	struct buf out = buf_over(malloc(room), room);
	struct gopheritem again;
	struct str line;

	gopheritem_write(&out, item, is_ours);
	CHECK(!out.overflow);
	line = buf_str(&out);
	CHECK(str_find(line, '\n') == line.len - 1);
	/* Without host and port it is ours, and no item to other servers. */
	line = str_head(line, line.len - 1);
	CHECK(gopheritem_read(line, &again) == !is_ours);
	if (!is_ours) {
		CHECK(again.type == item->type && again.port == item->port);
		CHECK(str_equals(again.display, item->display));
		CHECK(str_equals(again.selector, item->selector));
		CHECK(str_equals(again.host, item->host));
		CHECK(gopheritem_leads(&again) == gopheritem_leads(item));
	}
	free(out.at);
}

static void
check_judged(struct str answer)
{
	struct str words;

	if (gopheranswer_judge(answer, STR("/x"), &words) ==
	    GOPHERANSWER_NO_ERROR)
		return;
	CHECK(words.len <= answer.len);
	CHECK(
	    words.len == 0 || answer.at[0] != '3' || words.at == answer.at + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str menu = fuzz_text(data, size);
	bool is_menu = gopheranswer_is_menu(menu), any = false;

	check_judged(menu);
	while (menu.len > 0) {
		struct str line = str_cut(&menu, '\n');
		struct gopheritem item;

		if (!gopheritem_read(line, &item))
			continue;
		any = true;
		CHECK(item.host.len > 0);
		check_written(&item, true, line.len + 1);
		check_written(&item, false, line.len + 1);
	}
	CHECK(any || !is_menu);
	return 0;
}
