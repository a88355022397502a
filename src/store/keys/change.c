/* What keys say of keys, made and appended. */
#include "store/keys/change.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "seal/note.h"
#include "seal/statement.h"
#include "store/keys/force.h"
#include "store/writer.h"

/* One change; an entry is large. */
struct change {
	struct store_writer *w;
	struct seal_entry entry, scratch;
	struct store_force force;
	struct buf old, new; /* vkeys: lines of the chain may move */
	struct buf recovery; /* the vkey in force */
};

static void
recovery_vkey(const struct store_writer *w, const unsigned char *seed, struct buf *out)
{
	char name[STORE_ORIGIN_BYTES + sizeof("/recovery")];
	unsigned char public_key[32];

	(void)snprintf(name, sizeof(name), "%s/recovery", w->origin);
	crypto_sign_public(seed, public_key);
	seal_vkey_print(span_str(name), public_key, out);
}

static bool
is_recovery(const struct store_writer *w, const unsigned char *seed, struct span vkey)
{
	struct buf own = { 0 };
	bool same;

	recovery_vkey(w, seed, &own);
	same = span_equal(buf_view(&own), vkey);
	buf_free(&own);
	return (same);
}

static struct change *
begin(struct store_writer *w, struct err *e)
{
	struct change *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)err_sys(e, ERR_IO, "entry");
		return (NULL);
	}
	c->w = w;
	if (store_force_find(&w->chain, w->chain.count, &w->names, &c->scratch, &c->force, e) ==
	    -1) {
		free(c);
		return (NULL);
	}
	buf_span(&c->recovery, c->force.recovery);
	return (c);
}

static void
end(struct change *c)
{
	if (c == NULL)
		return;
	buf_free(&c->old);
	buf_free(&c->new);
	buf_free(&c->recovery);
	free(c);
}

static int
check_recovery(const struct change *c, const unsigned char *recovery, struct err *e)
{
	if (c->recovery.len == 0)
		return (err_set(e, ERR_CONFIG, "it was made without a recovery key"));
	if (recovery == NULL)
		return (err_set(e, ERR_CONFIG, "that takes the recovery key"));
	if (!is_recovery(c->w, recovery, buf_view(&c->recovery)))
		return (err_set(e, ERR_CONFIG, "the recovery key is not that of this stream"));
	return (0);
}

/* The signature of the rekey message by seed. */
static int
sign_rekey(const struct change *c, const unsigned char *seed, unsigned char signature[static 64],
    struct err *e)
{
	struct buf message = { 0 };
	int rc = seal_rekey_message(
	    span_str(c->w->origin), buf_view(&c->old), buf_view(&c->new), &message);

	if (rc == -1 || !buf_ok(&message))
		rc = err_set(e, ERR_IO, "rekey: out of memory");
	else
		crypto_sign_message(seed, buf_view(&message), signature);
	buf_free(&message);
	return (rc);
}

/* The new log key, durable before anything names it. */
static int
make_log(struct change *c, struct err *e)
{
	struct store_writer *w = c->w;

	store_writer_make_key(&w->keys->log_next, "log", w->keys->log.number + 1);
	store_writer_key(w, &w->keys->log_next, false, &c->new);
	buf_span(&c->old, c->force.log);
	if (!buf_ok(&c->new) || !buf_ok(&c->old))
		return (err_set(e, ERR_IO, "rekey: out of memory"));
	return (key_slot_write(w->keys_fd, "log.next", &w->keys->log_next, e));
}

static void
fill_rekey(struct change *c, const char *key)
{
	c->entry.type = SEAL_REKEY;
	c->entry.of.rekey.key = span_str(key);
	c->entry.of.rekey.old = buf_view(&c->old);
	c->entry.of.rekey.new = buf_view(&c->new);
}

static int
rekey(struct change *c, const unsigned char *recovery, struct err *e)
{
	struct store_writer *w = c->w;
	struct seal_rekey *r = &c->entry.of.rekey;

	if (w->lost_epoch)
		return (err_set(e, ERR_CONFIG,
		    "the epoch key is lost; `cretula recover` makes new keys"));
	if (w->lost_log && recovery == NULL)
		return (err_set(e, ERR_CONFIG,
		    "the log key is lost; only the recovery key can bring another one"));
	if ((recovery != NULL && check_recovery(c, recovery, e) == -1) || make_log(c, e) == -1)
		return (-1);
	fill_rekey(c, "log");
	r->has_recovery = recovery != NULL;
	if (sign_rekey(c, w->keys->log_next.secret, r->proof, e) == -1 ||
	    (recovery != NULL && sign_rekey(c, recovery, r->recovery, e) == -1))
		return (-1);
	w->new_log = true;
	return (store_writer_append(w, &c->entry, false, e));
}

int
store_writer_rekey(struct store_writer *w, const unsigned char *recovery, struct err *e)
{
	struct change *c = begin(w, e);
	int rc = c == NULL ? -1 : rekey(c, recovery, e);

	end(c);
	crypto_wipe(&w->keys->log_next, sizeof(w->keys->log_next));
	return (rc);
}

static int
rekey_recovery(struct change *c, const unsigned char *next, const unsigned char *recovery,
    struct err *e)
{
	struct seal_rekey *r = &c->entry.of.rekey;

	if (check_recovery(c, recovery, e) == -1)
		return (-1);
	recovery_vkey(c->w, next, &c->new);
	buf_span(&c->old, buf_view(&c->recovery));
	if (!buf_ok(&c->new) || !buf_ok(&c->old))
		return (err_set(e, ERR_IO, "rekey: out of memory"));
	fill_rekey(c, "recovery");
	r->has_recovery = true;
	if (sign_rekey(c, next, r->proof, e) == -1 ||
	    sign_rekey(c, recovery, r->recovery, e) == -1)
		return (-1);
	return (store_writer_append(c->w, &c->entry, false, e));
}

int
store_writer_rekey_recovery(struct store_writer *w, const unsigned char next[static 32],
    const unsigned char *recovery, struct err *e)
{
	struct change *c = begin(w, e);
	int rc = c == NULL ? -1 : rekey_recovery(c, next, recovery, e);

	end(c);
	return (rc);
}

/* Only what signed notes once, and does no longer, can be void. */
static int
check_target(struct change *c, struct span vkey, uint64_t from, struct err *e)
{
	struct store_writer *w = c->w;

	if (span_equal(vkey, c->force.log))
		return (err_set(e, ERR_CONFIG,
		    "that key is in force; give the stream another one first (cretula key "
		    "rekey)"));
	if (!store_force_was(&w->chain, &w->names, &c->scratch, vkey))
		return (err_set(e, ERR_CONFIG, "that was never a log key of this stream"));
	if (from < 1 || from > w->chain.count)
		return (err_set(
		    e, ERR_USAGE, "--from: a size from 1 to %zu", w->chain.count));
	return (0);
}

static int
revoke_key(struct change *c, struct span vkey, uint64_t from, const unsigned char *recovery,
    struct err *e)
{
	struct seal_revoke *r = &c->entry.of.revoke;
	struct buf message = { 0 };

	if (check_recovery(c, recovery, e) == -1 || check_target(c, vkey, from, e) == -1)
		return (-1);
	seal_revoke_message(span_str(c->w->origin), vkey, from, &message);
	if (!buf_ok(&message)) {
		buf_free(&message);
		return (err_set(e, ERR_IO, "revoke: out of memory"));
	}
	c->entry.type = SEAL_REVOKE;
	r->vkey = vkey;
	r->from = from;
	crypto_sign_message(recovery, buf_view(&message), r->signature);
	buf_free(&message);
	return (store_writer_append(c->w, &c->entry, false, e));
}

int
store_writer_revoke(struct store_writer *w, struct span vkey, uint64_t from,
    const unsigned char *recovery, struct err *e)
{
	struct change *c = begin(w, e);
	int rc = c == NULL ? -1 : revoke_key(c, vkey, from, recovery, e);

	end(c);
	return (rc);
}

static int
take_over(
    struct change *c, struct seal_entry *entry, const unsigned char *recovery, struct err *e)
{
	struct seal_recover *r = &entry->of.recover;
	struct store_writer *w = c->w;

	if (check_recovery(c, recovery, e) == -1 || make_log(c, e) == -1 ||
	    sign_rekey(c, recovery, r->recovery, e) == -1)
		return (-1);
	r->has_recovery = true;
	r->log = buf_view(&c->new);
	w->lost_log = w->lost_epoch = true; /* whatever is left of them */
	w->keys->epoch.number = c->force.epoch;
	w->new_log = w->new_epoch = true;
	return (store_writer_append(w, entry, true, e));
}

int
store_writer_take_over(struct store_writer *w, struct seal_entry *entry,
    const unsigned char *recovery, struct err *e)
{
	struct change *c = begin(w, e);
	int rc = c == NULL ? -1 : take_over(c, entry, recovery, e);

	entry->of.recover.log = span_of(NULL, 0);
	end(c);
	crypto_wipe(&w->keys->log_next, sizeof(w->keys->log_next));
	return (rc);
}

int
store_writer_recovery_check(
    struct store_writer *w, const unsigned char *recovery, struct err *e)
{
	struct change *c = begin(w, e);
	int rc = c == NULL ? -1 : check_recovery(c, recovery, e);

	end(c);
	return (rc);
}

bool
store_writer_recovery_is(struct store_writer *w, const unsigned char seed[static 32])
{
	return (store_writer_recovery_check(w, seed, NULL) == 0);
}
