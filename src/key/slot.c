/*
 * Slots: magic 16 | kind 16 | number 8, little-endian | secret 32 | zeros |
 * the first 16 bytes of SHA-256 of all before.
 */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "key/bytes.h"
#include "key/file.h"
#include "key/key.h"

#define MAGIC "cretula slot v1\n"
#define KIND_AT 16
#define NUMBER_AT 32
#define SECRET_AT 40
#define ZEROS_AT 72
#define SUM_BYTES 16
#define SUM_AT (IO_SLOT_BYTES - SUM_BYTES)

_Static_assert(sizeof(MAGIC) - 1 == KIND_AT, "the magic fills its place");

static void
checksum(const unsigned char raw[static IO_SLOT_BYTES], unsigned char sum[static 32])
{
	crypto_sha256(raw, SUM_AT, sum);
}

static void
encode(const struct key_slot *slot, unsigned char raw[static IO_SLOT_BYTES])
{
	unsigned char sum[CRYPTO_SHA256_BYTES];

	memset(raw, 0, IO_SLOT_BYTES);
	memcpy(raw, MAGIC, KIND_AT);
	memcpy(raw + KIND_AT, slot->kind, strnlen(slot->kind, sizeof(slot->kind)));
	key_put_le64(raw + NUMBER_AT, slot->number);
	memcpy(raw + SECRET_AT, slot->secret, sizeof(slot->secret));
	checksum(raw, sum);
	memcpy(raw + SUM_AT, sum, SUM_BYTES);
	crypto_wipe(sum, sizeof(sum));
}

static bool
is_zero(const unsigned char *p, size_t len)
{
	unsigned char seen = 0;

	for (size_t i = 0; i < len; i++)
		seen |= p[i];
	return (seen == 0);
}

static int
refuse(int errnum, const char *name, const char *why, struct err *e)
{
	(void)err_set(e, ERR_CONFIG, "%s: %s", name, why);
	errno = errnum;
	return (-1);
}

static int
decode(const unsigned char raw[static IO_SLOT_BYTES], const char *name, const char *kind,
    struct key_slot *slot, struct err *e)
{
	unsigned char sum[CRYPTO_SHA256_BYTES];
	char wanted[sizeof(slot->kind)] = { 0 };
	bool good;

	if (is_zero(raw, IO_SLOT_BYTES))
		return (refuse(ENODATA, name, "this key was erased", e));
	checksum(raw, sum);
	good = memcmp(raw, MAGIC, KIND_AT) == 0 && is_zero(raw + ZEROS_AT, SUM_AT - ZEROS_AT) &&
	    crypto_equal(raw + SUM_AT, sum, SUM_BYTES);
	crypto_wipe(sum, sizeof(sum));
	if (!good)
		return (refuse(EBADMSG, name, "not a key slot, or damaged", e));
	memcpy(wanted, kind, strlen(kind));
	if (memcmp(raw + KIND_AT, wanted, sizeof(wanted)) != 0)
		return (refuse(EINVAL, name, "a key of another kind", e));
	memcpy(slot->kind, wanted, sizeof(wanted));
	slot->number = key_get_le64(raw + NUMBER_AT);
	memcpy(slot->secret, raw + SECRET_AT, sizeof(slot->secret));
	return (0);
}

/* A file that is there already must be one that reading would accept. */
static int
check_existing(int dirfd, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT ? 0 : err_sys(e, ERR_CONFIG, "%s", name));
	if (!S_ISREG(st.st_mode))
		return (refuse(EINVAL, name, "not a regular file", e));
	return (key_file_private(&st, name, e));
}

int
key_slot_write(int dirfd, const char *name, const struct key_slot *slot, struct err *e)
{
	unsigned char raw[IO_SLOT_BYTES];
	int rc;

	if (check_existing(dirfd, name, e) == -1)
		return (key_in_dir(e, dirfd));
	encode(slot, raw);
	rc = io_slot_write(dirfd, name, raw, e);
	crypto_wipe(raw, sizeof(raw));
	if (rc == 0)
		return (0);
	(void)key_config_error(e);
	return (key_in_dir(e, dirfd));
}

int
key_slot_read(int dirfd, const char *name, const char *kind, struct key_slot *slot,
    struct err *e)
{
	unsigned char raw[IO_SLOT_BYTES];
	ssize_t len;
	int rc = -1;

	assert(strlen(kind) < sizeof(slot->kind));
	len = key_file_read(dirfd, name, raw, sizeof(raw), e);
	if (len == -1)
		return (key_in_dir(e, dirfd));
	if (len == 0) /* or a crash came between its creation and its first write */
		(void)refuse(ENODATA, name, "is damaged: empty", e);
	else if (len != IO_SLOT_BYTES)
		(void)refuse(EBADMSG, name, "is damaged: too short for a key slot", e);
	else
		rc = decode(raw, name, kind, slot, e);
	crypto_wipe(raw, sizeof(raw));
	return (rc == 0 ? 0 : key_in_dir(e, dirfd));
}

int
key_slot_erase(int dirfd, const char *name, struct err *e)
{
	static const unsigned char zeros[IO_SLOT_BYTES];
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT ? 0 : err_sys(e, ERR_CONFIG, "%s", name));
	return (io_slot_write(dirfd, name, zeros, e) == 0 ? 0 : key_config_error(e));
}
