/* Flushes, sealed and open, and the keys of their ratchet; seal.md 67. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/live/escrow.h"
#include "base/err.h"
#include "base/io.h"
#include "build.h"
#include "crypto/random.h"
#include "record/record.h"
#include "seal/ratchet.h"
#include "store/live.h"
#include "store/store.h"

#define FLUSH 7 /* records */
#define SHOP "streams/shop/"
#define OPEN "streams/shop/open/"
#define SEG "streams/shop/seg/"

static char parent[32];
static struct build sealed; /* segment 1 of three flushes, and 2 open with two */
static struct build two; /* segment 1, of three flushes, and 2 both open */
static struct buf escrow; /* the file */
static unsigned made; /* records so far */

/* ---- stores as the product leaves them ---- */

static void
copy_store(const struct build *from, struct build *to, const char *name)
{
	char command[256];

	(void)snprintf(to->dir, sizeof(to->dir), "%.30s/%.20s", parent, name);
	(void)snprintf(
	    command, sizeof(command), "rm -rf %s && cp -a %s %s", to->dir, from->dir, to->dir);
	assert_int_equal(system(command), 0);
}

static void
flush(struct store_live *l)
{
	uint32_t ends[FLUSH];
	struct stats_counts counts;
	struct store_live_run run = { .ends = ends, .count = FLUSH, .counts = &counts };
	struct record_facts facts;
	struct buf lines = { 0 };

	stats_counts_clear(&counts);
	for (unsigned i = 0; i < FLUSH; i++) {
		size_t start = lines.len;

		build_lines(&lines, made++, 1);
		ends[i] = (uint32_t)lines.len;
		assert_int_equal(
		    record_peek(span_of(lines.data + start, lines.len - start - 1), &facts, NULL),
		    0);
		counts.lines++;
		counts.in.parsed++;
		stats_counts_record(&counts, facts.status, facts.time_us);
	}
	run.lines = lines.data;
	assert_int_equal(store_live_flush(l, &run, NULL), 0);
	buf_free(&lines);
}

/* What `cretula key escrow` writes, from the sector before the first flush. */
static void
make_escrow(const struct store *s)
{
	unsigned char sector[SEAL_SECTOR_BYTES];
	struct seal_ratchet r;
	struct buf genesis = { 0 };
	const char *origin;
	int fd = io_open_dir(store_keys_fd(s), "shop", NULL);

	assert_int_equal(io_slot_read(fd, "ratchet", sector, NULL), 0);
	(void)close(fd);
	assert_int_equal(seal_ratchet_decode(sector, &r, NULL), 0);
	build_read(&sealed, SHOP "chain.jsonl", &genesis);
	origin = strstr(genesis.data, "\"origin\":\"") + strlen("\"origin\":\"");
	buf_str(&escrow, "cretula escrow v1\n");
	buf_add(&escrow, origin, (size_t)(strchr(origin, '"') - origin));
	buf_fmt(&escrow, " %ju ", (uintmax_t)r.g);
	buf_base64(&escrow, r.k, sizeof(r.k));
	buf_char(&escrow, '\n');
	buf_free(&genesis);
}

static void
wait_for_seal(struct store_live *l)
{
	while (store_live_segments(l) == 0) {
		assert_int_equal(store_live_check(l, NULL), 0);
		(void)usleep(1000);
	}
}

static int
begin(void **state)
{
	struct store_live_facts done = { .words = span_str(""),
		.epochs = span_str("{\"ip\":[\"2025-W48\"]}") };
	struct store_live_options how = { .name = "shop",
		.mode = "pipe",
		.names = &build_names,
		.next = { BUILD_POLICY, SPAN("{}") } };
	struct store_live_found found;
	struct store_live *l;
	struct err e;
	bool created;

	(void)snprintf(parent, sizeof(parent), "/tmp/cretula-live-XXXXXX");
	assert_int_equal(crypto_start(NULL), 0);
	assert_non_null(mkdtemp(parent));
	(void)snprintf(sealed.dir, sizeof(sealed.dir), "%s/store", parent);
	assert_int_equal(store_open(sealed.dir, NULL, &how.store, &created, NULL), 0);
	if (store_live_open(&how, &l, &found, &e) == -1)
		fail_msg("%s", e.text);
	make_escrow(how.store);
	flush(l);
	flush(l);
	flush(l);
	copy_store(&sealed, &two, "two");
	assert_int_equal(store_live_cut(l, &done, &how.next, NULL), 0);
	flush(l);
	flush(l);
	wait_for_seal(l);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { OPEN "00000002.data", OPEN "00000002.tags",
			OPEN "00000002.salt" };
		struct buf bytes = { 0 };

		build_read(&sealed, names[i], &bytes);
		build_write(&two, names[i], bytes.data, bytes.len);
		buf_free(&bytes);
	}
	store_live_close(l);
	store_close(how.store);
	return (0);
}

static int
end(void **state)
{
	build_remove(&(struct build){ 0 }, parent);
	buf_free(&escrow);
	return (0);
}

/* ---- tampering ---- */

enum how { NOTHING, EDIT, REMOVE, CUT, DROP, TWICE, WORD, ROOT, ADD, LINK, MAKE };

struct tamper {
	const char *claim;
	struct build *store;
	enum how how;
	const char *file;
	const char
	    *text; /* EDIT: what changes its last byte; ADD, MAKE: what is written; LINK: to what */
	size_t line, word; /* from 0 */
	enum audit_code code; /* AUDIT_CODE_COUNT: good */
};

/* Line number of the file becomes line. */
static void
change_line(const struct build *b, const struct tamper *t, struct buf *line)
{
	struct buf bytes = { 0 }, changed = { 0 };

	build_read(b, t->file, &bytes);
	buf_span(&changed, build_cut(buf_view(&bytes), 0, t->line));
	buf_span(&changed, buf_view(line));
	buf_span(&changed, build_cut(buf_view(&bytes), t->line + 1, 10000));
	build_write(b, t->file, changed.data, changed.len);
	buf_free(&bytes);
	buf_free(&changed);
	buf_free(line);
}

/* A number goes up by one; a root changes its first byte. */
static void
change_word(const struct build *b, const struct tamper *t)
{
	struct buf bytes = { 0 }, line = { 0 };
	struct span rest;

	build_read(b, t->file, &bytes);
	rest = build_cut(buf_view(&bytes), t->line, t->line + 1);
	for (size_t i = 0; i < t->word; i++) {
		size_t len = strcspn(rest.ptr, " \t") + 1;

		buf_add(&line, rest.ptr, len);
		rest = span_from(rest, len);
	}
	if (t->how == ROOT) {
		buf_char(&line, rest.ptr[0] == 'A' ? 'B' : 'A');
		buf_span(&line, span_from(rest, 1));
	} else {
		char *behind;

		buf_u64(&line, strtoull(rest.ptr, &behind, 10) + 1);
		buf_span(&line, span_from(rest, (size_t)(behind - rest.ptr)));
	}
	change_line(b, t, &line);
	buf_free(&bytes);
}

static void
cut_or_add(const struct build *b, const struct tamper *t)
{
	struct buf bytes = { 0 };

	build_read(b, t->file, &bytes);
	if (t->how == CUT)
		build_write(b, t->file, bytes.data, bytes.len - t->line);
	else {
		buf_str(&bytes, t->text);
		build_write(b, t->file, bytes.data, bytes.len);
	}
	buf_free(&bytes);
}

static void
apply(const struct build *b, const struct tamper *t)
{
	struct buf bytes = { 0 }, line = { 0 };
	char path[256];

	switch (t->how) {
	case NOTHING: break;
	case EDIT:
		(void)snprintf(path, sizeof(path), "%s", t->text);
		path[strlen(path) - 1] ^= 1;
		build_edit(b, t->file, t->text, path);
		break;
	case REMOVE: build_remove(b, t->file); break;
	case CUT:
	case ADD: cut_or_add(b, t); break;
	case DROP: change_line(b, t, &line); break;
	case TWICE:
		build_read(b, t->file, &bytes);
		buf_span(&line, build_cut(buf_view(&bytes), t->line, t->line + 1));
		buf_span(&line, build_cut(buf_view(&bytes), t->line, t->line + 1));
		change_line(b, t, &line);
		break;
	case WORD:
	case ROOT: change_word(b, t); break;
	case LINK:
		build_path(b, t->file, path);
		build_remove(b, t->file);
		assert_int_equal(symlink(t->text, path), 0);
		break;
	case MAKE: build_write(b, t->file, t->text, strlen(t->text)); break;
	}
	buf_free(&bytes);
}

static void
verify(const struct build *b, const char *keys, struct audit_result *result)
{
	struct audit_options options = { .jobs = 1, .names = &build_names };
	struct audit_escrow file = { .count = 0 };
	struct err e;
	char path[80];

	if (keys != NULL) {
		(void)snprintf(path, sizeof(path), "%s/escrow", parent);
		build_write(&(struct build){ .dir = "" }, path, keys, strlen(keys));
		if (audit_escrow_read(&file, path, &e) == -1)
			fail_msg("%s", e.text);
		options.escrow = &file;
	}
	build_age(b);
	assert_int_equal(audit_verify(b->dir, &options, result, NULL), 0);
	audit_escrow_free(&file);
}

static unsigned
run(const struct tamper *rows, size_t count, const char *keys)
{
	unsigned bad = 0;

	for (size_t i = 0; i < count; i++) {
		const struct tamper *t = &rows[i];
		bool good = t->code == AUDIT_CODE_COUNT;
		struct audit_result result;
		struct build b = { 0 };

		copy_store(t->store, &b, "tampered");
		apply(&b, t);
		verify(&b, keys, &result);
		if (good ? result.finding_count > 0 :
			   result.finding_count != 1 || result.findings[0].code != t->code) {
			print_error("%s: wanted %s\n", t->claim,
			    good ? "nothing" : audit_code_names[t->code]);
			build_show(&result);
			bad++;
		}
		audit_result_free(&result);
	}
	return (bad);
}

#define COUNT(rows) (sizeof(rows) / sizeof(rows[0]))

/* ---- what is open ---- */

#define DATA2 OPEN "00000002.data"
#define TAGS2 OPEN "00000002.tags"
#define GOOD AUDIT_CODE_COUNT

static const struct tamper opens[] = {
	{ "an open segment", &sealed, NOTHING, "", "", 0, 0, GOOD },
	{ "two of them", &two, NOTHING, "", "", 0, 0, GOOD },
	{ "a committed line changed", &sealed, EDIT, DATA2, "shop", 0, 0, AUDIT_E_OPEN },
	{ "a committed line that is no record", &sealed, EDIT, DATA2, "\"event\"", 0, 0,
	    AUDIT_E_RECORD_SYNTAX },
	{ "a committed line deleted", &sealed, DROP, DATA2, "", 3, 0, AUDIT_E_OPEN },
	{ "data cut", &sealed, CUT, DATA2, "", 1, 0, AUDIT_E_OPEN },
	{ "data removed", &sealed, REMOVE, DATA2, "", 0, 0, AUDIT_E_OPEN },
	{ "tags removed", &sealed, REMOVE, TAGS2, "", 0, 0, AUDIT_E_OPEN },
	{ "salt removed", &sealed, REMOVE, OPEN "00000002.salt", "", 0, 0, AUDIT_E_OPEN },
	{ "salt of another", &sealed, EDIT, OPEN "00000002.salt", "0 0 ", 0, 0, AUDIT_E_OPEN },
	{ "data behind the last flush is not judged", &sealed, ADD, DATA2, "half a li", 0, 0,
	    GOOD },
	{ "half a tag is no flush yet", &sealed, ADD, TAGS2, "6 2 14", 0, 0, GOOD },
	{ "a tag deleted in front", &sealed, DROP, TAGS2, "", 0, 0, AUDIT_E_OPEN },
	{ "a tag deleted at the end is the ratchet's to see", &sealed, DROP, TAGS2, "", 1, 0,
	    GOOD },
	{ "a tag twice", &sealed, TWICE, TAGS2, "", 1, 0, AUDIT_E_OPEN },
	{ "a tag that is none", &sealed, ADD, TAGS2, "x\n", 0, 0, AUDIT_E_OPEN },
	{ "another flush", &sealed, WORD, TAGS2, "", 0, 0, AUDIT_E_OPEN },
	{ "another segment", &sealed, WORD, TAGS2, "", 0, 1, AUDIT_E_OPEN },
	{ "another number of records", &sealed, WORD, TAGS2, "", 1, 2, AUDIT_E_OPEN },
	{ "another time is the ratchet's to see", &sealed, WORD, TAGS2, "", 1, 3, GOOD },
	{ "another root", &sealed, ROOT, TAGS2, "", 0, 4, AUDIT_E_OPEN },
	{ "another size of data", &sealed, WORD, TAGS2, "", 0, 5, AUDIT_E_OPEN },
	{ "data that is a link", &sealed, LINK, DATA2, "/dev/zero", 0, 0, AUDIT_E_FILE_TYPE },
	{ "tags that are a link", &sealed, LINK, TAGS2, "00000002.salt", 0, 0, AUDIT_E_FILE_TYPE },
	{ "open that is a link", &sealed, LINK, SHOP "open", "seg", 0, 0, AUDIT_E_FILE_TYPE },
	{ "an unknown file", &sealed, MAKE, OPEN "core", "x", 0, 0, AUDIT_W_UNKNOWN_FILE },
	{ "an unfinished file", &sealed, MAKE, OPEN ".x.tmp", "x", 0, 0, GOOD },
	{ "what is left of a sealed segment", &sealed, MAKE, OPEN "00000001.salt", "x", 0, 0,
	    GOOD },
	{ "a newborn segment", &sealed, MAKE, OPEN "00000003.salt", "x", 0, 0, GOOD },
	{ "a newborn with data but without tags", &sealed, MAKE, OPEN "00000003.data", "x", 0, 0,
	    AUDIT_E_OPEN },
	{ "a segment too far", &sealed, MAKE, OPEN "00000004.salt", "x", 0, 0, AUDIT_E_OPEN },
	{ "a third segment", &two, MAKE, OPEN "00000003.salt", "x", 0, 0, AUDIT_E_OPEN },
	{ "the older one without a flush", &two, MAKE, OPEN "00000001.tags", "", 0, 0,
	    AUDIT_E_OPEN },
	{ "the older one a flush short", &two, DROP, OPEN "00000001.tags", "", 2, 0, AUDIT_E_OPEN },
	{ "the older one changed", &two, EDIT, OPEN "00000001.data", "shop", 0, 0, AUDIT_E_OPEN },
};

static void
test_open(void **state)
{
	assert_int_equal(run(opens, COUNT(opens), NULL), 0);
	assert_int_equal(run(opens, COUNT(opens), escrow.data), 0);
}

/* Where several findings have one code, which of them is told? */
static void
test_open_says(void **state)
{
	static const struct {
		struct tamper tamper;
		const char *says;
	} rows[] = {
		{ { "data cut", &sealed, CUT, DATA2, "", 1, 0, AUDIT_E_OPEN },
		    "open/00000002.data: shorter than its flushes say" },
		{ { "salt that is none", &sealed, MAKE, OPEN "00000002.salt", "x\n", 0, 0,
		      AUDIT_E_OPEN },
		    "open/00000002.salt: " },
		{ { "the older one without a flush", &two, MAKE, OPEN "00000001.tags", "", 0, 0,
		      AUDIT_E_OPEN },
		    "open/00000001.tags: no flush, and another is behind it" },
	};
	struct audit_result result;
	struct build b = { 0 };
	char said[300];

	for (size_t i = 0; i < COUNT(rows); i++) {
		copy_store(rows[i].tamper.store, &b, "tampered");
		apply(&b, &rows[i].tamper);
		verify(&b, NULL, &result);
		assert_int_equal(result.finding_count, 1);
		assert_int_equal(result.findings[0].code, rows[i].tamper.code);
		(void)snprintf(said, sizeof(said), "%s: %s", result.findings[0].file,
		    result.findings[0].text);
		if (strstr(said, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].tamper.claim, said);
		audit_result_free(&result);
	}
}

static void
test_open_is_reported(void **state)
{
	struct audit_result result;
	struct build b = { 0 };

	verify(&two, NULL, &result);
	assert_int_equal(result.coverage.open_count, 1);
	assert_string_equal(result.coverage.open[0].stream, "shop");
	assert_int_equal(result.coverage.open[0].records, 5 * FLUSH);
	assert_int_equal(result.coverage.open[0].flush, 5);
	audit_result_free(&result);
	copy_store(&sealed, &b, "tampered");
	build_remove(&b, SHOP "open");
	verify(&b, NULL, &result);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.coverage.open_count, 1);
	assert_true(result.coverage.open[0].gone);
	audit_result_free(&result);
}

/* ---- what is sealed ---- */

#define TAGS1 SEG "00000001.tags"

static const struct tamper tags[] = {
	{ "tags", &sealed, NOTHING, "", "", 0, 0, GOOD },
	{ "tags removed", &sealed, REMOVE, TAGS1, "", 0, 0, AUDIT_E_TAGS },
	{ "a tag deleted", &sealed, DROP, TAGS1, "", 1, 0, AUDIT_E_TAGS },
	{ "the first deleted", &sealed, DROP, TAGS1, "", 0, 0, AUDIT_E_TAGS },
	{ "the last deleted", &sealed, DROP, TAGS1, "", 2, 0, AUDIT_E_TAGS },
	{ "a tag twice", &sealed, TWICE, TAGS1, "", 2, 0, AUDIT_E_TAGS },
	{ "the last LF cut", &sealed, CUT, TAGS1, "", 1, 0, AUDIT_E_TAGS },
	{ "something behind", &sealed, ADD, TAGS1, "\n", 0, 0, AUDIT_E_TAGS },
	{ "another flush", &sealed, WORD, TAGS1, "", 0, 0, AUDIT_E_TAGS },
	{ "another segment", &sealed, WORD, TAGS1, "", 0, 1, AUDIT_E_TAGS },
	{ "another number of records", &sealed, WORD, TAGS1, "", 1, 2, AUDIT_E_TAGS },
	{ "another time is the ratchet's to see", &sealed, WORD, TAGS1, "", 1, 3, GOOD },
	{ "another root", &sealed, ROOT, TAGS1, "", 1, 4, AUDIT_E_TAGS },
	{ "another last root", &sealed, ROOT, TAGS1, "", 2, 4, AUDIT_E_TAGS },
	{ "a link", &sealed, LINK, TAGS1, "00000001.idx", 0, 0, AUDIT_E_FILE_TYPE },
};

static void
test_tags(void **state)
{
	assert_int_equal(run(tags, COUNT(tags), NULL), 0);
}

/* ---- the keys ---- */

static void
test_escrow(void **state)
{
	static const struct tamper rows[] = {
		{ "all flushes hold", &sealed, NOTHING, "", "", 0, 0, GOOD },
		{ "another time", &sealed, WORD, TAGS1, "", 1, 3, AUDIT_E_RATCHET_MAC },
		{ "removed tags are told once", &sealed, REMOVE, TAGS1, "", 0, 0, AUDIT_E_TAGS },
	};
	struct audit_result result;

	assert_int_equal(run(rows, COUNT(rows), escrow.data), 0);
	verify(&sealed, escrow.data, &result);
	assert_int_equal(result.coverage.replayed, 3);
	audit_result_free(&result);
}

/* Is there a line of what was not checked that begins so? */
static bool
says(const struct audit_result *result, const char *text)
{
	for (unsigned i = 0; i < AUDIT_NOT_CHECKED; i++)
		if (strncmp(result->coverage.not_checked[i], text, strlen(text)) == 0)
			return (true);
	return (false);
}

static void
test_other_keys(void **state)
{
	struct audit_result result;
	struct buf other = { 0 };

	verify(&sealed, NULL, &result);
	assert_true(says(&result, "ratchet: no escrow key"));
	audit_result_free(&result);

	buf_span(&other, buf_view(&escrow));
	other.data[other.len - 10] = other.data[other.len - 10] == 'A' ? 'B' : 'A';
	verify(&sealed, other.data, &result);
	assert_int_equal(result.finding_count, 1);
	assert_int_equal(result.findings[0].code, AUDIT_E_RATCHET_MAC);
	assert_int_equal(result.findings[0].entry, 1);
	audit_result_free(&result);

	verify(&sealed, "cretula escrow v1\n", &result);
	assert_int_equal(result.finding_count, 0);
	assert_true(says(&result, "ratchet: 1 that the escrow file has no key of"));
	audit_result_free(&result);

	buf_clear(&other);
	buf_span(&other, buf_view(&escrow));
	other.data[strlen("cretula escrow v1\ncretula/")] ^= 1;
	verify(&sealed, other.data, &result);
	assert_int_equal(result.finding_count, 0);
	assert_true(says(&result, "ratchet: 1 keys of the escrow file are of none that is here"));
	audit_result_free(&result);
	buf_free(&other);
}

#define HEAD "cretula escrow v1\n"
#define K "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct {
	const char *claim, *text;
	bool good;
} files[] = {
	{ "none", HEAD, true },
	{ "one", HEAD "a 1 " K "\n", true },
	{ "sorted", HEAD "a 2 " K "\na 10 " K "\naa 1 " K "\nb 1 " K "\n", true },
	{ "not sorted by flush", HEAD "a 10 " K "\na 2 " K "\n", false },
	{ "not sorted by origin", HEAD "b 1 " K "\na 1 " K "\n", false },
	{ "another head", "cretula escrow v2\n", false },
	{ "nothing", "", false },
	{ "no LF", HEAD "a 1 " K, false },
	{ "an empty line", HEAD "\n", false },
	{ "no origin", HEAD " 1 " K "\n", false },
	{ "no flush", HEAD "a  " K "\n", false },
	{ "a zero in front", HEAD "a 01 " K "\n", false },
	{ "a short key", HEAD "a 1 AAAA\n", false },
	{ "something behind", HEAD "a 1 " K " \n", false },
};

static void
test_escrow_files(void **state)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "%s/escrow", parent);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct audit_escrow file;
		struct err e = { ERR_NONE, "" };
		int rc;

		build_write(
		    &(struct build){ .dir = "" }, path, files[i].text, strlen(files[i].text));
		rc = audit_escrow_read(&file, path, &e);
		if ((rc == 0) != files[i].good || (rc == -1 && e.code != ERR_CONFIG))
			fail_msg("%s: %d: %s", files[i].claim, rc, e.text);
		if (rc == 0)
			audit_escrow_free(&file);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_is_reported),
		cmocka_unit_test(test_open_says),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_escrow),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_escrow_files),
	};

	return (cmocka_run_group_tests(tests, begin, end));
}
