/*
 * The hash of the entry at work, and its size once it is signed.  The store
 * may be put back to an older copy by whoever writes it; KEYS is not there.
 */
#include "store/keys/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/sha256.h"

#define FILE_NAME "pending"
#define HASH_BYTES 65 /* in hex, and LF */
#define FILE_BYTES_MAX (HASH_BYTES + 24)

static void
print_hash(struct span line, char text[static HASH_BYTES])
{
	unsigned char hash[32];

	crypto_sha256(line.ptr, line.len, hash);
	text_hex(text, hash, sizeof(hash));
	text[HASH_BYTES - 1] = '\n';
}

int
store_pending_write(int keys_fd, struct span line, struct err *e)
{
	char text[HASH_BYTES];

	print_hash(line, text);
	return (io_replace(keys_fd, FILE_NAME, span_of(text, sizeof(text)), 0600, false, e));
}

void
store_pending_signed(int keys_fd, uint64_t size)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ju\n", (uintmax_t)size);
	int fd = openat(keys_fd, FILE_NAME,
	    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd == -1)
		return;
	/* A part of it has no LF, and says nothing. */
	while (write(fd, text, (size_t)len) == -1 && errno == EINTR)
		;
	(void)close(fd);
}

/* What is there; nothing if it is not of this form. */
static int
read_file(int keys_fd, struct buf *text, struct err *e)
{
	if (io_read_file(keys_fd, FILE_NAME, FILE_BYTES_MAX, text, e) == 0)
		return (0);
	buf_clear(text);
	return (errno == ENOENT || errno == EFBIG ? 0 : -1);
}

/* Begins the file with the hash of line? */
static bool
is_of(struct span file, struct span line)
{
	char text[HASH_BYTES];

	print_hash(line, text);
	return (span_starts(file, span_of(text, sizeof(text))));
}

int
store_pending_is(int keys_fd, struct span line, bool *same, struct err *e)
{
	struct buf text = { 0 };
	int rc = read_file(keys_fd, &text, e);

	*same = rc == 0 && is_of(buf_view(&text), line);
	buf_free(&text);
	return (rc);
}

int
store_pending_check(int keys_fd, const struct store_chain *chain, struct err *e)
{
	struct buf text = { 0 };
	struct span file, digits;
	uint64_t size;
	int rc = -1;

	if (read_file(keys_fd, &text, e) == -1)
		goto out;
	file = buf_view(&text);
	digits = span_from(file, file.len < HASH_BYTES ? file.len : HASH_BYTES);
	if (digits.len == 0 || digits.ptr[digits.len - 1] != '\n' ||
	    num_u64(span_of(digits.ptr, digits.len - 1), &size) == -1 || size == 0)
		rc = 0; /* nothing is said of it */
	else if (size > chain->count || !is_of(file, chain->lines[size - 1]))
		(void)err_set(e, ERR_FINDING,
		    "chain.jsonl: an older copy, or another: these keys have signed "
		    "an entry %ju that is not in it",
		    (uintmax_t)(size - 1));
	else
		rc = 0;
out:
	buf_free(&text);
	return (rc);
}
