/*
 * input: lines from sources that do not end by themselves: a pipe, a FIFO,
 * a file that grows, sockets that local or distant programs write to.
 *
 * One thread reads; it only drains.  Whole lines come out, whoever sent them:
 * a connection's half line waits for its other half.  A datagram, and a frame
 * of RFC 6587 (octet counting, told by its first byte), is one line: a line
 * end inside of it becomes #012.
 *
 * Half lines lie in a fixed pool of locked memory.  Once it is used up, or all
 * connections are taken, the one that owes a line end longest is closed; what
 * it sent stays a line.
 */
#ifndef CRETULA_INPUT_LIVE_H
#define CRETULA_INPUT_LIVE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct err;
struct input_live;

#define INPUT_PLACE_BYTES 256

enum input_kind {
	INPUT_PIPE, /* a descriptor that is open: standard input */
	INPUT_FIFO, /* a path, made if it does not exist */
	INPUT_FILE, /* it grows, is renamed and comes anew, or is cut */
	INPUT_UNIX, /* a socket for datagrams, as /dev/log is one */
	INPUT_UNIX_STREAM, /* the same for connections */
	INPUT_UDP,
	INPUT_TCP,
	INPUT_TLS, /* the same, encrypted (input/tls.h) */
	INPUT_HTTP /* bodies of requests, or of HTTPS; its server is the caller's */
};

struct input_place {
	enum input_kind kind;
	char path[INPUT_PLACE_BYTES]; /* or the host; "" for all addresses */
	char port[8]; /* of an address; "" for a path */
};

/* "pipe", "fifo:PATH", "unix:PATH", "udp:HOST:PORT" and so on.  0; -1, ERR_CONFIG. */
int input_place_read(struct span text, struct input_place *place, struct err *e);

/* The same text, in its shortest form. */
#define INPUT_TEXT_BYTES (INPUT_PLACE_BYTES + 32)
void input_place_print(const struct input_place *place, char out[static INPUT_TEXT_BYTES]);

enum input_after_read { INPUT_KEEP, INPUT_PUNCH, INPUT_SHRED }; /* committed lines of a file */

struct input_live_options {
	struct input_place place;
	int fd; /* of it, open already; -1: to be opened here */
	size_t line_max; /* of a longer one line_max + 1 bytes are kept */
	unsigned connections; /* at most */
	const struct input_tls_files *tls; /* of INPUT_TLS */
	const struct input_given *given;   /* of INPUT_HTTP; the input's once it is open */
	enum input_after_read after_read;
};

/* For others that listen as an input does; a unix socket has mode 0660.  -1 with e. */
int input_listen(const struct input_place *place, struct err *e);

/* All memory is taken here.  0; -1 with e: ERR_CONFIG, ERR_BUSY, ERR_INPUT. */
int input_live_open(const struct input_live_options *how, struct input_live **in, struct err *e);
void input_live_close(struct input_live *in); /* NULL is legal */
bool input_live_locked(const struct input_live *in);
/* Do its senders wait while nobody reads?  Those of datagrams do not, or not for long. */
bool input_live_can_wait(const struct input_live *in);
/* What was made for it (a socket, a FIFO) becomes that user's.  0; -1 with e. */
int input_live_give(struct input_live *in, uid_t uid, gid_t gid, struct err *e);
/* May we open what it will open?  A file that is not there may come.  0; -1 with e. */
int input_live_check(const struct input_live *in, struct err *e);
enum { INPUT_NEWS_UNSPENT = 1, INPUT_NEWS_CUT = 2, INPUT_NEWS_GONE = 4, INPUT_NEWS_DAMAGED = 8 };
struct input_more { /* what one call gave */
	size_t len; /* whole lines, each with LF, and whole items */
	size_t added; /* of these bytes were never sent: line ends */
	size_t cut; /* 0; or the end of a line that lacks its rest */
	uint64_t dropped; /* so many bytes of it */
	bool item; /* it is no line, but an item, which starts at item_at */
	size_t item_at;
	uint64_t dropped_lines; /* line ends among dropped, of an item */
	uint64_t lost; /* lines (datagrams) that the kernel had no room for */
	bool flush; /* a file has ended: nothing joins these lines */
	uint64_t ticket; /* not 0: with them all is there that is to be committed as this */
	bool again; /* these lines came before: a retry */
	bool end; /* nothing follows */
	unsigned news; /* INPUT_NEWS_ of files; lost has 1 for lines that nobody counted */
};

/* Less room for lines than this: nothing is read. */
#define INPUT_LIVE_ROOM ((size_t)768 << 10)

/*
 * Lines that are there, or come within timeout_ms, to out.  Calls no
 * allocator.  -1: the source itself is broken (ERR_INPUT); a connection that
 * breaks just ends.
 */
int input_live_read(struct input_live *in, char *out, size_t room, int timeout_ms,
    struct input_more *more, struct err *e);

/*
 * How far the lines of the last read go in a file, which tells it from others
 * by its head (at most INPUT_HEAD_BYTES; valid until the next read).
 */
struct input_position {
	bool has; /* of files only */
	bool end; /* and it is done with */
	uint64_t file; /* another number, another file */
	uint64_t at;
	struct span head;
};
void input_live_position(const struct input_live *in, struct input_position *p);

/* From any thread: lines of that file up to there are committed, and all of those before. */
void input_live_committed(struct input_live *in, uint64_t file, uint64_t at);

/* What of the file that begins like head was read: 0 with at and rank (newest highest), -1. */
typedef int input_find(void *arg, struct span head, uint64_t *at, uint64_t *rank);

/*
 * Files: go on where we were, in a file that may have another name now.
 * false: find knows none of those that are there; reading begins at the start
 * of the file.  since_us, if not 0: somebody began with the file then, and
 * committed nothing of it; so it begins with those that had its name since.
 * May be called again.
 */
bool input_live_resume(struct input_live *in, input_find *find, void *arg, int64_t since_us);

/* From now on nobody is let in; what waits is still given, then comes the end. */
void input_live_stop(struct input_live *in);
/* Since the start: for people. */
struct input_live_counts {
	uint64_t connections, refused; /* taken in; closed for lack of room */
	uint64_t short_of; /* how often somebody waited for lack of descriptors */
	uint64_t gone; /* files that were to be read and were not there any more */
	uint64_t missed; /* datagrams that a socket handed to us had no room for before */
	uint64_t failed; /* TLS: no handshake, or none in time */
	/* HTTP: bodies; those answered 400, 413, 401, 503; lines that came before */
	uint64_t bodies, bad, large, denied, busy, again;
	unsigned open;
};
void input_live_count(const struct input_live *in, struct input_live_counts *counts);

#endif
