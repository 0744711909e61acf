#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "load.h"

/* The longest header of Gemini, and the start of an answer of Gopher. */
#define CLIENT_HEAD_MAX 1100

enum client_state {
	CLIENT_FREE,
	CLIENT_CONNECT,
	CLIENT_HANDSHAKE,
	CLIENT_SEND,
	CLIENT_RECEIVE,
	CLIENT_IDLE, /* connected, and silent */
};

/* One connection, which asks once. */
struct client {
	int fd;
	enum client_state state;
	uint32_t events; /* waited for */
	SSL *ssl;
	struct target *target;
	int64_t started_us;
	size_t sent;
	int64_t body;
	size_t head_length;
	bool head_done, got_session, stays_idle;
	SSL_SESSION *session;
	char head[CLIENT_HEAD_MAX];
};

/* What TLS clients of this load share. */
void client_init_tls(struct load *load);

/*
 * Begins a connection; one that stays idle asks for nothing.  False when
 * there is no descriptor for it.
 */
bool client_start(struct load *load, struct client *client, bool stays_idle);

/* Goes on as far as the socket allows. */
void client_drive(struct load *load, struct client *client);

/* Ends it, and counts it as failed. */
void client_fail(struct load *load, struct client *client, enum failure why);

/* Ends it, with a reset or in order, and counts nothing. */
void client_close(struct load *load, struct client *client, bool reset);

/* Keeps the first complaint of a phase. */
void complain(struct load *load, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
