/* Stores made, sealed to, reopened; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "checker.h"
#include "crypto/random.h"
#include "key/key.h"
#include "store/inside.h"
#include "store/layout.h"
#include "store/read/streams.h"
#include "store/writer.h"
#include "work.h"

static struct checked checked;

static void
assert_good(const char *stream, uint64_t segments, uint64_t records)
{
	if (check_stream(&checked, work_store, stream) == -1)
		fail_msg("%s: %s", stream, checked.wrong);
	assert_int_equal(checked.segments, segments);
	assert_int_equal(checked.records, records);
}

/* All records, each once, in order. */
static void
assert_lines(uint64_t count)
{
	struct span rest = buf_view(&checked.lines);

	for (uint64_t i = 0; i < count; i++) {
		char want[40];
		size_t len = span_find(rest, '\n');

		(void)snprintf(want, sizeof(want), "\"bytes\":%ju}", (uintmax_t)i);
		assert_true(memmem(rest.ptr, len, want, strlen(want)) != NULL);
		rest = span_from(rest, len + 1);
	}
	assert_int_equal(rest.len, 0);
	buf_free(&checked.lines);
}

static void
open_all(struct store **s, struct store_stream **st, bool new)
{
	struct err e = { 0 };
	bool created;

	if (store_open(work_store, NULL, s, &created, &e) == -1 ||
	    store_stream_open(*s, "shop", POLICY, &test_names, st, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(e.code, ERR_NONE);
	assert_int_equal(created, new);
}

static void
test_seal_reopen_seal(void **state)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	work_begin();
	open_all(&s, &st, true);
	assert_int_equal(store_stream_segments(st), 0);
	assert_false(store_stream_interrupted(st));
	assert_good("shop", 0, 0);
	assert_int_equal(seal_segment(st, 700, 3, false, &e), 0);
	assert_true(store_stream_interrupted(st));
	store_stream_close(st);
	store_close(s);
	assert_good("shop", 1, 2100);
	assert_lines(2100);

	open_all(&s, &st, false);
	assert_int_equal(store_stream_segments(st), 1);
	assert_int_equal(store_stream_records(st), 2100);
	assert_true(store_stream_interrupted(st));
	assert_int_equal(seal_segment(st, 0, 0, true, &e), 0);
	assert_int_equal(seal_segment(st, 1, 1, true, &e), 0);
	assert_int_equal(seal_segment(st, 30000, 1, true, &e), 0);
	assert_false(store_stream_interrupted(st));
	store_stream_close(st);
	store_close(s);
	assert_good("shop", 4, 32101);
	assert_lines(32101);
	assert_good("cretula.store", 0, 0);
	assert_int_equal(checked.entries, 2);
}

static void
test_modes(void **state)
{
	static const struct {
		const char *path;
		unsigned mode;
	} rows[] = {
		{ "s", 0750 }, { "s/streams", 0750 }, { "s/streams/shop", 0750 },
		{ "s/streams/shop/cp", 0750 }, { "s/streams/shop/seg", 0750 },
		{ "s/streams/shop/chain.jsonl", 0640 }, { "s/streams/shop/checkpoint", 0640 },
		{ "s/streams/shop/cp/00000001.note", 0640 },
		{ "s/streams/shop/seg/00000001.salt", 0640 }, { "s/words", 0750 },
		{ "s.keys", 0700 }, { "s.keys/shop", 0700 }, { "s.keys/shop/log.key", 0600 },
		{ "s.keys/shop/epoch.key", 0600 }, { "s.keys/shop/pending", 0600 },
	};
	struct store_stream *st;
	struct store *s;
	struct err e;
	mode_t mask = umask(022);

	work_begin();
	open_all(&s, &st, true);
	assert_int_equal(seal_segment(st, 10, 1, true, &e), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[200];
		struct stat info;

		(void)snprintf(path, sizeof(path), "%s/%s", work_dir, rows[i].path);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode & 0777, rows[i].mode);
	}
	store_stream_close(st);
	store_close(s);
	(void)umask(mask);
}

static void
test_sources(void **state)
{
	static const unsigned char key[32] = { 1 };
	static const struct {
		const char *claim, *head;
		size_t count;
		uint64_t at[3], start[3];
	} rows[] = {
		{ "a source that grew", "abcdef", 3, { 30, 20, 10 }, { 20, 10, 0 } },
		{ "two of one segment", "xyz12", 2, { 21, 11 }, { 0, 0 } },
		{ "shorter than each head", "ab", 0, { 0 }, { 0 } },
		{ "another head", "zzzzzz", 0, { 0 }, { 0 } },
	};
	struct seal_segment *facts = calloc(1, sizeof(*facts));
	struct store_cursor *list;
	struct store_segment *seg;
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	size_t count;

	work_begin();
	open_all(&s, &st, true);
	assert_int_equal(store_stream_cursors(st, key, span_str("abcdef"), &list, &count, &e), 0);
	assert_int_equal(count, 0);
	free(list);
	for (unsigned round = 1; round <= 3; round++) {
		assert_int_equal(store_segment_begin(st, &seg, &e), 0);
		facts->policy = span_str(POLICY);
		facts->source_count = round < 3 ? 2 : 1;
		facts->counts.bytes = round == 1 ? 10 + 11 : round == 2 ? 10 + 10 : 10;
		for (unsigned i = 0; i < 2; i++) {
			struct span head = span_str(i == 0 ? "abc" : "xyz1");

			facts->sources[i] = (struct seal_source){ .head = head.len,
				.at = round * 10 + i, .has_tail = true, .end = round == 3 };
			store_fingerprint(key, head, facts->sources[i].fp);
		}
		assert_int_equal(store_segment_seal(seg, facts, span_str(""), &e), 0);
	}
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			assert_int_equal(store_stream_cursors(
					     st, key, span_str(rows[i].head), &list, &count, &e),
			    0);
			if (count != rows[i].count)
				fail_msg("%s: %zu cursors", rows[i].claim, count);
			for (size_t k = 0; k < count; k++) {
				assert_int_equal(list[k].source.at, rows[i].at[k]);
				assert_true(list[k].source.has_tail);
				assert_true(k == 0 || list[k].entry < list[k - 1].entry);
				if (list[k].start_known)
					assert_int_equal(list[k].start, rows[i].start[k]);
				/* Of two that went on in one segment nobody can tell. */
				assert_true(list[k].start_known == (list[k].source.at / 10 != 2));
			}
			free(list);
		}
		assert_false(store_stream_interrupted(st));
		store_stream_close(st);
		store_close(s);
		open_all(&s, &st, false);
	}
	store_stream_close(st);
	store_close(s);
	free(facts);
}

static void
test_destroy_and_time(void **state)
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	work_begin();
	clock_set(INT64_C(1764039600000999));
	open_all(&s, &st, true);
	clock_set(INT64_C(1000000)); /* the clock went back */
	for (int i = 0; i < 3; i++) {
		entry->type = SEAL_DESTROY;
		entry->of.destroy.what = span_str("import");
		assert_int_equal(store_stream_append(st, entry, &e), 0);
		assert_int_equal(seal_segment(st, 5, 1, true, &e), 0);
	}
	assert_int_equal(store_stream_append(st, entry, &e), 0);
	store_stream_close(st);
	store_close(s);
	open_all(&s, &st, false);
	assert_int_equal(seal_segment(st, 5, 1, true, &e), 0);
	store_stream_close(st);
	store_close(s);
	clock_set(-1);
	assert_good("shop", 4, 20);
	assert_int_equal(checked.newest.t_us, INT64_C(1764039600000000));
	assert_lines(20);
	free(entry);
}

static void
test_anchor(void **state)
{
	struct buf a = { 0 }, b = { 0 };
	struct store_stream *st;
	struct store_chain chain;
	struct seal_vkey key;
	unsigned char hash[32];
	char path[200], hex[65] = "";
	struct store *s;
	struct err e = { 0 };
	int fd;

	work_begin();
	open_all(&s, &st, true);
	assert_int_equal(store_anchor(s, &a, &e), 0);
	assert_int_equal(seal_segment(st, 5, 1, true, &e), 0);
	store_stream_close(st);
	store_close(s);
	open_all(&s, &st, false);
	assert_int_equal(store_anchor(s, &b, &e), 0);
	assert_string_equal(a.data, b.data);
	store_stream_close(st);
	store_close(s);
	(void)snprintf(path, sizeof(path), "%s/streams/cretula.store", work_store);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_chain_read(fd, &chain, &e), 0);
	crypto_sha256(store_chain_line(&chain, 0).ptr, store_chain_line(&chain, 0).len, hash);
	text_hex(hex, hash, 32);
	assert_int_equal(seal_vkey_read(span_of(a.data, span_find(buf_view(&a), ' ')), &key, &e), 0);
	assert_string_equal(a.data + span_find(buf_view(&a), ' '),
	    (snprintf(path, sizeof(path), " sha256:%s", hex), path));
	(void)close(fd);
	store_chain_free(&chain);
	buf_free(&a);
	buf_free(&b);
}

/* A store is of many, a stream of one. */
static void
test_busy(void **state)
{
	struct store *s, *second = NULL;
	struct store_stream *st, *other = NULL;
	struct err e = { 0 };
	bool created;

	work_begin();
	open_all(&s, &st, true);
	assert_int_equal(store_open(work_store, NULL, &second, &created, &e), 0);
	assert_false(created);
	assert_int_equal(store_stream_open(second, "shop", POLICY, &test_names, &other, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_non_null(strstr(e.text, "another cretula process is writing to stream shop"));
	assert_null(other);
	assert_int_equal(store_stream_open(second, "other", POLICY, &test_names, &other, &e), 0);
	assert_int_equal(seal_segment(other, 3, 1, true, &e), 0);
	assert_int_equal(seal_segment(st, 3, 1, true, &e), 0);
	assert_int_equal(store_stream_head(st, &e), 0);
	assert_int_equal(store_stream_head(other, &e), 0);
	store_stream_close(other);
	store_stream_close(st);
	store_close(second);
	store_close(s);
	open_all(&s, &st, false);
	store_stream_close(st);
	store_close(s);
}

/* Copied keys do not make a second writer. */
static void
test_busy_with_other_keys(void **state)
{
	struct store *s, *second;
	struct store_stream *st, *other;
	char command[600], keys[200];
	struct err e = { 0 };
	bool created;

	work_begin();
	open_all(&s, &st, true);
	(void)snprintf(keys, sizeof(keys), "%s/copy", work_dir);
	(void)snprintf(command, sizeof(command), "cp -a %s %s", work_keys, keys);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_open(work_store, keys, &second, &created, &e), 0);
	assert_int_equal(store_stream_open(second, "shop", POLICY, &test_names, &other, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	store_close(second);
	store_stream_close(st);
	store_close(s);
}

static unsigned
count_heads(uint64_t *size, unsigned char root[static 32])
{
	struct seal_entry *entry = calloc(1, sizeof(*entry));
	struct store_chain chain;
	struct err e = { 0 };
	unsigned count = 0;
	char path[200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/streams/" STORE_OWN_STREAM, work_store);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_chain_read(fd, &chain, &e), 0);
	for (size_t i = 0; i < chain.count; i++) {
		assert_int_equal(seal_entry_read(store_chain_line(&chain, i), &test_names, entry, &e), 0);
		if (entry->type != SEAL_HEAD)
			continue;
		assert_true(span_is(entry->of.head.name, "shop"));
		*size = entry->of.head.size;
		memcpy(root, entry->of.head.root, 32);
		count++;
	}
	store_chain_free(&chain);
	free(entry);
	(void)close(fd);
	return (count);
}

/* The root of the first size lines of the stream's chain, by the tree alone. */
static void
root_of(uint64_t size, unsigned char root[static 32])
{
	struct store_chain chain;
	struct seal_tree tree;
	struct err e = { 0 };
	char path[200];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/streams/shop", work_store);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(store_chain_read(fd, &chain, &e), 0);
	assert_true(chain.count >= size);
	seal_tree_init(&tree);
	for (uint64_t i = 0; i < size; i++) {
		unsigned char leaf[1][32];

		seal_entry_leaf(store_chain_line(&chain, i).ptr, store_chain_line(&chain, i).len, leaf[0]);
		(void)seal_tree_add(&tree, (const unsigned char (*)[32])leaf, 1, NULL);
	}
	seal_tree_root(&tree, root);
	store_chain_free(&chain);
	(void)close(fd);
}

static void
test_heads_say_how_far_a_stream_goes(void **state)
{
	unsigned char said[32], want[32];
	struct store *s;
	struct store_stream *st;
	struct err e = { 0 };
	uint64_t size = 0;

	work_begin();
	open_all(&s, &st, true);
	assert_int_equal(store_stream_head(st, &e), 0);
	assert_int_equal(store_stream_head(st, &e), 0); /* said already */
	assert_int_equal(count_heads(&size, said), 1);
	assert_int_equal(size, 1);
	assert_int_equal(seal_segment(st, 3, 1, true, &e), 0);
	assert_int_equal(store_stream_head(st, &e), 0);
	assert_int_equal(count_heads(&size, said), 2);
	assert_int_equal(size, store_stream_segments(st) + 1);
	root_of(size, want);
	assert_memory_equal(said, want, 32);
	store_stream_close(st);
	store_close(s);
}

static int
shell(const char *format)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "cd %s && %s", work_dir, format);
	return (system(command));
}

/* What was done to a good store of one segment, and what the next open says. */
static void
test_refused(void **state)
{
	static const struct {
		const char *claim, *command, *keys;
		enum err_code code;
		const char *text;
	} rows[] = {
		{ "nothing was done", "true", NULL, ERR_NONE, "" },
		{ "keys are gone", "rm -r s.keys", NULL, ERR_CONFIG, "can be read and verified" },
		{ "store is gone", "rm -r s", NULL, ERR_CONFIG, "belong to a store that is not here" },
		{ "store is emptied", "rm -r s/*", NULL, ERR_CONFIG, "belong to a store that is not here" },
		{ "the store's chain is gone", "rm s/streams/cretula.store/chain.jsonl", NULL, ERR_CONFIG, "not empty" },
		{ "the store is no directory", "rm -r s && touch s", NULL, ERR_CONFIG, "" },
		{ "the store is a dangling link", "mv s t && ln -s u s", NULL, ERR_CONFIG, "" },
		{ "somebody's directory", "rm -r s s.keys && mkdir s && touch s/thesis.tex", NULL, ERR_CONFIG, "not a store, and not empty" },
		{ "keys inside", "rm -r s.keys", "s/keys", ERR_CONFIG, "not apart from the store" },
		{ "keys are the store", "true", "s", ERR_CONFIG, "not apart" },
		{ "store inside keys", "true", ".", ERR_CONFIG, "not apart" },
		{ "keys inside by a link", "ln -s s t", "t/keys", ERR_CONFIG, "not apart" },
		{ "keys open to others", "chmod 755 s.keys", NULL, ERR_CONFIG, "" },
		{ "a stream's entries are gone", "rm s/streams/shop/chain.jsonl", NULL, ERR_FINDING, "entries are gone" },
		{ "a stream is gone", "rm -r s/streams/shop", NULL, ERR_FINDING, "entries are gone" },
		{ "a stream and its keys are gone", "rm -r s/streams/shop s.keys/shop", NULL, ERR_CONFIG, "" },
		{ "an entry was cut off", "sed -i '$d' s/streams/shop/chain.jsonl", NULL, ERR_FINDING, "2 entries are signed, 1 are there" },
		{ "... with its note", "sed -i '$d' s/streams/shop/chain.jsonl && rm s/streams/shop/cp/00000002.note", NULL, ERR_FINDING, "older copy" },
		{ "a note is gone", "rm s/streams/shop/cp/00000002.note", NULL, ERR_FINDING, "not the key" },
		{ "an entry was changed", "sed -i 's/\"n\":9/\"n\":8/' s/streams/shop/chain.jsonl", NULL, ERR_FINDING, "not about the first 2 entries" },
		{ "genesis was changed", "sed -i 's/sw\":\"cretula/sw\":\"Cretula/' s/streams/shop/chain.jsonl", NULL, ERR_FINDING, "not about the first 2 entries" },
		{ "a forged entry", "cd s/streams/shop && sed -n 2p chain.jsonl | sed 's/\"i\":1/\"i\":2/' > x && cat x >> chain.jsonl && rm x", NULL, ERR_FINDING, "not signed, and this program did not write it" },
		{ "two forged entries", "cd s/streams/shop && sed -n 2p chain.jsonl > x && cat x x >> chain.jsonl && rm x", NULL, ERR_FINDING, "did not write the others" },
		{ "a note by another key", "sed -i '5s/.*/x/' s/streams/shop/cp/00000002.note", NULL, ERR_FINDING, "newest note" },
		{ "keys of another stream", "cp s.keys/cretula.store/log.key s.keys/shop/log.key", NULL, ERR_FINDING, "log.key is not the key" },
		{ "an older epoch key", "cp s.keys/cretula.store/epoch.key s.keys/shop/epoch.key", NULL, ERR_FINDING, "older copy" },
		{ "no epoch key", "rm s.keys/shop/epoch.key", NULL, ERR_CONFIG, "epoch.key" },
		{ "no log key", "rm s.keys/shop/log.key", NULL, ERR_CONFIG, "log.key" },
		{ "a fifo for a chain", "rm s/streams/shop/chain.jsonl && mkfifo s/streams/shop/chain.jsonl", NULL, ERR_INPUT, "not a regular file" },
		{ "a torn line", "printf '{\"v\":1' >> s/streams/shop/chain.jsonl", NULL, ERR_NONE, "" },
		{ "an old checkpoint", "cp s/streams/shop/cp/00000001.note s/streams/shop/checkpoint", NULL, ERR_NONE, "" },
		{ "no checkpoint", "rm s/streams/shop/checkpoint", NULL, ERR_NONE, "" },
		{ "left-overs", "touch s/streams/shop/seg/00000002.salt s/streams/shop/seg/00000003.idx s/streams/shop/seg/00000002.jsonl.zst.tmp s/streams/shop/.checkpoint.x.tmp s/streams/shop/cp/.y.tmp s.keys/shop/.pending.z.tmp", NULL, ERR_NONE, "" },
		{ "a stream that the store does not list", "sed -i '$d' s/streams/cretula.store/chain.jsonl && rm s/streams/cretula.store/cp/00000002.note", NULL, ERR_FINDING, "older copy" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store_stream *st = NULL;
		struct store *s = NULL;
		struct err e = { 0 };
		char keys[200];
		bool created;

		work_begin();
		open_all(&s, &st, true);
		assert_int_equal(seal_segment(st, 9, 1, true, &e), 0);
		store_stream_close(st);
		store_close(s);
		s = NULL;
		st = NULL;
		assert_int_equal(shell(rows[i].command), 0);
		(void)snprintf(keys, sizeof(keys), "%s/%s", work_dir, rows[i].keys == NULL ? "" : rows[i].keys);
		if (store_open(work_store, rows[i].keys == NULL ? NULL : keys, &s, &created, &e) == 0)
			(void)store_stream_open(s, "shop", POLICY, &test_names, &st, &e);
		if (e.code != rows[i].code || strstr(e.text, rows[i].text) == NULL)
			fail_msg("%s: %d: %s", rows[i].claim, e.code, e.text);
		if (rows[i].code == ERR_NONE) {
			assert_int_equal(seal_segment(st, 9, 1, true, &e), 0);
			assert_good("shop", 2, 18);
			buf_free(&checked.lines);
		}
		assert_null(strchr(e.text, '\n'));
		store_stream_close(st);
		store_close(s);
	}
}

/* A reader takes no longer chain: what is open can still be sealed, nothing more begins. */
static void
test_a_full_chain_begins_no_segment(void **state)
{
	static const struct {
		const char *claim;
		size_t bytes, entries, kept;
		int rc;
	} rows[] = {
		{ "an empty chain", 0, 0, 0, 0 },
		{ "8 MiB are left", SEAL_CHAIN_BYTES_MAX - ((size_t)8 << 20), 1, 0, 0 },
		{ "less is left", SEAL_CHAIN_BYTES_MAX - ((size_t)8 << 20) + 1, 1, 0, -1 },
		{ "4,096 lines are left", 1, SEAL_CHAIN_ENTRIES_MAX - 4096, 0, 0 },
		{ "less are left", 1, SEAL_CHAIN_ENTRIES_MAX - 4095, 0, -1 },
		{ "1 MiB of what is kept is left", 1, 1, SEAL_CHAIN_KEPT_BYTES_MAX - (1 << 20), 0 },
		{ "less of it is left", 1, 1, SEAL_CHAIN_KEPT_BYTES_MAX - (1 << 20) + 1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store_writer *w = calloc(1, sizeof(*w));
		struct err e = { 0 };

		assert_non_null(w);
		w->chain.bytes = rows[i].bytes;
		w->chain.count = rows[i].entries;
		w->kept_bytes = rows[i].kept;
		if (store_writer_room(w, &e) != rows[i].rc)
			fail_msg("%s: %s", rows[i].claim, e.text);
		assert_int_equal(e.code, rows[i].rc == 0 ? ERR_NONE : ERR_CONFIG);
		free(w);
	}
}

/* Of all lines that are there, and no entry comes behind the limit. */
static void
test_what_is_kept_is_counted(void **state)
{
	static struct seal_entry entry;
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	size_t genesis;

	(void)state;
	work_begin();
	open_all(&s, &st, true);
	genesis = store_chain_line(store_writer_chain(st->writer), 0).len;
	assert_int_equal(st->writer->kept_bytes, genesis);
	assert_int_equal(seal_segment(st, 1, 1, true, &e), 0);
	entry.type = SEAL_RECOVER;
	entry.of.recover = (struct seal_recover){ .reason = SPAN("crash"), .seg = 1 };
	assert_int_equal(store_stream_append(st, &entry, &e), 0);
	store_stream_close(st);
	store_close(s);
	open_all(&s, &st, false);
	assert_int_equal(
	    st->writer->kept_bytes, genesis + store_chain_line(store_writer_chain(st->writer), 2).len);
	st->writer->kept_bytes = SEAL_CHAIN_KEPT_BYTES_MAX - 100;
	assert_int_equal(store_stream_append(st, &entry, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	entry.type = SEAL_STOP; /* is not kept */
	entry.of.stop.reason = span_str("end");
	assert_int_equal(store_stream_append(st, &entry, &e), 0);
	store_stream_close(st);
	store_close(s);
}

/* Keys made beforehand by `key create`, an empty directory, a new file system. */
static void
test_places(void **state)
{
	static const struct {
		const char *command, *store, *keys;
	} rows[] = {
		{ "mkdir s", "s", NULL },
		{ "mkdir s s/lost+found", "s", NULL },
		{ "true", "s/", NULL },
		{ "true", "s", "elsewhere" },
		{ "mkdir a && ln -s a b", "b/s", "a/k" },
	};
	struct store *s;
	struct err e;
	bool created;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char dir[200], keys[200];

		work_begin();
		assert_int_equal(shell(rows[i].command), 0);
		(void)snprintf(dir, sizeof(dir), "%s/%s", work_dir, rows[i].store);
		(void)snprintf(keys, sizeof(keys), "%s/%s", work_dir, rows[i].keys == NULL ? "" : rows[i].keys);
		for (int again = 0; again < 2; again++) {
			if (store_open(dir, rows[i].keys == NULL ? NULL : keys, &s, &created, &e) == -1)
				fail_msg("%s: %s", rows[i].command, e.text);
			assert_int_equal(created, again == 0);
			store_close(s);
		}
	}
	work_begin();
	assert_int_equal(key_create(work_keys, NULL, &e), 0);
	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	assert_true(created);
	store_close(s);
	assert_int_equal(store_open("/nonexistent/a/b", NULL, &s, &created, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_int_equal(store_open("", NULL, &s, &created, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
}

static void
test_names_of_streams(void **state)
{
	static const struct {
		const char *name;
		bool ok, known;
	} rows[] = {
		{ "shop", true, true }, { "a", true, true }, { "a-0", true, true },
		{ "abcdefghijklmnopqrstuvwxyz012345", true, true },
		{ "abcdefghijklmnopqrstuvwxyz0123456", false, false },
		{ "", false, false }, { "0a", false, false }, { "-a", false, false }, { "A", false, false },
		{ "a.b", false, false }, { "a/b", false, false }, { "..", false, false }, { "a_b", false, false },
		{ "cretula.store", false, true }, { "cretula.access", false, true }, { "cretula.x", false, false },
	};
	struct store_stream *st;
	struct store *s;
	struct err e;
	bool created;
	char path[STORE_PATH_BYTES];

	work_begin();
	assert_int_equal(store_open(work_store, NULL, &s, &created, &e), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool open = rows[i].known && strcmp(rows[i].name, "cretula.store") != 0;

		assert_int_equal(store_name_ok(span_str(rows[i].name)), rows[i].ok);
		assert_int_equal(store_name_known(span_str(rows[i].name)), rows[i].known);
		st = NULL;
		assert_int_equal(store_stream_open(s, rows[i].name, POLICY, &test_names, &st, &e), open ? 0 : -1);
		store_stream_close(st);
	}
	store_close(s);
	store_segment_path(path, 42, "jsonl.zst");
	assert_string_equal(path, "seg/00000042.jsonl.zst");
	store_segment_path(path, 123456789, "idx");
	assert_string_equal(path, "seg/123456789.idx");
	store_note_path(path, 57);
	assert_string_equal(path, "cp/00000057.note");
}

/* No old or future secret stays behind on disk (docs/format.md 10, step 6). */
static void
test_spent_keys_are_gone(void **state)
{
	unsigned char slot[512], zero[512] = { 0 };
	struct store_stream *st;
	struct store *s;
	struct err e;
	char path[200];
	int fd;

	work_begin();
	open_all(&s, &st, true);
	assert_int_equal(seal_segment(st, 3, 1, true, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/shop", work_keys);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(io_slot_read(fd, "epoch.next", slot, &e), 0);
	assert_memory_equal(slot, zero, 512);
	assert_int_equal(count_names(fd, "."), 5); /* epoch.key epoch.next lock log.key pending */
	(void)close(fd);
	store_stream_close(st);
	store_close(s);
}

static int
end(void **state)
{
	work_end();
	buf_free(&checked.lines);
	return (0);
}

/* One in 1,800 was digits alone, and found by `scan` in every note. */
static void
test_no_id_looks_like_a_number(void **state)
{
	char id[STORE_ID_BYTES];

	(void)state;
	for (int i = 0; i < 40000; i++) {
		store_draw_id(id);
		assert_int_equal(strspn(id, "0123456789abcdef"), STORE_ID_BYTES - 1);
		assert_true(strspn(id, "0123456789") < STORE_ID_BYTES - 1);
	}
}

static void
test_keys_are_beside(void **state)
{
	static const struct {
		const char *store, *keys;
	} rows[] = { { "s", "s.keys" }, { "s/", "s.keys" }, { "/a/s///", "/a/s.keys" },
		{ ".", "..keys" }, { "/", "/.keys" }, { "0123456789", "" } };
	char out[16];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(store_keys_beside(rows[i].store, out, i < 5 ? 16 : 15),
		    rows[i].keys[0] != '\0');
		assert_string_equal(out, rows[i].keys);
	}
}

/* What has no name of a stream is none of a store's streams. */
static void
test_streams_are_listed(void **state)
{
	static const char *const want[] = { "a", "b-2", "cretula.access", "cretula.store", "shop" };
	static const char *const made[] = { "", "/streams", "/streams/shop", "/streams/a",
		"/streams/cretula.store", "/streams/.hidden", "/streams/Shop", "/streams/b-2",
		"/streams/cretula.other", "/streams/cretula.access" };
	char path[128], link[80];
	struct buf names = { 0 };
	struct err e = { 0 };
	int fd;

	work_begin();
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		if (i < 2) {
			assert_int_equal(store_streams(work_store, &names, &e), -1);
			assert_int_equal(e.code, ERR_INPUT);
			assert_non_null(strstr(e.text, "s is no store"));
		}
		(void)snprintf(path, sizeof(path), "%s%s", work_store, made[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	assert_int_equal(store_streams(work_store, &names, &e), 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_string_equal(store_streams_name(&names, i), want[i]);
	assert_null(store_streams_name(&names, sizeof(want) / sizeof(want[0])));
	(void)snprintf(link, sizeof(link), "%s/link", work_dir);
	/* The store itself may be one; within it none is followed. */
	assert_int_equal(symlink("s", link), 0);
	assert_int_not_equal(fd = store_streams_open(link, &e), -1);
	assert_int_equal(close(fd), 0);
	(void)snprintf(path, sizeof(path), "%s/other", work_dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/other/streams", work_dir);
	assert_int_equal(symlink("../s/streams", path), 0);
	(void)snprintf(path, sizeof(path), "%s/other", work_dir);
	assert_int_equal(store_streams_open(path, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	buf_free(&names);
	work_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_id_looks_like_a_number),
		cmocka_unit_test(test_seal_reopen_seal),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_destroy_and_time),
		cmocka_unit_test(test_anchor),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_busy_with_other_keys),
		cmocka_unit_test(test_heads_say_how_far_a_stream_goes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_a_full_chain_begins_no_segment),
		cmocka_unit_test(test_what_is_kept_is_counted),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_names_of_streams),
		cmocka_unit_test(test_keys_are_beside),
		cmocka_unit_test(test_streams_are_listed),
		cmocka_unit_test(test_spent_keys_are_gone),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, end));
}
