#include "key/keyring.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "key/file.h"

#define KEK "kek"
#define RING "keyring"
#define RING_NEXT "keyring.next"

#define LOCK_TRIES 100
#define LOCK_PAUSE_NS 20000000

static int
read_kek(int dirfd, struct key_keyring *k, struct err *e)
{
	return (key_slot_read(dirfd, KEK, KEK, &k->kek, e));
}

/*
 * Read one of the two files into k's table.  errno EBADMSG: it is there and
 * k's KEK does not open it.
 */
static int
read_ring(int dirfd, const char *name, struct key_keyring *k, struct err *e)
{
	ssize_t len = key_file_read(dirfd, name, k->file, sizeof(k->file), e);
	struct span box;
	int rc = -1;

	if (len == -1)
		return (key_in_dir(e, dirfd));
	if ((size_t)len >= KEY_KEYRING_MAGIC_BYTES + CRYPTO_BOX_OVERHEAD &&
	    memcmp(k->file, KEY_KEYRING_MAGIC, KEY_KEYRING_MAGIC_BYTES) == 0) {
		box = span_from(span_of((const char *)k->file, (size_t)len),
		    KEY_KEYRING_MAGIC_BYTES);
		if (crypto_unbox(k->kek.secret, box, k->plain) == 0)
			rc = key_table_decode(&k->table, k->plain,
			    box.len - CRYPTO_BOX_OVERHEAD);
		crypto_wipe(k->plain, sizeof(k->plain));
	}
	if (rc == -1) {
		(void)err_set(e, ERR_CONFIG, "%s: damaged, or not under this %s", name, KEK);
		errno = EBADMSG;
		(void)key_in_dir(e, dirfd);
	}
	return (rc);
}

int
key_keyring_read(int dirfd, struct key_keyring *k, struct err *e)
{
	if (read_kek(dirfd, k, e) == -1)
		return (-1);
	return (read_ring(dirfd, RING, k, e));
}

int
key_keyring_lock(int dirfd, struct err *e)
{
	const struct timespec pause = { 0, LOCK_PAUSE_NS };
	struct stat st;
	struct err why;
	int fd;

	/* io_lock would make a file that is not there; a KEK is never made here. */
	if (fstatat(dirfd, KEK, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (err_sys(e, ERR_CONFIG, "%s", KEK));
	for (int i = 0; (fd = io_lock(dirfd, KEK, &why)) == -1; i++) {
		if (why.code != ERR_BUSY || i == LOCK_TRIES)
			return (err_set(e, why.code, "%s", why.text));
		(void)nanosleep(&pause, NULL);
	}
	return (fd);
}

/* Step 3 of a rotation. */
static int
promote(int dirfd, struct err *e)
{
	if (io_rename(dirfd, RING_NEXT, RING, e) == -1)
		return (-1);
	return (io_sync_dir(dirfd, e));
}

int
key_keyring_settle(int dirfd, struct key_keyring *k, struct err *e)
{
	if (read_kek(dirfd, k, e) == -1)
		return (-1);
	if (read_ring(dirfd, RING, k, e) == 0)
		return (0);
	if (errno != EBADMSG && errno != ENOENT)
		return (-1);
	/* The error to tell is that of the keyring, not of a missing leftover. */
	if (read_ring(dirfd, RING_NEXT, k, NULL) == -1)
		return (-1);
	/*
	 * If writing the slot had failed after reaching the cache, we read what
	 * the disk may not have.  The old keyring may go only when it has.
	 */
	if (key_slot_write(dirfd, KEK, &k->kek, e) == -1)
		return (-1);
	return (promote(dirfd, e));
}

static int
write_ring(int dirfd, const char *name, struct key_keyring *k, struct err *e)
{
	size_t len = key_table_encode(&k->table, k->plain);

	memcpy(k->file, KEY_KEYRING_MAGIC, KEY_KEYRING_MAGIC_BYTES);
	crypto_box_make(k->kek.secret, span_of((const char *)k->plain, len),
	    k->file + KEY_KEYRING_MAGIC_BYTES);
	crypto_wipe(k->plain, sizeof(k->plain));
	len += KEY_KEYRING_MAGIC_BYTES + CRYPTO_BOX_OVERHEAD;
	return (io_replace(dirfd, name, span_of((const char *)k->file, len), 0600, false, e));
}

int
key_keyring_save(int dirfd, struct key_keyring *k, struct err *e)
{
	return (write_ring(dirfd, RING, k, e));
}

int
key_keyring_rotate(int dirfd, struct key_keyring *k, struct err *e)
{
	memset(&k->kek, 0, sizeof(k->kek));
	memcpy(k->kek.kind, KEK, sizeof(KEK));
	crypto_random(k->kek.secret, sizeof(k->kek.secret));
	if (write_ring(dirfd, RING_NEXT, k, e) == -1 ||
	    key_slot_write(dirfd, KEK, &k->kek, e) == -1)
		return (-1);
	return (promote(dirfd, e));
}
