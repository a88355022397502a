/*
 * An event that has everything, under each method, without room, without keys:
 * nothing of what it says about anybody is in its record.
 */
#include <strings.h>

#include "unit/mask/bed.h"

#include "crypto/sealed.h"

static struct bed bed;
static struct event full;

/* What no record may say, in whatever spelling. */
static const char *const names[] = { "erika", "mustermann", "198.51.100.9", "198.051", "203.0.113.9",
	"203.0.113.8", "192.0.2.7", "4111111111111111", "sesame", "kowalczyk", "f00dcafe", "0242ac13" };

#define WORDS "login failed for Kowalczyk from 203.0.113.9, card 4111 1111 1111 1111"

static const struct event_extra extras[] = {
	{ SPAN("wort.erika[]"), SPAN("erika"), EVENT_EXTRA_WORD, false, 0 },
	{ SPAN("status"), SPAN("erika"), EVENT_EXTRA_UNKNOWN, true, 0 },
	{ SPAN("items[].name"), SPAN("Mustermann"), EVENT_EXTRA_NAME, false, 0 },
	{ SPAN("name.other"), SPAN("erika, mustermann, web"), EVENT_EXTRA_NAMES, false, 0 },
	{ SPAN("proxy"), SPAN("203.0.113.8"), EVENT_EXTRA_ADDRESS, true, 0 },
	{ SPAN("real"), SPAN("erikas-laptop."), EVENT_EXTRA_ADDRESS, true, 0 },
	{ SPAN("owner"), SPAN("Erika@example.org"), EVENT_EXTRA_USER, true, 0 },
	{ SPAN("visit"), SPAN("sesame-open"), EVENT_EXTRA_SESSION, true, 0 },
	{ SPAN("password"), SPAN("sesame"), EVENT_EXTRA_SECRET, true, 0 },
	{ SPAN("trace"), SPAN("f00dcafef00dcafe"), EVENT_EXTRA_JOIN, true, 0 },
	{ SPAN("page."), SPAN("1"), EVENT_EXTRA_NUMBER, false, 4111111111111111 },
	{ SPAN("page"), SPAN("1"), EVENT_EXTRA_NUMBER, false, -4111111111111111 },
	{ SPAN("size"), SPAN("1"), EVENT_EXTRA_NUMBER, true, 77 },
	{ SPAN(""), SPAN("erika"), EVENT_EXTRA_UNKNOWN, false, 0 },
};

static void
make_event(void)
{
	memset(&full, 0, sizeof(full));
	full.type = EVENT_HTTP;
	full.time_us = BED_NOW_US;
	full.time_ok = true;
	full.has_text = UINT32_MAX >> (32 - EVENT_TEXT_COUNT);
	for (int f = 0; f < EVENT_TEXT_COUNT; f++)
		full.text[f] = span_str("Erika Mustermann");
	full.text[EVENT_CLIENT] = span_str("192.0.2.7");
	full.text[EVENT_FORWARDED] =
	    span_str("\t198.51.100.9 , fob=1;foo;for=erikas-laptop, fxr=2;FOR=198.051.100.9\t, -");
	full.text[EVENT_HOST] = span_str("erika.example.org");
	full.text[EVENT_TARGET] = span_str("/users/erika/mustermann/app.3f2a9c1b.js;jsessionid=sesame"
	    "?user[erika]=mustermann&q=203.0.113.9&id=0242ac13-0000-4000-8000-00005e0053ff&next=/a/erika");
	full.text[EVENT_REFERER] = span_str("https://erika@mustermann.example/erika?c=4111111111111111");
	full.text[EVENT_OBJECT] = span_str("erika/mustermann");
	full.text[EVENT_MESSAGE] = span_str(WORDS);
	full.text[EVENT_COOKIE] = span_str("a=erika;  PHPSESSID=sesame");
	full.number[EVENT_STATUS] = 200;
	full.number[EVENT_BYTES] = 4111111111111111;
	full.has_number = UINT32_C(1) << EVENT_STATUS | UINT32_C(1) << EVENT_BYTES;
	full.headers[0] = 7;
	full.headers[1] = 1;
	memcpy(full.extra, extras, sizeof(extras));
	full.extra_count = sizeof(extras) / sizeof(extras[0]);
	full.extra_more = 3;
}

/* The record of the event, when its texts have so much room; what no record may say is not there. */
static const char *
check_record(const char *claim, size_t room)
{
	static char out[RECORD_BYTES_MAX + 1];
	struct mask *m = bed.mask;
	struct record read;
	struct err e = { 0 };
	size_t len;

	bed.mask->batch = &bed.batch;
	record_clear(&m->record);
	m->shown.count = 0;
	m->text_used = MASK_TEXT_BYTES - room;
	m->record.time_us = full.time_us;
	m->at = &m->lines[0];
	mask_seal_begin(m);
	mask_event_ahead(m, &full);
	mask_event(m, &full, false);
	mask_seal_end(m);
	if (m->text_used > MASK_TEXT_BYTES)
		fail_msg("%s: %zu bytes too many in %zu", claim, m->text_used - MASK_TEXT_BYTES, room);
	len = record_encode(&m->encoder, &m->record, out);
	out[len] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasestr(out, names[i]) != NULL)
			fail_msg("%s, room %zu: %s in %s", claim, room, names[i], out);
	if (record_decode(&bed.decoder, span_of(out, len - 1), &read, &e) == -1)
		fail_msg("%s, room %zu: %s: %s", claim, room, e.text, out);
	return (out);
}

static void
open_bed(const struct mask_policy *p)
{
	make_event();
	bed_open(&bed, p);
	(void)bed_run(&bed, span_of("", 0), 0);
	bed.mask->batch = &bed.batch;
	mask_line_epochs(bed.mask, BED_NOW_US);
}

/* Each class by that method where it may be, others as they are. */
static void
make_policy(struct mask_policy *p, enum mask_method method)
{
	static unsigned char secret[32] = { 7 };

	mask_policy_default(p);
	crypto_sealed_public(secret, p->seal_key);
	p->has_seal_key = true;
	for (int c = 0; c < RECORD_CLASS_COUNT; c++)
		if (mask_method_check((enum record_class)c, method, NULL) == 0)
			p->method[c] = method;
}

static void
test_methods(void **state)
{
	for (int method = 0; method < MASK_METHOD_COUNT; method++)
		for (int keep = 0; keep < 2; keep++) {
			struct mask_policy p;
			const char *out;

			if (method == MASK_KEEP)
				continue; /* which is of classes that are nobody's */
			make_policy(&p, (enum mask_method)method);
			p.words_mode = keep ? MASK_WORDS_LEARN : MASK_WORDS_FIXED;
			p.agent_full = keep == 1;
			open_bed(&p);
			for (int round = 0; round < 3; round++) { /* anew, and then from the table */
				out = check_record(mask_method_names[method], MASK_TEXT_BYTES);
				if ((strstr(out, "\"sealed:") != NULL) != (method == MASK_SEAL))
					fail_msg("%s: %s", mask_method_names[method], out);
				if (method == MASK_DROP)
					assert_null(strstr(out, "\"client\""));
				if (method == MASK_REDACT)
					assert_non_null(strstr(out, "\"client\":\"[ip.peer]\""));
				assert_non_null(strstr(out, "\"fields_more\":3"));
			}
			bed_close(&bed);
		}
}

/* For each number of bytes that may be left: what finds no room is left out or a class. */
static void
test_room(void **state)
{
	static const enum mask_method methods[] = { MASK_TOKEN, MASK_SEAL, MASK_TRUNCATE };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct mask_policy p;
		const char *out;

		make_policy(&p, methods[i]);
		open_bed(&p);
		for (size_t room = 0; room < 1200; room += room < 300 ? 1 : 7)
			(void)check_record("little room", room);
		out = check_record("no room", 0);
		assert_null(strstr(out, "sealed:"));
		assert_null(strstr(out, "us."));
		assert_true(strstr(out, "\"client\":\"[ip.peer]\"") != NULL || strstr(out, "\"client\"") == NULL);
		out = check_record("room", MASK_TEXT_BYTES);
		assert_true(strstr(out, "\"client\":\"[ip.peer]\"") == NULL && strstr(out, "\"client\"") != NULL);
		bed_close(&bed);
	}
}

/* Of a time whose keys are gone, or never were: classes, and not one token. */
static void
test_no_keys(void **state)
{
	static const enum mask_method methods[] = { MASK_TOKEN, MASK_ADDRESS, MASK_PREFIX };
	static const int64_t grace[KEY_PERIOD_COUNT];

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct mask_policy p;
		struct err e = { 0 };
		unsigned destroyed;
		const char *out;

		make_policy(&p, methods[i]);
		p.agent_full = true;
		make_event();
		bed_open_as(&bed, &p, "combined", MASK_EPOCH_LIVE);
		(void)bed_run(&bed, span_of("", 0), 0);
		out = check_record("with keys", MASK_TEXT_BYTES);
		assert_non_null(strstr(out, "\"user\":\"us."));
		assert_int_equal(key_ring_live(bed.ring, BED_NOW_US + INT64_C(40) * 86400 * 1000000, grace,
		    &destroyed, &e), 0);
		assert_true(destroyed > 0);
		mask_turned(bed.mask);
		mask_now(bed.mask, BED_NOW_US);
		(void)bed_run(&bed, span_of("", 0), 1);
		bed.mask->batch = &bed.batch;
		bed.mask->index_number++; /* as a day does that comes back */
		out = check_record("without keys", MASK_TEXT_BYTES);
		for (int c = 0; c < RECORD_CLASS_COUNT; c++) {
			char token[8] = "";

			if (record_classes[c].prefix[0] == '\0')
				continue;
			(void)snprintf(token, sizeof(token), "%s.", record_classes[c].prefix);
			for (const char *at = out; (at = strstr(at, token)) != NULL; at++)
				if (bed_fits(span_of(at + 3, strnlen(at + 3, 16)), "#"))
					fail_msg("a token without a key: %s", out);
		}
		assert_non_null(strstr(out, "\"client\":\"[ip.peer]\""));
		assert_non_null(strstr(out, "\"user\":\"[user.auth]\""));
		bed_close(&bed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_no_keys),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
