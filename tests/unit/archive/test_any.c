/* Whatever a record says: what is strict is a record, has no token of before, and lean it is never longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archive/archive.h"
#include "base/err.h"
#include "crypto/random.h"

#define ROUNDS 20000
#define TEXTS 48

static uint64_t state64 = 1;

static unsigned
draw(unsigned below)
{
	state64 = state64 * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((unsigned)(state64 >> 33) % below);
}

static const char *const pieces[] = { "ip.aaaaaaaaaaaaaaa2", "sg.aaaaaaaaaaaaaaa2", "/", ".", "ht.aaaaaaaaaaaaaaa2",
	"[ip.peer]", "{int}", "a", "\"", "\\", "\n", "\xc3\xa9", "\xff", "192.0.2.1", "[", "]", "us.", "aaaaaaaaaaaaaaa2",
	"x=y&", "rq.aaaaaaaaaaaaaaa2z", "zrq.aaaaaaaaaaaaaaa2", "", "uc.aaaaaaaaaaaaaaa2", "~", "unparsed" };

static struct span
make_text(char out[static 256])
{
	size_t len = 0;

	for (unsigned n = draw(6); n > 0; n--) {
		const char *piece = pieces[draw(sizeof(pieces) / sizeof(pieces[0]))];

		memcpy(out + len, piece, strlen(piece));
		len += strlen(piece);
	}
	return (span_of(out, len));
}

/* Can masking write a token there? */
static bool
is_free(enum record_field f)
{
	return (record_fields[f].class_id != RECORD_CLASS_NONE || f == RECORD_FIELD_ACTION ||
	    f == RECORD_FIELD_REASON);
}

static const char *const words[] = { "a", "unparsed", "HTTP/1.1", "" };

static void
make_record(struct record *r, char (*texts)[256])
{
	record_clear(r);
	r->time_us = (int64_t)draw(1u << 30) * 1000000 * (draw(2) ? 1 : -1) + draw(1000000);
	for (unsigned f = 1; f < RECORD_FIELD_COUNT; f++) {
		if (draw(3) != 0)
			continue;
		if (record_fields[f].type == RECORD_TEXT)
			record_set_text(r, (enum record_field)f,
			    is_free((enum record_field)f) ? make_text(texts[f]) : span_str(words[draw(4)]));
		else if (record_fields[f].type == RECORD_INT)
			record_set_int(r, (enum record_field)f,
			    (int64_t)(((uint64_t)draw(UINT32_MAX) << 32 | draw(UINT32_MAX)) >> draw(64)) *
				(draw(4) ? 1 : -1));
	}
	if (draw(4) == 0) {
		r->forwarded[0] = make_text(texts[RECORD_FIELD_FORWARDED]);
		r->forwarded_count = 1;
		r->present |= UINT64_C(1) << RECORD_FIELD_FORWARDED;
	}
	if (draw(4) == 0) {
		r->extra[0] = (struct record_extra){ .key = span_str("k"),
			.text = make_text(texts[RECORD_FIELD_EXTRA]) };
		r->extra_count = 1;
		r->present |= UINT64_C(1) << RECORD_FIELD_EXTRA;
	}
	if (draw(8) == 0)
		record_set_flag(r, RECORD_FLAG_OVERLONG);
}

/* A token of before, that stands there as one. */
static bool
has_token(struct span line)
{
	static const char digits[] = "aaaaaaaaaaaaaaa2";

	for (size_t i = 3; i + sizeof(digits) - 1 <= line.len; i++) {
		const char *at = line.ptr + i;

		if (memcmp(at, digits, sizeof(digits) - 1) == 0 && at[-1] == '.' &&
		    strchr("zxy", at[-4]) == NULL && at[sizeof(digits) - 1] != 'z')
			return (true);
	}
	return (false);
}

static void
test_any_record(void **state)
{
	static char texts[TEXTS][256], before[RECORD_BYTES_MAX], after[RECORD_BYTES_MAX];
	static struct record_decoder dec;
	struct record_encoder enc = { 0 };
	struct archive_policy p;
	struct archive *a;
	struct record r, again;
	struct err e;

	assert_true(RECORD_FIELD_COUNT <= TEXTS);
	p = (struct archive_policy){ ARCHIVE_K_DEFAULT, true, true, true };
	p.k = 2;
	assert_int_equal(archive_open(&p, &a, NULL, &e), 0);
	for (int i = 0; i < ROUNDS; i++) {
		size_t len, made;

		make_record(&r, texts);
		len = record_encode(&enc, &r, before);
		if (i % 500 == 0)
			archive_begin(a);
		assert_int_equal(record_decode(&dec, span_of(before, len - 1), &r, &e), 0);
		archive_count(a, &r);
		archive_strict(a, &r);
		made = record_encode(&enc, &r, after);
		if (record_decode(&(struct record_decoder){ .used = 0 }, span_of(after, made - 1), &again, &e) == -1)
			fail_msg("%s: %.*s", e.text, (int)made, after);
		if (has_token(span_of(after, made)))
			fail_msg("%.*s", (int)made, after);
		archive_lean(a, &r);
		made = record_encode(&enc, &r, after);
		if (made > len)
			fail_msg("%zu of %zu: %.*s", made, len, (int)made, after);
	}
	archive_close(a);
}

/* ---- memory ---- */

static unsigned calls, failing; /* the call that fails, from 1; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *
__wrap_calloc(size_t count, size_t size)
{
	return (++calls == failing ? NULL : __real_calloc(count, size));
}

static void
test_no_memory(void **state)
{
	struct archive_policy p;
	struct archive *a = NULL;
	struct err e;
	int rc = -1;

	p = (struct archive_policy){ ARCHIVE_K_DEFAULT, true, true, true };
	for (failing = 1; rc == -1; failing++) {
		calls = 0;
		e.code = ERR_NONE;
		if ((rc = archive_open(&p, &a, NULL, &e)) == -1)
			assert_int_equal(e.code, ERR_IO);
	}
	assert_int_equal(failing, 6); /* four calls failed, the fifth try did not */
	failing = 0;
	archive_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_record),
		cmocka_unit_test(test_no_memory),
	};
	struct err e;

	return (crypto_start(&e) == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1);
}
