/* app: cretula key show: what keys there are, never a secret. */
#include <dirent.h>
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
#include "crypto/sign.h"
#include "key/key.h"
#include "key/recovery.h"
#include "seal/note.h"
#include "seal/ratchet.h"
#include "store/chain.h"
#include "store/layout.h"

#define STREAMS_MAX 256

/* Of one stream; has_*: the slot can be read. */
struct stream_keys {
	char name[40];
	bool has_log, has_epoch, has_ratchet;
	unsigned char log[32]; /* public */
	uint64_t epoch, g;
	char origin[128]; /* of the chain; "": unknown */
	bool has_recovery; /* says the chain */
};

struct showing {
	const struct app_args *args;
	const char *dir, *store; /* store NULL: none named */
	struct key_ring *ring;
	bool has_recovery;
	unsigned char recovery[32];
	struct stream_keys *streams;
	size_t count;
};

/* ---- looking ---- */

/* What the genesis says; a chain that cannot be read is no matter here. */
static void
look_at_chain(const struct showing *s, struct stream_keys *k)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_chain chain = { .open = false };
	struct buf path = { 0 };
	int fd = -1;

	buf_fmt(&path, "%s/streams/%s", s->store, k->name);
	buf_char(&path, '\0');
	if (entry != NULL && buf_ok(&path) && (fd = io_open_dir(AT_FDCWD, path.data, NULL)) != -1 &&
	    store_chain_read(fd, &chain, NULL) == 0 && chain.count > 0 &&
	    seal_entry_read(store_chain_line(&chain, 0), app_names(), entry, NULL) == 0 &&
	    entry->type == SEAL_GENESIS && entry->of.genesis.origin.len < sizeof(k->origin)) {
		memcpy(k->origin, entry->of.genesis.origin.ptr, entry->of.genesis.origin.len);
		k->has_recovery = entry->of.genesis.recovery.len > 0;
	}
	store_chain_free(&chain);
	buf_free(&path);
	free(entry);
	if (fd != -1)
		(void)close(fd);
}

static void
look_at_ratchet(int fd, struct stream_keys *k)
{
	unsigned char sector[SEAL_SECTOR_BYTES];
	struct seal_ratchet r;

	if (io_slot_read(fd, "ratchet", sector, NULL) == 0 &&
	    seal_ratchet_decode(sector, &r, NULL) == 0) {
		k->has_ratchet = true;
		k->g = r.g;
	}
	crypto_wipe(&r, sizeof(r));
	crypto_wipe(sector, sizeof(sector));
}

static void
look_at_stream(struct showing *s, int keys_fd, const char *name)
{
	int fd = key_open_stream(keys_fd, name, false, NULL);
	struct stream_keys *k = &s->streams[s->count];
	struct key_slot slot;

	if (fd == -1)
		return;
	(void)snprintf(k->name, sizeof(k->name), "%s", name);
	if ((k->has_log = key_slot_read(fd, "log.key", "log", &slot, NULL) == 0))
		crypto_sign_public(slot.secret, k->log);
	if ((k->has_epoch = key_slot_read(fd, "epoch.key", "epoch", &slot, NULL) == 0))
		k->epoch = slot.number;
	crypto_wipe(&slot, sizeof(slot));
	look_at_ratchet(fd, k);
	(void)close(fd);
	if (s->store != NULL)
		look_at_chain(s, k);
	s->count++;
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(
	    ((const struct stream_keys *)a)->name, ((const struct stream_keys *)b)->name));
}

static int
look_at_streams(struct showing *s, int keys_fd, struct err *e)
{
	int fd = dup(keys_fd);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL || (s->streams = calloc(STREAMS_MAX, sizeof(*s->streams))) == NULL) {
		if (dir != NULL)
			(void)closedir(dir);
		return (err_sys(e, ERR_IO, "%s", s->dir));
	}
	while (s->count < STREAMS_MAX && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < sizeof(s->streams->name))
			look_at_stream(s, keys_fd, entry->d_name);
	(void)closedir(dir);
	qsort(s->streams, s->count, sizeof(*s->streams), by_name);
	return (0);
}

/* ---- printing ---- */

static void
print_log(const struct stream_keys *k, struct buf *out)
{
	if (k->origin[0] != '\0')
		seal_vkey_print(span_str(k->origin), k->log, out);
	else
		buf_base64(out, k->log, sizeof(k->log));
}

static void
print_stream(const struct showing *s, const struct stream_keys *k, struct buf *out)
{
	buf_fmt(out, "    %-16s ", k->name);
	if (k->has_epoch)
		buf_fmt(out, "epoch key %llu", (unsigned long long)k->epoch);
	else
		buf_str(out, "no epoch key");
	if (k->has_ratchet)
		buf_fmt(out, ", ratchet at flush %llu", (unsigned long long)k->g);
	if (s->store != NULL && k->origin[0] != '\0')
		buf_str(out, k->has_recovery ? ", recovery key known" : ", no recovery key");
	buf_str(out, k->has_log ? "\n      log key " : "\n      no log key");
	if (k->has_log)
		print_log(k, out);
	buf_char(out, '\n');
}

static void
print_text(const struct showing *s, struct buf *out)
{
	struct key_ring_facts facts;
	unsigned char commitment[32];
	char name[16];

	key_ring_describe(s->ring, &facts);
	buf_fmt(out, "keys %s\n  root id     ", s->dir);
	buf_hex(out, facts.root_id, sizeof(facts.root_id));
	buf_str(out, "\n  recovery    ");
	if (s->has_recovery)
		buf_base64(out, s->recovery, sizeof(s->recovery));
	else
		buf_str(out, "none: lost signing keys cannot be replaced");
	buf_fmt(out, "\n  import      %s\n  epochs      %zu\n",
	    facts.import_open ? "one is unfinished, its mask key is kept until it is sealed"
			      : "none unfinished",
	    facts.epoch_count);
	for (size_t i = 0; i < facts.epoch_count; i++) {
		key_ring_epoch(s->ring, i, name, commitment);
		buf_fmt(out, "    %-12s", name);
		buf_hex(out, commitment, sizeof(commitment));
		buf_char(out, '\n');
	}
	buf_fmt(out, "  streams     %zu\n", s->count);
	for (size_t i = 0; i < s->count; i++)
		print_stream(s, &s->streams[i], out);
}

static void
print_json_epochs(const struct showing *s, size_t count, struct buf *out)
{
	unsigned char commitment[32];
	char name[16];

	json_key(out, "epochs");
	buf_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		key_ring_epoch(s->ring, i, name, commitment);
		buf_str(out, i == 0 ? "{" : ",{");
		json_str(out, "name", span_str(name));
		json_key(out, "commitment");
		buf_char(out, '"');
		buf_hex(out, commitment, sizeof(commitment));
		buf_str(out, "\"}");
	}
	buf_char(out, ']');
}

static void
print_json_stream(const struct stream_keys *k, struct buf *out)
{
	struct buf log = { 0 };

	buf_char(out, '{');
	json_str(out, "name", span_str(k->name));
	if (k->has_log) {
		print_log(k, &log);
		json_str(out, k->origin[0] != '\0' ? "log" : "public", buf_view(&log));
		buf_free(&log);
	}
	if (k->has_epoch)
		json_u64(out, "epoch", k->epoch);
	if (k->has_ratchet)
		json_u64(out, "g", k->g);
	if (k->origin[0] != '\0')
		json_bool(out, "recovery", k->has_recovery);
	buf_char(out, '}');
}

static void
print_json(const struct showing *s, struct buf *out)
{
	struct key_ring_facts facts;

	key_ring_describe(s->ring, &facts);
	buf_char(out, '{');
	json_str(out, "keys", span_str(s->dir));
	json_key(out, "root_id");
	buf_char(out, '"');
	buf_hex(out, facts.root_id, sizeof(facts.root_id));
	buf_char(out, '"');
	if (s->has_recovery) {
		json_key(out, "recovery");
		buf_char(out, '"');
		buf_base64(out, s->recovery, sizeof(s->recovery));
		buf_char(out, '"');
	}
	json_bool(out, "import_open", facts.import_open);
	print_json_epochs(s, facts.epoch_count, out);
	json_key(out, "streams");
	buf_char(out, '[');
	for (size_t i = 0; i < s->count; i++) {
		if (i > 0)
			buf_char(out, ',');
		print_json_stream(&s->streams[i], out);
	}
	buf_str(out, "]}\n");
}

/* ---- the whole ---- */

static int
look(struct showing *s, struct err *e)
{
	int fd = key_open_dir(s->dir, e), rc = -1;

	if (fd == -1)
		return (-1);
	if (key_ring_open(fd, &s->ring, e) == 0 &&
	    key_recovery_public(fd, s->recovery, &s->has_recovery, e) == 0)
		rc = look_at_streams(s, fd, e);
	(void)close(fd);
	return (rc);
}

int
app_key_show(const struct app_args *args)
{
	struct showing s = { .args = args, .dir = app_arg(args, "keys"),
		.store = app_arg(args, "store") };
	struct err e = { ERR_NONE, "" };
	struct buf out = { 0 };
	char beside[PATH_MAX];
	int code;

	if (s.dir == NULL && s.store != NULL && store_keys_beside(s.store, beside, sizeof(beside)))
		s.dir = beside;
	if (s.dir == NULL)
		(void)err_set(&e, ERR_USAGE, "--keys DIR or --store DIR is needed");
	if (s.dir == NULL || look(&s, &e) == -1) {
		code = app_fail("key show", &e);
	} else {
		(args->json ? print_json : print_text)(&s, &out);
		code = app_finish("key show", &out, 0);
	}
	key_ring_free(s.ring);
	free(s.streams);
	return (code);
}
