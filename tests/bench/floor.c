/*
 * floor - the least work that an answer of Gemini or Gopher can cost here.
 *
 * It is no server: it reads no request, looks nothing up, keeps no deadline,
 * and sends the same answer to everybody.  What it costs is what no server with
 * this OpenSSL, and for Gopher with this kernel's sockets, can be below; what
 * a server costs more than it is the server's own.  So whatever trick makes a
 * server cheaper belongs in here too.
 *
 *     floor gopher [-b BYTES | -f FILE] [-w PROCESSES] PORT
 *     floor gemini [-b BYTES | -f FILE] [-w PROCESSES] [-T TICKETS] [-R] PORT
 *         CERTIFICATE KEY
 *
 * -b is the size of the body (2048), which is in memory; -f opens and reads
 * that file for each answer, of which a page is too small a part; -w how many
 * processes share the port (1), which together pay more for each answer than
 * one does; -T gives that many tickets (0); -R keeps idle connections small, at
 * some cost.  It listens on 127.0.0.1 and ends after an hour.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define PENDING_MAX ((size_t)256 << 10)
#define RECORD_MAX ((size_t)16384)
/* Bytes of one read; 16 KB cost 10 % more, and 256 KB do not cost less. */
#define BLOCK ((size_t)128 << 10)
#define FILE_MAX ((size_t)1 << 30)
#define EVENTS 256
#define LIFE_S 3600
#define BACKLOG 4096
#define DEFER_S 10

struct answer {
	char *bytes;
	size_t length;
	const char *file; /* that follows them, or NULL */
};

/* One TLS client; used again for the next. */
struct slot {
	int fd;
	SSL *ssl;
	bool drained; /* of what the event told of */
	bool accepted, asked;
	int file; /* -1: not open */
	size_t written;
	unsigned char *pending; /* not sent yet */
	size_t length, sent;
	struct slot *next;
};

struct floor {
	struct answer answer;
	bool lean;
	size_t tickets, processes;
	int listener, epoll;
	SSL_CTX *tls;
	BIO_METHOD *method;
	struct slot *spare;
};

static struct floor floor_here = { .answer.length = 2048, .processes = 1 };

_Noreturn static void
die(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* With MSG_MORE the last segment waits for the FIN that follows. */
static bool
flush(struct slot *slot, int flags)
{
	while (slot->sent < slot->length) {
		ssize_t count = send(slot->fd, slot->pending + slot->sent,
		    slot->length - slot->sent, MSG_NOSIGNAL | flags);

		if (count == -1)
			return false;
		slot->sent += (size_t)count;
	}
	slot->sent = slot->length = 0;
	if (floor_here.lean) {
		free(slot->pending);
		slot->pending = NULL;
	}
	return true;
}

static int
bio_write(BIO *bio, const char *bytes, int count)
{
	struct slot *slot = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (slot->pending == NULL &&
	    (slot->pending = malloc(PENDING_MAX)) == NULL)
		die("malloc");
	if (slot->length + (size_t)count > PENDING_MAX && !flush(slot, 0)) {
		BIO_set_retry_write(bio);
		return -1;
	}
	memcpy(slot->pending + slot->length, bytes, (size_t)count);
	slot->length += (size_t)count;
	return count;
}

/* What filled less than it could has emptied the socket. */
static int
bio_read(BIO *bio, char *bytes, int size)
{
	struct slot *slot = BIO_get_data(bio);
	ssize_t count = -1;

	BIO_clear_retry_flags(bio);
	errno = EAGAIN;
	if (!slot->drained)
		count = recv(slot->fd, bytes, (size_t)size, 0);
	if (count == -1 && errno == EAGAIN)
		BIO_set_retry_read(bio);
	slot->drained = count < size && count != 0;
	return (int)count;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	struct slot *slot = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command != BIO_CTRL_FLUSH)
		return 0;
	/* Tickets can wait for the answer. */
	if (!slot->accepted &&
	    SSL_get_state(slot->ssl) != TLS_ST_SW_SESSION_TICKET)
		flush(slot, 0);
	return 1;
}

static void
equip(struct slot *slot)
{
	BIO *bio = BIO_new(floor_here.method);

	SSL_free(slot->ssl);
	slot->ssl = SSL_new(floor_here.tls);
	if (slot->ssl == NULL || bio == NULL)
		die("SSL_new");
	BIO_set_data(bio, slot);
	BIO_set_init(bio, 1);
	SSL_set_bio(slot->ssl, bio, bio);
	SSL_set_accept_state(slot->ssl);
}

static struct slot *
slot_for(int fd)
{
	struct slot *slot = floor_here.spare;

	if (slot != NULL) {
		floor_here.spare = slot->next;
	} else {
		slot = calloc(1, sizeof *slot);
		if (slot == NULL)
			die("calloc");
		equip(slot);
	}
	slot->fd = fd;
	slot->file = -1;
	slot->drained = slot->accepted = slot->asked = false;
	slot->written = slot->length = slot->sent = 0;
	return slot;
}

static void
slot_done(struct slot *slot)
{
	close(slot->fd);
	if (slot->file != -1)
		close(slot->file);
	if (SSL_clear(slot->ssl) != 1)
		equip(slot);
	slot->next = floor_here.spare;
	floor_here.spare = slot;
}

/* True when the connection is over: done, or broken. */
static bool
is_over(struct slot *slot, int result)
{
	int error = SSL_get_error(slot->ssl, result);

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return false;
	ERR_clear_error();
	return true;
}

static int
open_file(void)
{
	int fd = open(floor_here.answer.file, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		die(floor_here.answer.file);
	return fd;
}

/* The part of the answer in memory that was not written yet. */
static const char *
next_bytes(struct slot *slot, size_t *length)
{
	static char block[BLOCK];
	const struct answer *answer = &floor_here.answer;
	size_t head = slot->written == 0 ? answer->length : 0;
	ssize_t got;

	if (answer->file == NULL) {
		*length = answer->length - slot->written;
		return answer->bytes + slot->written;
	}
	if (slot->file == -1)
		slot->file = open_file();
	memcpy(block, answer->bytes, head);
	got = pread(slot->file, block + head, BLOCK - head,
	    (off_t)(slot->written + head - answer->length));
	if (got == -1)
		die("pread");
	*length = head + (size_t)got;
	return block;
}

/* SSL_write in records of the largest size; returns as that. */
static int
write_bytes(struct slot *slot, const char *bytes, size_t length)
{
	int result = 1;

	for (size_t done = 0; done < length; done += (size_t)result) {
		size_t count = length - done;

		count = count < RECORD_MAX ? count : RECORD_MAX;
		result = SSL_write(slot->ssl, bytes + done, (int)count);
		if (result <= 0)
			break;
		slot->written += (size_t)result;
	}
	return result;
}

static bool
send_answer(struct slot *slot)
{
	size_t length = BLOCK;

	/* A block that is not full is the last. */
	while (length >= BLOCK) {
		const char *bytes = next_bytes(slot, &length);
		int result = write_bytes(slot, bytes, length);

		if (result <= 0)
			return is_over(slot, result);
	}
	if ((SSL_get_shutdown(slot->ssl) & SSL_SENT_SHUTDOWN) == 0)
		SSL_shutdown(slot->ssl);
	if (!flush(slot, MSG_MORE))
		return errno != EAGAIN;
	shutdown(slot->fd, SHUT_WR);
	return true;
}

static bool
drive(struct slot *slot)
{
	char request[1100];
	int result;

	slot->drained = false;
	if (!slot->accepted) {
		result = SSL_accept(slot->ssl);
		if (result != 1)
			return is_over(slot, result);
		slot->accepted = true;
	}
	if (!slot->asked) {
		result = SSL_read(slot->ssl, request, sizeof request);
		if (result <= 0)
			return is_over(slot, result);
		slot->asked = true;
	}
	return send_answer(slot);
}

static void
take_clients(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int fd;

	while ((fd = accept4(floor_here.listener, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK)) != -1) {
		struct slot *slot = slot_for(fd);

		/* The listener is deferred: the first bytes are here. */
		if (drive(slot)) {
			slot_done(slot);
			continue;
		}
		event.data.ptr = slot;
		epoll_ctl(floor_here.epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static void
serve_gemini(void)
{
	struct epoll_event events[EVENTS] = { { .events = EPOLLIN } };

	floor_here.epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(floor_here.epoll, EPOLL_CTL_ADD, floor_here.listener, events);
	for (;;) {
		int count = epoll_wait(floor_here.epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			struct slot *slot = events[i].data.ptr;

			if (slot == NULL)
				take_clients();
			else if (drive(slot))
				slot_done(slot);
		}
	}
}

static void
send_bytes(int fd)
{
	const struct answer *answer = &floor_here.answer;
	size_t sent = 0;

	while (sent < answer->length) {
		ssize_t count = send(fd, answer->bytes + sent,
		    answer->length - sent, MSG_NOSIGNAL | MSG_MORE);

		if (count == -1)
			return;
		sent += (size_t)count;
	}
	/* 10 MB cost 1 ms less than by send(2), and the client 4 ms more. */
	if (answer->file != NULL) {
		int file = open_file();

		while (sendfile(fd, file, NULL, FILE_MAX) > 0)
			;
		close(file);
	}
	shutdown(fd, SHUT_WR);
}

static void
serve_gopher(void)
{
	char request[1100];
	int fd;

	while ((fd = accept4(floor_here.listener, NULL, NULL, SOCK_CLOEXEC)) !=
	    -1) {
		if (recv(fd, request, sizeof request, 0) > 0)
			send_bytes(fd);
		close(fd);
	}
}

static void
listen_on(const char *port, bool blocking)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int one = 1, defer = DEFER_S;
	int fd = socket(AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer);
	/* Inherited by every socket that accept(2) gives. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((in_port_t)strtoul(port, NULL, 10));
	if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1 ||
	    listen(fd, BACKLOG) == -1)
		die("listen");
	floor_here.listener = fd;
}

static void
init_tls(const char *certificate, const char *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	bool lean = floor_here.lean;

	/* AES-256 would bring SHA-384 into the key schedule: 20 us more. */
	if (tls == NULL ||
	    SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_set1_groups_list(tls, "X25519") != 1 ||
	    SSL_CTX_set_ciphersuites(tls,
		"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
		"TLS_AES_256_GCM_SHA384") != 1)
		die("tls");
	SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	SSL_CTX_set_options(tls, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_num_tickets(tls, floor_here.tickets);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(tls, (const unsigned char *)"f", 1);
	SSL_CTX_set_read_ahead(tls, !lean);
	SSL_CTX_set_mode(tls,
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN |
		SSL_MODE_ENABLE_PARTIAL_WRITE |
		(lean ? SSL_MODE_RELEASE_BUFFERS : 0));
	floor_here.tls = tls;
	floor_here.method =
	    BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "floor");
	BIO_meth_set_write(floor_here.method, bio_write);
	BIO_meth_set_read(floor_here.method, bio_read);
	BIO_meth_set_ctrl(floor_here.method, bio_ctrl);
}

static void
make_answer(const char *header)
{
	static const char line[] = "The least that an answer can be.\n";
	struct answer *answer = &floor_here.answer;
	size_t head = strlen(header);
	size_t length = answer->file == NULL ? answer->length : 0;

	answer->bytes = malloc(head + length + 1);
	if (answer->bytes == NULL)
		die("malloc");
	memcpy(answer->bytes, header, head);
	for (size_t i = 0; i < length; i++)
		answer->bytes[head + i] = line[i % (sizeof line - 1)];
	answer->length = head + length;
}

/* The others end with the first. */
static void
fork_others(void)
{
	for (size_t made = 1; made < floor_here.processes; made++) {
		pid_t child = fork();

		if (child == -1)
			die("fork");
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			alarm(LIFE_S);
			break;
		}
	}
}

static void
read_flag(int flag)
{
	switch (flag) {
	case 'b': floor_here.answer.length = strtoul(optarg, NULL, 10); break;
	case 'f': floor_here.answer.file = optarg; break;
	case 'w': floor_here.processes = strtoul(optarg, NULL, 10); break;
	case 'T': floor_here.tickets = strtoul(optarg, NULL, 10); break;
	case 'R': floor_here.lean = true; break;
	default: exit(2);
	}
}

int
main(int argc, char **argv)
{
	bool tls = argc > 1 && strcmp(argv[1], "gemini") == 0;
	int flag;

	if (argc < 2 || (!tls && strcmp(argv[1], "gopher") != 0)) {
		fputs("usage: floor gemini|gopher ...\n", stderr);
		return 2;
	}
	argc--;
	argv++;
	while ((flag = getopt(argc, argv, "b:f:w:T:R")) != -1)
		read_flag(flag);
	if (argc - optind != (tls ? 3 : 1))
		return 2;
	signal(SIGPIPE, SIG_IGN);
	alarm(LIFE_S);
	fork_others();
	listen_on(argv[optind], !tls);
	make_answer(tls ? "20 text/gemini\r\n" : "");
	if (tls) {
		init_tls(argv[optind + 1], argv[optind + 2]);
		serve_gemini();
	}
	serve_gopher();
	return 0;
}
