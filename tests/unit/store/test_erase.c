/*
 * Records erased and replaced: what is left of them, what is refused, and a
 * crash or an error at every durable step: old or new state, and behind the
 * next open nothing of what was to go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <errno.h>

#include <cmocka.h>

#include "checker.h"
#include "crypto/random.h"
#include "erased.h"
#include "record/record.h"
#include "store/erase/inside.h"
#include "store/inside.h"
#include "work.h"

#define LINES 40 /* of a batch; two batches are a segment */

static struct erased seen;
static char seed[64]; /* of segment 1, as its .salt had it: base64 */

static int
open_all(struct store **s, struct store_stream **st, struct err *e)
{
	bool created;

	*s = NULL;
	*st = NULL;
	if (store_open(work_store, NULL, s, &created, e) == -1)
		return (-1);
	return (store_stream_open(*s, "shop", POLICY, &test_names, st, e));
}

#define NEW_LINE "{\"time\":\"2026-11-25T03:00:00.000Z\",\"path\":\"[credential]\",\"bytes\":5}"
#define NEWER_LINE "{\"time\":\"2026-11-25T03:00:00.000Z\",\"bytes\":5}"

/* Acts on segment 1, one behind the other. */
static const struct act {
	struct store_erase_item items[4];
	size_t count;
} acts[] = {
	{ { { 3, { NULL, 0 } }, { 79, { NULL, 0 } } }, 2 },
	{ { { 5, SPAN(NEW_LINE) }, { 7, SPAN(NEW_LINE) } }, 2 },
	{ { { 0, { NULL, 0 } }, { 5, SPAN(NEWER_LINE) }, { 7, { NULL, 0 } } }, 3 },
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

static int
order(struct store_stream *st, const struct store_erase_order *what, struct err *e)
{
	struct store_eraser *x;
	uint64_t entry;
	int rc;

	if (store_eraser_open(st, &x, e) == -1)
		return (-1);
	rc = store_erase(x, what, &entry, e);
	if (rc == 0)
		assert_int_equal(seal_history_segment(x->history, what->seg)->revision,
		    seen.revision + 1);
	store_eraser_close(x);
	return (rc);
}

static int
erase_in(struct store_stream *st, const struct act *a, struct err *e)
{
	const struct store_erase_order what = { .seg = 1, .items = a->items, .count = a->count,
		.reason = SPAN("asked \"for\" it\n"), .ref = SPAN("T-1"), .by = SPAN("me") };

	return (order(st, &what, e));
}

static uint64_t steps; /* of the last act */

/* Faults count from the erasure on. */
static int
act(size_t number, uint64_t nth, int errnum, bool sticky, struct err *e)
{
	struct store_stream *st;
	struct store *s;
	int rc = -1;

	if (open_all(&s, &st, e) == 0) {
		io_fault_set(nth, errnum, sticky);
		steps = io_fault_steps();
		rc = erase_in(st, &acts[number], e);
		steps = io_fault_steps() - steps;
	}
	io_fault_set(0, 0, false);
	store_stream_close(st);
	store_close(s);
	return (rc);
}

static int
open_seg(const char *name, int flags, off_t *size)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/streams/shop/seg/%s", work_store, name);
	fd = open(path, flags);
	assert_true(fd != -1 && fstat(fd, &st) == 0);
	*size = st.st_size;
	return (fd);
}

static void
remember_seed(void)
{
	off_t size;
	int fd = open_seg("00000001.salt", O_RDONLY, &size);

	assert_int_equal(pread(fd, seed, 24, 4), 24);
	(void)close(fd);
}

static void
prepare(size_t number)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	work_begin();
	if (open_all(&s, &st, &e) == -1 || seal_segment(st, LINES, 2, true, &e) == -1 ||
	    seal_segment(st, LINES, 2, true, &e) == -1)
		fail_msg("%s", e.text);
	store_stream_close(st);
	store_close(s);
	remember_seed();
	for (size_t i = 0; i < number; i++) {
		seen.revision = i;
		if (act(i, 0, 0, false, &e) == -1)
			fail_msg("act %zu: %s", i, e.text);
	}
	seen.revision = number;
}

/* ---- what must be there ---- */

/* State of a record after the first count acts, from the table alone. */
static enum seal_line
wanted(size_t count, uint32_t record, struct span *line)
{
	enum seal_line kind = SEAL_LINE_RECORD;

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < acts[i].count; j++)
			if (acts[i].items[j].record == record) {
				*line = acts[i].items[j].line;
				kind = line->ptr == NULL ? SEAL_LINE_ERASED : SEAL_LINE_REPLACED;
			}
	return (kind);
}

static void
assert_lines(size_t done)
{
	struct span rest = buf_view(&seen.lines);

	for (uint32_t i = 0; i < 2 * LINES; i++) {
		size_t len = span_find(rest, '\n');
		struct span line = span_of(rest.ptr, len), want = { NULL, 0 }, inner = { NULL, 0 };
		enum seal_line kind = wanted(done, i, &want);
		char original[32];

		assert_int_equal(seal_line_read(line, NULL, &inner), kind);
		(void)snprintf(original, sizeof(original), "\"bytes\":%u}", i);
		if (kind == SEAL_LINE_RECORD)
			assert_non_null(memmem(line.ptr, line.len, original, strlen(original)));
		if (kind == SEAL_LINE_REPLACED)
			assert_true(span_equal(inner, want));
		rest = span_from(rest, len + 1);
	}
	assert_int_equal(rest.len, 0);
}

/* Nowhere below the work directory is the seed, nor a line of the first 80 in clear. */
static int
no_seed(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct buf bytes = { 0 };
	unsigned char raw[16];
	bool left;
	size_t len;

	(void)st;
	(void)ftw;
	if (type != FTW_F || io_read_file(AT_FDCWD, path, 1u << 24, &bytes, NULL) == -1)
		return (0);
	assert_int_equal(text_unbase64(span_str(seed), raw, sizeof(raw), &len), 0);
	left = memmem(bytes.data, bytes.len, seed, 24) != NULL ||
	    memmem(bytes.data, bytes.len, raw, sizeof(raw)) != NULL;
	if (left)
		print_error("%s has the seed\n", path);
	buf_free(&bytes);
	return (left);
}

/* Open, which repairs; then all must be of one revision.  Returns which. */
static uint64_t
assert_repaired(const char *claim, uint64_t step)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	if (open_all(&s, &st, &e) == -1)
		fail_msg("%s, step %ju: %s", claim, (uintmax_t)step, e.text);
	store_stream_close(st);
	store_close(s);
	for (uint64_t seg = 1; seg <= 2; seg++) {
		if (check_erased(&seen, work_store, "shop", seg) == -1)
			fail_msg("%s, step %ju: segment %ju: %s", claim, (uintmax_t)step,
			    (uintmax_t)seg, seen.wrong);
		if (seg == 2)
			assert_int_equal(seen.revision, 0);
	}
	assert_int_equal(check_erased(&seen, work_store, "shop", 1), 0);
	assert_lines((size_t)seen.revision);
	if (seen.revision > 0)
		assert_int_equal(nftw(work_dir, no_seed, 16, FTW_PHYS), 0);
	return (seen.revision);
}

static void
test_each_act(void **state)
{
	for (size_t number = 0; number <= ACTS; number++) {
		prepare(number);
		assert_int_equal(assert_repaired("act", number), number);
	}
}

static int
act_once(size_t number, uint64_t nth)
{
	struct err e = { 0 };

	return (act(number, nth, 0, false, &e));
}

/* The n-th step of the act crashes, in a child; says whether it got that far. */
static bool
crash(size_t number, uint64_t nth)
{
	int status = work_child(act_once, number, nth);

	assert_true(status == CRASH_EXIT || status == 0);
	return (status == CRASH_EXIT);
}

static int
open_once(size_t number, uint64_t nth)
{
	struct store_stream *st;
	struct store *s;

	io_fault_set(nth, 0, false);
	return (open_all(&s, &st, NULL));
}

/* The n-th step of an open crashes: one that repairs. */
static bool
crash_open(uint64_t nth)
{
	return (work_child(open_once, 0, nth) == CRASH_EXIT);
}

static void
test_crash_after_every_step(void **state)
{
	uint64_t crashes = 0;

	for (size_t number = 0; number < ACTS; number++) {
		for (uint64_t nth = 1;; nth += EACH) {
			struct err e = { 0 };
			uint64_t found;

			prepare(number);
			if (!crash(number, nth))
				break;
			found = assert_repaired("crash", nth);
			assert_in_range(found, number, number + 1);
			/* and the work goes on */
			seen.revision = found;
			if (found < ACTS && act(found, 0, 0, false, &e) == -1)
				fail_msg("act %zu, step %ju: then %s", number, (uintmax_t)nth, e.text);
			assert_int_equal(assert_repaired("after", nth), found < ACTS ? found + 1 : found);
			crashes++;
		}
		assert_int_equal(assert_repaired("no crash", 0), number + 1);
	}
	print_message("# crashed after %ju steps\n", (uintmax_t)crashes);
	assert_true(crashes * EACH > 80);
}

/* A crash while a crash is repaired. */
static void
test_crashes_in_repair(void **state)
{
	for (uint64_t nth = 20;; nth += EACH) {
		prepare(1);
		if (!crash(1, nth))
			break;
		for (uint64_t again = 1; again < 40 && crash_open(again); again += 1 + nth % 3)
			;
		assert_in_range(assert_repaired("crashes", nth), 1, 2);
	}
}

static void
fail_everywhere(int errnum, bool sticky)
{
	for (size_t number = 0; number < ACTS; number++) {
		for (uint64_t nth = 1;; nth += EACH) {
			struct err e = { 0 };
			uint64_t found;
			int rc;

			prepare(number);
			rc = act(number, nth, errnum, sticky, &e);
			if (steps < nth) {
				assert_int_equal(rc, 0);
				break;
			}
			if (rc == -1) {
				assert_int_equal(e.code, ERR_IO);
				assert_non_null(strstr(e.text, "stream shop: segment 1: "));
				assert_null(strchr(e.text, '\n'));
			}
			found = assert_repaired("fault", nth);
			if (rc == 0)
				assert_int_equal(found, number + 1);
			else
				assert_in_range(found, number, number + 1);
		}
	}
}

static void
test_disk_full(void **state)
{
	fail_everywhere(ENOSPC, false);
	fail_everywhere(ENOSPC, true);
}

static void
test_bad_disk(void **state)
{
	fail_everywhere(EIO, false);
}

/* ---- refusals ---- */

static void
assert_refused(struct store_stream *st, const struct store_erase_order *what, enum err_code code,
    const char *text)
{
	struct err e = { 0 };
	uint64_t entries = store_writer_count(st->writer);

	if (order(st, what, &e) != -1 || e.code != code || strstr(e.text, text) == NULL)
		fail_msg("%s: code %d, %s", text, e.code, e.text);
	assert_int_equal(store_writer_count(st->writer), entries);
}

/* A record of nearly the greatest length. */
static size_t
long_record(char line[static RECORD_BYTES_MAX])
{
	static struct record_encoder encoder;
	static struct record record;
	static char text[RECORD_TEXT_MAX];

	memset(text, 'a', sizeof(text));
	record_clear(&record);
	record.time_us = INT64_C(1795575600000000);
	for (int i = 0; i < 8; i++) {
		static const enum record_field fields[] = { RECORD_FIELD_CLIENT, RECORD_FIELD_USER,
			RECORD_FIELD_SESSION, RECORD_FIELD_ACTION, RECORD_FIELD_OBJECT,
			RECORD_FIELD_HOST, RECORD_FIELD_PATH, RECORD_FIELD_QUERY };

		record_set_text(&record, fields[i], span_of(text, i < 7 ? sizeof(text) : 1900));
	}
	return (record_encode(&encoder, &record, line) - 1); /* not too long to be a record */
}

static void
append(struct store_stream *st, const struct seal_entry *entry)
{
	struct seal_entry *copy = malloc(sizeof(*copy));
	struct err e = { 0 };

	*copy = *entry;
	if (store_stream_append(st, copy, &e) == -1)
		fail_msg("%s", e.text);
	free(copy);
}

static void
test_refusals(void **state)
{
	static char long_text[1100], long_line[RECORD_BYTES_MAX];
	static struct store_erase_item one = { 1, { NULL, 0 } };
	struct store_erase_order what = { .seg = 1, .items = &one, .count = 1, .reason = SPAN("r") };
	static struct seal_entry entry;
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	prepare(ACTS);
	assert_int_equal(open_all(&s, &st, &e), 0);
	what.seg = 3;
	assert_refused(st, &what, ERR_INPUT, "segment 3: there is none");
	what.seg = 1;
	one.record = 2 * LINES;
	assert_refused(st, &what, ERR_INPUT, "record 80: there is none");
	one.record = 79;
	assert_refused(st, &what, ERR_INPUT, "record 79: erased already");
	one.line = span_str(NEW_LINE);
	assert_refused(st, &what, ERR_INPUT, "record 79: erased already");
	one.record = 10;
	one.line = span_str("{\"~erased\":\"x\"}");
	assert_refused(st, &what, ERR_CONFIG, "record 10: the new line");
	one.line = span_str("{\"time\":\"2026-11-25T03:01:00.000Z\",\"bytes\":5}");
	assert_refused(st, &what, ERR_CONFIG, "of another time");
	one.line = span_str("{\"time\":\"2026-11-25T02:59:59.999Z\",\"bytes\":5}");
	assert_refused(st, &what, ERR_CONFIG, "of another time");
	one.line = span_of(long_line, long_record(long_line));
	assert_refused(st, &what, ERR_CONFIG, "too long");
	one.line = span_of(NULL, 0);
	what.reason = span_str("");
	assert_refused(st, &what, ERR_USAGE, "a reason is needed");
	what.reason = span_str("r");
	what.ref = span_str("a\"b");
	assert_refused(st, &what, ERR_USAGE, "printable ASCII");
	memset(long_text, 'a', sizeof(long_text));
	what.ref = span_of(NULL, 0);
	what.by = span_of(long_text, 1025);
	assert_refused(st, &what, ERR_USAGE, "printable ASCII");
	what.by = span_of(NULL, 0);
	what.reason = span_of(long_text, sizeof(long_text));
	memset(long_text, 1, sizeof(long_text)); /* six bytes each once it is escaped */
	assert_refused(st, &what, ERR_USAGE, "the reason is longer");
	what.reason = span_str("r");
	entry = (struct seal_entry){ .type = SEAL_HOLD };
	entry.of.hold = (struct seal_hold){ .hold = SPAN("case-7"), .segs = SPAN("[]"),
		.has_onward = true, .onward = 2, .reason = SPAN("r") };
	append(st, &entry);
	what.seg = 2;
	assert_refused(st, &what, ERR_CONFIG, "hold case-7 is on it");
	entry = (struct seal_entry){ .type = SEAL_RELEASE };
	entry.of.release = (struct seal_release){ .hold = SPAN("case-7"), .reason = SPAN("r") };
	append(st, &entry);
	entry = (struct seal_entry){ .type = SEAL_PRUNE };
	entry.of.prune = (struct seal_prune){ .segs = SPAN("[[2,2]]"), .rule = SPAN("r") };
	append(st, &entry);
	assert_refused(st, &what, ERR_INPUT, "pruned");
	store_stream_close(st);
	store_close(s);
	assert_int_equal(check_erased(&seen, work_store, "shop", 1), 0);
	assert_lines(ACTS);
}

/* One bit is wrong: the erasure is refused, or the lines that were read are the sealed ones. */
static bool
refuses_damage(const char *file, off_t at)
{
	static const struct act again = { { { 11, { NULL, 0 } } }, 1 };
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	unsigned char byte;
	off_t size;
	int fd = open_seg(file, O_RDWR, &size), rc;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	assert_int_equal(open_all(&s, &st, &e), 0);
	rc = erase_in(st, &again, &e);
	store_stream_close(st);
	store_close(s);
	if (rc == -1) {
		assert_int_equal(e.code, ERR_FINDING);
		byte ^= 4;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	(void)close(fd);
	return (rc == -1);
}

/* What is not the sealed segment is not signed again. */
static void
test_damage_is_not_laundered(void **state)
{
	static const char *const files[] = { "00000001.r3.jsonl.zst", "00000001.r3.salt" };

	for (size_t i = 0; i < 2; i++) {
		unsigned refused = 0;

		prepare(ACTS);
		for (off_t at = 0; at < 300; at += 7) { /* salts behind that are of no record */
			seen.revision = ACTS;
			if (refuses_damage(files[i], at)) {
				refused++;
				continue;
			}
			if (check_erased(&seen, work_store, "shop", 1) == -1)
				fail_msg("%s, byte %jd: %s", files[i], (intmax_t)at, seen.wrong);
			prepare(ACTS);
		}
		assert_true(refused > 35);
		assert_int_equal(assert_repaired("damage", i), ACTS);
	}
}

/* A record replaced again and again, and at last erased. */
static void
test_many_revisions(void **state)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	struct act a = { { { 9, SPAN(NEW_LINE) } }, 1 };

	prepare(0);
	assert_int_equal(open_all(&s, &st, &e), 0);
	for (seen.revision = 0; seen.revision < 12; seen.revision++)
		if (erase_in(st, &a, &e) == -1)
			fail_msg("revision %ju: %s", (uintmax_t)seen.revision, e.text);
	a.items[0].line = span_of(NULL, 0);
	assert_int_equal(erase_in(st, &a, &e), 0);
	store_stream_close(st);
	store_close(s);
	if (check_erased(&seen, work_store, "shop", 1) == -1)
		fail_msg("%s", seen.wrong);
	assert_int_equal(seen.revision, 13);
}

static void
make_seg(const char *name)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/streams/shop/seg/%s", work_store, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	assert_true(fd != -1 && write(fd, "x", 1) == 1);
	(void)close(fd);
}

static bool
has_seg(const char *name)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/streams/shop/seg/%s", work_store, name);
	return (access(path, F_OK) == 0);
}

static void
reopen(void)
{
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };

	if (open_all(&s, &st, &e) == -1)
		fail_msg("%s", e.text);
	store_stream_close(st);
	store_close(s);
}

/* Of all names in seg/ only those of revisions that are not in force go at a start. */
static void
test_what_a_start_removes(void **state)
{
	static const struct {
		const char *name;
		bool goes;
	} rows[] = {
		{ "00000001.salt", true }, { "00000001.jsonl.zst", true },
		{ "00000001.r2.salt", true }, { "00000001.r2.jsonl.zst", true },
		{ "00000001.r4.salt", true }, { "00000001.r99.jsonl.zst", true },
		{ "00000002.r1.jsonl.zst", true }, { "00000003.r1.salt", true },
		{ "00000003.r1.jsonl.zst", true }, { "00000001.r4.jsonl.zst.tmp", true },
		{ "00000001.r3.salt", false }, { "00000001.r3.jsonl.zst", false },
		{ "00000001.idx", false }, { "00000002.salt", false },
		{ "00000001.r04.salt", false }, { "00000001.r.salt", false },
		{ "00000001.r0.salt", false }, { "00000001.r4.idx", false },
		{ "1.r4.salt", false }, { "00000001.r4x.salt", false }, { "r4.salt", false },
		{ "00000001.r99999999999999999999.salt", false },
	};

	prepare(ACTS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!has_seg(rows[i].name))
			make_seg(rows[i].name);
	reopen();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (has_seg(rows[i].name) == rows[i].goes)
			fail_msg("%s %s", rows[i].name, rows[i].goes ? "stays" : "went");
}

/* Somebody put no file in the place of an older one: what is empty goes, and none of it is in the way. */
static void
test_what_is_no_file_keeps_no_other_from_going(void **state)
{
	char path[PATH_MAX];

	prepare(ACTS);
	(void)snprintf(path, sizeof(path), "%s/streams/shop/seg/00000001.salt", work_store);
	assert_int_equal(mkdir(path, 0750), 0);
	make_seg("00000001.salt/x");
	(void)snprintf(path, sizeof(path), "%s/streams/shop/seg/00000001.r1.salt", work_store);
	assert_int_equal(mkdir(path, 0750), 0);
	(void)snprintf(path, sizeof(path), "%s/streams/shop/seg/00000001.r2.salt", work_store);
	assert_int_equal(symlink("/nowhere", path), 0);
	make_seg("00000001.r1.jsonl.zst");
	reopen();
	assert_true(has_seg("00000001.salt/x"));
	assert_false(has_seg("00000001.r1.salt") || has_seg("00000001.r1.jsonl.zst"));
	assert_int_equal(unlink(path), -1);
}

/* An entry that cannot be read any more, in a chain that is open: what it says is in force stays. */
static void
test_nothing_goes_by_a_chain_that_cannot_be_read(void **state)
{
	char path[PATH_MAX], line[16384];
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	FILE *chain;
	long at = 0;

	prepare(ACTS);
	assert_int_equal(open_all(&s, &st, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/streams/shop/chain.jsonl", work_store);
	chain = fopen(path, "r+");
	assert_non_null(chain);
	for (long from = 0; fgets(line, sizeof(line), chain) != NULL; from = ftell(chain))
		if (strstr(line, "\"type\":\"redact\"") != NULL)
			at = from;
	assert_true(at > 0 && fseek(chain, at + 2, SEEK_SET) == 0 && fputc('w', chain) == 'w');
	assert_int_equal(fclose(chain), 0);
	store_window_clear(store_writer_chain(st->writer)->window);
	assert_int_equal(store_erase_repair(st, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	assert_true(has_seg("00000001.r3.salt") && has_seg("00000001.r3.jsonl.zst"));
	store_stream_close(st);
	store_close(s);
}

/* One name that cannot go: the others do, and it is said. */
static void
test_one_that_stays_keeps_no_other(void **state)
{
	static const char *const names[] = { "00000001.salt", "00000001.r1.salt",
		"00000001.jsonl.zst", "00000001.r2.jsonl.zst" };
	bool one = false;

	prepare(ACTS);
	for (uint64_t nth = 1, took = nth; took + 1 >= nth; nth++) {
		struct store_stream *st;
		struct err e = { 0 };
		struct store *s;
		size_t left = 0;
		int rc;

		for (size_t i = 0; i < 4; i++)
			make_seg(names[i]);
		io_fault_set(nth, EIO, false);
		took = io_fault_steps();
		rc = open_all(&s, &st, &e);
		took = io_fault_steps() - took;
		io_fault_set(0, 0, false);
		store_stream_close(st);
		store_close(s);
		for (size_t i = 0; i < 4; i++)
			left += has_seg(names[i]);
		if (left == 2 || left == 3)
			fail_msg("step %ju: %zu stay", (uintmax_t)nth, left);
		assert_true(rc == -1 || left == 0);
		one = one || left == 1;
	}
	assert_true(one);
}

/* If the newest revision is not there, what is left of the segment is not thrown away. */
static void
test_nothing_is_overwritten_for_what_is_not_there(void **state)
{
	static const char *const files[] = { "00000001.r3.jsonl.zst", "00000001.r3.salt" };

	for (size_t i = 0; i < 2; i++) {
		char path[PATH_MAX];

		prepare(ACTS);
		make_seg("00000001.salt");
		make_seg("00000001.r2.jsonl.zst");
		(void)snprintf(path, sizeof(path), "%s/streams/shop/seg/%s", work_store, files[i]);
		assert_int_equal(unlink(path), 0);
		reopen();
		assert_true(has_seg("00000001.salt") && has_seg("00000001.r2.jsonl.zst"));
	}
}

/*
 * As often as salts are set apart for, and not once more; then erased, they are
 * all gone.  Two thousand times: not under a sanitizer, where they take minutes.
 */
#if EACH == 1
static void
test_replaced_as_often_as_can_be(void **state)
{
	static const struct store_erase_item last = { 1, { NULL, 0 } };
	struct store_erase_item item = { 1, SPAN(NEW_LINE) };
	struct store_erase_order what = { .seg = 1, .items = &item, .count = 1, .reason = SPAN("r") };
	struct store_eraser *x;
	struct store_stream *st;
	struct store *s;
	struct err e = { 0 };
	uint64_t entry;

	work_begin();
	assert_int_equal(open_all(&s, &st, &e), 0);
	assert_int_equal(seal_segment(st, 2, 1, true, &e), 0);
	assert_int_equal(store_eraser_open(st, &x, &e), 0);
	for (unsigned i = 0; i < SEAL_REPLACED_MAX; i++)
		if (store_erase(x, &what, &entry, &e) == -1)
			fail_msg("replacement %u: %s", i, e.text);
	assert_int_equal(store_erase(x, &what, &entry, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.text, "record 1: replaced 2047 times already"));
	what.items = &last;
	assert_int_equal(store_erase(x, &what, &entry, &e), 0);
	store_eraser_close(x);
	store_stream_close(st);
	store_close(s);
}
#endif

static int
end(void **state)
{
	work_end();
	buf_free(&seen.lines);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_act),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_many_revisions),
		cmocka_unit_test(test_what_a_start_removes),
		cmocka_unit_test(test_what_is_no_file_keeps_no_other_from_going),
		cmocka_unit_test(test_one_that_stays_keeps_no_other),
		cmocka_unit_test(test_nothing_goes_by_a_chain_that_cannot_be_read),
		cmocka_unit_test(test_nothing_is_overwritten_for_what_is_not_there),
#if EACH == 1
		cmocka_unit_test(test_replaced_as_often_as_can_be),
#endif
		cmocka_unit_test(test_damage_is_not_laundered),
		cmocka_unit_test(test_crash_after_every_step),
		cmocka_unit_test(test_crashes_in_repair),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_bad_disk),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, end));
}
