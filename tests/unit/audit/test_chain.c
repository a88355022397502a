/* Whoever touches entries or notes is named. */
#include <sys/stat.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "build.h"

#define SHOP "streams/shop/"
#define CHAIN "chain.jsonl"
#define SEGMENTS 5 /* of shop: its chain has one entry more */
#define RECORDS 30
#define NONE AUDIT_NONE

static struct buf lines;

static void
make_store(struct build *b)
{
	build_begin(b);
	if (lines.len == 0)
		build_lines(&lines, 0, RECORDS);
	(void)build_stream(b, "shop");
	for (unsigned i = 0; i < SEGMENTS; i++)
		build_segment(&b->streams[0],
		    &(struct build_segment){ .lines = lines.data, .len = lines.len });
}

/* ---- text of files ---- */

/* The chain becomes its lines of these numbers. */
static void
pick(const struct build *b, const char *numbers)
{
	struct buf bytes = { 0 }, picked = { 0 };

	build_read(b, SHOP CHAIN, &bytes);
	for (const char *n = numbers; *n != '\0'; n++)
		buf_span(&picked,
		    build_cut(buf_view(&bytes), (size_t)(*n - '0'), (size_t)(*n - '0') + 1));
	build_write(b, SHOP CHAIN, picked.data, picked.len);
	buf_free(&bytes);
	buf_free(&picked);
}

/* The line of a note that begins with this, taken out. */
static void
drop_line(const struct build *b, const char *path, const char *start)
{
	struct buf bytes = { 0 }, kept = { 0 };
	struct span line;

	build_read(b, path, &bytes);
	for (size_t i = 0; (line = build_cut(buf_view(&bytes), i, i + 1)).len > 0 && i < 8; i++)
		if (!span_starts(line, span_str(start)))
			buf_span(&kept, line);
	build_write(b, path, kept.data, kept.len);
	buf_free(&bytes);
	buf_free(&kept);
}

/* ---- entries ---- */

static void
change_entry(struct build *b)
{
	build_edit(b, SHOP CHAIN, "\"seg\":3,\"first\":60", "\"seg\":3,\"first\":61");
}

static void
delete_entry(struct build *b)
{
	pick(b, "01245");
}

static void
swap_entries(struct build *b)
{
	pick(b, "012435");
}

static void
duplicate_entry(struct build *b)
{
	pick(b, "0123345");
}

static void
forge_entry(struct build *b)
{
	build_line(&b->streams[0], "{\"v\":1,\"i\":6,\"type\":\"destroy\"}");
}

static void
cut_chain(struct build *b)
{
	pick(b, "0123");
}

static void
empty_chain(struct build *b)
{
	pick(b, "");
}

static void
delete_chain(struct build *b)
{
	build_remove(b, SHOP CHAIN);
}

static void
tear_chain(struct build *b)
{
	struct buf bytes = { 0 };

	build_read(b, SHOP CHAIN, &bytes);
	build_write(b, SHOP CHAIN, bytes.data, bytes.len - 20);
	buf_free(&bytes);
}

static void
tear_append(struct build *b)
{
	struct buf bytes = { 0 };

	build_read(b, SHOP CHAIN, &bytes);
	buf_str(&bytes, "{\"v\":1,");
	build_write(b, SHOP CHAIN, bytes.data, bytes.len);
	buf_free(&bytes);
}

static void
put_fifo(struct build *b)
{
	char full[256];

	build_path(b, SHOP CHAIN, full);
	assert_int_equal(unlink(full), 0);
	assert_int_equal(mkfifo(full, 0600), 0);
}

static void
blank_in_entry(struct build *b)
{
	build_edit(b, SHOP CHAIN, "\"seg\":3,", "\"seg\": 3,");
}

static void
nul_in_entry(struct build *b)
{
	struct buf bytes = { 0 };

	build_read(b, SHOP CHAIN, &bytes);
	bytes.data[build_cut(buf_view(&bytes), 0, 3).len + 9] = '\0';
	build_write(b, SHOP CHAIN, bytes.data, bytes.len);
	buf_free(&bytes);
}

/* Entries that are signed as they are: the writer is to blame. */
static void
sign_raw(struct build *b, const char *key, const char *value)
{
	struct build_stream *s = &b->streams[0];
	struct buf line = { 0 };
	char prev[65] = { 0 };

	for (unsigned i = 0; i < 32; i++)
		(void)snprintf(prev + 2 * i, 3, "%02x", s->before[i]);
	buf_fmt(&line,
	    "{\"v\":1,\"i\":%ju,\"type\":\"odd\",\"t\":\"2025-11-25T09:00:00.000Z\","
	    "\"prev\":\"%s\",\"%s\":%s}",
	    (uintmax_t)s->count, prev, key, value);
	build_raw(s, line.data, line.len);
	buf_free(&line);
}

static void
sign_unknown(struct build *b)
{
	sign_raw(b, "new", "1");
}

static void
sign_duplicate(struct build *b)
{
	sign_raw(b, "i", "6");
}

static void
sign_float(struct build *b)
{
	sign_raw(b, "new", "1.5");
}

static void
sign_large(struct build *b)
{
	sign_raw(b, "new", "9007199254740993");
}

static void
sign_bad_utf8(struct build *b)
{
	sign_raw(b, "new", "\"\xff\"");
}

static void
many_lines(struct build *b)
{
	size_t len = ((size_t)1 << 20) + 1;
	char *bytes = malloc(len);

	assert_non_null(bytes);
	memset(bytes, '\n', len);
	build_write(b, SHOP CHAIN, bytes, len);
	free(bytes);
}

static void
link_notes(struct build *b)
{
	char from[256], to[256];

	build_path(b, SHOP "cp", from);
	build_path(b, "cp", to);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(symlink("../../cp", from), 0);
}

/* ---- notes ---- */

static void
flip_root(struct build *b)
{
	struct buf bytes = { 0 };
	char *at;

	build_read(b, SHOP "cp/00000003.note", &bytes);
	at = memchr(bytes.data, '\n', bytes.len);
	at[5] = at[5] == 'A' ? 'B' : 'A';
	build_write(b, SHOP "cp/00000003.note", bytes.data, bytes.len);
	buf_free(&bytes);
}

static void
drop_log_line(struct build *b)
{
	drop_line(b, SHOP "cp/00000003.note", "\xe2\x80\x94 cretula/0123456789abcdef/shop ");
}

static void
drop_epoch_line(struct build *b)
{
	drop_line(b, SHOP "cp/00000003.note", "\xe2\x80\x94 cretula/0123456789abcdef/shop/");
}

static void
carriage_return(struct build *b)
{
	build_edit(b, SHOP "cp/00000003.note", "shop\n3\n", "shop\r\n3\n");
}

static void
leading_zero(struct build *b)
{
	build_edit(b, SHOP "cp/00000003.note", "shop\n3\n", "shop\n03\n");
}

static void
extension_line(struct build *b)
{
	build_edit(b, SHOP "cp/00000003.note", "\n\n", "\nextension\n\n");
}

static void
no_final_lf(struct build *b)
{
	struct buf bytes = { 0 };

	build_read(b, SHOP "cp/00000003.note", &bytes);
	build_write(b, SHOP "cp/00000003.note", bytes.data, bytes.len - 1);
	buf_free(&bytes);
}

static void
add_signatures(struct build *b, unsigned count)
{
	struct buf bytes = { 0 };

	build_read(b, SHOP "cp/00000003.note", &bytes);
	for (unsigned i = 0; i < count; i++)
		buf_fmt(&bytes, "\xe2\x80\x94 witness%u AAAAAAAA\n", i);
	build_write(b, SHOP "cp/00000003.note", bytes.data, bytes.len);
	buf_free(&bytes);
}

static void
many_signatures(struct build *b)
{
	add_signatures(b, 99);
}

static void
too_large_note(struct build *b)
{
	add_signatures(b, 5000);
}

static void
other_size(struct build *b)
{
	build_copy(b, SHOP "cp/00000002.note", SHOP "cp/00000003.note");
}

static void
other_origin(struct build *b)
{
	build_copy(b, "streams/cretula.store/cp/00000002.note", SHOP "cp/00000002.note");
}

static void
delete_note(struct build *b)
{
	build_remove(b, SHOP "cp/00000003.note");
}

static void
delete_newest_note(struct build *b)
{
	build_remove(b, SHOP "cp/00000006.note");
}

static void
delete_notes(struct build *b)
{
	build_remove(b, SHOP "cp");
}

static void
delete_signatures(struct build *b)
{
	delete_newest_note(b);
	build_copy(b, SHOP "cp/00000005.note", SHOP "checkpoint");
}

static void
old_checkpoint(struct build *b)
{
	build_copy(b, SHOP "cp/00000005.note", SHOP "checkpoint");
}

static void
delete_checkpoint(struct build *b)
{
	build_remove(b, SHOP "checkpoint");
}

static void
unknown_note(struct build *b)
{
	build_write(b, SHOP "cp/readme", "", 0);
}

static void
bogus_note(struct build *b)
{
	build_write(b, SHOP "cp/00000099.note", "x\n", 2);
}

static void
unknown_in_stream(struct build *b)
{
	build_write(b, SHOP "evil\x1b[31m", "", 0);
}

/* The notes of what was cut are there still, and nothing else knows. */
static void
cut_chain_and_checkpoint(struct build *b)
{
	pick(b, "0123");
	build_copy(b, SHOP "cp/00000004.note", SHOP "checkpoint");
}

static void
checkpoint_by_log_only(struct build *b)
{
	drop_line(b, SHOP "checkpoint", "\xe2\x80\x94 cretula/0123456789abcdef/shop/");
}

/* Nobody vouches for what is behind a note that is not good. */
static void
bad_note_then_none(struct build *b)
{
	flip_root(b);
	build_remove(b, SHOP "cp/00000004.note");
	build_remove(b, SHOP "cp/00000005.note");
	build_remove(b, SHOP "cp/00000006.note");
	build_copy(b, SHOP "cp/00000002.note", SHOP "checkpoint");
}

#define N3 "cp/00000003.note"

static const struct {
	const char *claim;
	void (*tamper)(struct build *b);
	enum audit_code code; /* of the first finding */
	const char *stream, *file;
	uint64_t entry, count;
	int exit_code;
} rows[] = {
	{ "a changed entry is named", change_entry, AUDIT_E_CHAIN_ROOT, "shop", CHAIN, 3, 1, 1 },
	{ "a deleted entry is a jump", delete_entry, AUDIT_E_ENTRY_INDEX, "shop", CHAIN, 3, 1, 1 },
	{ "swapped entries jump", swap_entries, AUDIT_E_ENTRY_INDEX, "shop", CHAIN, 3, 1, 1 },
	{ "a duplicate entry jumps", duplicate_entry, AUDIT_E_ENTRY_INDEX, "shop", CHAIN, 4, 1, 1 },
	{ "a forged entry is unsigned", forge_entry, AUDIT_E_UNSIGNED_ENTRIES, "shop", CHAIN, 6, 1,
	    1 },
	{ "a cut chain says how much", cut_chain, AUDIT_E_CHAIN_TRUNCATED, "shop", CHAIN, 4, 2, 1 },
	{ "also with an old checkpoint", cut_chain_and_checkpoint, AUDIT_E_CHAIN_TRUNCATED, "shop",
	    CHAIN, 4, 2, 1 },
	{ "an empty chain too", empty_chain, AUDIT_E_GENESIS, "shop", CHAIN, 0, 1, 1 },
	{ "a deleted chain too", delete_chain, AUDIT_E_CHAIN_TRUNCATED, "shop", CHAIN, NONE, 1, 1 },
	{ "a torn chain says where", tear_chain, AUDIT_E_CHAIN_TORN, "shop", CHAIN, 5, 1, 1 },
	{ "a torn append too", tear_append, AUDIT_E_CHAIN_TORN, "shop", CHAIN, 6, 1, 1 },
	{ "a fifo as chain does not hang", put_fifo, AUDIT_E_FILE_TYPE, "shop", CHAIN, NONE, 1, 1 },
	{ "too many lines are not read", many_lines, AUDIT_E_LIMIT, "shop", CHAIN, NONE, 1, 1 },
	{ "cp as a link is told", link_notes, AUDIT_E_FILE_TYPE, "shop", "cp", NONE, 1, 1 },
	{ "a blank is not canonical", blank_in_entry, AUDIT_E_ENTRY_SYNTAX, "shop", CHAIN, 3, 1,
	    1 },
	{ "nor is a NUL", nul_in_entry, AUDIT_E_ENTRY_SYNTAX, "shop", CHAIN, 3, 1, 1 },
	{ "nor a key twice, though signed", sign_duplicate, AUDIT_E_ENTRY_SYNTAX, "shop", CHAIN, 6,
	    1, 1 },
	{ "nor a float", sign_float, AUDIT_E_ENTRY_SYNTAX, "shop", CHAIN, 6, 1, 1 },
	{ "nor a number over 2^53", sign_large, AUDIT_E_ENTRY_SYNTAX, "shop", CHAIN, 6, 1, 1 },
	{ "nor what is no UTF-8", sign_bad_utf8, AUDIT_E_ENTRY_SYNTAX, "shop", CHAIN, 6, 1, 1 },
	{ "a changed note is not signed", flip_root, AUDIT_E_LOG_SIG, "shop", N3, 2, 1, 1 },
	{ "the log key's line is needed", drop_log_line, AUDIT_E_LOG_SIG, "shop", N3, 2, 1, 1 },
	{ "the epoch key's line too", drop_epoch_line, AUDIT_E_EPOCH_SIG, "shop", N3, 2, 1, 1 },
	{ "CR is no note", carriage_return, AUDIT_E_NOTE, "shop", N3, 2, 1, 1 },
	{ "a leading zero is no note", leading_zero, AUDIT_E_NOTE, "shop", N3, 2, 1, 1 },
	{ "an extension line is no note", extension_line, AUDIT_E_NOTE, "shop", N3, 2, 1, 1 },
	{ "no final LF is no note", no_final_lf, AUDIT_E_NOTE, "shop", N3, 2, 1, 1 },
	{ "101 signatures are no note", many_signatures, AUDIT_E_NOTE, "shop", N3, 2, 1, 1 },
	{ "a huge note is not read", too_large_note, AUDIT_E_LIMIT, "shop", N3, 2, 1, 1 },
	{ "a note of another size is none", other_size, AUDIT_E_NOTE, "shop", N3, 2, 1, 1 },
	{ "a note of another origin is none", other_origin, AUDIT_E_NOTE, "shop",
	    "cp/00000002.note", 1, 1, 1 },
	{ "a deleted note is missed", delete_note, AUDIT_E_CHECKPOINT_MISSING, "shop", N3, 2, 1,
	    1 },
	{ "the newest too: checkpoint knows", delete_newest_note, AUDIT_E_CHECKPOINT_MISSING,
	    "shop", "cp/00000006.note", 5, 1, 1 },
	{ "all notes are one finding", delete_notes, AUDIT_E_CHECKPOINT_MISSING, "shop",
	    "cp/00000001.note", 0, 6, 1 },
	{ "without any note it is unsigned", delete_signatures, AUDIT_E_UNSIGNED_ENTRIES, "shop",
	    CHAIN, 5, 1, 1 },
	{ "an old checkpoint is a rollback", old_checkpoint, AUDIT_E_CHECKPOINT_ROLLBACK, "shop",
	    "checkpoint", NONE, 1, 1 },
	{ "a deleted checkpoint is missed", delete_checkpoint, AUDIT_E_CHECKPOINT_MISSING, "shop",
	    "checkpoint", NONE, 1, 1 },
	{ "a checkpoint needs the epoch key, too", checkpoint_by_log_only, AUDIT_E_EPOCH_SIG,
	    "shop", "checkpoint", NONE, 1, 1 },
	{ "behind a bad note nothing is signed", bad_note_then_none, AUDIT_E_LOG_SIG, "shop", N3, 2,
	    1, 1 },
	{ "an unknown file in cp is a warning", unknown_note, AUDIT_W_UNKNOWN_FILE, "shop",
	    "cp/readme", NONE, 1, 0 },
	{ "a bogus note is no truncation", bogus_note, AUDIT_E_NOTE, "shop", "cp/00000099.note",
	    NONE, 1, 1 },
	{ "an unknown file in a stream is a warning", unknown_in_stream, AUDIT_W_UNKNOWN_FILE,
	    "shop", "evil\x1b[31m", NONE, 1, 0 },
	{ "a kind of entry to come is incomplete", sign_unknown, AUDIT_CODE_COUNT, "", "", 0, 0,
	    3 },
};

static void
test_tampering(void **state)
{
	struct audit_result result;
	struct build b;
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct audit_finding *f;
		bool good;

		make_store(&b);
		rows[i].tamper(&b);
		build_verify(&b, 1, NULL, &result);
		f = result.findings;
		good = result.exit_code == rows[i].exit_code;
		if (rows[i].code == AUDIT_CODE_COUNT)
			good = good && result.finding_count == 0;
		else
			good = good && result.finding_count > 0 && f->code == rows[i].code &&
			    strcmp(f->stream, rows[i].stream) == 0 &&
			    strcmp(f->file, rows[i].file) == 0 && f->entry == rows[i].entry &&
			    f->count == rows[i].count;
		if (!good) {
			print_error("%s: exit %d\n", rows[i].claim, result.exit_code);
			build_show(&result);
			bad++;
		}
		audit_result_free(&result);
		build_end(&b);
	}
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tampering),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
