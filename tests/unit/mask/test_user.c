#include "unit/mask/bed.h"

static struct record
user(struct bed *bed, const char *name, int status)
{
	char line[1024];

	snprintf(line, sizeof(line), "192.0.2.7 - %s [24/Nov/2025:10:11:12 +0000] "
	    "\"GET / HTTP/1.1\" %d 5 \"-\" \"-\"", name, status);
	return (bed_record(bed, line));
}

static void
test_users(void **state)
{
	static const struct {
		const char *claim, *name;
		int status;
		const char *out;
		enum record_flag flag;
	} rows[] = {
#define NONE RECORD_FLAG_COUNT
		{ "nobody is nobody", "-", 200, "", NONE },
		{ "a user is a token", "erika", 200, "us.#", NONE },
		{ "of a failed login another", "erika", 401, "uc.#", NONE },
		{ "of a refused one, too", "erika", 403, "uc.#", NONE },
		{ "and of one that a proxy refused", "erika", 407, "uc.#", NONE },
		{ "not of a missing page", "erika", 404, "us.#", NONE },
		{ "a machine stays", "system:node:a", 200, "system:node:a", NONE },
		{ "whole names match", "my-system:node", 200, "us.#", NONE },
		{ "a machine that fails to log in does not", "system:node:a", 401, "uc.#", NONE },
		{ "nor one with an e-mail in it", "system:erika@example.org", 200, "us.#", NONE },
		{ "a star stands for nothing, too", "svc--job", 200, "svc--job", NONE },
		{ "and for what looks like what follows", "svc-a-jo-job", 200, "svc-a-jo-job", NONE },
		{ "behind its end there is nothing", "svc-a-jobs", 200, "us.#", NONE },
		{ "nor before its beginning", "my-svc-a-job", 200, "us.#", NONE },
		{ "a name without a star is itself", "deploy", 200, "deploy", NONE },
		{ "and no other", "deployer", 200, "us.#", NONE },
		{ "blanks are odd", "Erika M", 200, "us.#", RECORD_FLAG_USER_NONSTANDARD },
		{ "no UTF-8 is flagged", "m\\xfcller", 200, "us.#", RECORD_FLAG_BAD_UTF8 },
		{ "control characters are flagged", "m\\x1bller", 200, "us.#",
		    RECORD_FLAG_CTL_IN_FIELD },
		{ "a star at the end stands for nothing, too", "system:", 200, "system:", NONE },
		{ "a machine is ASCII", "system:m\\xc3\\xbcller", 200, "us.#", NONE },
		{ "a placeholder is data", "us.abcdefghij234567", 200, "us.#", NONE },
	};
	static struct bed bed;
	struct mask_policy p;

	mask_policy_default(&p);
	strcpy(p.machines[0], "system:*");
	strcpy(p.machines[1], "svc-*-job");
	strcpy(p.machines[2], "deploy");
	p.machine_count = 3;
	bed_open(&bed, &p);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = user(&bed, rows[i].name, rows[i].status);
		struct span text = record_has(&r, RECORD_FIELD_USER) ?
		    r.text[RECORD_FIELD_USER] : span_of("", 0);

		if (!bed_fits(text, rows[i].out))
			fail_msg("%s: %.*s", rows[i].claim, (int)text.len, text.ptr);
		if (r.flags != (rows[i].flag == NONE ? 0 : UINT64_C(1) << rows[i].flag))
			fail_msg("%s: flags %llx", rows[i].claim, (unsigned long long)r.flags);
	}
	bed_close(&bed);
}

static bool
same(struct bed *bed, const char *one, int status_one, const char *two, int status_two)
{
	struct record r = user(bed, one, status_one);
	char first[64];

	snprintf(first, sizeof(first), "%.16s", r.text[RECORD_FIELD_USER].ptr + 3);
	r = user(bed, two, status_two);
	return (span_is(span_from(r.text[RECORD_FIELD_USER], 3), first));
}

static void
test_equal(void **state)
{
	static struct bed bed;

	bed_open(&bed, NULL);
	assert_true(same(&bed, "carol.d@example.org", 200, "Carol.D@EXAMPLE.ORG", 200));
	assert_false(same(&bed, "carol", 200, "Carol", 200));
	assert_true(same(&bed, "m\\xc3\\xbcller", 200, "m\xc3\xbcller", 200));
	assert_false(same(&bed, "erika", 200, "erika", 401));
	bed_close(&bed);
}

static void
test_sessions(void **state)
{
	static struct bed bed;
	struct event ev = { .time_us = BED_NOW_US, .time_ok = true };
	struct record *r;

	bed_open(&bed, NULL);
	r = &bed.mask->record;
	(void)bed_run(&bed, span_of("", 0), 0);
	bed.mask->batch = &bed.batch;
	mask_line_epochs(bed.mask, BED_NOW_US);
	static const struct {
		const char *cookie, *session, *out;
	} rows[] = {
		{ "PHPSESSID=abcdefgh", NULL, "se.#" },
		{ "theme=dark; PHPSESSID=abcdefgh; x=1", NULL, "se.#" },
		{ "theme=dark; name=erika", NULL, "" },
		{ "-", NULL, "" },
		{ NULL, "abcdefgh", "se.#" },
		{ NULL, "-", "" },
		{ "PHPSESSID=", NULL, "" },
		{ "a=1;   ", NULL, "" },
		{ "", "", "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		record_clear(r);
		bed.mask->text_used = 0;
		ev.has_text = (rows[i].cookie == NULL ? 0 : UINT32_C(1) << EVENT_COOKIE) |
		    (rows[i].session == NULL ? 0 : UINT32_C(1) << EVENT_SESSION);
		ev.text[EVENT_COOKIE] = span_str(rows[i].cookie == NULL ? "" : rows[i].cookie);
		ev.text[EVENT_SESSION] = span_str(rows[i].session == NULL ? "" : rows[i].session);
		mask_session(bed.mask, &ev);
		assert_fits(record_has(r, RECORD_FIELD_SESSION) ? r->text[RECORD_FIELD_SESSION] :
		    span_of("", 0), rows[i].out);
	}
	bed_close(&bed);
}

/* Fields of formats to come: each has its rule already. */
static void
test_rare(void **state)
{
	static struct bed bed;
	struct mask_policy p;
	static struct event ev;
	struct record *r;
	static const struct {
		enum event_text from;
		const char *text;
		enum record_field to;
		const char *out;
	} rows[] = {
		{ EVENT_SERVER, "web-1", RECORD_FIELD_SERVER, "web-1" },
		{ EVENT_SERVER, "erikas-laptop", RECORD_FIELD_SERVER, "xx.#" },
		{ EVENT_UPSTREAM, "10.0.0.9:8080", RECORD_FIELD_UPSTREAM, "xx.#" },
		{ EVENT_METHOD, "ERIKA", RECORD_FIELD_METHOD, "[unknown]" },
		{ EVENT_SCHEME, "https", RECORD_FIELD_SCHEME, "https" },
		{ EVENT_CACHE, "HIT", RECORD_FIELD_CACHE, "HIT" },
		{ EVENT_CACHE, "erika", RECORD_FIELD_CACHE, "[unknown]" },
		{ EVENT_TLS, "TLSv1.3", RECORD_FIELD_TLS, "TLSv1.3" },
		{ EVENT_LEVEL, "warn", RECORD_FIELD_LEVEL, "warn" },
		{ EVENT_OUTCOME, "success", RECORD_FIELD_OUTCOME, "success" },
		{ EVENT_ACTION, "erika", RECORD_FIELD_ACTION, "[unknown]" },
		{ EVENT_OBJECT, "/api/users/erika", RECORD_FIELD_OBJECT, "/api/users/sg.#" },
		{ EVENT_OBJECT, "erika", RECORD_FIELD_OBJECT, "xx.#" },
		{ EVENT_HOST, "erika.example.org", RECORD_FIELD_HOST, "ht.#" },
	};

	mask_policy_default(&p);
	strcpy(p.servers[0], "web-1");
	p.server_count = 1;
	bed_open(&bed, &p);
	r = &bed.mask->record;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)bed_run(&bed, span_of("", 0), 0);
		bed.mask->batch = &bed.batch;
		mask_line_epochs(bed.mask, BED_NOW_US);
		record_clear(r);
		bed.mask->text_used = 0;
		memset(&ev, 0, sizeof(ev));
		ev.has_text = UINT32_C(1) << EVENT_CLIENT | UINT32_C(1) << rows[i].from;
		ev.text[EVENT_CLIENT] = span_str("192.0.2.7");
		ev.text[rows[i].from] = span_str(rows[i].text);
		bed.mask->at = &bed.mask->lines[0];
		mask_event_ahead(bed.mask, &ev);
		mask_event(bed.mask, &ev, false);
		assert_fits(r->text[rows[i].to], rows[i].out);
	}
	/* Whom Kubernetes calls so is a part of it; whom another source does, is not. */
	for (int k8s = 0; k8s < 2; k8s++) {
		memset(&ev, 0, sizeof(ev));
		ev.type = k8s ? EVENT_K8S : EVENT_LOG;
		ev.has_text = UINT32_C(1) << EVENT_USER;
		ev.text[EVENT_USER] = span_str("system:apiserver");
		record_clear(r);
		bed.mask->text_used = 0;
		bed.mask->at->event = ev;
		mask_event_ahead(bed.mask, &ev);
		mask_event(bed.mask, &ev, false);
		assert_fits(r->text[RECORD_FIELD_USER], k8s ? "system:apiserver" : "us.#");
	}
	/* Who is not logged in may be anybody, and so may those whom he names beside. */
	for (int i = 0; i < 3; i++) {
		memset(&ev, 0, sizeof(ev));
		ev.type = EVENT_LOGIN;
		ev.user_claimed = i == 2;
		ev.has_text = UINT32_C(1) << EVENT_USER | UINT32_C(1) << EVENT_OUTCOME;
		ev.text[EVENT_USER] = span_str("erika");
		ev.text[EVENT_OUTCOME] = span_str(i == 1 ? "unknown" : "success");
		ev.extra[0] = (struct event_extra){ .key = span_str("remote_user"),
			.value = span_str("erika"), .kind = EVENT_EXTRA_USER, .known = true };
		ev.extra_count = 1;
		record_clear(r);
		bed.mask->text_used = 0;
		bed.mask->at->event = ev;
		mask_event_ahead(bed.mask, &ev);
		mask_event(bed.mask, &ev, false);
		assert_fits(r->text[RECORD_FIELD_USER], i > 0 ? "uc.#" : "us.#");
		assert_fits(r->extra[0].text, i > 0 ? "uc.#" : "us.#");
	}
	ev.extra_count = 0;
	/* Nobody is not a user without a name. */
	ev.text[EVENT_USER] = span_of("", 0);
	record_clear(r);
	mask_event(bed.mask, &ev, false);
	assert_false(record_has(r, RECORD_FIELD_USER));
	/* What has no field of its own: never its text. */
	memset(&ev, 0, sizeof(ev));
	record_clear(r);
	bed.mask->text_used = 0;
	for (int f = 0; f < EVENT_TEXT_COUNT; f++)
		ev.text[f] = span_str("erika mustermann");
	ev.has_text = UINT32_MAX >> (32 - EVENT_TEXT_COUNT);
	ev.extra[0].key = span_str("erika");
	ev.extra[1].key = span_str("status");
	ev.extra[0].value = ev.extra[1].value = span_str("mustermann");
	ev.extra_count = 2;
	mask_event_ahead(bed.mask, &ev);
	mask_event(bed.mask, &ev, false);
	assert_int_equal(r->extra_count, 5);
	assert_fits(r->extra[2].key, "message");
	assert_fits(r->extra[2].text, "xx.# xx.#");
	assert_fits(r->extra[3].key, "pn.#");
	assert_fits(r->extra[4].key, "status");
	assert_fits(r->extra[4].text, "[unknown]");
	static char out[RECORD_BYTES_MAX + 1];
	struct record_encoder enc = { 0 };
	r->time_us = BED_NOW_US;
	out[record_encode(&enc, r, out)] = '\0';
	assert_null(strcasestr(out, "erika"));
	assert_null(strcasestr(out, "muster"));
	bed_close(&bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users), cmocka_unit_test(test_equal),
		cmocka_unit_test(test_sessions), cmocka_unit_test(test_rare),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
