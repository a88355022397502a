/* The published vectors of tests/vectors, which the Python verifier shares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <fcntl.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "seal/entry.h"
#include "seal/leaf.h"
#include "seal/note.h"
#include "seal/puncture.h"
#include "seal/ratchet.h"
#include "seal/statement.h"
#include "seal/tree.h"

/* Names as the product has them; seal/ gets them handed in. */
static const char *const classes[] = {
#define CLASS(id, name, ...) name,
#include "record/class.def"
#undef CLASS
};
static const char *const reasons[] = {
#define REASON(id, name, help) name,
#include "parse/reasons.def"
#undef REASON
};
static const struct seal_names names = { classes, sizeof(classes) / sizeof(classes[0]), reasons,
	sizeof(reasons) / sizeof(reasons[0]) };

#define COLUMNS_MAX 7
struct row {
	struct span line, column[COLUMNS_MAX];
	size_t number;
};

/* Call each with every row of a table; how many there were. */
static size_t
for_each(const char *table, void (*each)(const struct row *row))
{
	const char *source = getenv("CRETULA_SOURCE");
	struct buf text = { 0 };
	struct span rest;
	struct row row;
	struct err e;
	char path[500];

	if (source == NULL)
		source = ".";
	(void)snprintf(path, sizeof(path), "%s/tests/vectors/%s", source, table);
	if (io_read_file(AT_FDCWD, path, 1u << 24, &text, &e) == -1)
		fail_msg("%s", e.text);
	rest = buf_view(&text);
	for (row.number = 0; rest.len > 0; row.number++) {
		size_t len = span_find(rest, '\n');
		struct span line = span_of(rest.ptr, len);

		row.line = line;
		for (size_t i = 0; i < COLUMNS_MAX; i++) {
			row.column[i] = span_of(line.ptr, span_find(line, ' '));
			line = span_from(line, row.column[i].len + 1);
		}
		each(&row);
		rest = span_from(rest, len + 1);
	}
	buf_free(&text);
	return (row.number);
}

/* A column of hex; "-" is nothing. */
static struct buf
bytes_of(struct span column)
{
	struct buf b = { 0 };

	if (span_is(column, "-"))
		return (b);
	(void)buf_reserve(&b, column.len);
	assert_int_equal(text_unhex(column, (unsigned char *)b.data, column.len, &b.len), 0);
	return (b);
}

static uint64_t
number_of(struct span column)
{
	uint64_t n;

	assert_int_equal(num_u64(column, &n), 0);
	return (n);
}

static void
assert_hex(const struct row *row, size_t column, const unsigned char *bytes, size_t len)
{
	struct buf hex = { 0 };

	buf_hex(&hex, bytes, len);
	if (!span_equal(buf_view(&hex), row->column[column]))
		fail_msg("row %zu: %s", row->number, hex.data);
	buf_free(&hex);
}

static void
check_salt(const struct row *row)
{
	struct buf seed = bytes_of(row->column[0]);
	uint32_t index = (uint32_t)number_of(row->column[1]);
	unsigned char salt[1][16], memory[SEAL_SALTS_MEMORY(1)];

	seal_salt((const unsigned char *)seed.data, index, salt[0]);
	assert_hex(row, 2, salt[0], 16);
	seal_salts((const unsigned char *)seed.data, index, 1, salt, memory);
	assert_hex(row, 2, salt[0], 16);
	buf_free(&seed);
}

static void
check_leaf(const struct row *row)
{
	struct buf salt = bytes_of(row->column[0]), line = bytes_of(row->column[1]);
	unsigned char salts[1][16], leaf[1][32];
	uint32_t end;

	memcpy(salts[0], salt.data, 16);
	buf_char(&line, '\n');
	end = (uint32_t)line.len;
	seal_leaves(line.data, &end, 1, (const unsigned char(*)[16])salts, leaf);
	assert_hex(row, 2, leaf[0], 32);
	buf_free(&salt);
	buf_free(&line);
}

/* The tree of the vectors' leaves; what .idx holds of them goes to idx. */
static void
grow(struct seal_tree *tree, uint64_t count, struct buf *idx)
{
	unsigned char root[32];
	struct buf roots = { 0 };

	seal_tree_init(tree);
	for (uint64_t k = 0; k < count; k++) {
		const unsigned char input[4] = { (unsigned char)(k >> 24), (unsigned char)(k >> 16),
			(unsigned char)(k >> 8), (unsigned char)k };
		unsigned char leaf[1][32], block[1][32];

		seal_entry_leaf(input, sizeof(input), leaf[0]);
		if (seal_tree_add(tree, (const unsigned char(*)[32])leaf, 1, block) == 1)
			buf_add(&roots, block[0], 32);
		buf_add(idx, leaf[0], 2);
	}
	buf_span(idx, buf_view(&roots));
	if (seal_tree_tail(tree, root) == 1)
		buf_add(idx, root, 32);
	buf_free(&roots);
}

static void
check_root(const struct row *row)
{
	static struct seal_tree tree;
	unsigned char root[32];
	struct buf idx = { 0 };

	grow(&tree, number_of(row->column[0]), &idx);
	seal_tree_root(&tree, root);
	assert_hex(row, 1, root, 32);
	buf_free(&idx);
}

static void
check_idx(const struct row *row)
{
	static struct seal_tree tree;
	unsigned char hash[32];
	struct buf idx = { 0 };

	grow(&tree, number_of(row->column[0]), &idx);
	crypto_sha256(idx.data, idx.len, hash);
	assert_hex(row, 1, hash, 32);
	if (idx.len > 0 && !span_is(row->column[2], "*"))
		assert_hex(row, 2, (const unsigned char *)idx.data, idx.len);
	buf_free(&idx);
}

static void
check_vkey(const struct row *row)
{
	struct buf key = bytes_of(row->column[1]), text = { 0 };
	struct seal_vkey read;

	seal_vkey_print(row->column[0], (const unsigned char *)key.data, &text);
	assert_true(span_equal(buf_view(&text), row->column[2]));
	assert_int_equal(seal_vkey_read(row->column[2], &read, NULL), 0);
	assert_true(span_equal(read.name, row->column[0]));
	assert_memory_equal(read.public_key, key.data, 32);
	buf_free(&key);
	buf_free(&text);
}

static void
check_note(const struct row *row)
{
	static struct seal_note note;
	struct buf text = bytes_of(row->column[0]);
	struct seal_vkey log, epoch;
	const char *code = "good";
	struct err e;

	assert_int_equal(seal_vkey_read(row->column[1], &log, &e), 0);
	assert_int_equal(seal_vkey_read(row->column[2], &epoch, &e), 0);
	if (seal_note_read(buf_view(&text), &note, &e) == -1)
		code = "E_NOTE";
	else if (seal_note_check(&note, &log, &e) == -1)
		code = "E_LOG_SIG";
	else if (seal_note_check(&note, &epoch, &e) == -1)
		code = "E_EPOCH_SIG";
	if (!span_is(row->column[3], code))
		fail_msg("row %zu: %s, not %.*s (%.*s)", row->number, code, (int)row->column[3].len,
		    row->column[3].ptr, (int)row->column[4].len, row->column[4].ptr);
	buf_free(&text);
}

static void
check_good_entry(const struct row *row)
{
	static struct seal_entry entry;
	struct buf again = { 0 };
	struct err e;

	if (seal_entry_read(row->line, &names, &entry, &e) == -1)
		fail_msg("row %zu: %s", row->number, e.text);
	if (entry.type != SEAL_UNKNOWN) {
		assert_int_equal(seal_entry_print(&entry, &names, &again, &e), 0);
		assert_true(span_equal(buf_view(&again), row->line));
	}
	buf_free(&again);
}

static void
check_bad_entry(const struct row *row)
{
	static struct seal_entry entry;
	struct buf line = bytes_of(row->column[0]);
	struct err e;

	e.code = ERR_FINDING;
	if (seal_entry_read(buf_view(&line), &names, &entry, &e) == 0 &&
	    !span_is(row->column[1], "class-unknown")) /* a newer writer's: skipped */
		fail_msg("row %zu: %.*s is accepted", row->number, (int)row->column[1].len,
		    row->column[1].ptr);
	assert_int_equal(e.code, ERR_FINDING);
	buf_free(&line);
}

static void
check_cover(const struct row *row)
{
	struct buf seed = bytes_of(row->column[0]), text = bytes_of(row->column[2]), made = { 0 };
	struct seal_cover cover = { .count = 0 };
	struct span rest = span_is(row->column[1], "-") ? span_of("", 0) : row->column[1];
	unsigned char salt[16];

	assert_int_equal(seal_cover_seed(&cover, (const unsigned char *)seed.data, NULL), 0);
	while (rest.len > 0) {
		size_t len = span_find(rest, ',');
		uint32_t index = (uint32_t)number_of(span_of(rest.ptr, len));

		assert_int_equal(seal_cover_puncture(&cover, index, NULL), 0);
		assert_false(seal_cover_salt(&cover, index, salt));
		rest = span_from(rest, len + 1);
	}
	seal_cover_print(&cover, &made);
	assert_true(span_equal(buf_view(&made), buf_view(&text)));
	seal_cover_free(&cover);
	assert_int_equal(seal_cover_read(buf_view(&text), &cover, NULL), 0);
	buf_clear(&made);
	seal_cover_print(&cover, &made);
	assert_true(span_equal(buf_view(&made), buf_view(&text)));
	seal_cover_free(&cover);
	buf_free(&seed);
	buf_free(&text);
	buf_free(&made);
}

static void
check_ratchet(const struct row *row)
{
	struct buf k = bytes_of(row->column[1]), a = bytes_of(row->column[2]);
	struct buf flush = bytes_of(row->column[3]);
	struct seal_ratchet r;
	unsigned char commitment[32];

	seal_ratchet_begin(&r, (const unsigned char *)k.data, row->number + 1);
	memcpy(r.a, a.data, sizeof(r.a));
	seal_ratchet_commitment(r.k, commitment);
	assert_hex(row, 6, commitment, 32);
	seal_ratchet_step(&r, row->column[0], buf_view(&flush));
	assert_hex(row, 4, r.k, 32);
	assert_hex(row, 5, r.a, 32);
	buf_free(&k);
	buf_free(&a);
	buf_free(&flush);
}

static void
check_statement(const struct row *row)
{
	struct buf want = bytes_of(row->column[4]), made = { 0 };

	if (span_is(row->column[0], "rekey"))
		assert_int_equal(
		    seal_rekey_message(row->column[1], row->column[2], row->column[3], &made), 0);
	else
		seal_revoke_message(
		    row->column[1], row->column[2], number_of(row->column[3]), &made);
	assert_true(span_equal(buf_view(&made), buf_view(&want)));
	buf_free(&want);
	buf_free(&made);
}

static void
check_cosignature(const struct row *row)
{
	static struct seal_note note;
	struct buf text = bytes_of(row->column[0]);
	struct seal_vkey witness;
	uint64_t time_s;
	struct err e;

	assert_int_equal(seal_witness_read(row->column[1], &witness, &e), 0);
	assert_int_equal(seal_note_read(buf_view(&text), &note, &e), 0);
	if (seal_cosignature_check(&note, &witness, &time_s, &e) == -1)
		assert_true(span_is(row->column[2], "-"));
	else
		assert_int_equal(time_s, number_of(row->column[2]));
	buf_free(&text);
}

static void
test_vectors(void **state)
{
	static const struct {
		const char *table;
		void (*each)(const struct row *row);
	} rows[] = {
		{ "cosignatures.txt", check_cosignature },
		{ "covers.txt", check_cover },
		{ "entries-bad.txt", check_bad_entry },
		{ "entries.txt", check_good_entry },
		{ "idx.txt", check_idx },
		{ "leaves.txt", check_leaf },
		{ "notes.txt", check_note },
		{ "ratchet.txt", check_ratchet },
		{ "roots.txt", check_root },
		{ "salts.txt", check_salt },
		{ "statements.txt", check_statement },
		{ "vkeys.txt", check_vkey },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].table);
		assert_true(for_each(rows[i].table, rows[i].each) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
