/*
 * Executes the master's program anew; its state passes to the successor in an
 * environment variable.
 */
#include "daemon/reexec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/generation_check.h"
#include "daemon/pause.h"
#include "daemon/signals.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/process.h"
#include "sys/system.h"
#include "text/buf.h"

#define VARIABLE "CAPSULED_SUCCESSOR"
/* The longest string that Linux accepts in an environment. */
#define TEXT_MAX ((size_t)128 << 10)
/* The time limit of the trial, for which the master waits. */
#define TRIAL_MAX_MS 30000
/*
 * The longest pause between two executions; after as long without a fault, the
 * pauses are short again. Meanwhile the worker of each slot is replaced about
 * ten times, and each replacement allows one guess at a byte of a canary.
 */
#define PAUSE_MAX_MS 10000

/* The variable begins with the pid of the process that set it. */
static bool
is_ours(const char *text)
{
	char *rest;

	return text != NULL && strtol(text, &rest, 10) == getpid();
}

void
reexec_warn(void)
{
	errno = 0;
	/* Without an error the system has no way to do it at all. */
	if (!system_executes_itself() && errno != 0)
		log_line(LOG_LEVEL_WARN,
		    "master: cannot execute itself: %s; mount /proc, or all "
		    "workers have the same memory layout after a crash",
		    strerror(errno));
}

/* Takes the pause of a service, NAME_pause; ignores other words. */
static void
take_pause(struct reexec *reexec, struct str word, unsigned pause_ms)
{
	struct str name = str_cut(&word, '_');

	for (size_t i = 0; i < SERVICES_COUNT; i++)
		if (str_equals(word, STR("pause")) &&
		    str_equals(
			name, str_of(services_name((enum workers_service)i))))
			reexec->services_pause_ms[i] = pause_ms;
}

static void
take_word(struct reexec *reexec, struct str word)
{
	struct str name = str_cut(&word, '=');
	unsigned long number = 0;

	if (str_equals(name, STR("listeners"))) {
		listeners_adopt(&reexec->listeners, word, NULL);
		return;
	}
	if (str_equals(name, STR("gemini"))) {
		listeners_adopt(&reexec->listeners, word, &gemini);
		return;
	}
	if (str_equals(name, STR("gopher"))) {
		listeners_adopt(&reexec->listeners, word, &gopher);
		return;
	}
	if (str_equals(name, STR("state"))) {
		snprintf(
		    reexec->state, sizeof reexec->state, "%.*s", STR_ARG(word));
		return;
	}
	if (!str_number(word, UINT32_MAX, &number))
		return;
	if (str_equals(name, STR("keys")))
		reexec->has_keys = number != 0;
	else if (str_equals(name, STR("pause")))
		reexec->pause_ms = (unsigned)number;
	else if (str_equals(name, STR("index_pause")))
		reexec->index_pause_ms = (unsigned)number;
	else if (str_equals(name, STR("keys_pause")))
		reexec->keys_pause_ms = (unsigned)number;
	else if (str_equals(name, STR("execution_pause")))
		reexec->execution_pause_ms = (unsigned)number;
	else if (str_equals(name, STR("lock")))
		reexec->lock = (int)number;
	else if (str_equals(name, STR("child")) &&
	    reexec->child_count < WORKERS_MAX)
		reexec->children[reexec->child_count++] = (pid_t)number;
	else if (str_equals(name, STR("service")) &&
	    reexec->service_count < WORKERS_MAX)
		reexec->services[reexec->service_count++] = (pid_t)number;
	else
		take_pause(reexec, name, (unsigned)number);
}

void
reexec_init(struct reexec *reexec, char **argv)
{
	const char *text = getenv(VARIABLE);
	struct str rest = str_of(text);

	*reexec = (struct reexec){
		.arguments = process_copy_strings(argv),
		.is_successor = is_ours(text),
		.lock = -1,
	};
	while (reexec->is_successor && rest.len > 0)
		take_word(reexec, str_cut(&rest, ' '));
	unsetenv(VARIABLE);
}

int
reexec_check(const struct reexec *reexec, struct config *config, char *error,
    size_t error_size)
{
	struct listeners opened = { 0 };

	if (reexec->is_successor &&
	    listeners_open(
		&opened, config, &reexec->listeners, error, error_size) == -1) {
		config_release(config);
		return -1;
	}
	listeners_close(&opened, &reexec->listeners);
	return generation_check(config,
	    reexec->has_keys ? CERT_REFUSE : CERT_ALLOW, error, error_size);
}

/* Describes a process, if there is one. */
static void
describe(struct buf *out, const char *name, pid_t pid)
{
	if (pid != 0)
		buf_printf(out, " %s=%ld", name, (long)pid);
}

/* Sets the variable; -1 with errno set. */
static int
leave(const struct reexec_estate *estate)
{
	const struct workers *workers = estate->workers;
	char *text = malloc(TEXT_MAX);
	struct buf out;
	int result = -1;

	if (text == NULL)
		return -1;
	out = buf_over(text, TEXT_MAX - 1);
	buf_printf(&out,
	    "%ld keys=%d pause=%u index_pause=%u keys_pause=%u "
	    "execution_pause=%u",
	    (long)getpid(), estate->has_keys, workers_pause_ms(workers),
	    estate->index->pause_ms, estate->keys->pause_ms,
	    estate->execution_pause_ms);
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		buf_printf(&out, " %s_pause=%u", estate->services->all[i].name,
		    estate->services->all[i].pause_ms);
	for (size_t i = 0; i < workers->child_count; i++)
		describe(&out, "child", workers->children[i].pid);
	describe(&out, "child", estate->index->pid);
	for (size_t i = 0; i < workers->leftover_count; i++)
		describe(&out, "service", workers->leftovers[i].pid);
	describe(&out, "service", estate->keys->pid);
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		describe(&out, "service", estate->services->all[i].pid);
	if (estate->state->lock != -1)
		buf_printf(&out, " lock=%d", estate->state->lock);
	/* A space would end the word; the index is then built again. */
	if (estate->state->is_temporary &&
	    strchr(estate->state->path, ' ') == NULL)
		buf_printf(&out, " state=%s", estate->state->path);
	listeners_describe(estate->listeners, &out);
	if (out.overflow)
		errno = E2BIG;
	else {
		text[out.len] = '\0';
		result = setenv(VARIABLE, text, 1);
	}
	free(text);
	return result;
}

/* Executes the program of the successor; returns only on failure. */
static void
execute(const struct reexec_estate *estate, char **arguments)
{
	if (estate->program != NULL)
		(void)execve(estate->program, arguments, environ);
	else
		(void)system_execute_itself(arguments);
}

static NO_RETURN void
try_in_child(const struct reexec *reexec, const struct reexec_estate *estate)
{
	static char check[] = "-t";
	char **arguments;
	size_t count = 0;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	while (reexec->arguments[count] != NULL)
		count++;
	arguments = calloc(count + 2, sizeof *arguments);
	/* The variable has to have the pid of the trial. */
	if (arguments == NULL || null == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 || leave(estate) == -1)
		_exit(EXIT_FAILURE);
	arguments[0] = reexec->arguments[0];
	arguments[1] = check;
	for (size_t i = 1; i < count; i++)
		arguments[i + 1] = reexec->arguments[i];
	execute(estate, arguments);
	_exit(EXIT_FAILURE);
}

/* Whether a successor would start; it prints the reason if not. */
static bool
try(const struct reexec *reexec, const struct reexec_estate *estate)
{
	const struct timespec due = clock_in(TRIAL_MAX_MS);
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		try_in_child(reexec, estate);
	/* The end of a child is a signal, too. */
	while (child != -1 && waitpid(child, &status, WNOHANG) == 0)
		if (signals.stop > 0 || signals_wait(-1, &due) == 0) {
			kill(child, SIGKILL);
			return false;
		}
	return child != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
reexec_run(const struct reexec *reexec, const struct reexec_estate *estate)
{
	const char *goes_on = estate->program != NULL
	    ? "so the old version stays in use"
	    : "so new workers have the memory layout of the old ones";

	if (reexec->arguments == NULL || !system_executes_itself())
		return;
	listeners_inherit(estate->listeners, true);
	state_inherit(estate->state, true);
	notify_leave(true);
	if (leave(estate) == -1) {
		log_line(LOG_LEVEL_ERROR,
		    "master: cannot execute itself: %s; %s", strerror(errno),
		    goes_on);
	} else if (!try(reexec, estate) && signals.stop == 0) {
		log_line(LOG_LEVEL_ERROR,
		    "master: a restart would fail, %s; try capsuled -t",
		    goes_on);
	} else if (signals.stop == 0) {
		log_line(LOG_LEVEL_INFO, "master: executing itself, for %s",
		    estate->program != NULL ? "the new version of the program"
					    : "another memory layout");
		workers_dismiss(estate->workers);
		/* A pending reload: blocked until the successor waits. */
		if (signals.reload)
			(void)raise(SIGHUP);
		execute(estate, reexec->arguments);
		log_line(LOG_LEVEL_ERROR,
		    "master: cannot execute itself: %s; %s", strerror(errno),
		    goes_on);
		/* The workers have already been told to end. */
		workers_replace_all(estate->workers, estate->grace_ms);
	}
	listeners_inherit(estate->listeners, false);
	state_inherit(estate->state, false);
	notify_leave(false);
	unsetenv(VARIABLE);
}

unsigned
reexec_pause_next(unsigned pause_ms, const struct timespec *due)
{
	if (clock_since_ms(due) >= PAUSE_MAX_MS)
		pause_ms = 0;
	return pause_next(pause_ms, PAUSE_MAX_MS);
}

bool
reexec_is_due(const struct reexec_estate *estate)
{
	long ms = service_due_ms(estate->index, LONG_MAX);

	ms = service_due_ms(estate->keys, ms);
	ms = services_due_ms(estate->services, ms);
	return ms == 0 || workers_is_due(estate->workers) ||
	    (ms == LONG_MAX && !workers_is_short(estate->workers));
}

void
reexec_succeed(const struct reexec *reexec, struct workers *workers,
    struct service *index, struct services *services,
    struct generation *generation)
{
	workers_set_pause(workers, reexec->pause_ms);
	index->pause_ms = reexec->index_pause_ms;
	generation->keys.service.pause_ms = reexec->keys_pause_ms;
	for (size_t i = 0; i < SERVICES_COUNT; i++)
		services->all[i].pause_ms = reexec->services_pause_ms[i];
	for (size_t i = 0; i < reexec->child_count; i++)
		workers_adopt(workers, reexec->children[i],
		    generation_grace_ms(generation));
	for (size_t i = 0; i < reexec->service_count; i++)
		workers_leave_to(workers, reexec->services[i], true);
}
