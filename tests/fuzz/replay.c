/*
 * A target without its fuzzer: every file of the folders given, each once.
 * The last line is what cmocka's would be, for tests/run to count.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX ((size_t)1 << 20)

static NO_RETURN void
die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(2);
}

static void
replay_file(const char *path)
{
	static char room[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t len;
	uint8_t *input;

	if (file == NULL)
		die(path);
	len = fread(room, 1, sizeof room, file);
	if (ferror(file) != 0)
		die(path);
	fclose(file);
	/* As large as the input: a sanitizer sees a step past its end. */
	input = malloc(len > 0 ? len : 1);
	if (input == NULL)
		die(path);
	memcpy(input, room, len);
	/* Before it runs: a crash has its name in the line above. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(input, len);
	free(input);
}

static size_t
replay_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	size_t replayed = 0;

	if (count == -1)
		die(folder);
	for (int i = 0; i < count; i++) {
		char path[4096];
		struct stat st;

		snprintf(
		    path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
			replay_file(path);
			replayed++;
		}
		free(entries[i]);
	}
	free(entries);
	return replayed;
}

int
main(int argc, char **argv)
{
	size_t replayed = 0;

	for (int i = 1; i < argc; i++)
		replayed += replay_folder(argv[i]);
	if (replayed == 0) {
		printf("no input\n[  FAILED  ] 1 test(s).\n");
		return 1;
	}
	printf("[  PASSED  ] %zu test(s).\n", replayed);
	return 0;
}
