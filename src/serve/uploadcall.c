/* The message with which a worker asks the writer to store an upload. */
#include "serve/uploadcall.h"

#include <string.h>

struct uploadcall_head {
	uint64_t network, size;
	uint16_t host, path_len, mime_len;
	uint8_t has_base;
	uint8_t unused; /* zero */
	unsigned char base[SHA256_SIZE];
};

bool
uploadcall_write(struct buf *out, const struct uploadcall *call)
{
	struct uploadcall_head head = {
		.network = call->network,
		.size = call->size,
		.host = (uint16_t)call->host,
		.path_len = (uint16_t)call->path.len,
		.mime_len = (uint16_t)call->mime.len,
		.has_base = call->has_base,
	};

	if (call->host > UINT16_MAX || call->path.len > UPLOADCALL_MAX ||
	    call->mime.len > UPLOADCALL_MIME_MAX)
		return false;
	if (call->has_base)
		memcpy(head.base, call->base, sizeof head.base);
	buf_add(out, (struct str){ (const char *)&head, sizeof head });
	buf_add(out, call->path);
	buf_add(out, call->mime);
	return !out->overflow && out->len <= UPLOADCALL_MAX;
}

/* Whether the type has only the characters of one. */
static bool
is_mime(struct str mime)
{
	for (size_t i = 0; i < mime.len; i++)
		if (mime.at[i] < ' ' || mime.at[i] > '~')
			return false;
	return mime.len <= UPLOADCALL_MIME_MAX;
}

bool
uploadcall_read(struct str message, struct uploadcall *out)
{
	struct uploadcall_head head;

	if (message.len < sizeof head)
		return false;
	memcpy(&head, message.at, sizeof head);
	message = str_tail(message, sizeof head);
	if (message.len != (size_t)head.path_len + head.mime_len ||
	    head.has_base > 1 || !str_starts(message, STR("/")))
		return false;
	*out = (struct uploadcall){
		.host = head.host,
		.network = head.network,
		.path = str_head(message, head.path_len),
		.mime = str_tail(message, head.path_len),
		.size = head.size,
		.has_base = head.has_base == 1,
	};
	memcpy(out->base, head.base, sizeof out->base);
	return out->path.len > 0 && is_mime(out->mime) &&
	    str_find(out->path, '\0') == out->path.len;
}
