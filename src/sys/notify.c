/*
 * Messages to the service manager, as in sd_notify(3).
 */
#include "sys/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/log.h"
#include "sys/process.h"
#include "text/str.h"

#define MESSAGE_MAX 1024
/* The longest wait for a manager that does not read. */
#define SEND_US 250000L
#define PINGS 4 /* in a watchdog interval */

static const char *const variables[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC",
	"WATCHDOG_PID" };

#define VARIABLE_COUNT (sizeof variables / sizeof *variables)

static char *values[VARIABLE_COUNT]; /* NULL: not set */
static pid_t owner;
static unsigned watchdog_ms;
static struct timespec pinged_at;
static bool complained;

/* Pings are for the process that WATCHDOG_PID names, if it is set. */
static unsigned
read_watchdog(const char *usec, const char *pid)
{
	unsigned long number;

	if (values[0] == NULL || usec == NULL ||
	    (pid != NULL &&
		(!str_number(str_of(pid), INT_MAX, &number) ||
		    (pid_t)number != getpid())) ||
	    !str_number(str_of(usec), ULONG_MAX, &number))
		return 0;
	number /= 1000;
	return number < INT_MAX ? (unsigned)number : INT_MAX;
}

void
notify_init(void)
{
	owner = getpid();
	for (size_t i = 0; i < VARIABLE_COUNT; i++) {
		const char *value = getenv(variables[i]);

		values[i] = value != NULL ? strdup(value) : NULL;
		unsetenv(variables[i]);
	}
	watchdog_ms = read_watchdog(values[1], values[2]);
}

void
notify_leave(bool leave)
{
	for (size_t i = 0; i < VARIABLE_COUNT; i++)
		if (!leave)
			unsetenv(variables[i]);
		else if (values[i] != NULL)
			(void)setenv(variables[i], values[i], 1);
}

/* Fills the address of a path or, after "@", of an abstract name. */
static int
fill_address(struct sockaddr_un *address, socklen_t *len)
{
	struct str name = str_of(values[0]);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((name.at[0] != '/' && name.at[0] != '@') ||
	    name.len >= sizeof address->sun_path) {
		errno = EINVAL;
		return -1;
	}
	memcpy(address->sun_path, name.at, name.len);
	if (name.at[0] == '@')
		address->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name.len);
	return 0;
}

static int
send_message(const char *text, size_t len)
{
	const struct timeval wait = { .tv_usec = SEND_US };
	struct sockaddr_un address;
	socklen_t address_len;
	ssize_t sent;
	int fd;

	if (fill_address(&address, &address_len) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	do
		sent = sendto(fd, text, len, MSG_NOSIGNAL,
		    (const struct sockaddr *)&address, address_len);
	while (sent == -1 && errno == EINTR);
	process_close(fd);
	return sent == -1 ? -1 : 0;
}

void
notify_send(const char *format, ...)
{
	char text[MESSAGE_MAX];
	va_list arguments;
	int len;

	if (values[0] == NULL || getpid() != owner)
		return;
	va_start(arguments, format);
	len = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof text)
		len = (int)sizeof text - 1;
	if (send_message(text, (size_t)len) == 0) {
		complained = false;
		return;
	}
	if (!complained)
		log_line(LOG_LEVEL_WARN,
		    "cannot notify the service manager at %s: %s; correct or "
		    "unset NOTIFY_SOCKET",
		    values[0], strerror(errno));
	complained = true;
}

void
notify_error(const char *start, const char *error)
{
	char text[MESSAGE_MAX];

	snprintf(text, sizeof text, "%s", error);
	for (char *at = text; *at != '\0'; at++)
		if (*at > 0 && *at < ' ')
			*at = '?';
	notify_send("%s%s", start, text);
}

unsigned
notify_watchdog_ms(void)
{
	return watchdog_ms;
}

void
notify_ping(void)
{
	if (watchdog_ms == 0)
		return;
	pinged_at = clock_now();
	notify_send("WATCHDOG=1");
}

long
notify_due_ms(long ms)
{
	long due_ms = (long)(watchdog_ms / PINGS) - clock_since_ms(&pinged_at);

	if (watchdog_ms == 0 || due_ms >= ms)
		return ms;
	return due_ms > 0 ? due_ms : 0;
}

void
notify_ping_due(void)
{
	if (notify_due_ms(1) == 0)
		notify_ping();
}
