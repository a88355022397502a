/* Frames: where they are cut, how large they may get, and back again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "base/err.h"
#include "record/record.h"
#include "store/compress.h"

#define LINES_MAX 20000
static uint32_t ends[LINES_MAX];

/* Lines of these lengths (with LF), random bytes or all alike. */
static size_t
make(char *lines, size_t count, size_t min, size_t max, bool noise)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		size_t len = min + (size_t)rand() % (max - min + 1);

		for (size_t j = 0; j + 1 < len; j++)
			lines[at + j] = noise ? (char)(rand() % 255 == 10 ? 11 : rand()) : 'x';
		at += len;
		lines[at - 1] = '\n';
		ends[i] = (uint32_t)at;
	}
	return (at);
}

static void
check(struct store_compressor *c, size_t count, size_t min, size_t max, bool noise)
{
	char *lines = malloc(count * max + 1), *again = malloc(STORE_FRAME_BYTES);
	size_t len = make(lines, count, min, max, noise), bound = store_compress_bound(len);
	size_t most = store_compress_frames(len), made, written, at = 0, done = 0, line = 0;
	struct store_frame *frames = malloc(most * sizeof(*frames));
	char *out = malloc(bound);

	struct store_part part = { lines, ends, count, NULL, out, 0, frames, 0 };

	store_compress(c, &part);
	written = part.packed_len;
	made = part.frame_count;
	assert_true(written <= bound);
	assert_true(made <= most);
	for (size_t i = 0; i < made; i++) {
		uint32_t size = frames[i].decompressed;

		assert_true(size <= STORE_FRAME_BYTES);
		assert_int_equal(ZSTD_getFrameContentSize(out + at, written - at), size);
		assert_int_equal(ZSTD_findFrameCompressedSize(out + at, written - at), frames[i].compressed);
		assert_int_equal((unsigned char)out[at + 4] & 4, 0); /* no checksum */
		assert_int_equal(ZSTD_decompress(again, STORE_FRAME_BYTES, out + at, frames[i].compressed), size);
		assert_memory_equal(again, lines + done, size);
		assert_int_equal(lines[done + size - 1], '\n');
		done += size;
		at += frames[i].compressed;
		while (line < count && ends[line] <= done)
			line++;
		if (i + 1 < made) /* it ended because the next line would not fit */
			assert_true(ends[line] - (done - size) > STORE_FRAME_BYTES);
	}
	assert_int_equal(done, len);
	assert_int_equal(at, written);
	free(lines);
	free(again);
	free(frames);
	free(out);
}

static void
test_frames(void **state)
{
	static const struct {
		size_t count, min, max;
		bool noise;
	} rows[] = {
		{ 0, 1, 1, false }, { 1, 1, 1, false }, { 1, 16384, 16384, true },
		{ 64, 16384, 16384, false }, { 65, 16384, 16384, true }, { 128, 16384, 16384, true },
		{ 20000, 1, 300, false }, { 5000, 250, 350, true }, { 300, 16000, 16384, true },
		{ 3, 1, 16384, true }, { 1000, 1, 16384, true },
	};
	struct store_compressor *c;
	struct err e;

	assert_int_equal(store_compressor_open(1, &c, &e), 0);
	srand(2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(c, rows[i].count, rows[i].min, rows[i].max, rows[i].noise);
	store_compressor_close(c);
}

/* Other levels take their memory at start as well. */
static void
test_levels(void **state)
{
	static const int levels[] = { 1, 3, 9, 19 };

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct store_compressor *c;
		struct err e;

		assert_int_equal(store_compressor_open(levels[i], &c, &e), 0);
		check(c, 100, 100, 9000, true);
		store_compressor_close(c);
	}
	store_compressor_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_levels),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
