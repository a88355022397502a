/* input, inside: a file that grows. */
#ifndef CRETULA_INPUT_LIVE_TAIL_H
#define CRETULA_INPUT_LIVE_TAIL_H

#include <sys/types.h>

#include "input/input.h"
#include "input/live/inside.h"

#define TAIL_QUEUE_MAX 32
#define TAIL_NAME_BYTES 256
#define TAIL_LOOK_BYTES ((size_t)256)

struct tail_queued {
	ino_t inode;
	uint64_t at;
};

struct live_tail {
	char base[INPUT_PLACE_BYTES]; /* of the path, below dir_fd */
	int dir_fd, watch_fd;
	int fd; /* -1: the next one is to be opened */
	uint64_t file, cuts; /* how many were opened, and cut */
	dev_t device;
	ino_t inode;
	uint64_t at; /* bytes of it that were read */
	char *other; /* as head, of another one */
	char *head; /* INPUT_HEAD_BYTES, secret memory */
	size_t head_len;
	char last[TAIL_LOOK_BYTES]; /* before at: still there when more comes? */
	size_t last_len;
	int64_t eof_ns; /* when it ended while another one has its name; 0 */
	bool ended; /* the last read was its end */
	struct tail_queued queue[TAIL_QUEUE_MAX]; /* the one of our path comes behind them */
	unsigned queued;
};

/* in->tail, also after a failure: input_tail_close. */
int input_tail_open(struct input_live *in, const char *path, struct err *e);
void input_tail_close(struct live_tail *t); /* NULL is legal */
int input_tail_read(
    struct input_live *in, struct live_sink *sink, int timeout_ms, struct input_more *more);

#endif
