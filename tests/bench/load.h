#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

/*
 * What the rooms of capload share: what was asked for, what came of it.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <openssl/ssl.h>

#define SESSIONS_MAX 512

/* A URL or selector that is asked for. */
struct target {
	const char *text;
	char *request;
	size_t length;
	char sni[256]; /* empty: none */
	int64_t body; /* bytes of its first answer; -1 before that */
};

struct options {
	bool gopher, resume, nagle;
	bool half_open; /* idle ones send a byte of a ClientHello */
	size_t concurrency, requests, warm, idle, sources;
	double seconds, patience_s, hold_s;
	pid_t pid; /* 0: nobody is watched */
	const char *cgroup, *suites, *groups;
	struct sockaddr_storage address;
	socklen_t address_length;
	struct target *targets;
	size_t target_count;
};

enum failure {
	FAILURE_CONNECT,
	FAILURE_HANDSHAKE,
	FAILURE_WRITE,
	FAILURE_RESET,
	FAILURE_TLS,
	FAILURE_STATUS,
	FAILURE_HEADER,
	FAILURE_EMPTY,
	FAILURE_LENGTH,
	FAILURE_GOPHER,
	FAILURE_TIMEOUT,
	FAILURES
};

/* What came of one phase: the warming up, or what counts. */
struct outcome {
	size_t started, done, ok;
	size_t unclosed; /* without close_notify */
	size_t resumed;
	size_t failures[FAILURES];
	uint64_t bytes;
	double took_s;
	uint32_t *latencies_us; /* of those that were ok; NULL: not wanted */
	size_t most; /* of them */
	char negotiated[128];
	char complaint[256]; /* the first */
};

struct client;

struct load {
	struct options options;
	SSL_CTX *tls;
	int epoll;
	struct client *clients; /* options.concurrency of them */
	size_t turn; /* which target is next */
	SSL_SESSION *sessions[SESSIONS_MAX]; /* tickets, each to be used once */
	size_t session_count;
	struct outcome outcome;
};

/* Fills `options`; ends the program, with what is wrong, when it cannot. */
void options_read(struct options *options, int argc, char **argv);

/* Ends the program with status 2. */
_Noreturn void
die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Zeroed memory, or the end of the program. */
void *must_calloc(size_t count, size_t size);

int64_t now_us(void);

#endif
