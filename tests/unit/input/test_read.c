/* input: the same stream gives the same batches, however it is delivered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/err.h"
#include "input/input.h"

#define LINE_MAX_BYTES 65536
#define BATCHES_MAX 64

static char dir[] = "/tmp/cretula-input-XXXXXX";
static char batch_bytes[INPUT_BATCH_BYTES + 1];

struct sizes {
	size_t len, lines;
	uint64_t at, read, dropped, sum;
	bool end;
};

struct run {
	struct sizes batch[BATCHES_MAX];
	size_t count;
	uint64_t sum, read; /* over all bytes given */
	int rc;
	struct err e;
};

static char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return (path);
}

static void
put_file(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(path_of(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static uint64_t
sum_of(uint64_t sum, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)p[i]) * UINT64_C(0x100000001b3);
	return (sum);
}

/* Read all of in. */
static void
drain(struct input *in, struct run *r)
{
	struct input_batch b = { .bytes = batch_bytes };

	memset(r, 0, sizeof(*r));
	do {
		struct sizes *s = &r->batch[r->count];

		assert_true(r->count < BATCHES_MAX);
		if ((r->rc = input_read(in, LINE_MAX_BYTES, &b, &r->e)) == -1)
			return;
		assert_true(b.len == 0 || b.bytes[b.len - 1] == '\n');
		assert_true(b.line_count <= INPUT_BATCH_LINES);
		assert_int_equal(b.at, r->read);
		*s = (struct sizes){ b.len, b.line_count, b.at, b.read, b.dropped,
			sum_of(0, b.bytes, b.len), b.end };
		r->sum = sum_of(r->sum, b.bytes, b.len);
		r->read += b.read;
		r->count++;
	} while (!b.end);
}

static void
drain_path(const char *path, struct run *r)
{
	struct input *in = NULL;
	struct err e = { 0 };

	assert_int_equal(input_open(path, NULL, &in, &e), 0);
	drain(in, r);
	input_close(in);
}

/* Lines of lengths that depend on seed and step. */
static size_t
make_lines(char *out, size_t size, unsigned seed, unsigned longest)
{
	size_t len = 0;

	while (len + longest + 2 < size) {
		unsigned n = (seed = seed * 1103515245u + 12345u) >> 8;

		n %= longest;
		memset(out + len, 'a' + (int)(n % 26), n);
		len += n;
		out[len++] = '\n';
	}
	return (len);
}

/* ---- compressing, in one or several members ---- */

static size_t
gzip_member(const char *in, size_t len, unsigned char *out, size_t size)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (z_const Bytef *)in;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return (size - z.avail_out);
}

static size_t
zstd_frame(const char *in, size_t len, unsigned char *out, size_t size)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t n;

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(c, out, size, in, len);
	assert_false(ZSTD_isError(n));
	ZSTD_freeCCtx(c);
	return (n);
}

static size_t
zstd_skippable(unsigned char *out)
{
	memcpy(out, "\x52\x2a\x4d\x18\x05\0\0\0hello", 13);
	return (13);
}

/* ---- a fifo that delivers in small pieces ---- */

static pid_t
feed(const char *path, const unsigned char *bytes, size_t len, size_t piece)
{
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(path, O_WRONLY);
		size_t at = 0;

		for (size_t step = 1; at < len; step = step % piece + 1) {
			size_t n = len - at < step ? len - at : step;

			if (write(fd, bytes + at, n) != (ssize_t)n)
				_exit(1);
			at += n;
		}
		_exit(0);
	}
	return (pid);
}

static void
drain_fifo(const unsigned char *bytes, size_t len, size_t piece, struct run *r)
{
	char path[256];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s", path_of("fifo"));
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	pid = feed(path, bytes, len, piece);
	drain_path(path, r);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
assert_runs_equal(const struct run *a, const struct run *b)
{
	assert_int_equal(a->rc, 0);
	assert_int_equal(b->rc, 0);
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct sizes *x = &a->batch[i], *y = &b->batch[i];

		if (x->len != y->len || x->lines != y->lines || x->at != y->at ||
		    x->read != y->read || x->sum != y->sum || x->end != y->end ||
		    x->dropped != y->dropped)
			fail_msg("batch %zu: %zu bytes %zu lines, other %zu bytes %zu lines", i,
			    x->len, x->lines, y->len, y->lines);
	}
}

static void
test_same_batches(void **state)
{
	static const struct {
		const char *claim;
		unsigned longest;
		size_t size, piece;
	} rows[] = {
		{ "short lines end batches by their count", 60, 1 << 20, 3000 },
		{ "long lines end batches by their bytes", 60000, 5 << 20, 70000 },
		{ "common lines, odd pieces", 500, 5 << 20, 4097 },
		{ "single bytes", 50, 40000, 1 },
	};
	char *text = malloc(6 << 20);
	unsigned char *packed = malloc(8 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run plain, other;
		size_t len = make_lines(text, rows[i].size, (unsigned)i, rows[i].longest), n = 0,
		       half;

		print_message("# %s\n", rows[i].claim);
		put_file("plain", text, len);
		drain_path(path_of("plain"), &plain);
		assert_int_equal(plain.read, len);
		assert_int_equal(plain.sum, sum_of(0, text, len));
		drain_fifo((unsigned char *)text, len, rows[i].piece, &other);
		assert_runs_equal(&plain, &other);
		half = len / 3;
		n = gzip_member(text, half, packed, 8 << 20);
		n += gzip_member(text + half, 0, packed + n, (8 << 20) - n);
		n += gzip_member(text + half, len - half, packed + n, (8 << 20) - n);
		memset(packed + n, 0, 512); /* padding, as on a tape */
		put_file("gz", packed, n + 512);
		drain_path(path_of("gz"), &other);
		assert_runs_equal(&plain, &other);
		drain_fifo(packed, n, rows[i].piece, &other);
		assert_runs_equal(&plain, &other);
		n = zstd_skippable(packed);
		n += zstd_frame(text, half, packed + n, (8 << 20) - n);
		n += zstd_skippable(packed + n);
		n += zstd_frame(text + half, len - half, packed + n, (8 << 20) - n);
		put_file("zst", packed, n);
		drain_path(path_of("zst"), &other);
		assert_runs_equal(&plain, &other);
		drain_fifo(packed, n, rows[i].piece, &other);
		assert_runs_equal(&plain, &other);
	}
	free(text);
	free(packed);
}

/* Lines around the size of a batch; size counts what stands before the line end. */
static void
test_overlong(void **state)
{
	static const struct {
		const char *claim;
		size_t before, size;
		bool newline, after;
		size_t batches, lines, dropped;
	} rows[] = {
		{ "a line that fills a batch is whole", 0, INPUT_BATCH_BYTES - 1, true, true, 2, 2,
		    0 },
		{ "one byte more is still whole", 0, INPUT_BATCH_BYTES, true, true, 2, 2, 0 },
		{ "without a line end too", 0, INPUT_BATCH_BYTES, false, false, 1, 1, 0 },
		{ "two bytes more are dropped from", 0, INPUT_BATCH_BYTES + 1, true, true, 2, 2,
		    INPUT_BATCH_BYTES + 1 - LINE_MAX_BYTES - 1 },
		{ "at the end of the input", 0, INPUT_BATCH_BYTES + 1, false, false, 1, 1,
		    INPUT_BATCH_BYTES + 1 - LINE_MAX_BYTES - 1 },
		{ "far too long, behind other lines", 1000, 3 * INPUT_BATCH_BYTES, true, true, 3,
		    12, 3 * INPUT_BATCH_BYTES - LINE_MAX_BYTES - 1 },
		{ "no line is too long that fits a batch", 50, 100000, true, true, 1, 2, 0 },
		{ "a missing last line end is added", 50, 10, false, false, 1, 1, 0 },
	};
	char *text = malloc(4 * INPUT_BATCH_BYTES);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run r;
		size_t len = 0, lines = 0, dropped = 0;

		for (; len + 100 <= rows[i].before; len += 100) {
			memset(text + len, 'b', 99);
			text[len + 99] = '\n';
		}
		memset(text + len, 'x', rows[i].size);
		len += rows[i].size;
		if (rows[i].newline)
			text[len++] = '\n';
		if (rows[i].after) {
			memcpy(text + len, "last\n", 5);
			len += 5;
		}
		put_file("long", text, len);
		drain_path(path_of("long"), &r);
		for (size_t k = 0; k < r.count; k++) {
			lines += r.batch[k].lines;
			dropped += r.batch[k].dropped;
		}
		if (r.rc != 0 || r.read != len || r.count != rows[i].batches ||
		    lines != rows[i].lines || dropped != rows[i].dropped)
			fail_msg("%s: %d, read %llu of %zu, %zu batches, %zu lines, %zu dropped",
			    rows[i].claim, r.rc, (unsigned long long)r.read, len, r.count, lines,
			    dropped);
	}
	free(text);
}

static void
test_peek_and_skip(void **state)
{
	static const char *const names[] = { "plain", "gz", "zst" };
	char *text = malloc(1 << 20);
	unsigned char *packed = malloc(1 << 20);
	size_t len = make_lines(text, 600000, 7, 300);

	(void)state;
	put_file("plain", text, len);
	put_file("gz", packed, gzip_member(text, len, packed, 1 << 20));
	put_file("zst", packed, zstd_frame(text, len, packed, 1 << 20));
	for (size_t i = 0; i < 3; i++) {
		struct input *in = NULL;
		struct span head = { NULL, 0 };
		struct err e = { 0 };
		struct input_batch b = { .bytes = batch_bytes };

		assert_int_equal(input_open(path_of(names[i]), NULL, &in, &e), 0);
		assert_int_equal(input_peek(in, INPUT_HEAD_BYTES, &head, &e), 0);
		assert_int_equal(head.len, INPUT_HEAD_BYTES);
		assert_memory_equal(head.ptr, text, head.len);
		assert_int_equal(input_peek(in, INPUT_BATCH_BYTES, &head, &e), 0);
		assert_int_equal(head.len, len);
		assert_memory_equal(head.ptr, text, len);
		assert_int_equal(input_skip(in, 12345, &e), 0);
		assert_int_equal(input_peek(in, 100, &head, &e), 0);
		assert_memory_equal(head.ptr, text + 12345, 100);
		assert_int_equal(input_read(in, LINE_MAX_BYTES, &b, &e), 0);
		assert_int_equal(b.at, 12345);
		assert_memory_equal(b.bytes, text + 12345, b.len);
		assert_true(b.end);
		assert_int_equal(input_tail(in).len, INPUT_TAIL_BYTES);
		assert_memory_equal(input_tail(in).ptr, text + len - INPUT_TAIL_BYTES, INPUT_TAIL_BYTES);
		assert_int_equal(input_skip(in, 1, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		input_close(in);

		assert_int_equal(input_open(path_of(names[i]), NULL, &in, &e), 0);
		assert_int_equal(input_skip(in, 10, &e), 0);
		assert_int_equal(input_tail(in).len, 10);
		assert_memory_equal(input_tail(in).ptr, text, 10);
		for (size_t at = 10; at < len - 5; at += 99991) {
			size_t to = at + 99991 < len - 5 ? at + 99991 : len - 5;

			assert_int_equal(input_skip(in, to - at, &e), 0);
			assert_int_equal(input_tail(in).len, INPUT_TAIL_BYTES);
			assert_memory_equal(
			    input_tail(in).ptr, text + to - INPUT_TAIL_BYTES, INPUT_TAIL_BYTES);
		}
		assert_int_equal(input_read(in, LINE_MAX_BYTES, &b, &e), 0);
		assert_int_equal(b.len, 5);
		assert_int_equal(b.at, len - 5);
		assert_true(b.end);
		input_close(in);
	}
	free(text);
	free(packed);
}

/* Whatever byte is missing or changed: lines before it, then ERR_INPUT. */
static void
test_unfinished(void **state)
{
	static char text[3 << 20];
	static const struct {
		const char *claim;
		size_t whole, rest;
		bool gz, left;
	} rows[] = {
		{ "a last line without line end is left", 500, 30, false, true },
		{ "it alone is left", 0, 30, false, true },
		{ "it is left if it fits no batch", 0, INPUT_BATCH_BYTES + 70000, false, true },
		{ "so behind other lines", 9000, INPUT_BATCH_BYTES + 70000, false, true },
		{ "a finished line is not left", 500, 0, false, false },
		{ "what is packed is final", 500, 30, true, false },
	};
	unsigned char *packed = malloc(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = rows[i].whole + rows[i].rest, keep;
		struct input_batch b = { .bytes = batch_bytes };
		struct input *in = NULL;
		struct err e = { 0 };
		uint64_t read = 0;

		memset(text, 'x', len);
		for (size_t at = 99; at < rows[i].whole; at += 100)
			text[at] = '\n';
		if (rows[i].gz)
			put_file("plain", packed, gzip_member(text, len, packed, 1 << 20));
		else
			put_file("plain", text, len);
		assert_int_equal(input_open(path_of("plain"), NULL, &in, &e), 0);
		assert_int_equal(input_leave_unfinished(in), !rows[i].gz);
		do {
			assert_int_equal(input_read(in, LINE_MAX_BYTES, &b, &e), 0);
			read += b.read;
			assert_true(!b.unfinished || b.end);
		} while (!b.end);
		if (read != (rows[i].left ? rows[i].whole : len) || b.unfinished != rows[i].left)
			fail_msg("%s: %zu bytes read", rows[i].claim, (size_t)read);
		keep = read < INPUT_TAIL_BYTES ? (size_t)read : INPUT_TAIL_BYTES;
		assert_int_equal(input_tail(in).len, keep);
		assert_memory_equal(input_tail(in).ptr, text + read - keep, keep);
		input_close(in);
	}
	free(packed);
}

struct stopper {
	atomic_bool stop;
	int fd;
};

/* Once what the pipe has was read, and a while behind that. */
static void *
stop_soon(void *arg)
{
	struct stopper *s = arg;
	int left;

	while (ioctl(s->fd, FIONREAD, &left) == 0 && left > 0)
		(void)usleep(1000);
	(void)usleep(30000);
	atomic_store(&s->stop, true);
	return (NULL);
}

/* A silent pipe: what it gave comes, then the stop. */
static void
test_stop(void **state)
{
	static const char *const said[] = { "", "one line\nhalf a", "long enough to look at\ntwo\n" };
	static const size_t lines[] = { 0, 9, 27 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct input_batch b = { .bytes = batch_bytes };
		struct stopper stopper = { .stop = false };
		struct input *in = NULL;
		struct err e = { 0 };
		char path[40];
		pthread_t thread;
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], said[i], strlen(said[i])), strlen(said[i]));
		stopper.fd = ends[0];
		(void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
		assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stopper), 0);
		if (input_open(path, &stopper.stop, &in, &e) == 0) {
			struct span head;

			assert_int_equal(input_peek(in, INPUT_HEAD_BYTES, &head, &e), 0);
			assert_int_equal(head.len, strlen(said[i]));
			assert_int_equal(input_read(in, LINE_MAX_BYTES, &b, &e), 0);
			assert_int_equal(b.len, lines[i]);
			assert_false(b.end);
			assert_int_equal(input_read(in, LINE_MAX_BYTES, &b, &e), -1);
		}
		assert_int_equal(e.code, ERR_INCOMPLETE);
		input_close(in);
		assert_int_equal(pthread_join(thread, NULL), 0);
		(void)close(ends[0]);
		(void)close(ends[1]);
	}
}

static void
test_damage(void **state)
{
	static const char *const names[] = { "gz", "zst" };
	char *text = malloc(1 << 20);
	unsigned char *packed = malloc(1 << 20);
	size_t len = make_lines(text, 200000, 3, 100);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t n = i == 0 ? gzip_member(text, len, packed, 1 << 20)
				  : zstd_frame(text, len, packed, 1 << 20);

		for (size_t cut = 20; cut < n; cut += n / 40 + 1) {
			struct run r;
			uint64_t lines = 0;

			put_file(names[i], packed, cut);
			drain_path(path_of(names[i]), &r);
			assert_int_equal(r.rc, -1);
			assert_int_equal(r.e.code, ERR_INPUT);
			assert_non_null(strstr(r.e.text, "at byte"));
			assert_true(r.read <= len);
			assert_int_equal(r.sum, sum_of(0, text, r.read));
			for (size_t k = 0; k < r.count; k++)
				lines += r.batch[k].lines;
			assert_true(lines > 0 || r.read == 0);
		}
		packed[n - 3] ^= 1; /* in the checksum */
		put_file(names[i], packed, n);
		struct run r;
		drain_path(path_of(names[i]), &r);
		assert_int_equal(r.rc, -1);
		assert_int_equal(r.e.code, ERR_INPUT);
	}
	free(text);
	free(packed);
}

/* A frame says how large a window it needs: 2^27 is the most. */
static void
test_window(void **state)
{
	unsigned char frame[] = "\x28\xb5\x2f\xfd\x00W\x41\x00\x00line 1\nx";
	struct run r;

	(void)state;
	frame[5] = 17 << 3;
	put_file("zst", frame, 17);
	drain_path(path_of("zst"), &r);
	assert_int_equal(r.rc, 0);
	assert_int_equal(r.read, 8);
	frame[5] = 18 << 3;
	put_file("zst", frame, 17);
	drain_path(path_of("zst"), &r);
	assert_int_equal(r.rc, -1);
	assert_int_equal(r.e.code, ERR_INPUT);
	assert_non_null(strstr(r.e.text, "window"));
}

static void
test_refused(void **state)
{
	struct input *in = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(input_open("/nonexistent/file", NULL, &in, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(input_open(dir, NULL, &in, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_null(in);
	input_close(NULL);
}

static void
test_small(void **state)
{
	static const struct {
		const char *claim, *bytes;
		size_t len, batch_len, lines;
	} rows[] = {
		{ "an empty input is no line", "", 0, 0, 0 },
		{ "one line end is one empty line", "\n", 1, 1, 1 },
		{ "one byte is one line", "x", 1, 2, 1 },
		{ "a carriage return stays", "x\r\n", 3, 3, 1 },
		{ "a gzip magic in a short text is text", "\x1f\x8b\x08\0bob\n", 8, 8, 1 },
		{ "NUL bytes are bytes", "a\0b\n\0\n", 6, 6, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run r;

		put_file("small", rows[i].bytes, rows[i].len);
		drain_path(path_of("small"), &r);
		if (r.rc != 0 || r.count != 1 || r.batch[0].len != rows[i].batch_len ||
		    r.batch[0].lines != rows[i].lines || r.read != rows[i].len)
			fail_msg("%s: %zu batches, %zu bytes, %zu lines", rows[i].claim, r.count,
			    r.batch[0].len, r.batch[0].lines);
	}
}

/* Between open and close the allocator is not called (design.md 2, sentence 5). */
static void
test_no_allocation(void **state)
{
	static const char *const names[] = { "plain", "gz", "zst" };
	char *text = malloc(6 << 20);
	unsigned char *packed = malloc(8 << 20);
	size_t len = make_lines(text, 5 << 20, 9, 300);

	(void)state;
	put_file("plain", text, len);
	put_file("gz", packed, gzip_member(text, len, packed, 8 << 20));
	put_file("zst", packed, zstd_frame(text, len, packed, 8 << 20));
	for (size_t i = 0; i < 3; i++) {
		struct input *in = NULL;
		struct err e = { 0 };
		struct input_batch b = { .bytes = batch_bytes };
		struct mallinfo2 before, after;

		assert_int_equal(input_open(path_of(names[i]), NULL, &in, &e), 0);
		before = mallinfo2();
		do
			assert_int_equal(input_read(in, LINE_MAX_BYTES, &b, &e), 0);
		while (!b.end);
		after = mallinfo2();
		assert_int_equal(before.uordblks, after.uordblks);
		assert_int_equal(before.hblkhd, after.hblkhd);
		input_close(in);
	}
	free(text);
	free(packed);
}

static int
setup(void **state)
{
	(void)state;
	return (mkdtemp(dir) == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "plain", "gz", "zst", "fifo", "long", "small" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	return (rmdir(dir));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_overlong),
		cmocka_unit_test(test_peek_and_skip),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_same_batches),
		cmocka_unit_test(test_no_allocation),
	};

	return (cmocka_run_group_tests(tests, setup, teardown));
}
