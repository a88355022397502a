/* A directory of this test, and KEYS in it. */
#ifndef CRETULA_TEST_SCRATCH_H
#define CRETULA_TEST_SCRATCH_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "key/key.h"

static char scratch[64];
static char keys[128];
static struct err e;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return (remove(path));
}

static inline void
remove_tree(const char *path)
{
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline int
scratch_make(void **state)
{
	(void)state;
	/* In memory: thousands of fsyncs, and no test takes the machine's power away. */
	(void)snprintf(scratch, sizeof(scratch), "%s/cretula-key-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (crypto_start(NULL) != 0 || mkdtemp(scratch) == NULL)
		return (-1);
	(void)snprintf(keys, sizeof(keys), "%s/keys", scratch);
	return (0);
}

static inline int
scratch_remove(void **state)
{
	(void)state;
	io_fault_set(0, 0, false);
	remove_tree(scratch);
	return (0);
}

/* A fresh KEYS, open. */
static inline int
make_keys(void)
{
	int fd;

	remove_tree(keys);
	assert_int_equal(key_create(keys, NULL, &e), 0);
	fd = key_open_dir(keys, &e);
	assert_true(fd >= 0);
	return (fd);
}

static inline struct key_ring *
open_ring(int keys_fd)
{
	struct key_ring *ring = NULL;

	if (key_ring_open(keys_fd, &ring, &e) != 0)
		fail_msg("%s", e.text);
	return (ring);
}

#endif
