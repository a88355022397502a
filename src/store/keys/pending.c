/*
 * The hash of the entry at work, and its size once it is signed.  The store
 * may be put back to an older copy by whoever writes it; KEYS is not there.
 */
#include "store/keys/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/sha256.h"

#define FILE_NAME "pending"
#define LABEL "cretula pending v2\n"
#define HASH_DIGITS 64
#define SIZE_DIGITS 20
#define CHECK_DIGITS 8
#define LINE_BYTES(digits) ((digits) + 1 + CHECK_DIGITS + 1)
#define HASH_BYTES LINE_BYTES(HASH_DIGITS)
#define SIZE_BYTES LINE_BYTES(SIZE_DIGITS)

/* What the file says. */
struct pending {
	char hash[HASH_DIGITS + 1]; /* of the entry; "" if there is no file */
	uint64_t size;              /* with it as the last, once it is signed; 0: nothing is said */
};

/* "WORD CHECK" LF, the word being in line already: CHECK finds damage, not malice. */
static void
end_line(char *line, size_t digits)
{
	struct crypto_sha256 h;
	unsigned char sum[32];

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, LABEL, sizeof(LABEL) - 1);
	crypto_sha256_add(&h, line, digits);
	crypto_sha256_end(&h, sum);
	line[digits] = ' ';
	text_hex(line + digits + 1, sum, CHECK_DIGITS / 2);
	line[digits + 1 + CHECK_DIGITS] = '\n';
}

static bool
is_line(struct span line, size_t digits)
{
	char made[HASH_BYTES + 1];

	memcpy(made, line.ptr, digits);
	end_line(made, digits);
	return (span_equal(line, span_of(made, LINE_BYTES(digits))));
}

static void
print_hash(struct span line, char text[static HASH_DIGITS + 1])
{
	unsigned char hash[32];

	crypto_sha256(line.ptr, line.len, hash);
	text_hex(text, hash, sizeof(hash));
}

int
store_pending_write(int keys_fd, struct span line, struct err *e)
{
	char text[HASH_BYTES + 1];

	print_hash(line, text);
	end_line(text, HASH_DIGITS);
	return (io_replace(keys_fd, FILE_NAME, span_of(text, HASH_BYTES), 0600, false, e));
}

void
store_pending_signed(int keys_fd, uint64_t size)
{
	char text[SIZE_BYTES + 1];
	int fd = openat(keys_fd, FILE_NAME,
	    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)snprintf(text, sizeof(text), "%0*ju", SIZE_DIGITS, (uintmax_t)size);
	end_line(text, SIZE_DIGITS);
	/* A part of it says nothing. */
	while (write(fd, text, SIZE_BYTES) == -1 && errno == EINTR)
		;
	(void)close(fd);
}

/* ---- reading ---- */

static int
damaged(struct err *e)
{
	return (err_set(e, ERR_CONFIG,
	    FILE_NAME " of the keys is damaged: its checksum is another; put back a copy of "
		      "it, or remove it if chain.jsonl is surely not an older copy"));
}

/*
 * The line with the size was not synced: a crash leaves a part of it, or
 * zeros at its end.
 */
static int
take_size(struct pending *p, struct span line, struct err *e)
{
	if (line.len < SIZE_BYTES || (line.len == SIZE_BYTES && line.ptr[line.len - 1] == '\0'))
		return (0);
	if (line.len > SIZE_BYTES || !is_line(line, SIZE_DIGITS))
		return (damaged(e));
	for (size_t i = 0; i < SIZE_DIGITS; i++)
		p->size = p->size * 10 + (uint64_t)(line.ptr[i] - '0');
	return (0);
}

static int
read_file(int keys_fd, struct pending *p, struct err *e)
{
	struct buf text = { 0 };
	struct span all;
	int rc = io_read_file(keys_fd, FILE_NAME, HASH_BYTES + SIZE_BYTES, &text, e);

	*p = (struct pending){ .size = 0 };
	all = buf_view(&text);
	if (rc == -1)
		rc = errno == ENOENT ? 0 : errno == EFBIG ? damaged(e) : -1;
	else if (all.len < HASH_BYTES || !is_line(span_of(all.ptr, HASH_BYTES), HASH_DIGITS))
		rc = damaged(e);
	else if ((rc = take_size(p, span_from(all, HASH_BYTES), e)) == 0)
		memcpy(p->hash, all.ptr, HASH_DIGITS);
	buf_free(&text);
	return (rc);
}

static bool
is_of(const struct pending *p, struct span line)
{
	char text[HASH_DIGITS + 1];

	print_hash(line, text);
	return (memcmp(p->hash, text, HASH_DIGITS) == 0);
}

int
store_pending_is(int keys_fd, struct span line, bool *same, struct err *e)
{
	struct pending p;

	*same = false;
	if (read_file(keys_fd, &p, e) == -1)
		return (-1);
	*same = is_of(&p, line);
	return (0);
}

int
store_pending_covers(int keys_fd, uint64_t size, bool *covers, struct err *e)
{
	struct pending p;

	*covers = false;
	if (read_file(keys_fd, &p, e) == -1)
		return (-1);
	*covers = p.size >= size;
	return (0);
}

int
store_pending_check(int keys_fd, const struct store_chain *chain, struct err *e)
{
	struct pending p;

	if (read_file(keys_fd, &p, e) == -1)
		return (-1);
	if (p.size == 0 ||
	    (p.size <= chain->count && is_of(&p, store_chain_line(chain, p.size - 1))))
		return (0);
	return (err_set(e, ERR_FINDING,
	    "chain.jsonl: an older copy, or another: these keys have signed an entry %ju that is "
	    "not in it",
	    (uintmax_t)(p.size - 1)));
}
