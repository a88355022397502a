/*
 * input: lines that another one has ready, who wants to know when they are
 * committed: of INPUT_HTTP.
 */
#ifndef CRETULA_INPUT_GIVEN_H
#define CRETULA_INPUT_GIVEN_H

#include "input/live.h"

/* As the calls of these names in live.h; read fills more.ticket and more.again, too. */
struct input_given {
	void *arg;
	int (*start)(void *arg, int fd, struct err *e); /* fd listens, and is the input's */
	int (*read)(void *arg, struct span room, int timeout_ms, struct input_more *more);
	void (*commit)(void *arg, uint64_t ticket);
	void (*forget)(void *arg);
	void (*desert)(void *arg);
	int (*reload)(void *arg, struct err *e);
	void (*stop)(void *arg);
	void (*count)(void *arg, struct input_live_counts *counts);
	void (*close)(void *arg);
};

/* Somebody will read: threads of the input's own (TLS, HTTP), unless they are there already. */
int input_live_start(struct input_live *in, struct err *e);

/* What was read up to ticket is committed; whoever waits for that is told. */
void input_live_commit(struct input_live *in, uint64_t ticket);

/* What was read and is not committed never will be. */
void input_live_forget(struct input_live *in);
/* Nobody will read before a person has mended something: who waits is told. */
void input_live_desert(struct input_live *in);

/* Certificates anew.  -1 with e: the old ones stay. */
int input_live_reload(struct input_live *in, struct err *e);

#endif
