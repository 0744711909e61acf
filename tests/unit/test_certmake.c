/* Making a pair, alone, beside others, and on odd file systems. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "pairs.h"

static int link_refusal, lock_refusal; /* an errno; 0: none */
static bool modes_are_kept = true;
static int pauses; /* for a lock */

/* What happens when the files are about to get their names. */
static void (*meanwhile)(void);
static int namings; /* that come before it */
static int waits = -1; /* a pipe, told of attempts at the lock */

static void
something_happens(void)
{
	void (*what)(void) = meanwhile;

	if (what == NULL || namings-- > 0)
		return;
	meanwhile = NULL;
	what();
}

/* In place of libc's, to be refused. */
int
linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	if (link_refusal == 0)
		something_happens();
	if (link_refusal == 0)
		return (int)syscall(
		    SYS_linkat, from_dir, from, to_dir, to, flags);
	errno = link_refusal;
	return -1;
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	something_happens();
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int
flock(int fd, int operation)
{
	if (waits != -1)
		(void)!write(waits, "", 1);
	waits = -1;
	if (lock_refusal == 0)
		return (int)syscall(SYS_flock, fd, operation);
	errno = lock_refusal;
	return -1;
}

int
nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)left;
	pauses++;
	return lock_refusal != 0 ? 0
				 : (int)syscall(SYS_nanosleep, wanted, NULL);
}

int
fstat(int fd, struct stat *st)
{
	int result = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (!modes_are_kept)
		st->st_mode |= 0755;
	return result;
}

/* Nothing gets the name of another file, not even of a link to nowhere. */
static void
test_taken_name(void **state)
{
	static const int refusals[] = { 0, EPERM };

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		pairs_remove_all();
		assert_int_equal(mkdir("d", 0700), 0);
		assert_int_equal(symlink("nowhere", "d/a.crt"), 0);
		link_refusal = refusals[i];
		pairs_expect_error(CERT_MAKE,
		    "d/a.crt: File exists, start again if another capsuled "
		    "has just made it, otherwise move it away");
		assert_int_equal(pairs_count_files(), 1);
	}
}

/* FAT and Android refuse link(2), each in its own way. */
static void
test_without_links(void **state)
{
	static const int refusals[] = { EPERM, EACCES, EOPNOTSUPP, ENOSYS,
		EMLINK };
	const struct str name = STR("a");

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct cert cert;
		struct stat st;

		pairs_remove_all();
		link_refusal = refusals[i];
		pairs_load(&cert, &name, 1);
		assert_true(cert.made);
		assert_int_equal(pairs_count_files(), 2);
		assert_int_equal(stat("d/a.key", &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(stat("d/a.crt", &st), 0);
		assert_int_equal(st.st_mode & 07777, 0644);
		cert_release(&cert);
	}
}

/* FAT as it is usually mounted: the key would be everybody's. */
static void
test_without_modes(void **state)
{
	(void)state;
	pairs_remove_all();
	modes_are_kept = false;
	pairs_expect_error(CERT_MAKE,
	    "d/a.key: this file system keeps no modes, so others could read "
	    "the key; mount it with umask=077, or name another directory with "
	    "the key certs or -C");
	assert_int_equal(pairs_count_files(), 0);
}

/* In a child: loads or makes the pair, and says which it has, or what not. */
static void
be_another(int out)
{
	const struct str name = STR("a");
	const struct cert_request request = { "d", &name, 1, CERT_MAKE, false };
	struct cert cert;
	char line[PAIRS_ERROR_MAX] = "";

	meanwhile = NULL;
	if (cert_load(&cert, &request, line, sizeof line) == 0) {
		snprintf(line, sizeof line, "%s", cert.fingerprint);
		cert_release(&cert);
	}
	if (write(out, line, 64) == 64)
		/* Without valgrind's list of memory that the parent knows of.
		 */
		raise(SIGKILL);
	_exit(1);
}

static pid_t
start_another(const int begin[2], int out)
{
	char byte;
	pid_t child = fork();

	assert_int_not_equal(child, -1);
	if (child != 0)
		return child;
	/* The end of the pipe is the sign for all at once. */
	close(begin[1]);
	if (read(begin[0], &byte, 1) != 0)
		_exit(1);
	be_another(out);
	return 0;
}

static void
expect_one_pair(void)
{
	int begin[2], out[2], status;
	char lines[2][65] = { "", "" };
	pid_t children[2];

	assert_int_equal(pipe(begin), 0);
	assert_int_equal(pipe(out), 0);
	for (size_t i = 0; i < 2; i++) {
		children[i] = start_another(begin, out[1]);
	}
	close(begin[1]);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, SIGKILL);
		assert_int_equal(read(out[0], lines[i], 64), 64);
	}
	/* A fingerprint is all of the line, and the same for both. */
	assert_int_equal(strspn(lines[0], "0123456789abcdef"), 64);
	assert_string_equal(lines[0], lines[1]);
	assert_int_equal(pairs_count_files(), 2);
	close(begin[0]);
	close(out[0]);
	close(out[1]);
}

static void
test_two_starts_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		pairs_remove_all();
		/* Every other pair on a file system without links. */
		link_refusal = i % 2 == 0 ? 0 : EPERM;
		expect_one_pair();
	}
}

static pid_t another;
static int its_answer[2];

/* Goes on once the other start waits for the lock, or has ended. */
static void
another_comes(void)
{
	int waiting[2];
	char byte;

	assert_int_equal(pipe(waiting), 0);
	another = fork();
	assert_int_not_equal(another, -1);
	if (another == 0) {
		/* With a copy of the directory it would hold the lock, too. */
		for (int fd = 3; fd < 64; fd++)
			if (fd != waiting[1] && fd != its_answer[1])
				close(fd);
		waits = waiting[1];
		be_another(its_answer[1]);
	}
	close(waiting[1]);
	(void)!read(waiting[0], &byte, 1);
	close(waiting[0]);
}

/* Whatever there is of the pair when another looks, it waits for all of it. */
static void
test_another_comes_meanwhile(void **state)
{
	const struct str name = STR("a");

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct cert cert;
		char line[65] = "";
		int status;

		pairs_remove_all();
		assert_int_equal(pipe(its_answer), 0);
		link_refusal = i / 2 == 0 ? 0 : EPERM;
		namings = i % 2;
		meanwhile = another_comes;
		pairs_load(&cert, &name, 1);
		assert_null(meanwhile);
		assert_true(cert.made);
		assert_int_equal(waitpid(another, &status, 0), another);
		assert_int_equal(status, SIGKILL);
		assert_int_equal(read(its_answer[0], line, 64), 64);
		assert_string_equal(line, cert.fingerprint);
		assert_int_equal(pairs_count_files(), 2);
		cert_release(&cert);
		close(its_answer[0]);
		close(its_answer[1]);
	}
}

static void
another_makes_it(void)
{
	const struct str name = STR("a");
	struct cert cert;

	pairs_load(&cert, &name, 1);
	assert_true(cert.made);
	cert_release(&cert);
}

/* Where no lock can be had, the second to come replaces nothing. */
static void
test_without_locks(void **state)
{
	const struct str name = STR("a");
	char before[8192], after[8192];
	struct cert cert;

	(void)state;
	pairs_remove_all();
	lock_refusal = ENOLCK;
	meanwhile = another_makes_it;
	pairs_expect_error(CERT_MAKE,
	    "d/a.key: File exists, start again if another capsuled has just "
	    "made it, otherwise move it away");
	pairs_read_file("d/a.key", before);
	pairs_load(&cert, &name, 1);
	assert_false(cert.made);
	cert_release(&cert);
	pairs_read_file("d/a.key", after);
	assert_string_equal(before, after);
	assert_int_equal(pairs_count_files(), 2);
}

/* A lock that another user holds does not keep the server from starting. */
static void
test_held_lock(void **state)
{
	const struct str name = STR("a");
	struct cert cert;

	(void)state;
	pairs_remove_all();
	lock_refusal = EWOULDBLOCK;
	pairs_load(&cert, &name, 1);
	assert_true(cert.made);
	assert_int_equal(pauses, 1000);
	cert_release(&cert);
}

static void
test_no_directory(void **state)
{
	(void)state;
	pairs_remove_all();
	pairs_write_file("d", "", 0600);
	pairs_expect_error(
	    CERT_MAKE, "d: Not a directory, name a directory for certificates");
	assert_int_equal(unlink("d"), 0);
	if (geteuid() == 0)
		return;
	assert_int_equal(mkdir("d", 0500), 0);
	pairs_expect_error(CERT_MAKE,
	    "d/a.key: Permission denied, make the directory "
	    "writable, or name another with the key certs or -C");
}

static int
calm(void **state)
{
	(void)state;
	link_refusal = lock_refusal = 0;
	modes_are_kept = true;
	meanwhile = NULL;
	namings = 0;
	pauses = 0;
	return 0;
}

#define TEST(function) cmocka_unit_test_setup(function, calm)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_taken_name),
		TEST(test_without_links),
		TEST(test_without_modes),
		TEST(test_two_starts_at_once),
		TEST(test_another_comes_meanwhile),
		TEST(test_without_locks),
		TEST(test_held_lock),
		TEST(test_no_directory),
	};

	return cmocka_run_group_tests(tests, pairs_enter, pairs_leave);
}
