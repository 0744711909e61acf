/*
 * A target without its fuzzer:
 *
 *     replay_NAME CORPUS [DICTIONARY COUNT]
 *
 * runs every file of the folder CORPUS, then COUNT mutants of them, which are
 * the same in every run.  The last line is as cmocka's, for tests/run to count.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "mutate.h"

#define FILE_MAX ((size_t)1 << 20)
#define TEXTS_MAX 1024
#define SEED 20251129
#define HANG_S 100 /* no input takes as long, not even under valgrind */

/* Texts read, each in memory of its own. */
struct texts {
	struct str at[TEXTS_MAX];
	size_t count;
};

/* The mutant under test, shared with the parent, which saves it if it fails. */
struct current {
	size_t number; /* from 1; 0: no mutant is running */
	size_t len;
	char input[MUTATE_MAX];
};

static struct current *current;

static NO_RETURN void
die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(2);
}

/* In memory as large as the text: a sanitizer sees a step past its end. */
static struct str
copy_of(struct str text)
{
	char *copy = malloc(text.len > 0 ? text.len : 1);

	if (copy == NULL)
		die("memory");
	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	return (struct str){ copy, text.len };
}

static void
free_copy(struct str copy)
{
	free((void *)(uintptr_t)copy.at);
}

static void
keep(struct texts *texts, struct str text)
{
	errno = E2BIG;
	if (texts->count == TEXTS_MAX)
		die("inputs");
	texts->at[texts->count++] = copy_of(text);
}

static void
release(struct texts *texts)
{
	while (texts->count > 0)
		free_copy(texts->at[--texts->count]);
}

static void
run(struct str input)
{
	alarm(HANG_S);
	LLVMFuzzerTestOneInput((const uint8_t *)input.at, input.len);
}

/* The whole file, valid until the next. */
static struct str
read_file(const char *path)
{
	static char room[FILE_MAX];
	FILE *file = fopen(path, "rb");
	size_t len;

	if (file == NULL)
		die(path);
	len = fread(room, 1, sizeof room, file);
	if (ferror(file) != 0)
		die(path);
	fclose(file);
	return (struct str){ room, len };
}

static void
replay_file(const char *path, struct texts *inputs)
{
	keep(inputs, read_file(path));
	/* Before it runs, so that a crash is below the name of its input. */
	printf("%s\n", path);
	fflush(stdout);
	run(inputs->at[inputs->count - 1]);
}

static void
replay_folder(const char *folder, struct texts *inputs)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);

	if (count == -1)
		die(folder);
	for (int i = 0; i < count; i++) {
		char path[4096];
		struct stat st;

		snprintf(
		    path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			replay_file(path, inputs);
		free(entries[i]);
	}
	free(entries);
}

static void
read_words(const char *path, struct texts *words)
{
	static char word[FILE_MAX];
	struct str text = read_file(path);

	while (text.len > 0) {
		size_t len = mutate_word(str_cut(&text, '\n'), word);

		if (len > 0)
			keep(words, (struct str){ word, len });
	}
}

static void
run_mutants(struct mutator *mutator, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str input;

		current->len = mutate_next(mutator, current->input);
		current->number = i + 1;
		input = copy_of((struct str){ current->input, current->len });
		run(input);
		free_copy(input);
	}
	current->number = 0;
}

/* Returns how many inputs there were. */
static size_t
run_all(const char *corpus, const char *dictionary, size_t count)
{
	static struct texts inputs, words;
	struct mutator mutator = { .state = SEED };
	size_t replayed;

	replay_folder(corpus, &inputs);
	replayed = inputs.count;
	if (replayed > 0 && count > 0) {
		read_words(dictionary, &words);
		mutator.inputs =
		    (struct mutate_texts){ inputs.at, inputs.count };
		mutator.words = (struct mutate_texts){ words.at, words.count };
		run_mutants(&mutator, count);
		replayed += count;
	}
	release(&inputs);
	release(&words);
	return replayed;
}

/* Saves the mutant that failed, to be added to the corpus once it is mended. */
static void
report(const char *program)
{
	char path[4096];
	FILE *file;

	if (current->number == 0)
		return;
	snprintf(path, sizeof path, "%s.failed", program);
	file = fopen(path, "wb");
	if (file == NULL ||
	    fwrite(current->input, 1, current->len, file) != current->len ||
	    fclose(file) != 0)
		die(path);
	printf("mutant %zu failed, saved as %s\n", current->number, path);
}

int
main(int argc, char **argv)
{
	int status;
	pid_t child;

	if (argc != 2 && argc != 4) {
		printf("usage: %s CORPUS [DICTIONARY COUNT]\n", argv[0]);
		return 2;
	}
	current = mmap(NULL, sizeof *current, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	child = current == MAP_FAILED ? -1 : fork();
	if (child == 0) {
		size_t count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

		count = run_all(argv[1], argv[2], count);
		errno = ENOENT;
		if (count == 0)
			die(argv[1]);
		printf("[  PASSED  ] %zu test(s).\n", count);
		return 0;
	}
	if (child == -1 || waitpid(child, &status, 0) == -1)
		die("fork");
	if (status == 0)
		return 0;
	report(argv[0]);
	printf("[  FAILED  ] 1 test(s).\n");
	return 1;
}
