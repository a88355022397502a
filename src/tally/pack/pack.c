/* pack: values of one dimension and period as bytes. */
#include "tally/pack/pack.h"

#include <assert.h>

#include "base/err.h"
#include "tally/pack/cover.h"
#include "tally/table.h"

/*
 * Numbers are written in bytes whose eighth bit is set: six bits of the number, from the lowest
 * on, and one that says that more follow.  Nothing that stands beside a text looks like a
 * letter or a digit of it, to `cretula scan` and to whoever searches.
 */
#define NUMBER_BITS 6
#define NUMBER_MORE 0x40u
#define NUMBER_BYTES 11

/* The first number of a value; 0: there are no more. */
#define HEAD_HOLE 2
enum { HEAD_VALUE = 1, HEAD_OTHER = 2, HEAD_RECORDS = 4, HEAD_APART = 8, HEAD_BITS = 4 };

#define KEY_MAX (TALLY_KEY_MAX + 32) /* of tally_key */
#define VALUE_MAX (KEY_MAX + (2 + 2 * 3) * NUMBER_BYTES + TALLY_PACK_EPOCHS * 3 * 2)

unsigned
tally_packed_subjects(const struct tally_packed *v)
{
	unsigned most = 0;

	for (unsigned i = 0; i < v->seen_count; i++)
		if (v->seen[i].subjects > most)
			most = v->seen[i].subjects;
	return (most);
}

static size_t
run_bytes(uint32_t hashes)
{
	return (hashes == 0 ? 0 : TALLY_COVERED((size_t)hashes * TALLY_HASH_BYTES));
}

/* ---- reading ---- */

static int
is_none(struct err *e)
{
	return (err_set(e, ERR_FINDING,
	    "stats.db has a row that cretula did not write: `cretula stats --rebuild` counts "
	    "again"));
}

/* false: there is none, or a larger one than max. */
static inline bool
read_number(struct span *left, uint64_t max, uint64_t *n)
{
	unsigned char byte;

	*n = 0;
	for (unsigned i = 0; i < NUMBER_BYTES; i++) {
		if (i == left->len)
			return (false);
		byte = (unsigned char)left->ptr[i];
		/* Of the eleventh byte four bits are left. */
		if (byte < 0x80 || (i == NUMBER_BYTES - 1 && (byte & 0x7f) > 0xf))
			return (false);
		*n |= (uint64_t)(byte & (NUMBER_MORE - 1)) << (i * NUMBER_BITS);
		if ((byte & NUMBER_MORE) == 0) {
			*left = span_of(left->ptr + i + 1, left->len - i - 1);
			return (*n <= max);
		}
	}
	return (false);
}

int
tally_unpack_open(struct tally_unpack *u, struct span pack, struct err *e)
{
	uint64_t n;

	*u = (struct tally_unpack){ .left = pack };
	if (!read_number(&u->left, TALLY_PACK_EPOCHS, &n))
		return (is_none(e));
	for (u->epoch_count = 0; u->epoch_count < n; u->epoch_count++) {
		uint64_t epoch;

		if (!read_number(&u->left, INT64_MAX, &epoch))
			return (is_none(e));
		u->epoch[u->epoch_count] = (int64_t)epoch;
	}
	return (0);
}

static bool
read_count(struct span *left, struct tally_packed_count *count)
{
	return (read_number(left, INT64_MAX, &count->requests) && count->requests > 0 &&
	    read_number(left, INT64_MAX, &count->bots) &&
	    read_number(left, INT64_MAX, &count->bytes));
}

static bool
read_seen(struct tally_unpack *u, struct tally_packed *v)
{
	uint64_t count, epoch, subjects, hashes;
	uint32_t met = 0; /* a bit an epoch */

	_Static_assert(TALLY_PACK_EPOCHS <= 32, "they have a bit each");
	if (!read_number(&u->left, u->epoch_count, &count))
		return (false);
	for (v->seen_count = 0; v->seen_count < count; v->seen_count++) {
		if (!read_number(&u->left, TALLY_PACK_EPOCHS - 1, &epoch) ||
		    epoch >= u->epoch_count || (met >> epoch & 1) != 0 ||
		    !read_number(&u->left, TALLY_SUBJECTS_MANY, &subjects) ||
		    !read_number(&u->left, TALLY_SUBJECTS_MAX, &hashes))
			return (false);
		met |= UINT32_C(1) << epoch;
		v->seen[v->seen_count] = (struct tally_packed_seen){ (uint8_t)epoch,
			(uint8_t)subjects, (uint8_t)hashes, u->hashes[epoch] };
		u->hashes[epoch] += (uint32_t)hashes;
	}
	return (true);
}

/* Behind the last value: the runs, and nothing else. */
static bool
has_runs(const struct tally_unpack *u)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < u->epoch_count; i++)
		bytes += run_bytes(u->hashes[i]);
	return (bytes == u->left.len);
}

int
tally_unpack_next(struct tally_unpack *u, struct tally_packed *v, struct err *e)
{
	uint64_t head, len;

	if (!read_number(&u->left, UINT64_MAX, &head))
		return (is_none(e));
	if (head == 0)
		return (has_runs(u) ? 0 : is_none(e));
	len = head >> HEAD_BITS;
	v->other = (head & HEAD_OTHER) != 0;
	v->end = v->gone = false;
	v->hole = head == HEAD_HOLE;
	if (v->hole)
		v->other = false;
	if (((head & HEAD_VALUE) == 0 && !v->hole) || len > KEY_MAX || len > u->left.len ||
	    (v->other && len > 0) || ++u->values > TALLY_PACK_VALUES)
		return (is_none(e));
	v->key = span_of(u->left.ptr, (size_t)len);
	u->left = span_from(u->left, (size_t)len);
	memset(v->count, 0, sizeof(v->count));
	if (((head & HEAD_RECORDS) != 0 && !read_count(&u->left, &v->count[0])) ||
	    ((head & HEAD_APART) != 0 && !read_count(&u->left, &v->count[1])) || !read_seen(u, v))
		return (is_none(e));
	return (1);
}

int
tally_unpack_each(struct span pack, tally_value_each each, void *arg, struct err *e)
{
	struct tally_packed v;
	struct tally_unpack u;
	int rc;

	if (tally_unpack_open(&u, pack, e) == -1)
		return (-1);
	while ((rc = tally_unpack_next(&u, &v, e)) == 1)
		if (!v.hole && each(arg, &v, e) == -1)
			return (-1);
	return (rc);
}

struct span
tally_unpack_run(const struct tally_unpack *u, unsigned epoch)
{
	size_t at = 0;

	for (unsigned i = 0; i < epoch; i++)
		at += run_bytes(u->hashes[i]);
	return (span_of(u->left.ptr + at, run_bytes(u->hashes[epoch])));
}

/* ---- writing ---- */

static inline char *
write_number(char *at, uint64_t n)
{
	for (; n >= NUMBER_MORE; n >>= NUMBER_BITS)
		*at++ = (char)(0x80 | NUMBER_MORE | (n & (NUMBER_MORE - 1)));
	*at++ = (char)(0x80 | n);
	return (at);
}

static inline char *
write_count(char *at, const struct tally_packed_count *count)
{
	at = write_number(at, count->requests);
	at = write_number(at, count->bots);
	return (write_number(at, count->bytes));
}

static void
write_value(struct buf *values, const struct tally_packed *v)
{
	const struct tally_packed_count *count = v->count;
	char *at;

	assert(v->key.len <= KEY_MAX);
	if (buf_reserve(values, VALUE_MAX) == -1)
		return;
	at = write_number(values->data + values->len,
	    v->hole ? HEAD_HOLE :
		      (uint64_t)v->key.len << HEAD_BITS | HEAD_VALUE | (v->other ? HEAD_OTHER : 0) |
		    (count[0].requests > 0 ? HEAD_RECORDS : 0) |
		    (count[1].requests > 0 ? HEAD_APART : 0));
	if (v->key.len > 0)
		memcpy(at, v->key.ptr, v->key.len);
	at += v->key.len;
	for (unsigned apart = 0; apart < 2; apart++)
		if (count[apart].requests > 0)
			at = write_count(at, &count[apart]);
	at = write_number(at, v->seen_count);
	for (unsigned i = 0; i < v->seen_count; i++) {
		at = write_number(at, v->seen[i].epoch);
		at = write_number(at, v->seen[i].subjects);
		at = write_number(at, v->seen[i].hashes);
	}
	values->len = (size_t)(at - values->data);
	*at = '\0';
}

/* Only how many hashes it has in which run. */
static void
write_hole(struct buf *values, const struct tally_packed *v)
{
	struct tally_packed hole = { .hole = true };

	for (unsigned i = 0; i < v->seen_count; i++)
		if (v->seen[i].hashes > 0)
			hole.seen[hole.seen_count++] =
			    (struct tally_packed_seen){ .epoch = v->seen[i].epoch,
				    .hashes = v->seen[i].hashes };
	if (hole.seen_count > 0)
		write_value(values, &hole);
}

bool
tally_pack_value(struct buf *values, const struct tally_packed *v)
{
	if (v->gone || v->hole)
		write_hole(values, v);
	else
		write_value(values, v);
	return (!v->gone && !v->hole);
}

void
tally_pack_end(struct buf *out, const int64_t *epochs, unsigned epoch_count,
    const struct buf *values, const struct buf *runs)
{
	char head[(TALLY_PACK_EPOCHS + 1) * NUMBER_BYTES], *at = write_number(head, epoch_count);

	for (unsigned i = 0; i < epoch_count; i++)
		at = write_number(at, (uint64_t)epochs[i]);
	buf_clear(out);
	out->broken = !buf_ok(values) || !buf_ok(runs);
	buf_add(out, head, (size_t)(at - head));
	buf_add(out, values->data, values->len);
	buf_char(out, (char)0x80);
	buf_add(out, runs->data, runs->len);
}

int
tally_repack(struct span pack, tally_edit edit, void *arg, struct buf *out, struct err *e)
{
	struct buf values = { 0 }, runs = { 0 };
	struct tally_unpack u;
	struct tally_packed v;
	bool any = false;
	int rc = tally_unpack_open(&u, pack, e);

	while (rc == 0 && (rc = tally_unpack_next(&u, &v, e)) != -1) {
		bool end = rc == 0;

		if (end)
			v = (struct tally_packed){ .end = true, .gone = true };
		if (!v.hole)
			edit(arg, &v);
		any = tally_pack_value(&values, &v) || any;
		rc = 0;
		if (end)
			break;
	}
	if (rc == 0) {
		buf_span(&runs, u.left);
		tally_pack_end(out, u.epoch, u.epoch_count, &values, &runs);
	}
	if (rc == 0 && !buf_ok(out))
		rc = err_memory(e);
	if (rc == 0 && !any)
		buf_clear(out);
	buf_free(&values);
	buf_free(&runs);
	return (rc);
}
