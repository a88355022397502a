/*
 * Proofs of a record that a thief of every key would like to be taken.  Each
 * row is sound but for one thing, and must be refused for just that.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/outside/prove.h"
#include "base/err.h"
#include "build.h"
#include "crypto/sha256.h"
#include "crypto/sign.h"
#include "record/record.h"
#include "seal/lists.h"
#include "seal/placeholder.h"
#include "seal/proof.h"
#include "seal/statement.h"

#define HERE "cretula/0123456789abcdef/"
#define RECORD "{\"time\":\"2025-11-25T00:00:00.000Z\"}"
#define RECORDS 3 /* of the segment; the one in the middle is proved */
#define PART "c2sp.org/tlog-proof@v1\n"

enum key { STORE_KEY, SHOP_KEY, NEW_KEY, RECOVERY, NEW_RECOVERY, OTHER_KEY, KEY_COUNT };

/* What is in the two chains; FILLER stands in front of a genesis that comes late. */
enum what { FILLER, ROOT, STREAM, GENESIS, SEGMENT, REDACT, NEXT_RECOVERY, REKEY, LOST, WHAT_COUNT };
#define WITH(what) (1u << (what))

struct chain {
	const char *origin;
	struct buf lines[12];
	size_t count, changed; /* changed: the log key is the new one under notes of that size */
	enum key first;
};

struct forge {
	const struct row *row;
	struct chain store, shop;
	struct { struct chain *chain; size_t index; bool there; } at[WHAT_COUNT];
	struct buf vkeys[KEY_COUNT], line, extra, items;
	unsigned char leaves[RECORDS][32], root[32];
	struct buf pieces[16]; /* of the proof: the record, then parts */
	size_t piece_count;
};

struct row {
	const char *claim, *why; /* NULL: it is good */
	unsigned with; /* more entries than those that every proof has */
	const char *record; /* NULL: RECORD */
	void (*change)(enum what what, struct seal_entry *entry, struct forge *f);
	void (*item)(struct seal_item items[static 2], size_t *count);
	enum what of; /* whose note is another: size, origin, signers, root if given */
	size_t size;
	const char *origin;
	unsigned signers;
	bool other_root;
	const char *named[KEY_COUNT];
	void (*edit)(struct forge *f);
	bool in_store; /* the segment is in the store's chain */
	enum { SAME, OTHER_HASH, OTHER_VKEY } anchor;
};

/* ---- keys ---- */

static const char *const names[KEY_COUNT] = { HERE "cretula.store", HERE "shop", HERE "shop",
	HERE "shop/recovery", HERE "shop/recovery", HERE "other" };

static const char *
name_of(const struct forge *f, enum key key)
{
	return (f->row->named[key] == NULL ? names[key] : f->row->named[key]);
}

static const unsigned char *
seed_of(enum key key)
{
	static unsigned char seeds[KEY_COUNT][32];

	seeds[key][0] = (unsigned char)(key + 1);
	return (seeds[key]);
}

static struct span
vkey_of(struct forge *f, enum key key)
{
	unsigned char public_key[32];

	if (f->vkeys[key].len == 0) {
		crypto_sign_public(seed_of(key), public_key);
		seal_vkey_print(span_str(name_of(f, key)), public_key, &f->vkeys[key]);
	}
	return (buf_view(&f->vkeys[key]));
}

static void
sign_change(struct forge *f, enum key key, struct span old, struct span new,
    unsigned char signature[static 64])
{
	struct buf message = { 0 };

	assert_int_equal(seal_rekey_message(span_str(HERE "shop"), old, new, &message), 0);
	crypto_sign_message(seed_of(key), buf_view(&message), signature);
	buf_free(&message);
}

/* ---- entries ---- */

static void
add(struct forge *f, struct chain *chain, enum what what, struct seal_entry *entry)
{
	struct buf *line = &chain->lines[chain->count];
	struct err e;

	entry->index = chain->count;
	entry->software = span_str("cretula test");
	if (f->row->change != NULL)
		f->row->change(what, entry, f);
	if (seal_entry_print(entry, &build_names, line, &e) == -1)
		fail_msg("%s", e.text);
	f->at[what].chain = chain;
	f->at[what].index = chain->count++;
	f->at[what].there = true;
}

static void
add_genesis(struct forge *f, struct chain *chain, enum what what)
{
	static struct seal_entry entry;
	bool is_shop = what == GENESIS;

	entry = (struct seal_entry){ .type = SEAL_START };
	entry.of.start.mode = span_str("pipe");
	if (f->row->with & WITH(FILLER) && f->row->of == what)
		add(f, chain, FILLER, &entry);
	entry = (struct seal_entry){ .type = SEAL_GENESIS, .has_next = true };
	entry.of.genesis = (struct seal_genesis){
		.stream = span_str(is_shop ? "shop" : "cretula.store"),
		.origin = span_str(chain->origin),
		.log = vkey_of(f, chain->first),
		.recovery = is_shop ? vkey_of(f, RECOVERY) : span_of(NULL, 0),
		.policy = span_str(BUILD_POLICY) };
	entry.next = vkey_of(f, OTHER_KEY);
	add(f, chain, what, &entry);
}

static void
add_stream(struct forge *f)
{
	static struct seal_entry entry;
	const struct buf *genesis = &f->shop.lines[f->at[GENESIS].index];

	entry = (struct seal_entry){ .type = SEAL_STREAM, .has_next = true };
	entry.of.stream = (struct seal_stream){ .name = span_str("shop"),
		.origin = span_str(HERE "shop"),
		.log = vkey_of(f, SHOP_KEY) };
	entry.next = vkey_of(f, OTHER_KEY);
	crypto_sha256(genesis->data, genesis->len, entry.of.stream.genesis);
	add(f, &f->store, STREAM, &entry);
}

static void
add_segment(struct forge *f, struct chain *chain)
{
	static struct seal_entry entry;
	struct seal_segment *facts = &entry.of.segment;

	entry = (struct seal_entry){ .type = SEAL_SEGMENT, .has_next = true };
	facts->seg = 1;
	facts->n = RECORDS;
	facts->bytes = facts->file_size = 100;
	memcpy(facts->root, f->root, 32);
	stats_counts_clear(&facts->counts);
	facts->counts.time_min_us = 0;
	facts->counts.time_max_us = 60000000;
	facts->policy = span_str(BUILD_POLICY);
	facts->mask_epochs = span_str("{}");
	entry.next = vkey_of(f, OTHER_KEY);
	add(f, chain, SEGMENT, &entry);
}

static void
add_redact(struct forge *f, struct chain *chain)
{
	static struct seal_entry entry;

	entry = (struct seal_entry){ .type = SEAL_REDACT };
	entry.of.redact = (struct seal_redact){ .seg = 1,
		.revision = 1,
		.items = buf_view(&f->items),
		.reason = span_str("Art. 17"),
		.file_size = 100 };
	add(f, chain, REDACT, &entry);
}

static void
add_rekey(struct forge *f, bool of_log)
{
	static struct seal_entry entry;
	enum key old = of_log ? SHOP_KEY : RECOVERY, new = of_log ? NEW_KEY : NEW_RECOVERY;

	entry = (struct seal_entry){ .type = SEAL_REKEY };
	entry.of.rekey = (struct seal_rekey){ .key = span_str(of_log ? "log" : "recovery"),
		.old = vkey_of(f, old),
		.new = vkey_of(f, new) };
	sign_change(f, new, vkey_of(f, old), vkey_of(f, new), entry.of.rekey.proof);
	entry.of.rekey.has_recovery = !of_log;
	sign_change(f, RECOVERY, vkey_of(f, old), vkey_of(f, new), entry.of.rekey.recovery);
	add(f, &f->shop, of_log ? REKEY : NEXT_RECOVERY, &entry);
	if (of_log)
		f->shop.changed = f->shop.count;
}

static void
add_lost(struct forge *f)
{
	static struct seal_entry entry;

	entry = (struct seal_entry){ .type = SEAL_RECOVER };
	entry.of.recover = (struct seal_recover){
		.reason = span_str("accepted"), .log = vkey_of(f, NEW_KEY), .has_recovery = true
	};
	sign_change(f, RECOVERY, vkey_of(f, SHOP_KEY), vkey_of(f, NEW_KEY),
	    entry.of.recover.recovery);
	add(f, &f->shop, LOST, &entry);
	f->shop.changed = f->shop.count;
}

/* ---- the record ---- */

static void
hash_record(struct span salted, unsigned char leaf[static 32])
{
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, "", 1);
	crypto_sha256_add(&h, salted.ptr, salted.len);
	crypto_sha256_end(&h, leaf);
}

static void
replace(struct forge *f, const char *record)
{
	struct seal_item items[2] = { { .record = 1, .has_new = true }, { .record = 2 } };
	size_t count = 2;

	buf_clear(&f->extra);
	buf_str(&f->extra, "another salt 16b");
	buf_clear(&f->line);
	seal_replaced_print(f->leaves[1], span_str(record), &f->line);
	buf_span(&f->extra, buf_view(&f->line));
	memcpy(items[0].leaf, f->leaves[1], 32);
	seal_replaced_leaf(buf_view(&f->line), (const unsigned char *)f->extra.data,
	    items[0].new_leaf);
	if (f->row->item != NULL)
		f->row->item(items, &count);
	seal_items_print(items, count, &f->items);
}

static void
make_record(struct forge *f)
{
	const char *record = f->row->record == NULL ? RECORD : f->row->record;
	struct seal_tree tree;

	buf_str(&f->extra, "a salt of 16 b..");
	buf_str(&f->extra, record);
	for (unsigned i = 0; i < RECORDS; i++)
		f->leaves[i][0] = (unsigned char)i;
	hash_record(buf_view(&f->extra), f->leaves[1]);
	seal_tree_init(&tree);
	(void)seal_tree_add(&tree, (const unsigned char(*)[32])f->leaves, RECORDS, NULL);
	seal_tree_root(&tree, f->root);
	if (f->row->with & WITH(REDACT))
		replace(f, record);
}

static struct buf *
piece(struct forge *f)
{
	return (&f->pieces[f->piece_count++]);
}

static void
print_record(struct forge *f)
{
	struct seal_proof proof;
	struct buf text = { 0 }, *out = piece(f);

	seal_proof_inclusion((const unsigned char(*)[32])f->leaves, RECORDS, 1, &proof);
	seal_proof_print(buf_view(&f->extra), 1, &proof, span_of(NULL, 0), &text);
	buf_str(out, AUDIT_PROOF_MAGIC);
	buf_span(out, span_from(buf_view(&text), strlen(PART)));
	buf_free(&text);
}

/* ---- parts ---- */

static unsigned
signers_of(const struct forge *f, const struct chain *chain, enum what what, size_t size)
{
	if (f->row->of == what && f->row->signers != 0)
		return (f->row->signers);
	if (what == REKEY)
		return (WITH(SHOP_KEY) | WITH(NEW_KEY));
	return (WITH(chain->changed > 0 && size >= chain->changed ? NEW_KEY : chain->first));
}

static void
print_note(const struct forge *f, enum what what, size_t size, const unsigned char root[static 32],
    struct buf *out)
{
	const struct chain *chain = f->at[what].chain;
	unsigned mask = signers_of(f, chain, what, size);
	struct seal_signer signers[KEY_COUNT];
	size_t count = 0;
	bool other = f->row->of == what && f->row->origin != NULL;

	for (unsigned k = 0; k < KEY_COUNT; k++)
		if (mask & WITH(k))
			signers[count++] = (struct seal_signer){ span_str(name_of(f, k)), seed_of(k) };
	seal_note_write(
	    span_str(other ? f->row->origin : chain->origin), size, root, signers, count, out);
}

static void
print_part(struct forge *f, enum what what)
{
	const struct chain *chain = f->at[what].chain;
	size_t index = f->at[what].index;
	bool is_change = what == GENESIS || what >= NEXT_RECOVERY;
	size_t size = is_change ? index + 1 : chain->count;
	unsigned char leaves[12][32], root[32];
	struct seal_proof proof;
	struct seal_tree tree;
	struct buf note = { 0 };

	if (f->row->of == what && f->row->size != 0)
		size = f->row->size;
	for (size_t i = 0; i < size; i++)
		seal_entry_leaf(chain->lines[i].data, chain->lines[i].len, leaves[i]);
	seal_tree_init(&tree);
	(void)seal_tree_add(&tree, (const unsigned char(*)[32])leaves, size, NULL);
	seal_tree_root(&tree, root);
	root[9] ^= f->row->of == what && f->row->other_root;
	print_note(f, what, size, root, &note);
	seal_proof_inclusion((const unsigned char(*)[32])leaves, size, index, &proof);
	seal_proof_print(
	    buf_view(&chain->lines[index]), index, &proof, buf_view(&note), piece(f));
	buf_free(&note);
}

/* ---- all of it ---- */

static void
make_chains(struct forge *f)
{
	unsigned with = f->row->with;
	struct chain *home = f->row->in_store ? &f->store : &f->shop;

	f->store = (struct chain){ .origin = HERE "cretula.store", .first = STORE_KEY };
	f->shop = (struct chain){ .origin = HERE "shop", .first = SHOP_KEY };
	add_genesis(f, &f->shop, GENESIS);
	add_genesis(f, &f->store, ROOT);
	add_stream(f);
	add_segment(f, home);
	if (with & WITH(REDACT))
		add_redact(f, home);
	if (with & WITH(NEXT_RECOVERY))
		add_rekey(f, false);
	if (with & WITH(REKEY))
		add_rekey(f, true);
	if (with & WITH(LOST))
		add_lost(f);
}

static void
make_proof(struct forge *f)
{
	unsigned changes = WITH(NEXT_RECOVERY) | WITH(REKEY) | WITH(LOST);

	make_record(f);
	make_chains(f);
	print_record(f);
	print_part(f, SEGMENT);
	if (f->at[REDACT].there)
		print_part(f, REDACT);
	print_part(f, STREAM);
	print_part(f, ROOT);
	if (f->row->with & changes)
		print_part(f, GENESIS);
	for (enum what what = NEXT_RECOVERY; what <= LOST; what++)
		if (f->at[what].there)
			print_part(f, what);
	if (f->row->edit != NULL)
		f->row->edit(f);
}

static void
free_forge(struct forge *f)
{
	for (unsigned i = 0; i < 12; i++) {
		buf_free(&f->store.lines[i]);
		buf_free(&f->shop.lines[i]);
	}
	for (unsigned i = 0; i < KEY_COUNT; i++)
		buf_free(&f->vkeys[i]);
	for (unsigned i = 0; i < 16; i++)
		buf_free(&f->pieces[i]);
	buf_free(&f->line);
	buf_free(&f->extra);
	buf_free(&f->items);
}

static void
print_anchor(struct forge *f, struct buf *out)
{
	const struct buf *genesis = &f->store.lines[f->at[ROOT].index];
	unsigned char hash[32];

	crypto_sha256(genesis->data, genesis->len, hash);
	hash[7] ^= f->row->anchor == OTHER_HASH;
	buf_span(out, vkey_of(f, f->row->anchor == OTHER_VKEY ? NEW_KEY : STORE_KEY));
	buf_str(out, " sha256:");
	buf_hex(out, hash, sizeof(hash));
	buf_char(out, '\0');
}

/* ---- what rows do ---- */

static void
swap(struct forge *f, size_t a, size_t b)
{
	struct buf keep = f->pieces[a];

	f->pieces[a] = f->pieces[b];
	f->pieces[b] = keep;
}

static void
leave_out(struct forge *f, size_t at)
{
	buf_clear(&f->pieces[at]);
}

static void
put(struct buf *text, const char *from, const char *to)
{
	char *at = strstr(text->data, from);

	assert_non_null(at);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
}

static void
other_magic(struct forge *f)
{
	put(&f->pieces[0], "proof v1", "proof v2");
}

static void
other_index(struct forge *f)
{
	put(&f->pieces[0], "index 1", "index x");
}

static void
more_in_front(struct forge *f)
{
	buf_str(&f->pieces[0], "more\n");
}

static void
no_extra(struct forge *f)
{
	char *end = strstr(f->pieces[0].data, "index");
	struct buf text = { 0 };

	buf_str(&text, AUDIT_PROOF_MAGIC);
	buf_str(&text, end);
	buf_free(&f->pieces[0]);
	f->pieces[0] = text;
}

static void
half_salt(struct forge *f)
{
	char *end = strstr(f->pieces[0].data, "index");
	struct buf text = { 0 };

	buf_str(&text, AUDIT_PROOF_MAGIC "extra ");
	buf_base64(&text, "12345678", 8);
	buf_char(&text, '\n');
	buf_str(&text, end);
	buf_free(&f->pieces[0]);
	f->pieces[0] = text;
}

static void
odd_end(struct forge *f)
{
	buf_str(piece(f), PART "odd\n");
}

static void
no_entry_in_part(struct forge *f)
{
	put(&f->pieces[1], "extra eyJ", "extra AAA");
}

static void
no_segment(struct forge *f)
{
	swap(f, 1, 4);
}

static void
no_stream(struct forge *f)
{
	leave_out(f, 3);
}

static void
end_behind_stream(struct forge *f)
{
	leave_out(f, 4);
	leave_out(f, 5);
}

static void
no_parts(struct forge *f)
{
	f->piece_count = 1;
}

static void
more_and_no_parts(struct forge *f)
{
	f->piece_count = 1;
	buf_char(&f->pieces[0], 'x');
}

static void
many_parts(struct forge *f)
{
	struct buf *last = piece(f);

	for (unsigned i = 0; i < 62; i++)
		buf_span(last, buf_view(&f->pieces[3]));
}

static void
other_record(struct forge *f)
{
	buf_clear(&f->extra);
	buf_str(&f->extra, "a salt of 16 b.." RECORD);
	put(&f->extra, "2025", "2026");
	f->piece_count = 0;
	buf_clear(&f->pieces[0]);
	print_record(f);
	f->piece_count = 4;
}

static void
plain_line(struct forge *f)
{
	buf_clear(&f->extra);
	buf_str(&f->extra, "a salt of 16 b.." RECORD);
	f->piece_count = 0;
	buf_clear(&f->pieces[0]);
	print_record(f);
	f->piece_count = 5;
}

static void
other_order(struct forge *f)
{
	swap(f, 5, 6);
}

static void
item_of_another(struct seal_item items[static 2], size_t *count)
{
	items[0].record = 0;
	*count = 1;
}

/* What replaced another record, and this one is erased. */
static void
item_without_new(struct seal_item items[static 2], size_t *count)
{
	items[1] = items[0];
	items[0].record = 0;
	items[1].has_new = false;
}

static void
item_of_another_leaf(struct seal_item items[static 2], size_t *count)
{
	items[0].leaf[3] ^= 1;
}

static void
item_of_another_line(struct seal_item items[static 2], size_t *count)
{
	items[0].new_leaf[3] ^= 1;
}

static void
redact_of_another(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == REDACT)
		entry->of.redact.seg = 2;
}

static void
segment_elsewhere(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == SEGMENT)
		entry->index = 7;
}

static void
root_is_none(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what != ROOT)
		return;
	entry->type = SEAL_START;
	memset(&entry->of, 0, sizeof(entry->of));
	entry->of.start.mode = span_str("pipe");
}

static void
root_of_a_stream(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == ROOT)
		entry->of.genesis.stream = span_str("shop");
}

/* It says what a genesis says. */
static void
root_is_a_stream(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what != ROOT)
		return;
	entry->type = SEAL_STREAM;
	entry->of.stream = (struct seal_stream){ .name = span_str("cretula.store"),
		.origin = span_str(HERE "cretula.store"),
		.log = vkey_of(f, STORE_KEY) };
}

static void
other_hash(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == STREAM)
		entry->of.stream.genesis[5] ^= 1;
}

static void
genesis_of_other_origin(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == GENESIS)
		entry->of.genesis.origin = span_str(HERE "other");
}

static void
genesis_of_other_key(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == GENESIS)
		entry->of.genesis.log = vkey_of(f, NEW_KEY);
}

static void
rekey_alone(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what != REKEY)
		return;
	entry->of.rekey.has_recovery = true;
	sign_change(f, RECOVERY, entry->of.rekey.old, entry->of.rekey.new, entry->of.rekey.recovery);
}

static void
recovery_alone(enum what what, struct seal_entry *entry, struct forge *f)
{
	(void)f;
	if (what == NEXT_RECOVERY)
		entry->of.rekey.has_recovery = false;
}

/* Keys that were never those of the stream: they sign all that there is to sign. */
static void
rekey_of_another(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what != REKEY)
		return;
	entry->of.rekey.old = vkey_of(f, OTHER_KEY);
	sign_change(f, NEW_KEY, entry->of.rekey.old, entry->of.rekey.new, entry->of.rekey.proof);
}

static void
rekey_unproved(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == REKEY)
		entry->of.rekey.proof[6] ^= 1;
}

static void
lost_badly(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == LOST)
		entry->of.recover.recovery[6] ^= 1;
}

static void
lost_for(struct seal_entry *entry, struct forge *f, enum key key)
{
	entry->of.recover.log = vkey_of(f, key);
	sign_change(f, RECOVERY, vkey_of(f, SHOP_KEY), vkey_of(f, key), entry->of.recover.recovery);
}

static void
lost_for_other_name(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == LOST)
		lost_for(entry, f, OTHER_KEY);
}

static void
lost_for_itself(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == LOST)
		lost_for(entry, f, SHOP_KEY);
}

static void
lost_alone(enum what what, struct seal_entry *entry, struct forge *f)
{
	if (what == LOST)
		entry->of.recover.has_recovery = false;
}

/* ---- rows ---- */

#define NOT_LAST "a change of keys that is not the last entry of its note"
#define ORIGIN "a note of another origin"
#define NOT_GENESIS "not the genesis of the stream"
#define NOT_ROOT "not the genesis of a store"
#define NOT_REPLACED "the line is not the one that replaced the record"
#define NO_RECORD "sealed, but no record"

static char too_long[RECORD_BYTES_MAX + 1];

static const struct row rows[] = {
	{ .claim = "a record" },
	{ .claim = "one that was replaced", .with = WITH(REDACT) },
	{ .claim = "behind a change of keys", .with = WITH(REKEY) },
	{ .claim = "behind a change of both", .with = WITH(NEXT_RECOVERY) | WITH(REKEY) },
	{ .claim = "by the new key alone",
	    .with = WITH(REKEY),
	    .change = rekey_alone,
	    .of = REKEY,
	    .signers = WITH(NEW_KEY) },
	{ .claim = "behind a lost key", .with = WITH(LOST) },
	/* the record */
	{ .claim = "another magic", .why = "not the proof of a record", .edit = other_magic },
	{ .claim = "an odd index", .why = "proof: no index", .edit = other_index },
	{ .claim = "more than a proof", .why = "", .edit = more_in_front },
	{ .claim = "nothing to prove",
	    .why = "proof of the record: neither salt nor line",
	    .edit = no_extra },
	{ .claim = "half a salt",
	    .why = "proof of the record: neither salt nor line",
	    .edit = half_salt },
	{ .claim = "a salt alone",
	    .why = "proof of the record: neither salt nor line",
	    .record = "" },
	{ .claim = "no JSON", .why = NO_RECORD, .record = "junk" },
	{ .claim = "too long", .why = NO_RECORD, .record = too_long },
	{ .claim = "no UTF-8", .why = NO_RECORD, .record = "{\"time\":\"\xff\"}" },
	{ .claim = "two lines", .why = NO_RECORD, .record = "{\"time\":\"\n\"}" },
	{ .claim = "another record",
	    .why = "the record is not one of the segment",
	    .edit = other_record },
	{ .claim = "the line before it was replaced",
	    .why = "the line is not one that replaced a record",
	    .with = WITH(REDACT),
	    .edit = plain_line },
	{ .claim = "replaced in another segment",
	    .why = "what replaced the record is of another segment",
	    .with = WITH(REDACT),
	    .change = redact_of_another },
	{ .claim = "another record replaced",
	    .why = NOT_REPLACED,
	    .with = WITH(REDACT),
	    .item = item_of_another },
	{ .claim = "erased, and another replaced",
	    .why = NOT_REPLACED,
	    .with = WITH(REDACT),
	    .item = item_without_new },
	{ .claim = "replaced, of another leaf",
	    .why = NOT_REPLACED,
	    .with = WITH(REDACT),
	    .item = item_of_another_leaf },
	{ .claim = "replaced by another line",
	    .why = NOT_REPLACED,
	    .with = WITH(REDACT),
	    .item = item_of_another_line },
	/* the parts */
	{ .claim = "no part", .why = "a part is missing", .edit = no_parts },
	{ .claim = "more than a proof, and no part",
	    .why = "proof of the record: more than a proof",
	    .edit = more_and_no_parts },
	{ .claim = "too many parts", .why = "more parts than a proof may have", .edit = many_parts },
	{ .claim = "an odd part at the end", .why = "proof: ", .edit = odd_end },
	{ .claim = "a part of no entry",
	    .why = "what is to be proved is no entry",
	    .edit = no_entry_in_part },
	{ .claim = "a part of an entry from elsewhere",
	    .why = "what is to be proved is another entry",
	    .change = segment_elsewhere },
	{ .claim = "no segment",
	    .why = "a part is missing",
	    .with = WITH(REKEY),
	    .edit = no_segment },
	{ .claim = "a segment of the store",
	    .why = "a part is missing",
	    .with = WITH(REDACT),
	    .in_store = true,
	    .edit = no_stream },
	{ .claim = "no store",
	    .why = "a part is missing",
	    .with = WITH(REDACT),
	    .edit = end_behind_stream },
	{ .claim = "another store's hash", .why = "of another store than the anchor's", .anchor = OTHER_HASH },
	{ .claim = "another store's key", .why = "of another store than the anchor's", .anchor = OTHER_VKEY },
	{ .claim = "a store that begins otherwise", .why = NOT_ROOT, .change = root_is_none },
	{ .claim = "a store that begins as a stream", .why = NOT_ROOT, .change = root_is_a_stream },
	{ .claim = "a store called as a stream", .why = NOT_ROOT, .change = root_of_a_stream },
	{ .claim = "a store that begins late", .why = NOT_ROOT, .with = WITH(FILLER), .of = ROOT },
	{ .claim = "a store's key of another name",
	    .why = ORIGIN,
	    .named[STORE_KEY] = HERE "other" },
	{ .claim = "a stream's key of another name",
	    .why = ORIGIN,
	    .named[SHOP_KEY] = HERE "other" },
	{ .claim = "a note of another origin",
	    .why = ORIGIN,
	    .of = SEGMENT,
	    .origin = HERE "other" },
	{ .claim = "a replacing under a note of another origin",
	    .why = ORIGIN,
	    .with = WITH(REDACT),
	    .of = REDACT,
	    .origin = HERE "other" },
	{ .claim = "a store under a note of another origin",
	    .why = ORIGIN,
	    .of = ROOT,
	    .origin = HERE "other" },
	{ .claim = "a stream listed under a note of another origin",
	    .why = ORIGIN,
	    .of = STREAM,
	    .origin = HERE "other" },
	{ .claim = "a segment that its note does not cover",
	    .why = "an entry that the note does not cover",
	    .of = SEGMENT,
	    .other_root = true },
	/* changes of keys */
	{ .claim = "a change of a key that never was",
	    .why = "a change of a key that was not in force",
	    .with = WITH(REKEY),
	    .change = rekey_of_another,
	    .of = REKEY,
	    .signers = WITH(OTHER_KEY) | WITH(NEW_KEY),
	    .named[OTHER_KEY] = HERE "shop" },
	{ .claim = "a change that the new key does not prove",
	    .why = "rekey: bad signature by the new key",
	    .with = WITH(REKEY),
	    .change = rekey_unproved },
	{ .claim = "a change of the recovery key that it did not sign",
	    .why = "rekey: without the recovery key's signature",
	    .with = WITH(NEXT_RECOVERY) | WITH(REKEY),
	    .change = recovery_alone },
	{ .claim = "a change that the old key did not sign",
	    .why = "the old key did not sign the change of keys",
	    .with = WITH(REKEY),
	    .of = REKEY,
	    .signers = WITH(NEW_KEY) },
	{ .claim = "a change that its note does not cover",
	    .why = NOT_LAST,
	    .with = WITH(REKEY),
	    .of = REKEY,
	    .other_root = true },
	{ .claim = "a lost key by another recovery key",
	    .why = "bad signature by the recovery key",
	    .with = WITH(LOST),
	    .change = lost_badly },
	{ .claim = "a genesis that is not listed",
	    .why = NOT_GENESIS,
	    .with = WITH(REKEY),
	    .change = other_hash },
	{ .claim = "a genesis of another origin",
	    .why = NOT_GENESIS,
	    .with = WITH(REKEY),
	    .change = genesis_of_other_origin },
	{ .claim = "a genesis of another key",
	    .why = NOT_GENESIS,
	    .with = WITH(REKEY),
	    .change = genesis_of_other_key },
	{ .claim = "a genesis that comes late",
	    .why = NOT_GENESIS,
	    .with = WITH(REKEY) | WITH(FILLER),
	    .of = GENESIS },
	{ .claim = "changes in another order",
	    .why = "changes of keys that are not in their order",
	    .with = WITH(NEXT_RECOVERY) | WITH(REKEY),
	    .edit = other_order },
	{ .claim = "a change under a later note",
	    .why = NOT_LAST,
	    .with = WITH(REKEY) | WITH(LOST),
	    .change = rekey_alone,
	    .of = REKEY,
	    .size = 4,
	    .signers = WITH(NEW_KEY) },
	{ .claim = "a change under a note of another origin",
	    .why = NOT_LAST,
	    .with = WITH(REKEY),
	    .of = REKEY,
	    .origin = HERE "other" },
	{ .claim = "a lost key under another name",
	    .why = "not another key of the same name",
	    .with = WITH(LOST),
	    .change = lost_for_other_name },
	{ .claim = "a key lost for itself",
	    .why = "not another key of the same name",
	    .with = WITH(LOST),
	    .change = lost_for_itself,
	    .of = LOST,
	    .signers = WITH(SHOP_KEY) },
	{ .claim = "a lost key without the recovery key",
	    .why = "a lost key, without the recovery key's signature",
	    .with = WITH(LOST),
	    .change = lost_alone },
};

static bool
is_as_claimed(const struct row *row, struct audit_proof *proof)
{
	if (row->why != NULL)
		return (proof->why[0] != '\0' && proof->line.len == 0 &&
		    strncmp(proof->why, row->why, strlen(row->why)) == 0);
	return (proof->why[0] == '\0' && proof->anchored && proof->record == 1 &&
	    proof->segment == 1 && proof->entry == 1 && strcmp(proof->stream, "shop") == 0 &&
	    span_is(buf_view(&proof->line), RECORD) &&
	    proof->replaced == ((row->with & WITH(REDACT)) != 0) &&
	    proof->replaced_entry == (proof->replaced ? 2 : 0));
}

static void
test_forgeries(void **state)
{
	static struct forge f;
	struct audit_proof proof;
	struct err e;
	unsigned wrong = 0;

	memset(too_long, 'x', RECORD_BYTES_MAX);
	memcpy(too_long, "{\"time\":\"", 9);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = { 0 }, anchor = { 0 };

		f = (struct forge){ .row = &rows[i] };
		make_proof(&f);
		print_anchor(&f, &anchor);
		for (size_t k = 0; k < f.piece_count; k++)
			buf_span(&text, buf_view(&f.pieces[k]));
		if (audit_proof_check(buf_view(&text), anchor.data, &build_names, &proof, &e) ==
		    -1)
			fail_msg("%s: %s", rows[i].claim, e.text);
		if (!is_as_claimed(&rows[i], &proof)) {
			print_error("%s: %s\n", rows[i].claim, proof.why);
			wrong++;
		}
		audit_proof_free(&proof);
		free_forge(&f);
		buf_free(&text);
		buf_free(&anchor);
	}
	assert_int_equal(wrong, 0);
}

static void
test_bounds(void **state)
{
	struct span text = { calloc(1, AUDIT_PROOF_BYTES_MAX + 1), AUDIT_PROOF_BYTES_MAX + 1 };
	struct audit_proof proof;
	struct err e;

	assert_non_null(text.ptr);
	assert_int_equal(audit_proof_check(text, NULL, &build_names, &proof, &e), 0);
	assert_string_equal(proof.why, "longer than a proof can be");
	audit_proof_free(&proof);
	assert_int_equal(audit_proof_check(text, "no anchor", &build_names, &proof, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	audit_proof_free(&proof);
	free((char *)(uintptr_t)text.ptr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgeries),
		cmocka_unit_test(test_bounds),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
