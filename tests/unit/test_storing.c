/* Storing files in a tree: whole or not at all, and where. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "folder.h"
#include "tree/media.h"
#include "tree/storing.h"
#include "tree/storespace.h"
#include "tree/versions.h"

static struct media *media;

/* The calls until one fails; 0: none fails. */
static int countdown;
/* Whether files can be named by /proc; whether there are hard links. */
static bool has_proc = true, has_links = true;

static bool
fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	errno = EIO;
	return true;
}

int
fsync(int fd)
{
	(void)fd;
	return fails() ? -1 : 0;
}

int
fchmod(int fd, mode_t mode)
{
	return fails() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int
mkdirat(int above, const char *name, mode_t mode)
{
	return fails() ? -1 : (int)syscall(SYS_mkdirat, above, name, mode);
}

int
linkat(int from, const char *name, int to, const char *other, int flags)
{
	if (!has_links && name[0] != '/') {
		errno = EPERM;
		return -1;
	}
	return fails() ? -1
		       : (int)syscall(SYS_linkat, from, name, to, other, flags);
}

int
renameat(int from, const char *name, int to, const char *other)
{
	return fails() ? -1
		       : (int)syscall(SYS_renameat2, from, name, to, other, 0);
}

int
faccessat(int above, const char *name, int mode, int flags)
{
	(void)flags;
	if (!has_proc && name[0] == '/') {
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_faccessat, above, name, mode);
}

static int
set_up(void **state)
{
	char error[256];

	(void)state;
	media = media_new(error, sizeof error);
	return media == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	media_free(media);
	return 0;
}

static int
begin(void **state)
{
	(void)state;
	temporary_make(&folder);
	temporary_folder(&folder, "root");
	temporary_folder(&folder, "root/notes");
	temporary_folder(&folder, "root/notes/d");
	temporary_folder(&folder, "outside");
	temporary_file(&folder, "root/notes/old.gmi", "# Old\n");
	return tree_init(&tree, temporary_path(&folder, "root"), NULL);
}

static int
end(void **state)
{
	(void)state;
	countdown = 0;
	has_proc = has_links = true;
	tree_release(&tree);
	temporary_remove(&folder);
	return 0;
}

/* A file of /notes/ with the usual parameters. */
static struct storing_file
file_at(const char *path)
{
	return (struct storing_file){ .tree = &tree,
		.path = str_of(path),
		.depth = 1,
		.versions = 3,
		.media = media };
}

static enum status
put(const struct storing_file *file, const char *text)
{
	struct storing storing;
	enum status status = storing_begin(&storing, file);

	if (status == STATUS_SUCCESS)
		status = storing_write(&storing, str_of(text));
	if (status == STATUS_SUCCESS)
		status = storing_finish(&storing);
	return status;
}

static enum status
put_at(const char *path, const char *text)
{
	const struct storing_file file = file_at(path);

	return put(&file, text);
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(temporary_path(&folder, name), &st), 0);
	return st.st_mode & 07777;
}

static size_t
descriptors(void)
{
	size_t count = 0;

	for (int fd = 0, error = errno; fd < 256; fd++, errno = error)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* New files, new folders, and versions, whatever the system can do. */
static void
stored(void **state)
{
	const mode_t mask = umask(0077);

	(void)state;
	for (int i = 0; i < 4; i++) {
		size_t before = descriptors();

		has_proc = i % 2 == 0;
		has_links = i / 2 == 0;
		assert_int_equal(
		    put_at("/notes/new.gmi", "# New\n"), STATUS_SUCCESS);
		assert_true(
		    temporary_has(&folder, "root/notes/new.gmi", "# New\n"));
		assert_int_equal(mode_of("root/notes/new.gmi"), 0644);
		assert_int_equal(
		    put_at("/notes/made/", "# Made\n"), STATUS_SUCCESS);
		assert_true(temporary_has(
		    &folder, "root/notes/made/index.gmi", "# Made\n"));
		assert_int_equal(mode_of("root/notes/made"), 0755);
		assert_int_equal(mode_of("root/notes/made/index.gmi"), 0644);
		assert_int_equal(
		    put_at("/notes/new.gmi", "# Newer\n"), STATUS_SUCCESS);
		assert_true(
		    temporary_has(&folder, "root/notes/new.gmi", "# Newer\n"));
		assert_true(temporary_has(
		    &folder, "root/notes/.new.gmi~1~", "# New\n"));
		assert_int_equal(mode_of("root/notes/.new.gmi~1~"), 0644);
		for (int n = 0; n < 5; n++)
			assert_int_equal(
			    put_at("/notes/new.gmi", "more\n"), STATUS_SUCCESS);
		assert_true(
		    temporary_has(&folder, "root/notes/.new.gmi~3~", NULL));
		assert_true(
		    temporary_has(&folder, "root/notes/.new.gmi~4~", "more\n"));
		assert_true(
		    temporary_has(&folder, "root/notes/.new.gmi~6~", "more\n"));
		assert_int_equal(temporary_count(&folder, "root/notes"), 9);
		assert_int_equal(descriptors(), before);
		(void)end(NULL);
		(void)begin(NULL);
	}
	umask(mask);
}

static void
refused_names(void **state)
{
	static const char *const table[] = {
		"/notes/.hidden",
		"/notes/.well-known/x",
		"/notes/gophermap",
		"/notes/d/Gophermap",
		"/notes//x",
		"/notes/a/b/c.gmi", /* two new folders */
		"/notes/old.gmi/x",
		"/notes/d",
		"/notes/a\nb",
		"/notes/a\xff",
		"/notes/a\xe2\x80\xae.gmi",
		"/notes/link.gmi",
		"/notes/gone.gmi",
		"/notes/out/x.gmi",
		"/notes/out/",
		"/notes/in/x.gmi",
		"/notes/fifo",
		"/notes/x~",
	};
	static const char *const hide[] = { "*~", NULL };
	char name[300] = "/notes/";
	size_t before;

	(void)state;
	tree.hide = hide;
	temporary_link(&folder, "root/notes/link.gmi", "old.gmi");
	temporary_link(&folder, "root/notes/gone.gmi", "../../outside/new");
	temporary_link(&folder, "root/notes/out", "../../outside");
	temporary_link(&folder, "root/notes/in", "d");
	assert_int_equal(
	    mkfifo(temporary_path(&folder, "root/notes/fifo"), 0600), 0);
	before = temporary_count(&folder, ".");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (put_at(table[i], "# X\n") != STATUS_BAD_REQUEST)
			fail_msg("%s", table[i]);
	memset(name + 7, 'n', 241);
	assert_int_equal(put_at(name, "# X\n"), STATUS_BAD_REQUEST);
	assert_int_equal(temporary_count(&folder, "."), before);
	memcpy(name + 7 + 236, ".gmi", 5);
	assert_int_equal(put_at(name, "# X\n"), STATUS_SUCCESS);
	assert_int_equal(put_at(name, "text\n"), STATUS_SUCCESS);
	assert_true(temporary_has(&folder, "root/notes/old.gmi", "# Old\n"));
}

static void
checked_content(void **state)
{
	static const struct {
		const char *path, *mime, *text;
		enum status want;
	} table[] = {
		{ "/notes/a.gmi", "", "# A\n", STATUS_SUCCESS },
		{ "/notes/a.gmi", "text/gemini", "# A\r\n", STATUS_SUCCESS },
		{ "/notes/a.gmi", "Text/Gemini; charset=UTF-8; lang=de",
		    "# \xc3\xa4\n", STATUS_SUCCESS },
		{ "/notes/a.gmi", "text/gemini;charset=latin1", "# A\n",
		    STATUS_BAD_REQUEST },
		{ "/notes/a.gmi", "text/plain", "# A\n", STATUS_BAD_REQUEST },
		{ "/notes/a.txt", "", "A\n", STATUS_BAD_REQUEST },
		{ "/notes/a.txt", "text/plain", "A\n", STATUS_SUCCESS },
		{ "/notes/a.txt", "text/plain", "```\n", STATUS_SUCCESS },
		{ "/notes/a.txt", "text/plain", "caf\xe9 au lait\n",
		    STATUS_BAD_REQUEST },
		{ "/notes/a.gmi", "", "caf\xe9\n", STATUS_BAD_REQUEST },
		{ "/notes/a.gmi", "", "\xef\xbb\xbf# A\n", STATUS_BAD_REQUEST },
		{ "/notes/a.gmi", "", "a\x1b[2J\n", STATUS_BAD_REQUEST },
		{ "/notes/a.gmi", "", "```\ntext\n", STATUS_BAD_REQUEST },
		{ "/notes/a.gmi", "", "```\ntext\n```\n", STATUS_SUCCESS },
		{ "/notes/a.png", "image/png", "just text\n",
		    STATUS_BAD_REQUEST },
		{ "/notes/a.png", "image/png", "\xff\xd8\xff\xe0 JFIF",
		    STATUS_BAD_REQUEST },
		{ "/notes/a.png", "image/png", "\x89PNG\r\n\x1a\n...\rIHDR....",
		    STATUS_SUCCESS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct storing_file file = file_at(table[i].path);

		file.mime = str_of(table[i].mime);
		if (put(&file, table[i].text) != table[i].want)
			fail_msg("%zu %s", i, table[i].text);
	}
	/* Nothing but the three files and their versions. */
	assert_int_equal(temporary_count(&folder, "root/notes"), 3 + 4 + 2 + 1);
}

static enum status
change(int kind)
{
	struct storing_file file = file_at("/notes/old.gmi");
	struct storing storing;

	switch (kind) {
	case 0: return put(&file, "# Changed\n");
	case 1: return storing_delete(&storing, &file);
	case 2: return put_at("/notes/new.gmi", "# New\n");
	default: return put_at("/notes/made/new.gmi", "# New\n");
	}
}

/*
 * After any failure all is as before.  A call that fails may be made good by
 * another one.
 */
static void
failures(void **state)
{
	(void)state;
	for (int i = 0; i < 16 * 12; i++) {
		size_t before = temporary_count(&folder, "root"),
		       fds = descriptors();
		enum status status;

		has_proc = i / 4 % 2 == 0;
		has_links = i / 8 % 2 == 0;
		countdown = 1 + i / 16;
		status = change(i % 4);
		assert_int_equal(errno == EIO, status == STATUS_FAILURE);
		assert_int_equal(descriptors(), fds);
		if (i / 16 == 0)
			assert_int_equal(status, STATUS_FAILURE);
		if (i / 16 == 11)
			assert_int_equal(status, STATUS_SUCCESS);
		if (status == STATUS_FAILURE) {
			assert_int_equal(
			    temporary_count(&folder, "root"), before);
			assert_true(temporary_has(
			    &folder, "root/notes/old.gmi", "# Old\n"));
		}
		(void)end(NULL);
		(void)begin(NULL);
	}
}

/* A client that stops early leaves nothing. */
static void
stopped(void **state)
{
	const struct storing_file old = file_at("/notes/old.gmi");
	const struct storing_file made = file_at("/notes/made/");
	size_t before = temporary_count(&folder, "root");
	struct storing storing;

	(void)state;
	for (int i = 0; i < 4; i++) {
		has_proc = i / 2 == 0;
		assert_int_equal(
		    storing_begin(&storing, i % 2 == 0 ? &old : &made),
		    STATUS_SUCCESS);
		assert_int_equal(
		    storing_write(&storing, STR("# Half")), STATUS_SUCCESS);
		storing_abort(&storing);
		assert_int_equal(temporary_count(&folder, "root"), before);
		assert_true(
		    temporary_has(&folder, "root/notes/old.gmi", "# Old\n"));
	}
}

/* A process that is killed in mid-body leaves nothing after a cleaning. */
static void
killed(void **state)
{
	const struct storing_file old = file_at("/notes/old.gmi");
	const struct storing_file made = file_at("/notes/made/");
	size_t before = temporary_count(&folder, "root");
	struct storing storing, used;

	(void)state;
	has_proc = false;
	for (int i = 0; i < 100; i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			(void)!storing_begin(
			    &storing, i % 2 == 0 ? &old : &made);
			(void)!storing_write(&storing, STR("# Half"));
			raise(SIGKILL);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
	}
	assert_true(temporary_count(&folder, "root") > before);
	/* Another process still writes this one. */
	assert_int_equal(storing_begin(&used, &made), STATUS_SUCCESS);
	assert_int_equal(storespace_clean(&tree, STR("/notes/")), 0);
	assert_int_equal(storing_write(&used, STR("# Made\n")), STATUS_SUCCESS);
	assert_int_equal(storing_finish(&used), STATUS_SUCCESS);
	assert_true(
	    temporary_has(&folder, "root/notes/made/index.gmi", "# Made\n"));
	assert_int_equal(temporary_count(&folder, "root"), before + 2);
}

/* A folder that is swapped with a link leads nowhere. */
static void
raced(void **state)
{
	char s[4096], away[4096];
	size_t stored_count = 0, refused_count = 0;
	pid_t child;

	(void)state;
	temporary_folder(&folder, "root/notes/s");
	temporary_folder(&folder, "root/private");
	snprintf(s, sizeof s, "%s", temporary_path(&folder, "root/notes/s"));
	snprintf(away, sizeof away, "%s",
	    temporary_path(&folder, "root/notes/away"));
	temporary_link(&folder, "root/notes/away", "../private");
	child = fork();
	/* Until the parent kills it. */
	for (unsigned i = 0; child == 0 && i < UINT_MAX; i++)
		(void)syscall(SYS_renameat2, AT_FDCWD, s, AT_FDCWD, away,
		    RENAME_EXCHANGE);
	for (int i = 0; i < 10000; i++) {
		enum status status = put_at("/notes/s/p.gmi", "# P\n");

		stored_count += status == STATUS_SUCCESS;
		refused_count += status == STATUS_BAD_REQUEST;
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(stored_count > 0);
	assert_true(refused_count > 0);
	assert_int_equal(temporary_count(&folder, "root/private"), 1);
}

/* The other name of a file keeps its content. */
static void
hard_linked(void **state)
{
	char other[4096];

	(void)state;
	temporary_file(&folder, "outside/file", "# Other\n");
	snprintf(
	    other, sizeof other, "%s", temporary_path(&folder, "outside/file"));
	assert_int_equal(
	    link(other, temporary_path(&folder, "root/notes/a.gmi")), 0);
	assert_int_equal(put_at("/notes/a.gmi", "# A\n"), STATUS_SUCCESS);
	assert_true(temporary_has(&folder, "outside/file", "# Other\n"));
	assert_true(temporary_has(&folder, "root/notes/a.gmi", "# A\n"));
	assert_true(
	    temporary_has(&folder, "root/notes/.a.gmi~1~", "# Other\n"));
}

static void
based(void **state)
{
	struct storing_file file = file_at("/notes/old.gmi");
	unsigned char hash[SHA256_SIZE];
	struct storing storing;

	(void)state;
	file.base = hash;
	assert_int_equal(sha256_of(STR("# Old\n"), hash), 0);
	assert_int_equal(storing_begin(&storing, &file), STATUS_SUCCESS);
	assert_int_equal(put(&file, "# 1\n"), STATUS_SUCCESS);
	/* The page has changed after this upload began. */
	assert_int_equal(storing_write(&storing, STR("# 2\n")), STATUS_SUCCESS);
	assert_int_equal(storing_finish(&storing), STATUS_BAD_REQUEST);
	assert_int_equal(put(&file, "# 3\n"), STATUS_BAD_REQUEST);
	assert_int_equal(storing_delete(&storing, &file), STATUS_BAD_REQUEST);
	assert_true(temporary_has(&folder, "root/notes/old.gmi", "# 1\n"));
	/* A new page is made from an empty text. */
	file = file_at("/notes/new.gmi");
	file.base = hash;
	assert_int_equal(put(&file, "# 1\n"), STATUS_BAD_REQUEST);
	assert_int_equal(sha256_of(STR(""), hash), 0);
	assert_int_equal(put(&file, "# 1\n"), STATUS_SUCCESS);
}

static void
deleted(void **state)
{
	struct storing_file file = file_at("/notes/old.gmi");
	struct storing storing;

	(void)state;
	assert_int_equal(storing_delete(&storing, &file), STATUS_SUCCESS);
	assert_true(temporary_has(&folder, "root/notes/old.gmi", NULL));
	assert_true(
	    temporary_has(&folder, "root/notes/.old.gmi~1~", "# Old\n"));
	assert_int_equal(storing_delete(&storing, &file), STATUS_NOT_FOUND);
	file.path = STR("/notes/d");
	assert_int_equal(storing_delete(&storing, &file), STATUS_BAD_REQUEST);
	file.path = STR("/notes/none/");
	assert_int_equal(storing_delete(&storing, &file), STATUS_NOT_FOUND);
	file = file_at("/notes/old.gmi");
	file.versions = 0;
	assert_int_equal(put(&file, "# 1\n"), STATUS_SUCCESS);
	assert_int_equal(storing_delete(&storing, &file), STATUS_SUCCESS);
	assert_int_equal(temporary_count(&folder, "root/notes"), 2);
}

/* A full disk, in the form of a limit for files. */
static void
limited(void **state)
{
	const struct rlimit limit = { 3, 3 };
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(
		    put_at("/notes/old.gmi", "# Changed\n") != STATUS_FAILURE ||
		    errno != EFBIG);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(temporary_has(&folder, "root/notes/old.gmi", "# Old\n"));
	assert_int_equal(temporary_count(&folder, "root/notes"), 3);
}

/* Writes more than the file system has room for. */
static enum status
overfill(void)
{
	static char part[65536];
	const struct storing_file file = file_at("/notes/page.gmi");
	enum status status;
	struct storing storing;

	memset(part, 'x', sizeof part);
	status = storing_begin(&storing, &file);
	for (int i = 0; i < 64 && status == STATUS_SUCCESS; i++)
		status =
		    storing_write(&storing, (struct str){ part, sizeof part });
	if (status == STATUS_SUCCESS)
		storing_abort(&storing);
	return status;
}

/* On a small file system; returns the number of the step that failed. */
static int
try_mounted(void)
{
	size_t before;

	/* The open root is that of the other namespace. */
	tree_release(&tree);
	if (tree_init(&tree, "root", NULL) == -1)
		return 6;
	if (put_at("/notes/page.gmi", "# 1\n") != STATUS_SUCCESS ||
	    put_at("/notes/page.gmi", "# 2\n") != STATUS_SUCCESS ||
	    put_at("/notes/made/", "# Made\n") != STATUS_SUCCESS)
		return 1;
	before = temporary_count(&folder, "root/notes");
	if (overfill() != STATUS_FAILURE || errno != ENOSPC)
		return 2;
	if (temporary_count(&folder, "root/notes") != before ||
	    !temporary_has(&folder, "root/notes/page.gmi", "# 2\n") ||
	    !temporary_has(&folder, "root/notes/.page.gmi~1~", "# 1\n") ||
	    !temporary_has(&folder, "root/notes/made/index.gmi", "# Made\n") ||
	    mode_of("root/notes/page.gmi") != 0644)
		return 3;
	/* What is mounted deeper may belong elsewhere. */
	temporary_folder(&folder, "root/notes/d");
	if (mount(temporary_path(&folder, "outside"), "root/notes/d", NULL,
		MS_BIND, NULL) == -1)
		return 4;
	if (put_at("/notes/d/x.gmi", "# X\n") != STATUS_BAD_REQUEST ||
	    temporary_count(&folder, "outside") != 1)
		return 5;
	return 0;
}

static bool
mount_overlay(void)
{
	temporary_folder(&folder, "small/upper");
	temporary_folder(&folder, "small/work");
	return mount("overlay", "root/notes", "overlay", 0,
		   "lowerdir=outside,upperdir=small/upper,workdir=small/"
		   "work") == 0;
}

/* As root, which can mount; a container may refuse that. */
static void
mounted(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			has_proc = i / 2 == 0;
			temporary_folder(&folder, "small");
			if (chdir(folder.path) == -1 ||
			    unshare(CLONE_NEWNS) == -1 ||
			    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ==
				-1 ||
			    mount("tmpfs", i % 2 ? "small" : "root/notes",
				"tmpfs", 0, "size=1m") == -1)
				_exit(0);
			if (i % 2 && !mount_overlay())
				_exit(0);
			_exit(try_mounted());
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		(void)end(NULL);
		(void)begin(NULL);
	}
}

static void
space(void **state)
{
	uint64_t used;

	(void)state;
	temporary_folder(&folder, "root/notes/.git");
	temporary_file(&folder, "root/notes/.hidden", "x");
	temporary_link(&folder, "root/notes/link", "../../outside");
	assert_int_equal(
	    truncate(temporary_path(&folder, "root/notes/old.gmi"), 10000), 0);
	assert_int_equal(
	    storespace_used(&tree, STR("/notes/"), UINT64_MAX, &used), 0);
	/* The folder, the file, and four names. */
	assert_int_equal(used, 4096 + 12288 + 4 * 4096);
	assert_int_equal(
	    storespace_used(&tree, STR("/notes/"), 5000, &used), 0);
	assert_true(used > 5000);
	assert_int_equal(
	    storespace_used(&tree, STR("/none/"), 5000, &used), -1);
	temporary_file(&folder, "root/notes/.old.gmi~7~", "# Older\n");
	temporary_file(&folder, "root/notes/.old.gmi~x~", "");
	assert_int_equal(
	    storespace_used_by_file(&tree, STR("/notes/old.gmi"), &used), 0);
	assert_int_equal(used, 12288 + 4096);
	assert_int_equal(
	    storespace_used_by_file(&tree, STR("/none/a.gmi"), &used), -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stored),
		TEST(refused_names),
		TEST(checked_content),
		TEST(failures),
		TEST(stopped),
		TEST(killed),
		TEST(raced),
		TEST(hard_linked),
		TEST(based),
		TEST(deleted),
		TEST(limited),
		TEST(mounted),
		TEST(space),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
