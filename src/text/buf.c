/* Text builders over memory of fixed size. */
#include "text/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct buf
buf_over(char *at, size_t cap)
{
	return (struct buf){ .at = at, .cap = cap };
}

struct buf
buf_in(struct arena *arena, size_t cap)
{
	char *at = arena_buffer(arena, cap);

	if (at == NULL)
		return (struct buf){ .overflow = true };
	return buf_over(at, cap);
}

void
buf_add(struct buf *buf, struct str s)
{
	if (s.len > buf_room(buf)) {
		buf->overflow = true;
		return;
	}
	if (s.len > 0)
		memcpy(buf->at + buf->len, s.at, s.len);
	buf->len += s.len;
}

void
buf_char(struct buf *buf, char c)
{
	buf_add(buf, (struct str){ &c, 1 });
}

void
buf_number(struct buf *buf, unsigned long long number)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buf_add(buf, (struct str){ digits + at, sizeof digits - at });
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	char text[512];
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (len < 0 || (size_t)len >= sizeof text) {
		buf->overflow = true;
		return;
	}
	buf_add(buf, (struct str){ text, (size_t)len });
}

struct str
buf_str(const struct buf *buf)
{
	return (struct str){ buf->at, buf->len };
}

size_t
buf_room(const struct buf *buf)
{
	return buf->cap - buf->len;
}
