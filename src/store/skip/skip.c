#include "store/skip/skip.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/sha256.h"

#define MAGIC "cretula skip v1\n"
#define MAGIC_BYTES 16
#define HEAD_BYTES (MAGIC_BYTES + 8 + 8 + 32 + 8)
#define FRAME_BYTES (8 + FILTER_SUMMARY_BYTES)
#define HASH_BYTES 32
#define FRAMES_MAX 4096
#define FILE_BYTES_MAX (HEAD_BYTES + (size_t)FRAMES_MAX * FRAME_BYTES + HASH_BYTES)
#define NAME_BYTES 24

static void
put(struct buf *out, uint64_t n)
{
	n = htole64(n);
	buf_add(out, &n, sizeof(n));
}

static uint64_t
take(const char *in)
{
	uint64_t n;

	memcpy(&n, in, sizeof(n));
	return (le64toh(n));
}

/* What every file of the segment, of this layout, begins with. */
static void
put_head(struct buf *out, const struct store_skip_of *of)
{
	buf_add(out, MAGIC, MAGIC_BYTES);
	put(out, of->seg);
	put(out, of->n);
	buf_add(out, of->root, 32);
	put(out, FILTER_SUMMARY_BYTES);
}

static void
name_of(uint64_t seg, char name[static NAME_BYTES])
{
	(void)snprintf(name, NAME_BYTES, "%08ju", (uintmax_t)seg);
}

/* ---- reading ---- */

static bool
is_whole(const struct buf *bytes, const struct store_skip_of *of)
{
	struct buf head = { 0 };
	unsigned char hash[32];
	size_t body;
	bool whole;

	if (bytes->len < HEAD_BYTES + HASH_BYTES ||
	    (bytes->len - HEAD_BYTES - HASH_BYTES) % FRAME_BYTES != 0)
		return (false);
	body = bytes->len - HASH_BYTES;
	put_head(&head, of);
	crypto_sha256(bytes->data, body, hash);
	whole = buf_ok(&head) && memcmp(bytes->data, head.data, HEAD_BYTES) == 0 &&
	    memcmp(bytes->data + body, hash, sizeof(hash)) == 0;
	buf_free(&head);
	return (whole);
}

bool
store_skip_parse(struct store_skip *s, struct buf *bytes, const struct store_skip_of *of)
{
	uint64_t records = 0;

	*s = (struct store_skip){ .bytes = *bytes };
	*bytes = (struct buf){ 0 };
	if (!is_whole(&s->bytes, of))
		goto bad;
	s->frames = (s->bytes.len - HEAD_BYTES - HASH_BYTES) / FRAME_BYTES;
	for (size_t i = 0; i < s->frames; i++) {
		uint64_t count = store_skip_count(s, i);

		if (count > of->n - records)
			goto bad;
		records += count;
	}
	if (records == of->n)
		return (true);
bad:
	store_skip_close(s);
	return (false);
}

bool
store_skip_open(struct store_skip *s, int dirfd, const struct store_skip_of *of)
{
	struct buf bytes = { 0 };
	char name[NAME_BYTES];
	bool good = false;

	*s = (struct store_skip){ 0 };
	name_of(of->seg, name);
	if (dirfd != -1 && io_read_file(dirfd, name, FILE_BYTES_MAX, &bytes, NULL) == 0)
		good = store_skip_parse(s, &bytes, of);
	buf_free(&bytes);
	return (good);
}

void
store_skip_close(struct store_skip *s)
{
	buf_free(&s->bytes);
	s->frames = 0;
}

uint64_t
store_skip_count(const struct store_skip *s, size_t frame)
{
	return (take(s->bytes.data + HEAD_BYTES + frame * FRAME_BYTES));
}

static void
read_summary(const struct store_skip *s, size_t frame, struct filter_summary *summary)
{
	filter_summary_read(
	    summary, (const unsigned char *)s->bytes.data + HEAD_BYTES + frame * FRAME_BYTES + 8);
}

void
store_skip_times(const struct store_skip *s, size_t frame, int64_t *first_us, int64_t *last_us)
{
	struct filter_summary summary;

	read_summary(s, frame, &summary);
	*first_us = summary.least[RECORD_FIELD_TIME];
	*last_us = summary.most[RECORD_FIELD_TIME];
}

bool
store_skip_may(const struct store_skip *s, size_t frame, const struct filter *filter,
    int64_t since_us, int64_t until_us)
{
	struct filter_summary summary;

	read_summary(s, frame, &summary);
	if (summary.most[RECORD_FIELD_TIME] < since_us ||
	    summary.least[RECORD_FIELD_TIME] >= until_us)
		return (false);
	return (filter == NULL || filter_may(filter, &summary));
}

/* ---- making ---- */

void
store_skip_begin(struct store_skip_maker *m, const struct store_skip_of *of, bool back)
{
	*m = (struct store_skip_maker){ .back = back };
	put_head(&m->bytes, of);
}

void
store_skip_frame(struct store_skip_maker *m, const struct filter_summary *summary, uint64_t records)
{
	unsigned char bytes[FILTER_SUMMARY_BYTES];

	put(&m->bytes, records);
	filter_summary_print(summary, bytes);
	buf_add(&m->bytes, bytes, sizeof(bytes));
	m->all += records;
	m->frames++;
}

static void
turn_frames(struct store_skip_maker *m)
{
	char *first = m->bytes.data + HEAD_BYTES, held[FRAME_BYTES];
	char *last = first + (m->frames - 1) * FRAME_BYTES;

	for (; first < last; first += FRAME_BYTES, last -= FRAME_BYTES) {
		memcpy(held, first, FRAME_BYTES);
		memcpy(first, last, FRAME_BYTES);
		memcpy(last, held, FRAME_BYTES);
	}
}

bool
store_skip_end(struct store_skip_maker *m, const struct store_skip_of *of)
{
	unsigned char hash[32];

	if (!buf_ok(&m->bytes) || m->all != of->n || m->frames > FRAMES_MAX)
		return (false);
	if (m->back && m->frames > 0)
		turn_frames(m);
	crypto_sha256(m->bytes.data, m->bytes.len, hash);
	buf_add(&m->bytes, hash, sizeof(hash));
	return (buf_ok(&m->bytes));
}

void
store_skip_drop(struct store_skip_maker *m)
{
	buf_free(&m->bytes);
}
