/*
 * The next revision of a segment's file: frames of which nothing goes are
 * copied, and what is not the sealed segment is refused, whichever check says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <errno.h>
#include <pthread.h>

#include <cmocka.h>

#include "base/io.h"
#include "checker.h"
#include "crypto/random.h"
#include "erased.h"
#include "record/record.h"
#include "store/erase/inside.h"
#include "store/inside.h"
#include "store/seek.h"
#include "store/writer.h"
#include "vectors/wrapped.h"
#include "work.h"

#define LINES 40 /* of a frame */
#define FRAMES 6
#define LEVEL 19 /* of the sealed frames: one that is compressed anew has other bytes */

static struct erased seen;
static atomic_long fails_in; /* allocations; 0: none does */
static atomic_bool no_threads;

static bool
fails(void)
{
	return (atomic_load(&fails_in) > 0 && atomic_fetch_sub(&fails_in, 1) == 1);
}

int __real_pthread_create(
    pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *arg);
int __wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *arg);

int
__wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *arg)
{
	return (atomic_load(&no_threads) ? EAGAIN : __real_pthread_create(thread, how, run, arg));
}

/* ---- a store with one segment ---- */

static struct store *store;
static struct store_stream *stream;

static void
close_all(void)
{
	store_stream_close(stream);
	store_close(store);
	stream = NULL;
	store = NULL;
}

static void
open_all(void)
{
	bool created;
	struct err e = { 0 };

	if (store_open(work_store, NULL, &store, &created, &e) == -1 ||
	    store_stream_open(store, "shop", POLICY, &test_names, &stream, &e) == -1)
		fail_msg("%s", e.text);
}

static int
erase(const uint32_t *records, size_t count, struct err *e)
{
	struct store_erase_item items[8];
	const struct store_erase_order what = {
		.seg = 1, .items = items, .count = count, .reason = SPAN("r")
	};
	struct store_eraser *x = NULL;
	uint64_t entry;
	int rc = -1;

	for (size_t i = 0; i < count; i++)
		items[i] = (struct store_erase_item){ .record = records[i] };
	if (store_eraser_open(stream, &x, e) == 0)
		rc = store_erase(x, &what, &entry, e);
	store_eraser_close(x);
	return (rc);
}

/* How what is there is known to be the sealed segment. */
static const struct way {
	const char *claim;
	uint64_t revision;
	bool reopens; /* nobody remembers what was written */
} ways[] = {
	{ "by the hash of its entry", 0, false },
	{ "by the hash of what was written", 1, false },
	{ "by its lines", 1, true },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void
prepare(const struct way *way)
{
	static const uint32_t first[] = { 1, 201 };
	struct err e = { 0 };

	close_all();
	work_begin();
	open_all();
	if (seal_segment(stream, LINES, FRAMES, true, &e) == -1 ||
	    (way->revision > 0 && erase(first, 2, &e) == -1))
		fail_msg("%s: %s", way->claim, e.text);
	if (!way->reopens)
		return;
	close_all();
	open_all();
}

/* ---- its file ---- */

struct frames {
	size_t count;
	size_t len[FRAMES + 2], lines_len[FRAMES + 2];
	char bytes[FRAMES + 2][70000], lines[FRAMES + 2][70000];
};

static void
path_of(uint64_t revision, char path[static STORE_PATH_BYTES])
{
	store_revision_path(path, 1, revision, "jsonl.zst");
}

static void
read_frames(uint64_t revision, struct frames *f)
{
	char path[STORE_PATH_BYTES];
	static char lines_of[STORE_SEEK_BYTES];
	struct store_unpack *unpack;
	struct store_seek *seek;
	struct err e = { 0 };

	path_of(revision, path);
	if (store_unpack_open(&unpack, &e) == -1 ||
	    store_seek_open(stream->dirfd, path, &seek, &e) == -1)
		fail_msg("%s", e.text);
	f->count = store_seek_frames(seek);
	assert_true(f->count <= FRAMES + 2);
	for (size_t i = 0; i < f->count; i++) {
		struct span bytes, lines;

		assert_int_equal(store_seek_bytes(seek, i, unpack, &bytes, &e), 0);
		assert_true(store_seek_plain(seek, i, unpack) && bytes.len <= sizeof(f->bytes[i]));
		f->len[i] = bytes.len;
		memcpy(f->bytes[i], bytes.ptr, bytes.len);
		assert_int_equal(store_seek_decode(seek, i, unpack, lines_of, &lines, &e), 0);
		assert_true(lines.len <= sizeof(f->lines[i]));
		f->lines_len[i] = lines.len;
		memcpy(f->lines[i], lines.ptr, lines.len);
	}
	store_seek_close(seek);
	store_unpack_close(unpack);
}

/* In the place of the file; frames are packed anew. */
static void
write_frames(uint64_t revision, struct frames *f, bool table)
{
	static char packed[80000];
	static uint32_t ends[70000];
	struct store_compressor *c;
	struct store_frame size;
	struct buf out = { 0 }, rows = { 0 };
	char path[STORE_PATH_BYTES];
	struct err e = { 0 };
	int fd;

	assert_int_equal(store_compressor_open(LEVEL, &c, &e), 0);
	for (size_t i = 0; i < f->count; i++) {
		struct store_part part = {
			.lines = f->lines[i], .ends = ends, .packed = packed, .frames = &size
		};

		/* One long line may be in it, of which the compressor wants to know nothing. */
		for (size_t at = 0; at < f->lines_len[i]; part.count++) {
			at += f->lines_len[i] - at > 10000 ? 10000 : f->lines_len[i] - at;
			ends[part.count] = (uint32_t)at;
		}
		store_compress(c, &part);
		assert_int_equal(part.frame_count, 1);
		buf_add(&out, packed, part.packed_len);
		store_table_add(&rows, &size, 1);
	}
	if (table)
		store_table_print(&rows, &out);
	path_of(revision, path);
	fd = openat(stream->dirfd, path, O_WRONLY | O_TRUNC);
	assert_true(fd != -1 && write(fd, out.data, out.len) == (ssize_t)out.len && close(fd) == 0);
	store_compressor_close(c);
	buf_free(&out);
	buf_free(&rows);
}

static void
assert_good(const char *claim, uint64_t revision)
{
	if (check_erased(&seen, work_store, "shop", 1) == -1)
		fail_msg("%s: %s", claim, seen.wrong);
	assert_int_equal(seen.revision, revision);
}

/* ---- tests ---- */

static void
test_frames_of_which_nothing_goes_are_copied(void **state)
{
	static const uint32_t goes[] = { 90, 119, 239 };
	static struct frames before, after;

	for (size_t i = 0; i < WAYS; i++) {
		struct err e = { 0 };

		prepare(&ways[i]);
		read_frames(ways[i].revision, &before);
		if (ways[i].reopens) /* so that none is as it would be made */
			write_frames(ways[i].revision, &before, true);
		read_frames(ways[i].revision, &before);
		if (erase(goes, 3, &e) == -1)
			fail_msg("%s: %s", ways[i].claim, e.text);
		read_frames(ways[i].revision + 1, &after);
		assert_int_equal(after.count, before.count);
		for (size_t f = 0; f < FRAMES; f++)
			if ((after.len[f] == before.len[f] &&
				memcmp(after.bytes[f], before.bytes[f], after.len[f]) == 0) !=
			    (f != 2 && f != 5))
				fail_msg("%s: frame %zu", ways[i].claim, f);
		assert_good(ways[i].claim, ways[i].revision + 1);
	}
}

/* Nothing of a segment that is not the sealed one is signed again. */
static void
assert_refused(const char *claim, const char *text)
{
	static const uint32_t goes[] = { 90 };
	uint64_t entries = store_writer_count(stream->writer);
	struct err e = { 0 };

	if (erase(goes, 1, &e) != -1 || e.code != ERR_FINDING || strstr(e.text, text) == NULL)
		fail_msg("%s: code %d, %s instead of %s", claim, e.code, e.text, text);
	assert_int_equal(store_writer_count(stream->writer), entries);
}

/* A line of a frame of which nothing goes, and of one of which something does, is another one. */
static void
test_no_other_line_is_taken_over(void **state)
{
	static const size_t rows[] = { 1, 2 };
	static struct frames f;

	for (size_t i = 0; i < WAYS; i++) {
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
			char *line;

			prepare(&ways[i]);
			read_frames(ways[i].revision, &f);
			line = f.lines[rows[r]] + f.lines_len[rows[r]] - 2;
			for (int back = 0; back < 2; back++)
				while (*--line != '\n')
					;
			assert_non_null(line = strstr(line, "\"bytes\":"));
			line[8] = '9';
			write_frames(ways[i].revision, &f, true);
			assert_refused(ways[i].claim, "other records: not the sealed segment");
		}
	}
}

/* Lines in another order, one less, one more, one that is too long, many that are empty. */
static void
test_no_other_lines_are_taken_over(void **state)
{
	static struct frames f, other;

	for (size_t i = 0; i < WAYS; i++) {
		const uint64_t revision = ways[i].revision;

		prepare(&ways[i]);
		read_frames(revision, &f);
		for (int kind = 0; kind < 6; kind++) {
			other = f;
			if (kind == 0) {
				memcpy(other.lines[3], f.lines[4], f.lines_len[4]);
				memcpy(other.lines[4], f.lines[3], f.lines_len[3]);
				other.lines_len[3] = f.lines_len[4];
				other.lines_len[4] = f.lines_len[3];
			} else if (kind == 1)
				other.count--;
			else if (kind == 2) {
				memcpy(other.lines[FRAMES], f.lines[4], f.lines_len[4]);
				other.lines_len[FRAMES] = f.lines_len[4];
				other.count++;
			} else if (kind == 3) {
				memset(other.lines[2], 'a', 60000);
				other.lines[2][59999] = '\n';
				other.lines_len[2] = 60000;
			} else if (kind == 4) {
				memset(other.lines[2], '\n', 60000);
				other.lines_len[2] = 60000;
			} else
				other.lines_len[2]--; /* it ends within a line */
			write_frames(revision, &other, true);
			assert_refused(ways[i].claim, "");
		}
	}
}

/* The salts of some records become others; those of records behind them stay. */
static void
change_salts(uint64_t revision)
{
	struct seal_cover cover = { 0 };
	struct buf text = { 0 };
	char path[STORE_PATH_BYTES];
	struct err e = { 0 };

	store_revision_path(path, 1, revision, "salt");
	if (io_read_file(stream->dirfd, path, SEAL_COVER_BYTES_MAX, &text, &e) == -1 ||
	    seal_cover_read(buf_view(&text), &cover, &e) == -1)
		fail_msg("%s", e.text);
	buf_clear(&text);
	/* A seed becomes nodes that give the salts of all records, and of the file. */
	assert_int_equal(seal_cover_puncture(&cover, SEAL_RECORDS_MAX, &e), 0);
	for (size_t i = 0; i < cover.count; i++) {
		const uint64_t first = (uint64_t)cover.nodes[i].index
		    << (32 - cover.nodes[i].level);

		if (first <= 90 && 90 < first + (UINT64_C(1) << (32 - cover.nodes[i].level)))
			cover.nodes[i].bytes[0] ^= 1;
	}
	seal_cover_print(&cover, &text);
	assert_int_equal(io_replace(stream->dirfd, path, buf_view(&text), 0600, false, &e), 0);
	seal_cover_free(&cover);
	buf_free(&text);
}

/* The leaf of what goes is made of them, and nobody could tell afterwards whose fault it is. */
static void
test_no_other_salt_is_taken_over(void **state)
{
	for (size_t i = 0; i < WAYS; i++) {
		prepare(&ways[i]);
		change_salts(ways[i].revision);
		assert_refused(ways[i].claim, "not the sealed segment");
	}
}

/* One bit of the frames, or of the table: refused, or the lines that were read are the sealed ones. */
static void
test_no_damage_is_taken_over(void **state)
{
	static const uint32_t goes[] = { 90 };
	char path[STORE_PATH_BYTES];
	struct err e = { 0 };
	unsigned refused = 0, tried = 0;

	for (size_t i = 0; i < WAYS; i++) {
		struct stat st;
		int fd = -1;

		path_of(ways[i].revision, path);
		for (off_t at = 0, size = 1; at < size; at += 41 * EACH) {
			unsigned char byte;
			int rc;

			if (fd == -1) {
				prepare(&ways[i]);
				fd = openat(stream->dirfd, path, O_RDWR);
				assert_true(fd != -1 && fstat(fd, &st) == 0);
				size = st.st_size;
			}
			if (at >= size)
				break; /* each has salts of its own, and may be shorter than the one before */
			assert_int_equal(pread(fd, &byte, 1, at), 1);
			byte ^= 1u << at % 8;
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
			rc = erase(goes, 1, &e);
			tried++;
			if (rc == -1) {
				assert_int_equal(e.code, ERR_FINDING);
				byte ^= 1u << at % 8;
				assert_int_equal(pwrite(fd, &byte, 1, at), 1);
				refused++;
				continue;
			}
			assert_good(ways[i].claim, ways[i].revision + 1);
			(void)close(fd);
			fd = -1;
		}
		if (fd != -1)
			(void)close(fd);
	}
	assert_true(tried > 100 / EACH && refused > tried * 3 / 4);
}

/* Lines are sealed, not how they lie: one frame, more of them, no table. */
static void
test_what_is_laid_out_otherwise_can_be_erased(void **state)
{
	static const uint32_t goes[] = { 90 };
	static struct frames f, other;

	for (size_t i = 0; i < WAYS; i++) {
		for (int kind = 0; kind < 3; kind++) {
			struct err e = { 0 };

			prepare(&ways[i]);
			read_frames(ways[i].revision, &f);
			other = f;
			if (kind == 0) {
				memcpy(other.lines[4] + f.lines_len[4], f.lines[5], f.lines_len[5]);
				other.lines_len[4] += f.lines_len[5];
				other.count--;
			} else if (kind == 1) { /* a frame that ends within a line */
				memmove(other.lines[4] + 9, f.lines[4], f.lines_len[4]);
				memcpy(other.lines[4], f.lines[3] + f.lines_len[3] - 9, 9);
				other.lines_len[3] -= 9;
				other.lines_len[4] += 9;
			}
			write_frames(ways[i].revision, &other, kind != 2);
			if (erase(goes, 1, &e) == -1)
				fail_msg("%s, %d: %s", ways[i].claim, kind, e.text);
			assert_good(ways[i].claim, ways[i].revision + 1);
		}
	}
}

/* As many as there are, one erasure behind the other, with what was written remembered. */
static void
test_all_can_go(void **state)
{
	struct err e = { 0 };

	prepare(&ways[0]);
	for (uint32_t i = 0; i < LINES * FRAMES; i += 8) {
		uint32_t records[8];

		for (uint32_t k = 0; k < 8; k++)
			records[k] = i + k;
		if (erase(records, 8, &e) == -1)
			fail_msg("record %u: %s", i, e.text);
	}
	assert_good("all", LINES * FRAMES / 8);
}

static void
test_it_needs_no_thread(void **state)
{
	static const uint32_t goes[] = { 90 };

	for (size_t i = 0; i < WAYS; i++) {
		struct err e = { 0 };
		int rc;

		prepare(&ways[i]);
		atomic_store(&no_threads, true);
		rc = erase(goes, 1, &e);
		atomic_store(&no_threads, false);
		if (rc == -1)
			fail_msg("%s: %s", ways[i].claim, e.text);
		assert_good(ways[i].claim, ways[i].revision + 1);
	}
}

/* The n-th allocation fails: nothing is there of it, or all. */
static void
test_memory_is_missing(void **state)
{
	static const uint32_t goes[] = { 90 };

	for (size_t i = 0; i < WAYS; i++) {
		unsigned failed = 0;
		bool enough = false;

		for (long nth = 1; !enough; nth += 3 * EACH) {
			struct err e = { 0 };
			int rc;

			prepare(&ways[i]);
			atomic_store(&fails_in, nth);
			rc = erase(goes, 1, &e);
			enough = atomic_exchange(&fails_in, 0) > 0;
			if (rc == -1) {
				failed++;
				assert_true(e.code != ERR_NONE && e.text[0] != '\0');
			}
			close_all();
			open_all();
			if (check_erased(&seen, work_store, "shop", 1) == -1)
				fail_msg("%s, %ld: %s", ways[i].claim, nth, seen.wrong);
			assert_in_range(seen.revision, ways[i].revision + (rc == 0), ways[i].revision + 1);
		}
		assert_true(failed > 5 / EACH);
	}
}

static int
end(void **state)
{
	close_all();
	work_end();
	buf_free(&seen.lines);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_of_which_nothing_goes_are_copied),
		cmocka_unit_test(test_no_other_line_is_taken_over),
		cmocka_unit_test(test_no_other_lines_are_taken_over),
		cmocka_unit_test(test_no_other_salt_is_taken_over),
		cmocka_unit_test(test_no_damage_is_taken_over),
		cmocka_unit_test(test_what_is_laid_out_otherwise_can_be_erased),
		cmocka_unit_test(test_all_can_go),
		cmocka_unit_test(test_it_needs_no_thread),
		cmocka_unit_test(test_memory_is_missing),
	};
	struct err e;

	work_level = LEVEL;
	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, end));
}
