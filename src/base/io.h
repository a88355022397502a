/*
 * io: file operations with whole-or-nothing semantics and fault points.
 *
 * Every durable step of the product goes through here, so a test can fail
 * the n-th one (io_fault_*) and see that nothing is lost.  All calls retry
 * EINTR; all paths are opened O_CLOEXEC.
 */
#ifndef CRETULA_BASE_IO_H
#define CRETULA_BASE_IO_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct err;

/*
 * First thing in main: where standard input, output or error are closed, put
 * something there that fails when used.  Else the next file that is opened, a
 * key perhaps, would be standard error.
 */
int io_keep_standard(void);

/*
 * open(2) relative to dirfd (AT_FDCWD allowed).  Returns fd; or -1 with e:
 * ERR_INPUT if a file cannot be read, ERR_IO if one cannot be written, or for
 * lack of descriptors or memory.
 */
int io_open(int dirfd, const char *path, int flags, mode_t mode, struct err *e);

/* Open dir for use as dirfd; refuses symlinks and what is no directory. */
int io_open_dir(int dirfd, const char *path, struct err *e);

/* Read until size bytes or end of file.  Returns bytes read, or -1. */
ssize_t io_read(int fd, void *bytes, size_t size, struct err *e);
ssize_t io_pread(int fd, void *bytes, size_t size, off_t at, struct err *e);

/* Write all or fail: 0 or -1. */
int io_write(int fd, const void *bytes, size_t len, struct err *e);
int io_pwrite(int fd, const void *bytes, size_t len, off_t at, struct err *e);
int io_fsync(int fd, struct err *e);
int io_fdatasync(int fd, struct err *e);
int io_close(int fd, struct err *e);

int io_mkdir(int dirfd, const char *path, mode_t mode, struct err *e); /* EEXIST is fine */
int io_rename(int dirfd, const char *from, const char *to, struct err *e);
int io_link(int dirfd, const char *from, const char *to, struct err *e); /* never replaces */
int io_unlink(int dirfd, const char *path, struct err *e); /* ENOENT is fine */
int io_sync_dir(int dirfd, struct err *e);
int io_truncate(int fd, off_t size, struct err *e);
/* Blocks for len bytes from at on; the file keeps its size.  -1 also without such a call. */
int io_preallocate(int fd, off_t at, off_t len, struct err *e);

/*
 * Read a whole regular file of at most max bytes into b (cleared first).
 * Refuses symlinks, fifos, devices and directories without hanging.
 * Missing file: -1, e->code ERR_INPUT and errno ENOENT.
 */
int io_read_file(int dirfd, const char *path, size_t max, struct buf *b, struct err *e);

/*
 * path gets exactly these bytes or keeps what it had: temporary name in the
 * same directory (".NAME.HEX.tmp", which a crash may leave behind), write,
 * fsync, rename (or link, if exclusive: fails when path exists), fsync of the
 * directory.
 */
int io_replace(int dirfd, const char *path, struct span bytes, mode_t mode,
    bool exclusive, struct err *e);

/*
 * A slot: a file of exactly 512 bytes overwritten in place and synced, so
 * that the old secret does not stay in free blocks (design.md 7).  One with
 * another name (a hard link) is not written: errno EMLINK.
 */
#define IO_SLOT_BYTES 512
int io_slot_write(int dirfd, const char *path,
    const unsigned char slot[static IO_SLOT_BYTES], struct err *e);
int io_slot_read(int dirfd, const char *path,
    unsigned char slot[static IO_SLOT_BYTES], struct err *e);

/*
 * Overwrite a file in place with zeros, sync, unlink, sync its directory.  A
 * missing file is an error (errno ENOENT): nothing was erased.  One that has
 * another name may be anybody's, linked here by who can write the directory:
 * it is unlinked only, and io_shred_spared counts it, for people.
 */
int io_shred(int dirfd, const char *path, struct err *e);
/* The same, but the caller syncs the directory: once for many. */
int io_shred_name(int dirfd, const char *path, struct err *e);
uint64_t io_shred_spared(void); /* by this process */

/*
 * Exclusive OFD lock on path (created 0600).  Returns the fd that holds it;
 * or -1 with ERR_BUSY if another open file holds it, ERR_IO otherwise.
 */
int io_lock(int dirfd, const char *path, struct err *e);

/*
 * Faults, for tests.  Every durable call above counts one step.  After
 * io_fault_set(n, errnum) the n-th step from now fails with errnum (and so
 * do all later ones if sticky).  errnum 0 means: _exit(77) there, a crash.
 * A write that fails leaves its first half; a slot is old or new.
 * With a build option the environment CRETULA_FAULT=n[:errnum[:count]] sets it
 * at start; count steps in a row fail, 1 if it is not given.
 */
void io_fault_set(uint64_t nth, int errnum, bool sticky);
uint64_t io_fault_steps(void); /* steps counted so far */

#endif
