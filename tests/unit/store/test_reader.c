/* The reader on files of ours, of others, damaged and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/err.h"
#include "record/record.h"
#include "store/reader.h"

static struct store_reader *reader;
static struct buf text;   /* what was read */
static struct buf seen;   /* what was observed */

static void
observe(void *arg, const void *bytes, size_t len)
{
	assert_ptr_equal(arg, &seen);
	buf_add(&seen, bytes, len);
}

/* All of file; 0 or -1. */
static int
read_all(struct span file, uint64_t max, struct err *e)
{
	int fd = memfd_create("file", 0), rc;
	struct span lines;

	assert_int_equal(write(fd, file.ptr, file.len), file.len);
	(void)lseek(fd, 0, SEEK_SET);
	buf_clear(&text);
	buf_clear(&seen);
	store_reader_begin(reader, fd, max, observe, &seen);
	while ((rc = store_reader_next(reader, &lines, e)) == 0 && lines.len > 0) {
		assert_int_equal(lines.ptr[lines.len - 1], '\n');
		assert_true(lines.len <= (3u << 20));
		buf_span(&text, lines);
	}
	if (rc == -1) { /* and stays so */
		assert_int_equal(store_reader_next(reader, &lines, NULL), -1);
		assert_int_equal(lines.len, 0);
	} else {
		assert_true(span_equal(buf_view(&seen), file));
		assert_int_equal(store_reader_next(reader, &lines, NULL), 0);
		assert_int_equal(lines.len, 0);
	}
	return (rc);
}

static void
add_frame(struct buf *file, const char *bytes, size_t len, int window_log, bool with_size)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t bound = ZSTD_compressBound(len), made;
	char *out = malloc(bound);

	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, with_size);
	if (window_log > 0)
		(void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
	if (with_size) {
		made = ZSTD_compress2(context, out, bound, bytes, len);
	} else {
		ZSTD_inBuffer in = { bytes, len, 0 };
		ZSTD_outBuffer to = { out, bound, 0 };

		assert_int_equal(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end), 0);
		made = to.pos;
	}
	assert_false(ZSTD_isError(made));
	buf_add(file, out, made);
	free(out);
	ZSTD_freeCCtx(context);
}

static void
add_text(struct buf *b, size_t len, size_t line)
{
	for (size_t i = 0; i < len; i++)
		buf_char(b, i % line == line - 1 ? '\n' : (char)('a' + i * i % 23));
}

#define SKIPPABLE "\x5e\x2a\x4d\x18\x09\0\0\0\0\0\0\0\0\xb1\xea\x92\x8f"

static void
test_files_of_ours(void **state)
{
	static const struct {
		size_t len, line, frame;
	} rows[] = {
		{ 0, 1, 1 }, { 1, 1, 1 }, { 100, 10, 100 }, { 100, 10, 7 }, { 3 << 20, 100, 1 << 20 },
		{ 3 << 20, 16384, 1 << 20 }, { 3 << 20, 16384, 999 }, { 5 << 20, 64, 5 << 20 },
		{ 1 << 20, 1 << 14, 1 << 14 }, { 9 << 20, 4096, 12345 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int sized = 0; sized < 2; sized++) {
			struct buf file = { 0 }, want = { 0 };
			struct err e = { 0 };
			uint64_t frames = 0;

			add_text(&want, rows[i].len / rows[i].line * rows[i].line, rows[i].line);
			for (size_t at = 0; at < want.len; at += rows[i].frame, frames++) {
				size_t left = want.len - at;

				add_frame(&file, want.data + at, left < rows[i].frame ? left : rows[i].frame, 0, sized);
				if (frames % 3 == 0)
					buf_add(&file, SKIPPABLE, sizeof(SKIPPABLE) - 1);
			}
			buf_add(&file, SKIPPABLE, sizeof(SKIPPABLE) - 1);
			if (read_all(buf_view(&file), want.len, &e) == -1)
				fail_msg("row %zu: %s", i, e.text);
			assert_true(span_equal(buf_view(&text), buf_view(&want)));
			assert_int_equal(store_reader_frames(reader), frames);
			assert_false(store_reader_torn(reader));
			if (want.len > 0) {
				assert_int_equal(read_all(buf_view(&file), want.len - 1, &e), -1);
				assert_int_equal(e.code, ERR_FINDING);
				assert_true(text.len < want.len);
			}
			buf_free(&file);
			buf_free(&want);
		}
	}
}

static void
test_bounds(void **state)
{
	static char zeros[40 << 20];
	struct buf file = { 0 };
	struct err e = { 0 };

	/* No LF for longer than a record may be. */
	memset(zeros, 'x', sizeof(zeros));
	add_frame(&file, zeros, RECORD_BYTES_MAX, 0, true);
	assert_int_equal(read_all(buf_view(&file), UINT64_MAX, &e), -1);
	assert_non_null(strstr(e.text, "a line of more than"));
	assert_true(store_reader_long(reader) && !store_reader_torn(reader));
	buf_clear(&file);
	add_frame(&file, zeros, RECORD_BYTES_MAX - 1, 0, true);
	assert_int_equal(read_all(buf_view(&file), UINT64_MAX, &e), -1);
	assert_true(store_reader_torn(reader) && !store_reader_long(reader));
	buf_clear(&file);
	zeros[9] = '\n';
	add_frame(&file, zeros, RECORD_BYTES_MAX + 11, 0, true);
	assert_int_equal(read_all(buf_view(&file), UINT64_MAX, &e), -1);
	assert_non_null(strstr(e.text, "a line of more than"));
	assert_int_equal(text.len, 10);

	/* A bomb stops at max_bytes. */
	memset(zeros, '\n', sizeof(zeros));
	buf_clear(&file);
	add_frame(&file, zeros, sizeof(zeros), 0, true);
	assert_int_equal(read_all(buf_view(&file), 1000, &e), -1);
	assert_non_null(strstr(e.text, "more than 1000 bytes"));
	assert_int_equal(text.len, 1000);
	assert_int_equal(read_all(buf_view(&file), sizeof(zeros), &e), 0);
	assert_int_equal(text.len, sizeof(zeros));

	/* A window of 8 MiB is read, one of 16 MiB is not. */
	buf_clear(&file);
	add_frame(&file, zeros, sizeof(zeros), 23, false);
	assert_int_equal(read_all(buf_view(&file), UINT64_MAX, &e), 0);
	buf_clear(&file);
	add_frame(&file, zeros, sizeof(zeros), 24, false);
	assert_int_equal(read_all(buf_view(&file), UINT64_MAX, &e), -1);
	assert_non_null(strstr(e.text, "damaged frame"));
	buf_free(&file);
}

static void
test_torn_and_cut(void **state)
{
	struct buf file = { 0 }, want = { 0 };
	struct err e = { 0 };
	size_t first, both;

	add_frame(&file, "a\nb", 3, 0, true);
	assert_int_equal(read_all(buf_view(&file), 100, &e), -1);
	assert_true(store_reader_torn(reader));
	assert_true(span_is(buf_view(&text), "a\n"));

	buf_clear(&file);
	add_text(&want, 30000, 100);
	add_frame(&file, want.data, 10000, 0, true);
	first = file.len;
	add_frame(&file, want.data + 10000, 20000, 0, true);
	both = file.len;
	buf_add(&file, SKIPPABLE, sizeof(SKIPPABLE) - 1);
	for (size_t len = 0; len < file.len; len++) {
		int rc = read_all(span_of(file.data, len), want.len, &e);

		assert_true(span_starts(buf_view(&want), buf_view(&text)));
		/* Whole frames in front of the damage are not lost. */
		assert_int_equal(text.len, len < first ? 0 : len < both ? 10000 : 30000);
		if (rc == 0) /* only where a frame ends */
			assert_true(len == 0 || text.len == 10000 || text.len == 30000);
		else
			assert_int_equal(e.code, ERR_FINDING);
	}
	buf_str(&file, "garbage");
	assert_int_equal(read_all(buf_view(&file), want.len, &e), -1);
	assert_non_null(strstr(e.text, "no zstd frame"));
	assert_int_equal(text.len, 30000);
	file.data[first] ^= 1; /* the magic number of the second */
	assert_int_equal(read_all(buf_view(&file), want.len, &e), -1);
	assert_int_equal(text.len, 10000);
	assert_int_equal(read_all(span_str("\x1f\x8b\x08 gzip"), 100, &e), -1);
	buf_free(&file);
	buf_free(&want);
}

/* ---- layout ---- */

/* One file: pieces behind each other, each a letter. */
static void
add_piece(struct buf *file, char piece, uint32_t *sizes, unsigned *count)
{
	static char large[(1 << 20) + 1];
	size_t start = file->len;
	const char *lines = piece == 'e' ? "" : piece == 't' ? "a\nb" : "ab\n";
	size_t len = strlen(lines);

	switch (piece) {
	case 's': buf_add(file, "\x50\x2a\x4d\x18\x01\0\0\0x", 9); return;
	case 'T': /* the table of the frames so far */
	case 'L': /* and a byte more */
	case 'W': /* and a bit wrong */
		buf_add(file, "\x5e\x2a\x4d\x18", 4);
		buf_char(file, (char)(*count * 8 + 9 + (piece == 'L')));
		buf_add(file, "\0\0\0", 3);
		buf_add(file, sizes, *count * 8);
		buf_add(file, count, 4);
		buf_add(file, piece == 'W' ? "\1\xb1\xea\x92\x8f" : "\0\xb1\xea\x92\x8f", 5);
		buf_add(file, "", piece == 'L');
		return;
	case 'm':
		memset(large, '\n', sizeof(large));
		lines = large;
		len = sizeof(large);
		break;
	default: break;
	}
	add_frame(file, lines, len, 0, piece != 'u');
	sizes[(*count) * 2] = (uint32_t)(file->len - start);
	sizes[(*count)++ * 2 + 1] = (uint32_t)len;
}

static void
test_layout(void **state)
{
	static const struct {
		const char *claim, *pieces;
		enum store_layout layout;
	} rows[] = {
		{ "frames and a table", "ffT", STORE_LAYOUT_GOOD },
		{ "an empty segment", "T", STORE_LAYOUT_GOOD },
		{ "no table", "ff", STORE_LAYOUT_FRAMES },
		{ "nothing", "", STORE_LAYOUT_FRAMES },
		{ "a table of other frames", "fTf", STORE_LAYOUT_FRAMES },
		{ "two tables", "ffTT", STORE_LAYOUT_FRAMES },
		{ "another skippable frame", "sffT", STORE_LAYOUT_FRAMES },
		{ "one behind the table", "ffTs", STORE_LAYOUT_FRAMES },
		{ "a frame without a size", "fuT", STORE_LAYOUT_FRAMES },
		{ "a wrong table", "ffW", STORE_LAYOUT_TABLE },
		{ "a longer table", "ffL", STORE_LAYOUT_TABLE },
		{ "a frame of nothing", "feT", STORE_LAYOUT_SIZE },
		{ "a frame of more than 1 MiB", "fmT", STORE_LAYOUT_SIZE },
		{ "a frame that ends within a line", "tfT", STORE_LAYOUT_LINES },
		{ "the table counts more than sizes", "emW", STORE_LAYOUT_TABLE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf file = { 0 };
		uint32_t sizes[16];
		unsigned count = 0;
		struct err e = { 0 };

		for (const char *piece = rows[i].pieces; *piece != '\0'; piece++)
			add_piece(&file, *piece, sizes, &count);
		if (read_all(buf_view(&file), UINT64_MAX, &e) == -1 ||
		    store_reader_layout(reader) != rows[i].layout)
			fail_msg("%s: %d %s", rows[i].claim, store_reader_layout(reader), e.text);
		buf_free(&file);
	}
}

static void
test_flipped_bits_do_no_harm(void **state)
{
	struct buf file = { 0 }, want = { 0 };
	struct err e;

	add_text(&want, 3000, 50);
	add_frame(&file, want.data, want.len, 0, true);
	buf_add(&file, SKIPPABLE, sizeof(SKIPPABLE) - 1);
	for (size_t bit = 0; bit < file.len * 8; bit++) {
		file.data[bit / 8] = (char)(file.data[bit / 8] ^ (1 << bit % 8));
		(void)read_all(buf_view(&file), want.len, &e);
		file.data[bit / 8] = (char)(file.data[bit / 8] ^ (1 << bit % 8));
	}
	assert_int_equal(read_all(buf_view(&file), want.len, &e), 0);
	buf_free(&file);
	buf_free(&want);
}

static void
test_only_regular_files(void **state)
{
	static const struct {
		const char *path;
		bool good;
	} rows[] = {
		{ "seg/file", true }, { "seg/link", false }, { "seg/fifo", false }, { "seg/folder", false },
		{ "seg/none", false }, { "other/file", false }, { "seg/folder/file", false }, { "seg", false },
		{ "file", false }, { "none/file", false },
	};
	char dir[] = "/tmp/cretula-reader-XXXXXX", command[200];
	int fd, file;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(command, sizeof(command), "cd %s && mkdir seg seg/folder && echo x > seg/file && "
	    "touch seg/folder/file && ln -s file seg/link && mkfifo seg/fifo && ln -s seg other", dir);
	assert_int_equal(system(command), 0);
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t size = 99;
		struct err e = { 0 };

		file = store_open_file(fd, rows[i].path, &size, &e);
		if ((file != -1) != rows[i].good)
			fail_msg("%s", rows[i].path);
		if (file == -1) {
			assert_int_equal(e.code, ERR_FINDING);
			continue;
		}
		assert_int_equal(size, 2);
		(void)close(file);
	}
	file = store_open_file(fd, "seg/none", &(uint64_t){ 0 }, NULL);
	assert_true(file == -1 && errno == ENOENT);
	(void)close(fd);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static int
begin(void **state)
{
	return (store_reader_open(&reader, NULL));
}

static int
read_ahead(void **state)
{
	store_reader_ahead(reader, true);
	return (0);
}

/* Whoever has enough may leave; the thread does not go on with what is gone. */
static void
test_leaving_early(void **state)
{
	struct buf file = { 0 }, want = { 0 };
	struct span lines;

	add_text(&want, (size_t)9 << 20, 4096);
	for (size_t at = 0; at < want.len; at += (size_t)1 << 20)
		add_frame(&file, want.data + at, (size_t)1 << 20, 0, true);
	for (unsigned taken = 0; taken < 4; taken++) {
		int fd = memfd_create("file", 0);

		assert_int_equal(write(fd, file.data, file.len), file.len);
		(void)lseek(fd, 0, SEEK_SET);
		store_reader_begin(reader, fd, want.len, observe, &seen);
		for (unsigned i = 0; i < taken; i++)
			assert_int_equal(store_reader_next(reader, &lines, NULL), 0);
		assert_true(store_reader_frames(reader) >= taken);
	}
	assert_int_equal(read_all(buf_view(&file), want.len, NULL), 0);
	assert_true(span_equal(buf_view(&text), buf_view(&want)));
	buf_free(&file);
	buf_free(&want);
}

static int
end(void **state)
{
	store_reader_close(reader);
	store_reader_close(NULL);
	buf_free(&text);
	buf_free(&seen);
	return (0);
}

#define AHEAD(test) { #test ", one run ahead", test, read_ahead, NULL, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_of_ours),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_torn_and_cut),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_flipped_bits_do_no_harm),
		cmocka_unit_test(test_only_regular_files),
		cmocka_unit_test(test_leaving_early),
		AHEAD(test_files_of_ours),
		AHEAD(test_bounds),
		AHEAD(test_torn_and_cut),
		AHEAD(test_layout),
		AHEAD(test_flipped_bits_do_no_harm),
		AHEAD(test_leaving_early),
	};

	return (cmocka_run_group_tests(tests, begin, end));
}
