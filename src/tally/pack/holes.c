/* holes: who was seen of what went leaves the runs of a pack. */
#include "base/err.h"
#include "crypto/random.h"
#include "tally/db.h"
#include "tally/pack/cover.h"
#include "tally/pack/repack.h"

struct filling {
	sqlite3_stmt *st; /* the key of an epoch */
	struct tally_unpack u; /* of the pack, behind its last value */
	unsigned char nonce[CRYPTO_COVER_NONCE];
	struct run {
		bool reads; /* its key is there */
		unsigned char key[CRYPTO_COVER_KEY];
		struct buf before, now; /* in clear */
	} run[TALLY_PACK_EPOCHS];
	struct buf values, runs, out;
};

/* 1: there are holes, and u is behind the last value; 0: none; -1. */
static int
find_holes(struct tally_unpack *u, struct span pack, struct err *e)
{
	struct tally_packed v;
	int rc, found = 0;

	if (tally_unpack_open(u, pack, e) == -1)
		return (-1);
	while ((rc = tally_unpack_next(u, &v, e)) == 1)
		found = v.hole ? 1 : found;
	return (rc == -1 ? -1 : found);
}

static int
read_run(struct filling *f, sqlite3 *db, unsigned epoch, struct err *e)
{
	struct run *run = &f->run[epoch];
	struct span covered = tally_unpack_run(&f->u, epoch), key;
	int rc;

	if (covered.len == 0)
		return (0);
	(void)sqlite3_bind_int64(f->st, 1, f->u.epoch[epoch]);
	if ((rc = tally_db_step(db, f->st, e)) == 1) {
		key = tally_db_text(f->st, 0);
		if ((run->reads = key.len == sizeof(run->key)))
			memcpy(run->key, key.ptr, sizeof(run->key));
	}
	(void)sqlite3_reset(f->st);
	if (run->reads)
		tally_uncover(&run->before, run->key, covered);
	if (rc != -1 && run->reads && !buf_ok(&run->before))
		return (err_memory(e));
	return (rc == -1 ? -1 : 0);
}

/* What stays of a value goes to the runs that are made; of keys that are gone nothing does. */
static int
keep_value(void *arg, const struct tally_packed *v, struct err *e)
{
	struct tally_packed kept = *v;
	struct filling *f = arg;

	(void)e;
	for (unsigned i = 0; i < kept.seen_count; i++) {
		struct tally_packed_seen *seen = &kept.seen[i];
		struct run *run = &f->run[seen->epoch];
		size_t at = (size_t)seen->at * TALLY_HASH_BYTES,
		       len = (size_t)seen->hashes * TALLY_HASH_BYTES;

		if (run->reads && at + len <= run->before.len)
			buf_add(&run->now, run->before.data + at, len);
		else
			seen->hashes = 0;
	}
	(void)tally_pack_value(&f->values, &kept);
	return (0);
}

static int
make(struct filling *f, sqlite3 *db, struct buf *pack, struct err *e)
{
	for (unsigned i = 0; i < f->u.epoch_count; i++)
		if (read_run(f, db, i, e) == -1)
			return (-1);
	if (tally_unpack_each(buf_view(pack), keep_value, f, e) == -1)
		return (-1);
	crypto_random(f->nonce, sizeof(f->nonce));
	for (unsigned i = 0; i < f->u.epoch_count; i++) {
		const struct run *run = &f->run[i];

		if (run->now.len > 0)
			tally_cover(&f->runs, f->nonce, run->key, buf_view(&run->now));
		f->runs.broken = f->runs.broken || !buf_ok(&run->now);
	}
	tally_pack_end(&f->out, f->u.epoch, f->u.epoch_count, &f->values, &f->runs);
	return (buf_ok(&f->out) ? 0 : err_memory(e));
}

int
tally_fill_holes(sqlite3 *db, struct buf *pack, struct err *e)
{
	struct filling f = { .st = NULL };
	struct buf old;
	int rc = find_holes(&f.u, buf_view(pack), e);

	if (rc != 1)
		return (rc);
	rc = tally_db_prepare(db, "SELECT cover FROM epoch WHERE id=?1 AND gone=0", &f.st, e);
	if (rc == 0 && (rc = make(&f, db, pack, e)) == 0) {
		old = *pack;
		*pack = f.out;
		f.out = old;
	}
	(void)sqlite3_finalize(f.st);
	for (unsigned i = 0; i < TALLY_PACK_EPOCHS; i++) {
		buf_wipe(&f.run[i].before);
		buf_wipe(&f.run[i].now);
	}
	buf_free(&f.values);
	buf_free(&f.runs);
	buf_free(&f.out);
	crypto_wipe(&f, sizeof(f));
	return (rc);
}
