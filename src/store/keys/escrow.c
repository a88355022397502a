/* A ratchet begins whose key is given out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "store/keys.h"
#include "store/keys/held.h"
#include "store/keys/live.h"
#include "store/writer.h"

/* K exists here, in the hands of give, and in the slot. */
struct escrow {
	unsigned char k[32];
	unsigned char commitment[32];
	struct seal_ratchet ratchet;
};

static int
give(const struct store_escrow *how, const struct store *s, const unsigned char k[static 32],
    uint64_t g, struct err *e)
{
	char origin[LIVE_ORIGIN_BYTES];
	struct key_escrow line = { .g = g, .k = k };

	(void)snprintf(origin, sizeof(origin), "cretula/%s/%s", s->id, how->stream);
	line.origin = span_str(origin);
	return (how->give(how->arg, &line, e));
}

static int
append(struct store_live *l, struct seal_entry *entry, struct err *e)
{
	return (store_writer_append(l->stream->writer, entry, false, e));
}

static int
append_start(struct store_live *l, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct seal_start *start;
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_START;
	start = &entry->of.start;
	start->mode = span_str("escrow");
	store_boot_id(start->boot, &start->has_boot);
	start->has_ratchet = true;
	start->ratchet.g = l->ratchet->g;
	start->ratchet.mode = span_str("sector");
	seal_ratchet_commitment(l->ratchet->k, start->ratchet.commitment);
	rc = append(l, entry, e);
	free(entry);
	return (rc);
}

static int
append_stop(struct store_live *l, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	entry->type = SEAL_STOP;
	entry->of.stop.reason = span_str("escrow");
	rc = append(l, entry, e);
	free(entry);
	return (rc);
}

/* Where the chain is: what a crash left is sealed, then the next ratchet begins. */
static int
begin_next(struct store_live *l, const struct store_escrow *how, struct escrow *x, struct err *e)
{
	struct store_live_found found = { .crashed = false };
	unsigned char a[32];
	bool fresh;
	uint64_t g;

	if (store_open_settle(l, &found, &fresh, e) == -1)
		return (-1);
	if (l->ram)
		return (err_set(e, ERR_CONFIG,
		    "its ratchet is in memory only: the chain has its first key, sealed to "
		    "escrow_key (--secret FILE opens it)"));
	if (store_ratchet_next(l, &g, a, e) == -1 ||
	    give(how, l->stream->store, x->k, g, e) == -1)
		return (-1);
	if (store_ratchet_prepare(l, x->k, g, a, e) == -1 || append_start(l, e) == -1 ||
	    store_ratchet_promote(l, e) == -1)
		return (-1);
	return (append_stop(l, e));
}

static int
escrow_next(struct store *s, const struct store_escrow *how, struct escrow *x, struct err *e)
{
	struct store_live *l;
	int rc;

	if (store_live_hold(s, how->stream, how->policy, how->names, &l, e) == -1)
		return (-1);
	if ((rc = begin_next(l, how, x, e)) == -1)
		(void)err_in(e, "store %s: stream %s", s->dir, how->stream);
	store_live_close(l);
	return (rc);
}

/* A stream that is made: its genesis names the first ratchet. */
static int
escrow_first(struct store *s, const struct store_escrow *how, struct escrow *x, struct err *e)
{
	struct store_stream *st;
	int rc = -1;

	if (give(how, s, x->k, 1, e) == -1)
		return (-1);
	seal_ratchet_begin(&x->ratchet, x->k, 1);
	s->special.escrow = &x->ratchet;
	rc = store_stream_open_live(s, how->stream, how->policy, how->names, &st, e);
	s->special.escrow = NULL;
	if (rc == 0)
		store_stream_close(st);
	return (rc);
}

/* A crash may have left a genesis that is not listed yet. */
static bool
has_genesis(const struct store *s, const char *stream)
{
	struct store_chain chain = { .open = false };
	int fd = io_open_dir(s->streams_fd, stream, NULL);
	bool has = false;

	if (fd == -1)
		return (false);
	if (store_chain_read(fd, &chain, NULL) == 0)
		has = chain.count > 0;
	store_chain_free(&chain);
	(void)io_close(fd, NULL);
	return (has);
}

int
store_escrow(struct store *s, const struct store_escrow *how, struct err *e)
{
	struct escrow *x = crypto_secret_alloc(sizeof(*x), NULL);
	int rc;

	if (x == NULL)
		return (err_set(e, ERR_CONFIG, "no guarded memory for the ratchet"));
	crypto_random(x->k, sizeof(x->k));
	if (store_is_listed(s, how->stream) || has_genesis(s, how->stream))
		rc = escrow_next(s, how, x, e);
	else
		rc = escrow_first(s, how, x, e);
	crypto_secret_free(x);
	return (rc);
}
