/* Whoever touches the files of a segment is told, with the file. */
#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
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
#define DATA "seg/00000002.jsonl.zst"
#define RECORDS 300 /* of each segment of the store below */
#define NONE AUDIT_NONE

static struct buf lines[2];

/* Two streams; shop has two segments of RECORDS, other has one. */
static void
make_store(struct build *b)
{
	struct build_stream *s;

	build_begin(b);
	s = build_stream(b, "shop");
	for (unsigned i = 0; i < 2; i++) {
		buf_clear(&lines[i]);
		build_lines(&lines[i], i * RECORDS, RECORDS);
		build_segment(
		    s, &(struct build_segment){ .lines = lines[i].data, .len = lines[i].len });
	}
	s = build_stream(b, "other");
	build_segment(s, &(struct build_segment){ .lines = lines[1].data, .len = lines[1].len });
}

/* ---- tampering ---- */

static struct span
part(size_t from, size_t to)
{
	return (build_cut(buf_view(&lines[1]), from, to));
}

static void
change_at(const struct build *b, size_t at, size_t count)
{
	struct buf all = { 0 };

	buf_span(&all, part(0, RECORDS));
	for (size_t i = at; i < at + count; i++)
		all.data[part(i, i + 1).ptr - lines[1].data + 40] ^= 1;
	build_repack(b, SHOP DATA, all.data, all.len);
	buf_free(&all);
}

static void
change_one(const struct build *b)
{
	change_at(b, 7, 1);
}

/* ---- files ---- */

static void
add_bytes(const struct build *b, const char *path, const void *more, size_t len)
{
	struct buf bytes = { 0 };

	build_read(b, path, &bytes);
	buf_add(&bytes, more, len);
	build_write(b, path, bytes.data, bytes.len);
	buf_free(&bytes);
}

static void
add_frame(const struct build *b)
{
	struct buf more = { 0 };
	struct span line = build_cut(buf_view(&lines[0]), 0, 1);

	build_repack(b, SHOP "more", line.ptr, line.len);
	build_read(b, SHOP "more", &more);
	build_remove(b, SHOP "more");
	add_bytes(b, SHOP DATA, more.data, more.len);
	buf_free(&more);
}

static void
add_skippable(const struct build *b)
{
	add_bytes(b, SHOP DATA,
	    "\x50\x2a\x4d\x18\x03\x00\x00\x00"
	    "abc",
	    11);
}

/* The table left away: the frames are the same. */
static void
drop_table(const struct build *b)
{
	struct buf bytes = { 0 };

	build_read(b, SHOP DATA, &bytes);
	build_write(b, SHOP DATA, bytes.data, bytes.len - 25);
	buf_free(&bytes);
}

static void
cut_file(const struct build *b)
{
	struct buf bytes = { 0 };

	build_read(b, SHOP DATA, &bytes);
	build_write(b, SHOP DATA, bytes.data, bytes.len / 2);
	buf_free(&bytes);
}

static void
break_second_frame(const struct build *b)
{
	struct buf bytes = { 0 }, more = { 0 };
	struct span rest = part(100, RECORDS);

	build_repack(b, SHOP DATA, part(0, 100).ptr, part(0, 100).len);
	build_read(b, SHOP DATA, &bytes);
	build_repack(b, SHOP DATA, rest.ptr, rest.len);
	build_read(b, SHOP DATA, &more);
	buf_add(&bytes, more.data, more.len - 100);
	build_write(b, SHOP DATA, bytes.data, bytes.len);
	buf_free(&bytes);
	buf_free(&more);
}

static void
add_garbage(const struct build *b)
{
	add_bytes(b, SHOP DATA, "garbage", 7);
}

/* A raw frame that ends within a line. */
static void
tear_line(const struct build *b)
{
	struct buf file = { 0 };
	size_t len = lines[1].len - 1;

	buf_add(&file, "\x28\xb5\x2f\xfd\xa0", 5); /* one segment, 4 bytes of size */
	for (unsigned i = 0; i < 4; i++)
		buf_char(&file, (char)(len >> 8 * i));
	for (unsigned i = 0; i < 3; i++)
		buf_char(&file, (char)((len << 3 | 1) >> 8 * i)); /* raw, last block */
	buf_add(&file, lines[1].data, len);
	build_write(b, SHOP DATA, file.data, file.len);
	buf_free(&file);
}

static void
delete_data(const struct build *b)
{
	build_remove(b, SHOP DATA);
}

static void
delete_all(const struct build *b)
{
	build_remove(b, SHOP DATA);
	build_remove(b, SHOP "seg/00000002.salt");
	build_remove(b, SHOP "seg/00000002.idx");
}

static void
delete_seg(const struct build *b)
{
	build_remove(b, SHOP "seg");
}

static void
swap_data(const struct build *b)
{
	build_copy(b, SHOP "seg/00000001.jsonl.zst", SHOP DATA);
}

/* The same lines, sealed with the salts of another stream. */
static void
swap_stream(const struct build *b)
{
	build_copy(b, "streams/other/seg/00000001.jsonl.zst", SHOP DATA);
	build_copy(b, "streams/other/seg/00000001.salt", SHOP "seg/00000002.salt");
	build_copy(b, "streams/other/seg/00000001.idx", SHOP "seg/00000002.idx");
}

static void
put(const struct build *b, const char *path, int (*make)(const char *full))
{
	char full[256];

	build_remove(b, path);
	build_path(b, path, full);
	assert_int_equal(make(full), 0);
}

static int
make_link(const char *full)
{
	return (symlink("00000001.jsonl.zst", full));
}

static int
make_fifo(const char *full)
{
	return (mkfifo(full, 0600));
}

static int
make_directory(const char *full)
{
	return (mkdir(full, 0700));
}

static int
make_elsewhere(const char *full)
{
	return (symlink("/", full));
}

static void
put_link(const struct build *b)
{
	put(b, SHOP DATA, make_link);
}

static void
put_fifo(const struct build *b)
{
	put(b, SHOP DATA, make_fifo);
}

static void
put_directory(const struct build *b)
{
	put(b, SHOP DATA, make_directory);
}

static void
put_fifo_salt(const struct build *b)
{
	put(b, SHOP "seg/00000002.salt", make_fifo);
}

static void
put_fifo_idx(const struct build *b)
{
	put(b, SHOP "seg/00000002.idx", make_fifo);
}

static void
put_link_seg(const struct build *b)
{
	put(b, SHOP "seg", make_elsewhere);
}

static void
add_file(const struct build *b)
{
	build_write(b, SHOP "seg/00000003.jsonl.zst", "", 0);
}

static void
change_salt(const struct build *b)
{
	build_copy(b, SHOP "seg/00000001.salt", SHOP "seg/00000002.salt");
}

static void
break_salt(const struct build *b)
{
	build_write(b, SHOP "seg/00000002.salt", "99 0 AAAA\n", 10);
}

static void
delete_salt(const struct build *b)
{
	build_remove(b, SHOP "seg/00000002.salt");
}

static void
change_idx(const struct build *b)
{
	build_copy(b, SHOP "seg/00000001.idx", SHOP "seg/00000002.idx");
}

static void
delete_idx(const struct build *b)
{
	build_remove(b, SHOP "seg/00000002.idx");
}

static void
change_both(const struct build *b)
{
	change_one(b);
	delete_idx(b);
}

static void
add_words(const struct build *b)
{
	build_write(b, "words/shop", "path\t/\tadmin\n", 13);
}

static void
put_fifo_words(const struct build *b)
{
	build_write(b, "words/shop", "", 0);
	put(b, "words/shop", make_fifo);
}

static void
grow_file(const struct build *b)
{
	char full[256];

	build_path(b, SHOP DATA, full);
	assert_int_equal(truncate(full, (off_t)1 << 42), 0);
}

/* 300 MiB of line ends out of some KiB. */
static void
bomb(const struct build *b)
{
	size_t len = (size_t)40 << 20;
	char *all = malloc(len);

	assert_non_null(all);
	memset(all, '\n', len);
	build_repack(b, SHOP DATA, all, len);
	free(all);
}

#define AT(record) RECORDS + (record), (record) + 1

static const struct {
	const char *claim;
	void (*tamper)(const struct build *b);
	enum audit_code code;
	const char *file;
	uint64_t record, line, count;
	size_t findings;
} rows[] = {
	{ "a lost line end is a torn line", tear_line, AUDIT_E_TORN_LINE, DATA, AT(299), 1, 1 },
	{ "a second frame is inserted", add_frame, AUDIT_E_RECORD_INSERTED, DATA, AT(300), 1, 1 },
	{ "a skippable frame is a repack", add_skippable, AUDIT_W_REPACKED, DATA, NONE, NONE, 1,
	    1 },
	{ "frames without table are a repack", drop_table, AUDIT_W_REPACKED, DATA, NONE, NONE, 1,
	    1 },
	{ "a cut file is damaged", cut_file, AUDIT_E_CONTAINER, DATA, AT(0), 300, 1 },
	{ "what stands in front of a damaged frame is there", break_second_frame, AUDIT_E_CONTAINER,
	    DATA, AT(100), 200, 1 },
	{ "garbage behind is damage", add_garbage, AUDIT_E_CONTAINER, DATA, NONE, 301, 1, 1 },
	{ "a deleted file is missing", delete_data, AUDIT_E_SEGMENT_MISSING, DATA, RECORDS, NONE,
	    300, 1 },
	{ "with salt and idx too", delete_all, AUDIT_E_SEGMENT_MISSING, DATA, RECORDS, NONE, 300,
	    1 },
	{ "without seg all are missing", delete_seg, AUDIT_E_SEGMENT_MISSING,
	    "seg/00000001.jsonl.zst", 0, NONE, 300, 2 },
	{ "another segment's file is told", swap_data, AUDIT_E_SEGMENT_ROOT, DATA, AT(0), 300, 1 },
	{ "another stream's files are told", swap_stream, AUDIT_E_SEGMENT_ROOT, DATA, RECORDS, NONE,
	    300, 2 },
	{ "a link is not followed", put_link, AUDIT_E_FILE_TYPE, DATA, RECORDS, NONE, 300, 1 },
	{ "a fifo does not hang", put_fifo, AUDIT_E_FILE_TYPE, DATA, RECORDS, NONE, 300, 1 },
	{ "a directory is no file", put_directory, AUDIT_E_FILE_TYPE, DATA, RECORDS, NONE, 300, 1 },
	{ "a fifo as salt does not hang", put_fifo_salt, AUDIT_E_FILE_TYPE, "seg/00000002.salt",
	    NONE, NONE, 1, 1 },
	{ "a fifo as idx does not hang", put_fifo_idx, AUDIT_E_FILE_TYPE, "seg/00000002.idx", NONE,
	    NONE, 1, 1 },
	{ "seg as a link is not followed", put_link_seg, AUDIT_E_FILE_TYPE, "seg", NONE, NONE, 1,
	    1 },
	{ "an unknown segment is a warning", add_file, AUDIT_W_UNKNOWN_FILE,
	    "seg/00000003.jsonl.zst", NONE, NONE, 1, 1 },
	{ "another salt fits no record", change_salt, AUDIT_E_SALT, "seg/00000002.salt", RECORDS,
	    NONE, 300, 1 },
	{ "a salt of level 99 is damaged", break_salt, AUDIT_E_SALT, "seg/00000002.salt", NONE,
	    NONE, 1, 1 },
	{ "a deleted salt is told", delete_salt, AUDIT_E_SALT, "seg/00000002.salt", NONE, NONE, 1,
	    1 },
	{ "another idx is told", change_idx, AUDIT_E_INDEX, "seg/00000002.idx", NONE, NONE, 1, 1 },
	{ "a deleted idx is told", delete_idx, AUDIT_E_INDEX, "seg/00000002.idx", NONE, NONE, 1,
	    1 },
	{ "without idx the segment is named", change_both, AUDIT_E_SEGMENT_ROOT, DATA, RECORDS,
	    NONE, 300, 2 },
	{ "another vocabulary is a warning", add_words, AUDIT_W_WORDS, "../../words/shop", NONE,
	    NONE, 1, 1 },
	{ "a fifo as vocabulary does not hang", put_fifo_words, AUDIT_E_FILE_TYPE,
	    "../../words/shop", NONE, NONE, 1, 1 },
	{ "a huge sparse file is not read", grow_file, AUDIT_E_LIMIT, DATA, RECORDS, NONE, 300, 1 },
	{ "a bomb is stopped", bomb, AUDIT_E_LIMIT, DATA, NONE, NONE, 1, 1 },
};

static bool
same(const struct audit_finding *f, size_t i)
{
	return (f->code == rows[i].code && strcmp(f->file, rows[i].file) == 0 &&
	    f->record == rows[i].record && f->line == rows[i].line && f->count == rows[i].count &&
	    strcmp(f->stream, "shop") == 0);
}

static void
test_tampering(void **state)
{
	struct audit_result result;
	struct build b;
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int want = audit_code_severity[rows[i].code] == AUDIT_ERROR ? 1 : 0;
		bool found = false;

		make_store(&b);
		rows[i].tamper(&b);
		build_verify(&b, 2, NULL, &result);
		for (size_t k = 0; k < result.finding_count; k++)
			found = found || same(&result.findings[k], i);
		if (!found || result.exit_code != want ||
		    result.finding_count != rows[i].findings ||
		    result.errors + result.warnings != result.finding_count) {
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
