/* store, inside: what lies in a directory, and what a crash left there. */
#ifndef CRETULA_STORE_SWEEP_H
#define CRETULA_STORE_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct err;

/*
 * Open a directory, making it if need be.  A fresh one's name reaches the
 * disk, whether it was there already or not.
 */
int store_make_dir(int dirfd, const char *name, bool fresh, int *fd, struct err *e);

/*
 * Call each with every name in dirfd/path but "." and "..", until it says -1.
 * 0 or -1.
 */
typedef int (*store_each)(void *arg, int fd, const char *name, struct err *e);
int store_scan(int dirfd, const char *path, store_each each, void *arg, struct err *e);

/*
 * Remove name, overwritten first if it is a file of no other name: what is
 * left over may hold records or salts of what is erased later.  A directory
 * that is not empty is nothing of ours, and stays.
 */
int store_remove_file(int fd, const char *name, struct err *e);

/*
 * What bears the name and is no regular file (*was) loses it: a link or a fifo
 * goes, a directory that is not empty is called `.NAME.N.tmp` from now on.
 */
int store_make_room(int dirfd, const char *name, bool *was, struct err *e);

/*
 * A new file, for writing, in the place of what an attempt before left: that
 * is removed first, never written to.  The fd, or -1.
 */
int store_make_file(int dirfd, const char *path, struct err *e);

/* Remove what starts with prefix and ends in ".tmp"; path "." is dirfd itself. */
int store_sweep_tmp(int dirfd, const char *path, const char *prefix, struct err *e);

/* Remove files of segments behind last, and all unfinished ones, from seg/. */
int store_sweep_segments(int dirfd, uint64_t last, struct err *e);

/* What lies in open/, by number. */
#define STORE_OPENS_MAX 16
#define STORE_OPEN_DATA 1u
#define STORE_OPEN_TAGS 2u
#define STORE_OPEN_SALT 4u
struct store_opens {
	struct store_open_files {
		uint64_t number;
		unsigned files; /* STORE_OPEN_... */
	} list[STORE_OPENS_MAX];
	size_t count;
};
/* A missing open/ is empty. */
int store_scan_open(int dirfd, struct store_opens *found, struct err *e);

/* The largest size that has a note in cp/; 0 if none. */
int store_newest_note(int dirfd, uint64_t *size, struct err *e);

#endif
