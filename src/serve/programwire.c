/* The requests of SCGI and FastCGI. */
#include "serve/programwire.h"

#include <stdint.h>

/* FastCGI 1.0, section 8. */
#define FASTCGI_VERSION 1
#define FASTCGI_BEGIN_REQUEST 1
#define FASTCGI_PARAMS 4
#define FASTCGI_STDIN 5
#define FASTCGI_RESPONDER 1
#define FASTCGI_ID 1
#define RECORD_HEAD 8
#define RECORD_MAX UINT16_MAX
/* The offset of a record's length in its head. */
#define RECORD_LENGTH 4

static const struct programenv_variable scgi_head[] = {
	/* First, as the specification wants. */
	{ STR_INIT("CONTENT_LENGTH"), STR_INIT("0") },
	{ STR_INIT("SCGI"), STR_INIT("1") },
};

#define SCGI_HEAD_COUNT (sizeof scgi_head / sizeof *scgi_head)

static size_t
scgi_size(const struct programenv_variable *variable)
{
	return variable->name.len + 1 + variable->value.len + 1;
}

static void
add_scgi(struct buf *out, const struct programenv_variable *variable)
{
	buf_add(out, variable->name);
	buf_char(out, '\0');
	buf_add(out, variable->value);
	buf_char(out, '\0');
}

void
programwire_scgi(struct buf *out, const struct programenv *env)
{
	size_t size = 0;

	for (size_t i = 0; i < SCGI_HEAD_COUNT; i++)
		size += scgi_size(&scgi_head[i]);
	for (size_t i = 0; i < env->count; i++)
		size += scgi_size(&env->at[i]);
	buf_number(out, size);
	buf_char(out, ':');
	for (size_t i = 0; i < SCGI_HEAD_COUNT; i++)
		add_scgi(out, &scgi_head[i]);
	for (size_t i = 0; i < env->count; i++)
		add_scgi(out, &env->at[i]);
	buf_char(out, ',');
}

/* The records of PARAMS: one stream of bytes. */
struct params {
	struct buf *out;
	size_t head; /* the offset of the current record */
	size_t len; /* of its content */
};

static void
add_head(struct buf *out, char type, size_t len)
{
	buf_char(out, FASTCGI_VERSION);
	buf_char(out, type);
	buf_char(out, 0);
	buf_char(out, FASTCGI_ID);
	buf_char(out, (char)(len >> 8));
	buf_char(out, (char)len);
	buf_add(out, STR("\0\0")); /* no padding; reserved */
}

static void
begin_record(struct params *params)
{
	params->head = params->out->len;
	params->len = 0;
	add_head(params->out, FASTCGI_PARAMS, 0);
}

/* Writes the length of the current record into its head. */
static void
end_record(const struct params *params)
{
	char *at;

	if (params->out->overflow)
		return;
	at = params->out->at + params->head + RECORD_LENGTH;
	at[0] = (char)(params->len >> 8);
	at[1] = (char)params->len;
}

static void
add_bytes(struct params *params, struct str bytes)
{
	while (bytes.len > 0) {
		size_t room = RECORD_MAX - params->len;
		size_t len = bytes.len < room ? bytes.len : room;

		if (len == 0) {
			end_record(params);
			begin_record(params);
			continue;
		}
		buf_add(params->out, str_head(bytes, len));
		params->len += len;
		bytes = str_tail(bytes, len);
	}
}

/* A length of up to 127 takes a byte, a longer one four (section 3.4). */
static void
add_length(struct params *params, size_t len)
{
	const char bytes[4] = { (char)(0x80 | len >> 24), (char)(len >> 16),
		(char)(len >> 8), (char)len };

	if (len <= 127)
		add_bytes(params, (struct str){ bytes + 3, 1 });
	else
		add_bytes(params, (struct str){ bytes, sizeof bytes });
}

static size_t
param_size(const struct programenv_variable *variable)
{
	return (variable->name.len > 127 ? 4 : 1) + variable->name.len +
	    (variable->value.len > 127 ? 4 : 1) + variable->value.len;
}

static void
add_param(struct params *params, const struct programenv_variable *variable)
{
	/* PHP reads each record for itself, so one has whole pairs. */
	if (params->len > 0 &&
	    param_size(variable) > RECORD_MAX - params->len) {
		end_record(params);
		begin_record(params);
	}
	add_length(params, variable->name.len);
	add_length(params, variable->value.len);
	add_bytes(params, variable->name);
	add_bytes(params, variable->value);
}

void
programwire_fastcgi(struct buf *out, const struct programenv *env)
{
	struct params params = { .out = out };

	add_head(out, FASTCGI_BEGIN_REQUEST, RECORD_HEAD);
	buf_char(out, 0);
	buf_char(out, FASTCGI_RESPONDER);
	buf_add(out, STR("\0\0\0\0\0\0")); /* no flags; reserved */
	if (env->count > 0) {
		begin_record(&params);
		for (size_t i = 0; i < env->count; i++)
			add_param(&params, &env->at[i]);
		end_record(&params);
	}
	add_head(out, FASTCGI_PARAMS, 0);
	add_head(out, FASTCGI_STDIN, 0);
}
