/*
 * app: cretula quarantine replay.  Lines that are held are opened with the
 * offline secret, in memory only, and read by the parser of today; what it can
 * read becomes a record, sealed in a segment of its own.  The record names
 * the skeleton it comes from, so that no line is replayed twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/names.h"
#include "app/quarantine/pack.h"
#include "app/quarantine/quarantine.h"
#include "app/say.h"
#include "app/setup.h"
#include "app/source/parser.h"
#include "app/source/secret.h"
#include "audit/verify.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/random.h"
#include "key/sealkey.h"
#include "mask/method/seal.h"
#include "parse/detect.h"

struct replaying {
	const struct app_args *args;
	const char *store_path, *stream_name;
	struct app_setup setup;
	struct app_quarantine lines;
	struct store *store;
	struct store_stream *stream;
	struct key_ring *ring;
	struct mask_words *words;
	struct mask *mask;
	struct mask_batch batch;
	struct app_pack pack;
	struct record_encoder encoder;
	struct record_decoder decoder; /* of what the mask wrote */
	struct parser parser;
	unsigned char *secret; /* 32 bytes */
	char *raw; /* RAW_BYTES: a line and an LF; in secret memory, too */
	char *scratch; /* PARSE_SCRATCH_BYTES, there, too */
	const struct app_held *at; /* whose line is being put together; NULL: none */
	size_t raw_len;
	unsigned parts; /* of it */
	char policy[65];
	uint64_t left, other_key;
	uint64_t more; /* that found no room in a segment */
	struct buf files; /* struct verified: what verify read */
};

struct verified {
	uint64_t seg;
	unsigned char hash[32];
};

/* Records that the longest line has, and the bytes that they can hold. */
#define PARTS_MAX ((PARSE_LINE_MAX + MASK_HELD_BYTES - 1) / MASK_HELD_BYTES)
#define RAW_BYTES (PARTS_MAX * MASK_HELD_BYTES + 2)

/* ---- opening ---- */

static int
open_what(struct replaying *r, struct err *e)
{
	const char *secret = app_arg(r->args, "secret");

	r->stream_name = app_arg(r->args, "stream");
	if (secret == NULL)
		return (err_set(e, ERR_USAGE, "--secret FILE is needed"));
	if (app_setup_open(r->args, r->stream_name, &r->setup, e) == -1 ||
	    app_geo_open(&r->setup, e) == -1 ||
	    app_store_path(r->args, &r->setup, &r->store_path, e) == -1 ||
	    app_parser_find(r->args, &r->setup, &r->parser, e) == -1)
		return (-1);
	if (r->parser.format == NULL)
		return (err_set(e, ERR_USAGE,
		    "--format NAME or --format-string is needed: what could not be read "
		    "does not say what it is"));
	if ((r->secret = crypto_secret_alloc(32, NULL)) == NULL ||
	    (r->raw = crypto_secret_alloc(RAW_BYTES, NULL)) == NULL ||
	    (r->scratch = crypto_secret_alloc(PARSE_SCRATCH_BYTES, NULL)) == NULL)
		return (err_set(e, ERR_CONFIG, "no guarded memory for keys"));
	return (key_seal_read(secret, r->secret, e));
}

static int
open_store(struct replaying *r, struct err *e)
{
	unsigned char hash[32];
	bool created;

	mask_policy_hash(&r->setup.stream->policy, hash);
	r->policy[text_hex(r->policy, hash, sizeof(hash))] = '\0';
	if (store_open(r->store_path, app_keys_path(r->args, &r->setup), &r->store, &created, e) ==
		-1 ||
	    key_ring_open(store_keys_fd(r->store), &r->ring, e) == -1 ||
	    store_stream_open(r->store, r->stream_name, r->policy, app_names(), &r->stream, e) ==
		-1)
		return (-1);
	return (0);
}

/* A secret that is thrown away, as that of an import. */
static int
open_secret(struct replaying *r, struct err *e)
{
	unsigned char gone[32];
	bool replaced;

	if (key_ring_import(r->ring, false, r->pack.mask_seed, e) == -1)
		return (-1);
	replaced = key_ring_import_replaced(r->ring, gone);
	return (app_secret_destroyed(
	    r->store, r->stream, r->stream_name, r->pack.mask_seed, replaced ? gone : NULL, e));
}

static int
open_mask(struct replaying *r, struct err *e)
{
	const struct config_stream *stream = r->setup.stream;
	struct mask_setup setup;

	if (app_words_of(&r->setup, r->ring, r->stream, r->stream_name, &r->words, e) == -1 ||
	    open_secret(r, e) == -1)
		return (-1);
	setup = (struct mask_setup){ &stream->policy, r->ring, r->words, r->parser,
		MASK_EPOCH_EVENT, clock_now_us(), stream->line_max, r->setup.geo };
	if (mask_open(&setup, &r->mask, e) == -1)
		return (-1);
	/* A line that still cannot be read is held again, in a record that nobody keeps. */
	r->batch.records = malloc(PARTS_MAX * (size_t)RECORD_BYTES_MAX);
	r->batch.ends = malloc(PARTS_MAX * sizeof(*r->batch.ends));
	if (r->batch.records == NULL || r->batch.ends == NULL)
		return (err_set(e, ERR_IO, "out of memory"));
	r->pack.store = r->store;
	r->pack.stream = r->stream;
	r->pack.stream_name = r->stream_name;
	r->pack.policy = r->policy;
	r->pack.mask_policy = &stream->policy;
	r->pack.words = r->words;
	r->pack.unlocked = !key_ring_locked(r->ring) || !mask_words_locked(r->words);
	return (app_pack_open(&r->pack, e));
}

/* ---- what a crash left unsaid ---- */

static int
say_again(struct replaying *r, struct err *e)
{
	static struct seal_entry entry;
	const struct store_chain *chain = &r->lines.records.chain;
	uint64_t seg = 0, n = 0;

	/* Only the newest can be unsaid: it is said before the next one is begun. */
	for (size_t i = 0; i < chain->count; i++) {
		const struct stats_outcome *replay = &entry.of.segment.counts.replay;

		if (seal_entry_read(store_chain_line(chain, i), app_names(), &entry, e) == -1)
			return (-1);
		if (entry.type == SEAL_SEGMENT && replay->parsed + replay->partial > 0) {
			seg = entry.of.segment.seg;
			n = replay->parsed + replay->partial + replay->unparsed;
		} else if (entry.type == SEAL_REPLAY && entry.of.replay.seg == seg)
			seg = 0;
	}
	return (seg == 0 ? 0 : app_pack_say(r->stream, seg, n, e));
}

/* ---- one line ---- */

/*
 * Read the text in raw as what it is wrapped in, if that is so.  False: it
 * has lines that are no record together, as this format cuts them.
 */
static bool
take_parser(struct replaying *r, size_t len)
{
	struct parser parser = r->parser;
	struct span text = span_of(r->raw, len + 1);
	parse_piece_function *next;
	struct parse_piece piece;

	parser.whole = false;
	(void)parse_detect_envelope(text, r->scratch, &parser);
	crypto_wipe(r->scratch, PARSE_SCRATCH_BYTES);
	if (memchr(r->raw, '\n', len) != NULL) {
		if ((next = parse_pieces(&parser)) == NULL)
			return (false);
		next(&parser, text, &piece);
		if (piece.kind != PARSE_PIECE_RECORD || piece.len != text.len)
			return (false);
	}
	parser.whole = true; /* what was held was cut already */
	mask_parser(r->mask, &parser);
	return (true);
}

/* The record of the line that lies in raw, with where it comes from; 0: there is none. */
static size_t
read_line(struct replaying *r, size_t len, uint64_t number, char out[static RECORD_BYTES_MAX])
{
	struct mask_batch *b = &r->batch;
	struct record record;
	size_t made;

	r->raw[len] = '\n';
	if (!take_parser(r, len)) {
		crypto_wipe(r->raw, len);
		return (0);
	}
	b->lines = span_of(r->raw, len + 1);
	b->read = len + 1;
	mask_batch(r->mask, b);
	crypto_wipe(r->raw, len);
	b->number++;
	if (b->counts.in.parsed + b->counts.in.partial != 1 ||
	    record_decode(&r->decoder, span_of(b->records, b->records_len - 1), &record, NULL) ==
		-1 ||
	    record.extra_count == RECORD_EXTRA_MAX)
		return (0);
	record.extra[record.extra_count++] = (struct record_extra){
		.key = span_str(APP_REPLAY_OF), .number = (int64_t)number, .is_number = true
	};
	record.present |= UINT64_C(1) << RECORD_FIELD_EXTRA;
	made = record_encode(&r->encoder, &record, out);
	/* A record without room for it would be replayed again and again. */
	return (memmem(out, made, "\"" APP_REPLAY_OF "\":", sizeof(APP_REPLAY_OF) + 2) == NULL ?
		0 :
		made);
}

/* Is the record of that number the next one of a line that is wanted? */
static bool
is_next(struct replaying *r, uint64_t number)
{
	const struct app_held *held = app_quarantine_find(&r->lines, number);

	if (held != NULL) {
		r->at = held->held && !held->replayed ? held : NULL;
		r->raw_len = r->parts = 0;
		return (r->at != NULL);
	}
	return (r->at != NULL && number == r->at->number + r->parts);
}

/* The line that is together now. */
static int
replay_line(struct replaying *r, const struct app_held *held, struct err *e)
{
	char out[RECORD_BYTES_MAX];
	size_t len;

	if (!held->whole || r->raw_len != held->line_bytes ||
	    (len = read_line(r, r->raw_len, held->number, out)) == 0) {
		r->left++;
		return (0);
	}
	/* Nothing is sealed before all that was read is known to be what was verified. */
	if (app_pack_full(&r->pack, len)) {
		r->more++;
		return (0);
	}
	return (app_pack_add(&r->pack, span_of(out, len), &r->batch.counts, &r->batch.epochs, e));
}

static int
replay(void *arg, struct span line, struct err *e)
{
	struct replaying *r = arg;
	const struct app_held *held;
	struct record record;
	struct span part;

	if (!is_next(r, r->lines.records.number))
		return (0);
	if (record_decode(&r->lines.decoder, line, &record, e) == -1)
		return (-1);
	held = r->at;
	r->at = NULL;
	if (mask_held_line(r->secret, &record, r->raw + r->raw_len, &part) != 0) {
		r->other_key++;
		return (0);
	}
	r->raw_len += part.len;
	r->parts++;
	if (held->whole && r->parts < held->parts) {
		r->at = held;
		return (0);
	}
	return (replay_line(r, held, e));
}

/* ---- all of it ---- */

static bool
is_waiting(const struct app_quarantine *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->list[i].held && !q->list[i].replayed)
			return (true);
	return (false);
}

static void
note_file(void *arg, uint64_t seg, const unsigned char hash[static 32])
{
	struct replaying *r = arg;
	struct verified file = { .seg = seg };

	memcpy(file.hash, hash, sizeof(file.hash));
	buf_add(&r->files, &file, sizeof(file));
}

/* Whoever puts another file there in time gets nothing sealed. */
static int
compare_file(void *arg, uint64_t seg, const unsigned char hash[static 32], struct err *e)
{
	const struct replaying *r = arg;
	const struct verified *files = (const struct verified *)(const void *)r->files.data;

	for (size_t i = 0; i < r->files.len / sizeof(*files); i++)
		if (files[i].seg == seg && memcmp(files[i].hash, hash, sizeof(files[i].hash)) == 0)
			return (0);
	return (err_set(e, ERR_FINDING,
	    "stream %s: segment %llu is not what was verified a moment ago: nothing is replayed",
	    r->stream_name, (unsigned long long)seg));
}

/* Else who can write the store could have a line of theirs read, and sealed as ours. */
static int
check_sealed(struct replaying *r, struct err *e)
{
	struct audit_options how = { .stream = r->stream_name, .jobs = 1, .names = app_names(),
		.seen = note_file, .seen_arg = r };
	struct audit_result result;
	struct buf anchor = { 0 };
	int rc = store_anchor(r->store, &anchor, e);

	buf_char(&anchor, '\0');
	how.anchor = anchor.data;
	if (rc == 0)
		rc = buf_ok(&anchor) ? audit_verify(r->store_path, &how, &result, e) :
				       err_set(e, ERR_IO, "out of memory");
	buf_free(&anchor);
	if (rc != 0)
		return (-1);
	rc = result.errors == 0 ?
		0 :
		err_set(e, ERR_FINDING,
		    "stream %s does not verify: nothing of it is replayed; see cretula verify",
		    r->stream_name);
	audit_result_free(&result);
	return (rc);
}

/* All lines of the stream, of the chain that this process holds. */
static int
scan(struct replaying *r, bool verified, struct err *e)
{
	app_quarantine_close(&r->lines);
	memset(&r->lines, 0, sizeof(r->lines));
	r->lines.file = verified ? compare_file : NULL;
	r->lines.file_arg = r;
	if (app_quarantine_scan(&r->lines, r->store_path, r->stream_name, e) == -1)
		return (-1);
	if (!store_stream_holds(r->stream, &r->lines.records.chain))
		return (err_set(e, ERR_FINDING, "stream %s: chain.jsonl changes meanwhile",
		    r->stream_name));
	return (0);
}

static int
replay_all(struct replaying *r, struct err *e)
{
	/* What is there is looked at once nobody else can add to it. */
	if (open_store(r, e) == -1 || scan(r, false, e) == -1 || say_again(r, e) == -1)
		return (-1);
	if (!is_waiting(&r->lines))
		return (app_secret_settle(r->ring, r->store, r->stream, r->stream_name, e));
	if (check_sealed(r, e) == -1 || scan(r, true, e) == -1 || open_mask(r, e) == -1 ||
	    app_records_walk(&r->lines.records, replay, r, e) == -1 ||
	    app_pack_seal(&r->pack, e) == -1 || key_ring_import_end(r->ring, e) == -1 ||
	    app_secret_destroyed(r->store, r->stream, r->stream_name, NULL, NULL, e) == -1)
		return (-1);
	return (store_stream_head(r->stream, e));
}

/* No stream is made by looking for one. */
static int
check_stream(struct replaying *r, struct err *e)
{
	struct app_records records = { .stream_fd = -1 };
	int rc = app_records_open(&records, r->store_path, r->stream_name, NULL, NULL, e);

	app_records_close(&records);
	return (rc);
}

static int
finish(const struct replaying *r)
{
	uint64_t done = r->pack.records;
	struct buf out = { 0 };

	if (r->args->json) {
		buf_char(&out, '{');
		json_u64(&out, "replayed", done);
		json_u64(&out, "left", r->left);
		json_u64(&out, "other_key", r->other_key);
		if (r->more > 0)
			json_u64(&out, "more", r->more);
		buf_str(&out, "}\n");
	} else {
		buf_fmt(&out, "%llu lines replayed, %llu still cannot be read as %s",
		    (unsigned long long)done, (unsigned long long)r->left, r->parser.format->name);
		if (r->other_key > 0)
			buf_fmt(&out, ", %llu were sealed to another key",
			    (unsigned long long)r->other_key);
		if (r->more > 0)
			buf_fmt(&out, "; %llu more wait: run it again",
			    (unsigned long long)r->more);
		buf_char(&out, '\n');
	}
	return (app_finish("quarantine replay", &out,
	    r->more > 0 || r->other_key > 0 || (done == 0 && r->left > 0) ? ERR_INCOMPLETE : 0));
}

static void
close_all(struct replaying *r)
{
	app_pack_close(&r->pack);
	mask_close(r->mask);
	free(r->batch.records);
	free(r->batch.ends);
	mask_words_close(r->words);
	store_stream_close(r->stream);
	key_ring_free(r->ring);
	store_close(r->store);
	app_quarantine_close(&r->lines);
	buf_free(&r->files);
	crypto_secret_free(r->secret);
	crypto_secret_free(r->raw);
	crypto_secret_free(r->scratch);
	app_setup_close(&r->setup);
}

int
app_quarantine_replay(const struct app_args *args)
{
	static struct replaying r;
	struct err e = { ERR_NONE, "" };
	int code;

	r.args = args;
	r.lines.records.stream_fd = -1;
	if (open_what(&r, &e) == -1 || check_stream(&r, &e) == -1 || replay_all(&r, &e) == -1)
		code = app_fail("quarantine replay", &e);
	else
		code = finish(&r);
	close_all(&r);
	return (code);
}
