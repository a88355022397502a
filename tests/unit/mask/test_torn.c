/*
 * mask: real lines that are cut anywhere.  Nothing crashes, every cut is
 * counted once, and no address, mailbox or id is in a record that the whole
 * line does not show, too.  Three lines of a file, with CRETULA_LONG all.
 */
#include <ftw.h>

#include "parse/detect.h"
#include "unit/mask/bed.h"
#include "unit/parse/shared.h"

#define CUTS ((size_t)400) /* of a batch */
#define CUTS_BYTES ((size_t)1500000)
#define LINES_SHORT 3
#define WORD_LEAST 7

static char scratch[PARSE_SCRATCH_BYTES], text[CUTS_BYTES + PARSE_LINE_MAX + 1];
static unsigned files, lines_done, bad;
static uint64_t cuts_done;

static bool
is_word(char c)
{
	return ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    c == '.' || c == '@' || c == ':');
}

/* An address, a mailbox, an id of letters and digits. */
static bool
is_telling(struct span word)
{
	unsigned dots = 0, colons = 0, digits = 0, letters = 0;
	bool at = false;

	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];

		dots += c == '.';
		colons += c == ':';
		at = at || c == '@';
		digits += c >= '0' && c <= '9';
		letters += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	}
	return (at || (dots == 3 && letters == 0) || (colons >= 3 && digits > 0) ||
	    (word.len >= 12 && dots + colons == 0 && digits >= 3 && letters >= 3));
}

static bool
has(struct span all, struct span word)
{
	return (memmem(all.ptr, all.len, word.ptr, word.len) != NULL);
}

/* What stands in the records of cuts, and neither in that of the whole line. */
static void
look_for(const char *path, struct span line, struct span whole, struct span cuts)
{
	for (size_t at = 0, len; at < line.len; at += len + 1) {
		struct span word;

		for (len = 0; at + len < line.len && is_word(line.ptr[at + len]);)
			len++;
		word = span_of(line.ptr + at, len);
		if (len < WORD_LEAST || !is_telling(word) || has(whole, word) || !has(cuts, word))
			continue;
		print_error("%s: %.*s is in a record of: %.*s\n", path, (int)word.len, word.ptr,
		    (int)(line.len < 300 ? line.len : 300), line.ptr);
		bad++;
	}
}

static struct span
run(struct bed *bed, size_t len)
{
	const char *out = bed_run(bed, span_of(text, len), 0);
	struct span rest = span_of(out, bed->batch.records_len);
	struct err e = { 0 };
	struct record r;
	size_t count = 0;

	assert_true(stats_counts_balanced(&bed->batch.counts));
	for (; rest.len > 0; count++) {
		struct span one = span_of(rest.ptr, span_find(rest, '\n'));

		if (record_decode(&bed->decoder, one, &r, &e) != 0)
			fail_msg("%s: %.*s", e.text, (int)one.len, one.ptr);
		rest = span_from(rest, one.len + 1);
	}
	assert_int_equal(count, stats_counts_records(&bed->batch.counts));
	return (span_of(out, bed->batch.records_len));
}

static void
cut_line(struct bed *bed, const char *path, struct span line)
{
	static char whole[4 * RECORD_BYTES_MAX];
	struct span kept;
	size_t step = line.len / 4000 + 1, used = 0, count = 0;

	memcpy(text, line.ptr, line.len);
	text[line.len] = '\n';
	kept = run(bed, line.len + 1);
	assert_true(kept.len < sizeof(whole));
	memcpy(whole, kept.ptr, kept.len);
	kept.ptr = whole;
	lines_done++;
	if (line.ptr[0] == '#')
		return; /* it says how to read others */
	for (size_t len = 1; len < line.len; len += step) {
		memcpy(text + used, line.ptr, len);
		used += len;
		text[used++] = '\n';
		cuts_done++;
		if (++count < CUTS && used < CUTS_BYTES && len + step < line.len)
			continue;
		look_for(path, line, kept, run(bed, used));
		used = count = 0;
	}
}

static void
cut_file(const char *path, struct span bytes)
{
	struct parse_evidence found;
	unsigned step = 1, number = 0, lines = 0;
	struct bed bed;
	struct span rest = bytes, line;

	parse_detect(bytes, scratch, &found);
	if (found.format == NULL)
		return;
	while (shared_line(&rest, &line))
		lines++;
	if (getenv("CRETULA_LONG") == NULL)
		step = lines / LINES_SHORT + 1;
	bed_open_as(&bed, NULL, found.format->name, MASK_EPOCH_EVENT);
	memcpy(bed.mask->parser.envelope, found.envelope, sizeof(found.envelope));
	bed.mask->parse.pieces = NULL; /* each cut is a line of its own */
	files++;
	for (; shared_line(&bytes, &line); number++)
		if (line.len > 0 && line.len < PARSE_LINE_MAX &&
		    (number % step == 0 || line.ptr[0] == '#'))
			cut_line(&bed, path, line);
	bed_close(&bed);
}

static int
one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	static char bytes[SHARED_FILE_MAX];
	FILE *f;
	size_t len;

	if (type != FTW_F || strstr(path, "expected") != NULL || strstr(path, ".py") != NULL ||
	    st->st_size == 0 || (size_t)st->st_size >= sizeof(bytes))
		return (0);
	if ((f = fopen(path, "rb")) == NULL)
		return (0);
	len = fread(bytes, 1, sizeof(bytes), f);
	(void)fclose(f);
	cut_file(path, span_of(bytes, len));
	return (0);
}

static void
what_leaks_is_seen(void **state)
{
	static const char *const leaks[] = { "192.0.2.77", "eve@example.com", "2001:db8::7",
		"0a1b2c3d4e5f" };

	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) {
		look_for("planted", span_str(leaks[i]), span_str(""), span_str(leaks[i]));
		assert_int_equal(bad, 1);
		bad = 0;
		look_for("kept", span_str(leaks[i]), span_str(leaks[i]), span_str(leaks[i]));
		look_for("gone", span_str(leaks[i]), span_str(""), span_str(""));
		assert_int_equal(bad, 0);
	}
}

static void
test_corpora(void **state)
{
	const char *shared = getenv("CRETULA_SHARED");
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/corpora", shared == NULL ? "" : shared);
	if (nftw(path, one, 16, FTW_PHYS) == -1) {
		print_message("# SKIP: no %s; set CRETULA_SHARED\n", path);
		skip();
	}
	print_message("# %u files, %u lines, %llu cuts\n", files, lines_done,
	    (unsigned long long)cuts_done);
	assert_true(files > 100);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_leaks_is_seen),
		cmocka_unit_test(test_corpora) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
