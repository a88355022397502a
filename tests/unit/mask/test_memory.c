/* Without memory a mask does not open, and says so; what was opened before does not leak. */
#include <string.h>
#include <sys/mman.h>

#include "unit/mask/bed.h"

#include "mask/words/inside.h"
#include "vectors/wrapped.h"

void *__real_mmap64(void *p, size_t len, int prot, int flags, int fd, off_t at);
void *__wrap_mmap64(void *p, size_t len, int prot, int flags, int fd, off_t at);

static unsigned asked, refused; /* how often so far; which one is refused, 0: none */

static bool
fails(void)
{
	return (++asked == refused);
}

void *
__wrap_mmap64(void *p, size_t len, int prot, int flags, int fd, off_t at)
{
	return (fails() ? MAP_FAILED : __real_mmap64(p, len, prot, flags, fd, at));
}

/* Refuse one, then the next, until none is left to refuse; how many there were. */
static unsigned
refuse_each(int (*open)(struct err *e))
{
	for (unsigned n = 1;; n++) {
		struct err e = { 0 };
		int rc;

		asked = 0;
		refused = n;
		rc = open(&e);
		refused = 0;
		if (asked < n) {
			assert_int_equal(rc, 0);
			return (n - 1);
		}
		if (rc != -1 || e.code == ERR_NONE || e.text[0] == '\0')
			fail_msg("%u refused: %d, '%s'", n, rc, e.text);
		assert_true(n < 1000);
	}
}

static struct bed bed;

/* A policy with all that is compiled. */
static void
make_policy(struct mask_policy *p)
{
	mask_policy_default(p);
	strcpy(p->agents[0], "our-probe");
	p->agent_count = 1;
	strcpy(p->detail[0].when, "status >= 500");
	p->detail[0].keep = DETAIL_FULL;
	p->detail_count = 1;
	p->rules[0] = (struct detect_rule){ .name = "member", .pattern = "MB-[0-9]{6}",
		.test = "MB-123456", .class_id = RECORD_CLASS_TEXT };
	p->rule_count = 1;
}

static int
open_mask(struct err *e)
{
	struct mask_setup setup = { .policy = &bed.policy, .ring = bed.ring, .words = bed.words,
		.parser = { .format = parse_format_find(span_str("combined")) },
		.epochs = MASK_EPOCH_EVENT, .now_us = BED_NOW_US, .line_max = PARSE_LINE_MAX };
	struct mask *m = NULL;
	int rc = mask_open(&setup, &m, e);

	assert_true((m != NULL) == (rc == 0));
	mask_close(m);
	return (rc);
}

static int
open_words(struct err *e)
{
	struct mask_words *w = NULL;
	int rc = mask_words_open(10, &w, e);

	assert_true((w != NULL) == (rc == 0));
	mask_words_close(w);
	return (rc);
}

static int
open_candidates(struct err *e)
{
	struct mask_candidates *c = NULL;
	int rc = mask_candidates_open(&c, e);

	assert_true((c != NULL) == (rc == 0));
	mask_candidates_close(c);
	return (rc);
}

/* A vocabulary that was not written whole is not written. */
static int
save_words(struct err *e)
{
	struct buf out = { 0 };
	int rc;

	mask_words_save(bed.words, &out);
	rc = buf_ok(&out) ? 0 : err_set(e, ERR_IO, "out of memory");
	buf_free(&out);
	return (rc);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *claim;
		int (*open)(struct err *e);
		unsigned least; /* of what can be refused */
	} rows[] = {
		{ "a mask", open_mask, 6 },
		{ "a vocabulary", open_words, 3 },
		{ "candidates", open_candidates, 2 },
		{ "a saved vocabulary", save_words, 2 },
	};
	struct mask_policy policy;
	struct err e = { 0 };

	make_policy(&policy);
	bed_open(&bed, &policy);
	assert_int_equal(
	    mask_words_load(bed.words, span_str("path\t/\tladen\t2025-11-24\n"), "w", &e), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned count = refuse_each(rows[i].open);

		if (count < rows[i].least)
			fail_msg("%s: only %u", rows[i].claim, count);
	}
	bed_close(&bed);
}

/* ---- keys that are gone ---- */

static void
test_turned(void **state)
{
	static const int64_t grace[KEY_PERIOD_COUNT];
	const int64_t later_us = BED_NOW_US + INT64_C(40) * 86400 * 1000000;
	char before[RECORD_BYTES_MAX];
	struct record r;
	struct err e = { 0 };
	unsigned destroyed;

	bed_open_as(&bed, NULL, "combined", MASK_EPOCH_LIVE);
	r = bed_request(&bed, "/", 200, "-");
	(void)snprintf(before, sizeof(before), "%.*s", (int)r.text[RECORD_FIELD_CLIENT].len,
	    r.text[RECORD_FIELD_CLIENT].ptr);
	mask_turned(bed.mask);
	r = bed_request(&bed, "/", 200, "-");
	assert_true(span_is(r.text[RECORD_FIELD_CLIENT], before)); /* nothing is gone */

	assert_int_equal(key_ring_live(bed.ring, later_us, grace, &destroyed, &e), 0);
	assert_true(destroyed > 0);
	mask_turned(bed.mask);
	mask_now(bed.mask, later_us);
	r = bed_request(&bed, "/", 200, "-");
	assert_true(r.text[RECORD_FIELD_CLIENT].len > 0);
	assert_false(span_is(r.text[RECORD_FIELD_CLIENT], before));

	/* Back to a time of which there is no key: no token, and not the one that was. */
	mask_now(bed.mask, BED_NOW_US);
	r = bed_request(&bed, "/", 200, "-");
	assert_false(span_is(r.text[RECORD_FIELD_CLIENT], before));
	mask_turned(bed.mask); /* what is missing is asked for again */
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_turned),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
