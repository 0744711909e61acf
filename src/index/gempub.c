/* The metadata of a Gempub (Gempub specification, "metadata.txt"). */
#include "index/gempub.h"

#include <errno.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/utf8.h"
#include "tree/directory.h"

#define METADATA_SIZE 4096

static void
add_field(struct buf *out, struct str key, struct str value)
{
	if (value.len == 0)
		return;
	buf_add(out, key);
	buf_add(out, STR(": "));
	utf8_clean(out, value);
	buf_char(out, '\n');
}

/* Finds the index page of the root and its modification time. */
static struct str
find_index(const struct tree *tree, int64_t *time)
{
	static const struct str names[] = { STR_INIT("index.gmi"),
		STR_INIT("index.gemini") };
	struct entry entry;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (tree_open_in(tree, STR("/"), names[i], &entry) !=
		    STATUS_SUCCESS)
			continue;
		close(entry.fd);
		*time = entry.st.st_mtime;
		if (!tree_is_directory(&entry))
			return names[i];
	}
	*time = 0;
	return STR("");
}

int
gempub_make(struct gempub *gempub, const struct tree *tree,
    const struct site *site, struct arena *arena)
{
	struct buf text = buf_in(arena, METADATA_SIZE);
	struct str index, title, languages = site->lang;
	enum status status = tree_status(tree, STR("/metadata.txt"));

	*gempub = (struct gempub){ 0 };
	if (status != STATUS_NOT_FOUND)
		return status == STATUS_SUCCESS ? 0 : -1;
	index = find_index(tree, &gempub->time);
	directory_title(tree, arena, STR("/"), index, &title);
	if (title.len == 0 || title.len > METADATA_SIZE / 4)
		title = site_title(site);
	add_field(&text, STR("title"), title);
	add_field(&text, STR("gpubVersion"), STR("1.0.0"));
	add_field(&text, STR("index"), index);
	add_field(&text, STR("charset"), STR("UTF-8"));
	/* The field takes one language; the first is the main one. */
	add_field(&text, STR("language"), str_cut(&languages, ','));
	gempub->text = buf_str(&text);
	errno = ENOMEM;
	return text.overflow ? -1 : 0;
}
