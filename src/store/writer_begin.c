/* The first entry of a chain, and the key that it names. */
#include "store/writer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/io.h"
#include "crypto/random.h"
#include "seal/note.h"
#include "seal/ratchet.h"

/* The sector of a ratchet whose key is given out is there before the genesis that says so. */
static int
write_sector(struct store_writer *w, const struct seal_ratchet *ratchet, struct err *e)
{
	unsigned char sector[SEAL_SECTOR_BYTES];
	int rc;

	seal_ratchet_encode(ratchet, sector);
	rc = io_slot_write(w->keys_fd, "ratchet", sector, e);
	crypto_wipe(sector, sizeof(sector));
	return (rc);
}

static void
fill_genesis(const struct store_writer *w, const struct store_special *special, struct buf *log,
    struct buf *recovery, struct seal_genesis *g)
{
	char name[STORE_ORIGIN_BYTES + sizeof("/recovery")];

	store_writer_key(w, &w->keys->log, false, log);
	(void)snprintf(name, sizeof(name), "%s/recovery", w->origin);
	if (special->recovery != NULL)
		seal_vkey_print(span_str(name), special->recovery, recovery);
	*g = (struct seal_genesis){ .stream = span_str(w->name),
		.origin = span_str(w->origin),
		.log = buf_view(log),
		.recovery = buf_view(recovery),
		.policy = span_str(w->policy) };
	if (special->escrow == NULL)
		return;
	g->escrow = g->has_ratchet = true;
	g->ratchet.g = special->escrow->g;
	g->ratchet.mode = span_str("sector");
	seal_ratchet_commitment(special->escrow->k, g->ratchet.commitment);
}

int
store_writer_begin(struct store_writer *w, const struct store_special *special, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct buf log = { 0 }, recovery = { 0 };
	int rc = -1;

	if (entry == NULL)
		return (err_set(e, ERR_IO, "genesis: out of memory"));
	store_writer_make_key(&w->keys->log, "log", 0);
	if (key_slot_write(w->keys_fd, "log.key", &w->keys->log, e) == -1 ||
	    (special->escrow != NULL && write_sector(w, special->escrow, e) == -1))
		goto out;
	entry->type = SEAL_GENESIS;
	fill_genesis(w, special, &log, &recovery, &entry->of.genesis);
	if (!buf_ok(&log) || !buf_ok(&recovery))
		(void)err_set(e, ERR_IO, "genesis: out of memory");
	else
		rc = store_writer_append(w, entry, true, e);
out:
	free(entry);
	buf_free(&log);
	buf_free(&recovery);
	return (rc);
}
