/* Changes of a crawl's answers before they are stored. */
#include "mirror/rewrite.h"

#include <stdlib.h>
#include <unistd.h>

#include "text/buf.h"

int
rewrite_body(struct pool_job *job, struct str bytes)
{
	int fd = job->fetch.body;

	job->fetch.size = bytes.len;
	if (sha256_of(bytes, job->fetch.hash) == -1 || ftruncate(fd, 0) == -1 ||
	    pwrite(fd, bytes.at, bytes.len, 0) != (ssize_t)bytes.len)
		return -1;
	return 0;
}

/* Whether the body ends as a text does; if not, it need not be read. */
static bool
ends_with_dot(const struct pool_job *job)
{
	char end[3];

	return job->fetch.size >= sizeof end &&
	    pread(job->fetch.body, end, sizeof end,
		(off_t)(job->fetch.size - sizeof end)) == sizeof end &&
	    str_equals((struct str){ end, sizeof end }, STR(".\r\n"));
}

int
rewrite_text(struct pool_job *job)
{
	struct replica_text text;
	struct buf plain;
	int result = 0;

	if (!ends_with_dot(job))
		return 0;
	if (replica_load(job->fetch.body, &text) == -1)
		return -1;
	plain = buf_over(malloc(text.len), text.len);
	if (plain.at == NULL)
		result = -1;
	else if (gopheranswer_plain((struct str){ text.at, text.len }, &plain))
		result = rewrite_body(job, buf_str(&plain));
	free(plain.at);
	free(text.at);
	return result;
}
