/* input, inside: a file that grows. */
#ifndef CRETULA_INPUT_LIVE_TAIL_H
#define CRETULA_INPUT_LIVE_TAIL_H

#include <sys/types.h>

#include <pthread.h>

#include "input/input.h"
#include "input/live/inside.h"

#define TAIL_QUEUE_MAX 32
#define TAIL_LOOK_BYTES ((size_t)256)

#define TAIL_PACKED_BYTES ((size_t)64 << 10) /* of a compressed file, at once */

enum tail_packing {
	TAIL_PLAIN,
	TAIL_GZIP,
	TAIL_ZSTD,
	TAIL_OTHER /* nobody reads it here */
};

struct tail_queued {
	ino_t inode;
	uint64_t at;
	enum tail_packing packing;
	size_t head_len; /* of what it began with, as far as that is known */
	uint64_t hash;
};

struct tail_packed {
	struct input_decompress *gzip, *zstd; /* NULL until there is such a file */
	struct input_decompress *now; /* of the file that is open; NULL: it is plain */
	unsigned char *in; /* TAIL_PACKED_BYTES */
	size_t have, used;
	uint64_t file_at, from; /* compressed bytes so far; what lies before was read before */
};

/* Files that were read to their end, until all of it is committed. */
#define TAIL_LEFT_MAX 4

struct tail_left {
	int fd; /* -1: none */
	uint64_t file, end;
	bool headed; /* only its head is left */
};

struct tail_spend {
	enum input_after_read how;
	pthread_mutex_t lock;
	uint64_t file, at; /* committed; under lock */
	uint64_t done; /* of the file that is open: given up to here */
	struct tail_left left[TAIL_LEFT_MAX];
	bool refused, told; /* we may not, or the file system cannot */
};

struct live_tail {
	struct tail_spend spend;
	struct tail_packed packed;
	char base[INPUT_PLACE_BYTES]; /* of the path, below dir_fd */
	int dir_fd, watch_fd;
	int fd; /* -1: the next one is to be opened */
	uint64_t file; /* how many were opened */
	dev_t device;
	ino_t inode;
	struct { /* the one before it, as it was when it was left */
		dev_t device;
		ino_t inode; /* 0: there is none */
		int64_t changed_ns;
		uint64_t hash;
	} left;
	uint64_t at; /* bytes of it that were read */
	uint64_t size; /* as it was seen last */
	char *other; /* as head, of another one */
	char *head; /* INPUT_HEAD_BYTES, secret memory */
	size_t head_len;
	char *last; /* TAIL_LOOK_BYTES before at, secret: still there when more comes? */
	size_t last_len;
	int64_t eof_ns; /* when it ended while another one has its name; 0 */
	bool ended; /* the last read was its end */
	bool drained; /* it got all that was there */
	struct tail_queued queue[TAIL_QUEUE_MAX]; /* the one of our path comes behind them */
	unsigned queued;
};

/* in->tail, also after a failure: input_tail_close. */
int input_tail_open(
    struct input_live *in, const struct input_live_options *how, struct err *e);
void input_tail_close(struct live_tail *t); /* NULL is legal */
int input_tail_read(
    struct input_live *in, struct live_sink *sink, int timeout_ms, struct input_more *more);

/* ---- spend.c: what is committed is given up ---- */

void input_tail_spend_open(struct live_tail *t, enum input_after_read how);
void input_tail_spend_close(struct live_tail *t);
void input_tail_spend(struct live_tail *t);
void input_tail_spent_to(struct live_tail *t, uint64_t at); /* of the file that was opened */
/* The file that is open is done with.  true: its descriptor is kept for a while. */
bool input_tail_spend_leave(struct live_tail *t);
/* Open a file so that it can be given up, if that is wanted and allowed. */
int input_tail_spend_file(struct live_tail *t, const char *name);
/* Was it given up, head and all? */
bool input_tail_is_spent(const struct live_tail *t, int fd);

/* ---- packed.c: files that were compressed meanwhile ---- */

enum tail_packing input_tail_packing(const char *name);
/* The file that is opened now; plain is legal.  What lies before from is passed over. */
void input_tail_packed_begin(struct live_tail *t, enum tail_packing packing, uint64_t from);
void input_tail_packed_close(struct live_tail *t);
/* Its first bytes to t->other: how many; 0: it is damaged. */
size_t input_tail_packed_head(struct live_tail *t, int fd, enum tail_packing packing);
/* As read(2) of what it was; *passed of it lie before from. */
ssize_t input_tail_packed_read(struct live_tail *t, char *out, size_t size, size_t *passed);

#endif
