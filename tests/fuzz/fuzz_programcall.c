/*
 * A request for a program, as a worker that was taken over may send it. A
 * message that is read is written as the same bytes, and fits into the requests
 * of SCGI and FastCGI, whose variables end at no NUL.
 */
#include "fuzz.h"
#include "serve/programscript.h"
#include "serve/programwire.h"

static char written[PROGRAMCALL_MAX], request[PROGRAMWIRE_MAX];

static void
check_names(const struct programcall *call, size_t split)
{
	static const struct str name = STR_INIT("example.org");
	const struct site site = { .names = &name, .name_count = 1 };
	const struct programenv_names names = { .site = &site,
		.script_name = str_head(call->path, split),
		.path_info = str_tail(call->path, split),
		.document_root = "/srv/capsule" };
	struct programenv env;
	struct arena arena;
	struct buf out = buf_over(request, sizeof request);

	arena_init(&arena, (size_t)1 << 20);
	CHECK(programenv_make(call, &names, &arena, &env) == 0);
	CHECK(programenv_strings(&env, &arena) != NULL);
	for (size_t i = 0; i < env.count; i++)
		CHECK(str_find(env.at[i].value, '\0') == env.at[i].value.len);
	programwire_scgi(&out, &env);
	CHECK(!out.overflow);
	out = buf_over(request, sizeof request);
	programwire_fastcgi(&out, &env);
	CHECK(!out.overflow);
	arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str message = fuzz_text(data, size);
	struct buf again = buf_over(written, sizeof written);
	struct programcall call;

	if (size > PROGRAMCALL_MAX || !programcall_read(message, &call))
		return 0;
	programcall_write(&again, &call);
	CHECK(!again.overflow);
	CHECK(again.len == size);
	check_names(&call, programscript_prefix(call.path, STR("/cgi-bin")));
	return 0;
}
