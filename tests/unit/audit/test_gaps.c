/*
 * What the mutation test (tests/mutation) found that no other test would miss:
 * each row names the sentence that verify must say, not the code alone.
 */
#include <sys/stat.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build_past.h"
#include "crypto/sign.h"
#include "seal/note.h"

#define GHOST "ghost"

static struct buf lines;

static struct build_stream *
shop(struct build *b)
{
	return (&b->streams[0]);
}

static void
make_store(struct build *b)
{
	build_begin(b);
	if (lines.len == 0)
		build_lines(&lines, 0, 30);
	build_segment(build_stream(b, "shop"),
	    &(struct build_segment){ .lines = lines.data, .len = lines.len });
}

/* A vkey called name.end, of a key of its own; the text lives as long as the test. */
static struct span
vkey_of(const char *name, const char *end)
{
	static struct buf text;
	unsigned char key[32] = { 7 };
	char full[200];

	crypto_sign_public(key, key);
	(void)snprintf(full, sizeof(full), "%s%s", name, end);
	buf_clear(&text);
	seal_vkey_print(span_str(full), key, &text);
	return (buf_view(&text));
}

/* The stream ghost, listed by nothing, without an entry. */
static struct build_stream *
begin_again(struct build *b)
{
	struct build_stream *s = &b->streams[1];

	build_make(b, s, GHOST);
	build_remove(b, "streams/" GHOST "/chain.jsonl");
	build_remove(b, "streams/" GHOST "/cp/00000001.note");
	s->count = 0;
	seal_tree_init(&s->tree);
	memset(s->before, 0, sizeof(s->before));
	return (s);
}

/* With a genesis that says something odd. */
static void
odd_genesis(struct build *b, void (*change)(struct seal_genesis *genesis, const char *origin))
{
	static struct seal_entry entry;
	struct build_stream *s = begin_again(b);
	struct buf vkey = { 0 };
	unsigned char key[32];

	build_common(s, SEAL_GENESIS, &entry);
	crypto_sign_public(s->log_seed, key);
	seal_vkey_print(span_str(s->origin), key, &vkey);
	entry.of.genesis = (struct seal_genesis){ .stream = span_str(s->name),
		.origin = span_str(s->origin),
		.log = buf_view(&vkey),
		.policy = span_str(BUILD_POLICY) };
	change(&entry.of.genesis, s->origin);
	build_append(s, &entry, true);
	buf_free(&vkey);
}

static void
of_another_stream(struct seal_genesis *genesis, const char *origin)
{
	genesis->stream = span_str("shop");
}

static void
foreign_log(struct seal_genesis *genesis, const char *origin)
{
	genesis->log = vkey_of(origin, "/other");
}

static void
foreign_recovery(struct seal_genesis *genesis, const char *origin)
{
	genesis->recovery = vkey_of(origin, "/recover");
}

/* Another one of as many letters. */
static void
far_recovery(struct seal_genesis *genesis, const char *origin)
{
	genesis->recovery = vkey_of("cretula/fedcba9876543210/" GHOST, "/recovery");
}

static void
another_far_recovery(struct build *b)
{
	odd_genesis(b, far_recovery);
}

/* Whoever has the keys begins again, with keys of his own. */
static void
second_genesis(struct build *b)
{
	static struct seal_entry entry;
	struct build_stream *s = shop(b);

	build_common(s, SEAL_GENESIS, &entry);
	entry.of.genesis = (struct seal_genesis){ .stream = span_str(s->name),
		.origin = span_str(s->origin),
		.log = vkey_of(s->origin, ""),
		.policy = span_str(BUILD_POLICY) };
	build_append(s, &entry, true);
}

static void
segment_of_the_store(struct build *b)
{
	char folder[256];

	build_path(b, "streams/cretula.store/seg", folder);
	assert_int_equal(mkdir(folder, 0750), 0);
	build_segment(
	    &b->own, &(struct build_segment){ .lines = lines.data, .len = lines.len });
}

static void
too_large(struct seal_entry *entry)
{
	entry->of.segment.bytes = (256u << 20) + 1;
}

static void
large_segment(struct build *b)
{
	build_segment(shop(b),
	    &(struct build_segment){
		.lines = lines.data, .len = lines.len, .change = too_large });
}

static void
another_stream(struct build *b)
{
	odd_genesis(b, of_another_stream);
}

static void
another_log(struct build *b)
{
	odd_genesis(b, foreign_log);
}

static void
change_another_log(struct build *b)
{
	another_log(b);
	build_rekey(&b->streams[1], &(struct build_rekey){ .to = 1 });
}

static void
another_recovery(struct build *b)
{
	odd_genesis(b, foreign_recovery);
}

static void
anchor_first(struct build *b)
{
	static struct seal_entry entry;
	struct build_stream *s = begin_again(b);

	build_common(s, SEAL_ANCHOR, &entry);
	entry.of.anchor = (struct seal_anchor){ .kind = span_str("cosignature"),
		.size = 1,
		.file = { .name = span_str("anchor/00000001.cosig"), .size = 9 } };
	build_append(s, &entry, false);
}

/* One that may have a key: there is no genesis that it could be one of. */
static void
recover_first(struct build *b)
{
	static struct seal_entry entry;
	struct build_stream *s = begin_again(b);

	build_common(s, SEAL_RECOVER, &entry);
	entry.of.recover = (struct seal_recover){ .reason = span_str("accepted") };
	build_append(s, &entry, true);
}

static void
other_words(struct build *b)
{
	static struct seal_entry entry;

	build_common(shop(b), SEAL_CONFIG, &entry);
	entry.of.config = (struct seal_config){ .kind = span_str("words"),
		.policy = span_str(BUILD_POLICY),
		.has_words = true,
		.words_count = 1 };
	build_append(shop(b), &entry, false);
}

static void
list_in_stream(struct build *b)
{
	static struct seal_entry entry;
	struct build_stream *s = shop(b);

	build_common(s, SEAL_STREAM, &entry);
	entry.of.stream = (struct seal_stream){ .name = span_str(GHOST),
		.origin = span_str(s->origin),
		.log = vkey_of(s->origin, "") };
	build_append(s, &entry, true);
}

/* The store's chain lists itself. */
static void
list_the_store(struct build *b)
{
	static struct seal_entry entry;

	build_common(&b->own, SEAL_STREAM, &entry);
	entry.of.stream = (struct seal_stream){ .name = span_str("cretula.store"),
		.origin = span_str(b->own.origin),
		.log = vkey_of(b->own.origin, "") };
	build_append(&b->own, &entry, true);
}

static void
head_in_stream(struct build *b)
{
	static struct seal_entry entry;

	build_common(shop(b), SEAL_HEAD, &entry);
	entry.of.head = (struct seal_head){ .name = span_str("shop"), .size = 1 };
	build_append(shop(b), &entry, false);
}

static void
alarm_entry(struct build *b)
{
	static struct seal_entry entry;

	build_common(shop(b), SEAL_RECOVER, &entry);
	entry.of.recover =
	    (struct seal_recover){ .alarm = true, .reason = span_str("data"), .seg = 2 };
	build_append(shop(b), &entry, false);
}

/* The syntax of an entry lets days and months pass that there are not. */
static void
odd_epochs(struct build *b)
{
	build_segment(shop(b),
	    &(struct build_segment){ .lines = lines.data,
		.len = lines.len,
		.mask_epochs = "{\"ip\":[\"2026-11-24\"]}",
		.import = true });
	build_edit(b, "streams/shop/chain.jsonl", "2026-11-24", "2026-13-41");
}

static void
derive_longer_file(struct build *b)
{
	unsigned char root[32];
	char folder[256];

	seal_tree_root(&shop(b)->tree, root);
	build_derive(shop(b), shop(b)->origin, shop(b)->count, root, NULL, "made");
	build_path(b, "streams/shop/out", folder);
	assert_int_equal(mkdir(folder, 0750), 0);
	build_write(b, "streams/shop/out/made.json", "made, and more", 14);
}

static void
lose_log_key(struct build *b, const char *end, bool has_recovery)
{
	static struct seal_entry entry;

	build_common(shop(b), SEAL_RECOVER, &entry);
	entry.of.recover = (struct seal_recover){ .reason = span_str("accepted"),
		.log = vkey_of(shop(b)->origin, end),
		.has_recovery = has_recovery };
	build_append(shop(b), &entry, true);
}

static void
lose_for_another_name(struct build *b)
{
	lose_log_key(b, "/other", true);
}

static void
lose_without_recovery(struct build *b)
{
	lose_log_key(b, "", false);
}

/* An anchor is told of, and there is no directory that could hold it. */
static void
no_anchors(struct build *b)
{
	static struct seal_entry entry;

	build_common(shop(b), SEAL_ANCHOR, &entry);
	entry.of.anchor = (struct seal_anchor){ .kind = span_str("cosignature"),
		.size = 1,
		.file = { .name = span_str("anchor/00000001.cosig"), .size = 9 } };
	build_append(shop(b), &entry, false);
}

static void
anchors_are_a_file(struct build *b)
{
	build_write(b, "streams/shop/anchor", "x", 1);
}

#define SEED "streams/shop/seg/00000001.salt"

/* The seed that was sealed, but not as it is written. */
static void
seed_of_a_node(struct build *b)
{
	build_edit(b, SEED, "0 0 ", "1 0 ");
}

static void
seed_without_end(struct build *b)
{
	build_edit(b, SEED, "==\n", "== ");
}

static void
short_seed(struct build *b)
{
	build_write(b, SEED, "0 0 AAAA\n", 9);
}

static void
no_seed(struct build *b)
{
	build_remove(b, SEED);
}

static void
no_signatures(struct build *b)
{
	build_remove(b, "streams/shop/cp");
	build_remove(b, "streams/shop/checkpoint");
}

static const struct {
	const char *claim;
	void (*tamper)(struct build *b);
	enum audit_code code;
	const char *stream, *text;
} rows[] = {
	{ "entries without notes are counted", no_signatures, AUDIT_E_UNSIGNED_ENTRIES, "shop",
	    "no note covers it; and the 1 after it" },
	{ "a chain begins with genesis", anchor_first, AUDIT_E_GENESIS, GHOST,
	    "genesis is entry 0 and only that" },
	{ "genesis says which stream it begins", another_stream, AUDIT_E_GENESIS, GHOST,
	    "genesis of another stream" },
	{ "the log key is called as the origin", another_log, AUDIT_E_GENESIS, GHOST,
	    "log key of another origin" },
	{ "the recovery key as well", another_recovery, AUDIT_E_GENESIS, GHOST,
	    "recovery key of another origin" },
	{ "of that origin, not of one as long", another_far_recovery, AUDIT_E_GENESIS, GHOST,
	    "recovery key of another origin" },
	{ "a chain begins once", second_genesis, AUDIT_E_GENESIS, "shop",
	    "genesis is entry 0 and only that" },
	{ "the store has no segments", segment_of_the_store, AUDIT_E_ENTRY_SYNTAX, "cretula.store",
	    "a segment in the store's chain" },
	{ "a segment is not larger than may be", large_segment, AUDIT_E_LIMIT, "shop",
	    "a segment larger than the format allows" },
	{ "a config entry changes the vocabulary", other_words, AUDIT_W_WORDS, "shop",
	    "its sealed hash is another" },
	{ "the seed of a segment is that of all", seed_of_a_node, AUDIT_E_SALT, "shop",
	    "not the seed of a segment" },
	{ "and a line", seed_without_end, AUDIT_E_SALT, "shop", "not the seed of a segment" },
	{ "of 16 bytes", short_seed, AUDIT_E_SALT, "shop", "not the seed of a segment" },
	{ "that is there", no_seed, AUDIT_E_SALT, "shop", "the file is missing" },
	{ "a stream lists no streams", list_in_stream, AUDIT_E_ENTRY_SYNTAX, "shop",
	    "streams are listed in" },
	{ "and the store not itself", list_the_store, AUDIT_E_ENTRY_SYNTAX, "cretula.store",
	    "not a stream's name" },
	{ "nor their heads", head_in_stream, AUDIT_E_ENTRY_SYNTAX, "shop", "heads are in" },
	{ "an alarm is told as long as nobody answers", alarm_entry, AUDIT_E_OPEN, "shop",
	    "the writer found its open segment changed" },
	{ "anchors have a directory", no_anchors, AUDIT_E_ANCHOR, "shop",
	    "there is no directory anchor/" },
	{ "which is one", anchors_are_a_file, AUDIT_E_FILE_TYPE, "shop", "not a directory" },
	{ "epochs are days that there are", odd_epochs, AUDIT_E_ENTRY_SYNTAX, "shop",
	    "entry: mask_epochs: not lists of epochs" },
	{ "a derived file has its size", derive_longer_file, AUDIT_E_FILE_HASH, "shop",
	    "its file is of another size" },
	{ "a lost log key is replaced under its name", lose_for_another_name, AUDIT_E_REKEY, "shop",
	    "not another key of the same name" },
	{ "and by the recovery key", lose_without_recovery, AUDIT_E_REKEY, "shop",
	    "without the recovery key's signature" },
};

static bool
is_told(const struct audit_result *result, size_t row)
{
	for (size_t i = 0; i < result->finding_count; i++) {
		const struct audit_finding *f = &result->findings[i];

		if (f->code == rows[row].code && strcmp(f->stream, rows[row].stream) == 0 &&
		    strncmp(f->text, rows[row].text, strlen(rows[row].text)) == 0)
			return (true);
	}
	return (false);
}

static void
test_told(void **state)
{
	struct audit_result result;
	struct build b;
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_store(&b);
		rows[i].tamper(&b);
		build_verify(&b, 1, NULL, &result);
		if (result.exit_code != (audit_code_severity[rows[i].code] == AUDIT_ERROR) ||
		    !is_told(&result, i)) {
			print_error("%s: exit %d\n", rows[i].claim, result.exit_code);
			build_show(&result);
			bad++;
		}
		audit_result_free(&result);
		build_end(&b);
	}
	assert_int_equal(bad, 0);
}

/* What depends on what was told is not told again. */
static const struct {
	const char *claim;
	void (*tamper)(struct build *b);
	enum audit_code codes[2];
} not_told[] = {
	{ "a log key that is none has no signatures to miss", another_log,
	    { AUDIT_E_LOG_SIG, AUDIT_E_NOTE } },
	{ "and none in force that could change", change_another_log,
	    { AUDIT_E_REKEY, AUDIT_E_LOG_SIG } },
	{ "without genesis no epoch is expected", recover_first,
	    { AUDIT_E_EPOCH_ORDER, AUDIT_E_EPOCH_SIG } },
};

static void
test_not_told(void **state)
{
	for (size_t i = 0; i < sizeof(not_told) / sizeof(not_told[0]); i++) {
		struct audit_result result;
		struct build b;

		make_store(&b);
		not_told[i].tamper(&b);
		build_verify(&b, 1, NULL, &result);
		assert_int_equal(result.exit_code, 1);
		for (size_t k = 0; k < result.finding_count; k++)
			if (result.findings[k].code == not_told[i].codes[0] ||
			    result.findings[k].code == not_told[i].codes[1])
				fail_msg("%s: %s", not_told[i].claim, result.findings[k].text);
		audit_result_free(&result);
		build_end(&b);
	}
}

static int
end(void **state)
{
	buf_free(&lines);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_not_told),
	};

	return (cmocka_run_group_tests(tests, NULL, end));
}
