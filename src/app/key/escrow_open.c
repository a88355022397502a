/*
 * app: cretula key escrow --secret: the first keys of ratchets in memory, out
 * of the chain.  Whoever has the secret keeps it off the machine that logs,
 * so a copy of the store is enough.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/key/key.h"
#include "app/names.h"
#include "app/say.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "crypto/random.h"
#include "crypto/sealed.h"
#include "key/recovery.h"
#include "key/sealkey.h"
#include "seal/ratchet.h"
#include "store/chain.h"
#include "store/layout.h"

struct opening {
	const char *stream, *out;
	struct {
		unsigned char secret[32], k[32];
	} *keys; /* guarded */
	struct store_chain chain;
	char origin[80];
	uint64_t opened, closed;
};

static int
read_chain(struct opening *o, const char *store, struct err *e)
{
	char path[PATH_MAX];
	int fd, rc = -1;

	if (!store_name_ok(span_str(o->stream)))
		return (err_set(e, ERR_USAGE, "stream %s: no name of a stream", o->stream));
	(void)snprintf(path, sizeof(path), "%s/streams/%s", store, o->stream);
	if ((fd = io_open_dir(AT_FDCWD, path, e)) != -1) {
		rc = store_chain_read(fd, &o->chain, e);
		(void)close(fd);
	}
	return (rc);
}

/* Nothing is verified here: a key that is not the ratchet's is no use to anybody. */
static int
open_box(struct opening *o, const struct seal_ratchet_start *start, struct err *e)
{
	struct key_escrow line = { .origin = span_str(o->origin), .g = start->g,
		.k = o->keys->k };
	unsigned char commitment[32];

	if (!start->has_box)
		return (0);
	if (crypto_sealed_open(o->keys->secret,
		span_of((const char *)start->box, sizeof(start->box)), o->keys->k) == -1) {
		o->closed++;
		return (0);
	}
	seal_ratchet_commitment(o->keys->k, commitment);
	if (memcmp(commitment, start->commitment, sizeof(commitment)) != 0)
		return (err_set(e, ERR_FINDING, "flush %ju: another key was sealed than is used",
		    (uintmax_t)start->g));
	o->opened++;
	return (key_escrow_add(o->out, &line, e));
}

static int
open_entries(struct opening *o, struct err *e)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	int rc = 0;

	if (entry == NULL)
		return (err_sys(e, ERR_IO, "entry"));
	for (size_t i = 0; i < o->chain.count && rc == 0; i++) {
		const struct seal_ratchet_start *start;

		if (seal_entry_read(store_chain_line(&o->chain, i), app_names(), entry, e) == -1) {
			rc = err_in(e, "entry %zu", i);
			break;
		}
		if (entry->type == SEAL_GENESIS)
			(void)snprintf(o->origin, sizeof(o->origin), "%.*s",
			    (int)entry->of.genesis.origin.len, entry->of.genesis.origin.ptr);
		if ((start = seal_ratchet_begun(entry)) != NULL)
			rc = open_box(o, start, e);
	}
	free(entry);
	return (rc);
}

static int
open_all(const struct app_args *args, struct opening *o, struct err *e)
{
	struct app_setup setup = { .config = NULL };
	const char *store;
	int rc = -1;

	if (app_setup_open(args, o->stream, &setup, e) == 0 &&
	    app_store_path(args, &setup, &store, e) == 0 &&
	    key_seal_read(app_arg(args, "secret"), o->keys->secret, e) == 0 &&
	    read_chain(o, store, e) == 0 && open_entries(o, e) == 0)
		rc = 0;
	if (rc == 0 && o->opened == 0)
		rc = err_set(
		    e, ERR_INPUT, "no ratchet of stream %s is sealed to this key", o->stream);
	app_setup_close(&setup);
	return (rc);
}

static int
say(const struct app_args *args, const struct opening *o)
{
	struct buf out = { 0 };
	int code;

	if (args->json) {
		buf_char(&out, '{');
		json_str(&out, "stream", span_str(o->stream));
		json_u64(&out, "opened", o->opened);
		json_u64(&out, "closed", o->closed);
		json_str(&out, "out", span_str(o->out));
		buf_str(&out, "}\n");
	} else
		buf_fmt(&out, "stream %s: %llu ratchet%s: verify --escrow %s\n", o->stream,
		    (unsigned long long)o->opened, o->opened == 1 ? "" : "s", o->out);
	code = app_finish("key escrow", &out, 0);
	if (code != 0 || o->closed == 0)
		return (code);
	app_warn("key escrow", "%llu ratchets were sealed to another key",
	    (unsigned long long)o->closed);
	return (ERR_INCOMPLETE);
}

int
app_key_escrow_open(const struct app_args *args)
{
	struct opening o = { .stream = app_arg(args, "stream"), .out = app_arg(args, "out") };
	struct err e = { ERR_NONE, "" };
	int code;

	if (o.stream == NULL || o.out == NULL || strcmp(o.out, "-") == 0)
		(void)err_set(&e, ERR_USAGE, "--stream NAME and --out FILE are needed");
	else if ((o.keys = crypto_secret_alloc(sizeof(*o.keys), NULL)) == NULL)
		(void)err_set(&e, ERR_CONFIG, "no guarded memory for keys");
	if (e.code != ERR_NONE || open_all(args, &o, &e) == -1)
		code = app_fail("key escrow", &e);
	else
		code = say(args, &o);
	crypto_secret_free(o.keys);
	store_chain_free(&o.chain);
	return (code);
}
