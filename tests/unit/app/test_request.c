/* Requests of persons: one form, every bit counts, two approve, and no value is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/subject/request.h"
#include "base/err.h"
#include "config/config.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "key/key.h"

#define DAY_US INT64_C(86400000000)
#define NOW_US (INT64_C(1764000000) * 1000000)
#define STORE "cretula/0123456789abcdef/cretula.store+00000000+AAAA sha256:00"

static unsigned calls, failing; /* counts from 1; 0: none fails */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *
__wrap_malloc(size_t size)
{
	return (++calls == failing ? NULL : __real_malloc(size));
}

struct made {
	struct key_ring *ring;
	struct config *config;
	struct mask_value value;
	unsigned char seeds[3][32];
	char names[3][8];
	struct app_request request;
	char epoch[16];
	struct buf text;
};

static void
read_value(const char *text, struct mask_value *value)
{
	assert_int_equal(mask_value_read(MASK_VALUE_ADDRESS, span_str(text), value, NULL), 0);
}

static void
sign(struct made *m, unsigned who)
{
	const struct seal_signer signer = { span_str(m->names[who]), m->seeds[who] };
	struct span text = buf_view(&m->text), body;
	char *copy;

	body = span_of(text.ptr, (size_t)((const char *)memmem(text.ptr, text.len, "\n\n", 2) -
		       text.ptr) + 1);
	assert_non_null(copy = malloc(body.len));
	memcpy(copy, body.ptr, body.len);
	seal_signature_add(&signer, span_of(copy, body.len), &m->text);
	free(copy);
}

static void
begin(struct made *m)
{
	unsigned char public_key[32];
	struct buf vkey = { 0 };
	unsigned destroyed;

	memset(m, 0, sizeof(*m));
	assert_int_equal(key_ring_ephemeral(&m->ring, NULL), 0);
	assert_int_equal(key_ring_live(m->ring, NOW_US, NULL, &destroyed, NULL), 0);
	assert_int_equal(config_default(&m->config, NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		memset(m->seeds[i], (int)i + 1, 32);
		m->names[i][0] = (char)('a' + i);
		crypto_sign_public(m->seeds[i], public_key);
		buf_clear(&vkey);
		seal_vkey_print(span_str(m->names[i]), public_key, &vkey);
		memcpy(m->config->approvers[m->config->approver_count++], vkey.data, vkey.len);
	}
	buf_free(&vkey);
	read_value("192.0.2.77", &m->value);
	(void)key_epoch_name(KEY_WEEK,
	    key_ring_newest(m->ring, KEY_WEEK, key_epoch_index(KEY_WEEK, NOW_US)), m->epoch);
	m->request = (struct app_request){ .id = "00112233445566778899aabbccddeeff",
		.store = span_str(STORE),
		.tenant = span_str("default"),
		.kind = APP_REQUEST_EXPORT,
		.stream = span_str("*"),
		.value_kind = MASK_VALUE_ADDRESS,
		.since_us = INT64_MIN,
		.until_us = NOW_US,
		.made_us = NOW_US,
		.expires_us = NOW_US + 7 * DAY_US,
		.reason = span_str("case 7"),
		.epoch = span_str(m->epoch) };
	assert_int_equal(app_request_seal(&m->request, m->ring, &m->value, NULL), 0);
	app_request_print(&m->request, &m->text);
}

static void
end(struct made *m)
{
	key_ring_free(m->ring);
	config_free(m->config);
	buf_free(&m->text);
}

/* All that is looked at before anything is done. */
static int
judge(const struct made *m, struct span text, struct err *e)
{
	struct app_request r;
	struct seal_note note;
	struct buf ids = { 0 };
	int rc = -1;

	if (app_request_read(text, &r, &note, e) == 0 &&
	    app_request_check_approvals(&note, m->config, &ids, e) == 0 &&
	    app_request_check_place(&r, span_str(STORE), NOW_US + 1, e) == 0 &&
	    app_request_check_value(&r, m->ring, &m->value, e) == 0)
		rc = 0;
	buf_free(&ids);
	return (rc);
}

static void
test_round_trip(void **state)
{
	struct app_request r;
	struct buf again = { 0 };
	struct seal_note note;
	struct made m;

	(void)state;
	begin(&m);
	assert_int_equal(app_request_read(buf_view(&m.text), &r, &note, NULL), 0);
	app_request_print(&r, &again);
	assert_true(span_equal(buf_view(&again), buf_view(&m.text)));
	assert_string_equal(r.id, m.request.id);
	assert_int_equal(r.kind, APP_REQUEST_EXPORT);
	assert_int_equal(r.since_us, INT64_MIN);
	assert_int_equal(r.until_us, NOW_US);
	assert_null(memmem(m.text.data, m.text.len, "192.0.2.77", 10));
	buf_free(&again);
	end(&m);
}

static void
test_each_bit(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	sign(&m, 0);
	sign(&m, 2);
	sign(&m, 1); /* one more than it takes: none may be damaged all the same */
	assert_int_equal(judge(&m, buf_view(&m.text), NULL), 0);
	for (size_t i = 0; i < m.text.len * 8; i++) {
		struct err e = { ERR_NONE, "" };

		m.text.data[i / 8] = (char)(m.text.data[i / 8] ^ 1 << i % 8);
		if (judge(&m, buf_view(&m.text), &e) == 0)
			fail_msg("bit %zu of byte %zu was not missed", i % 8, i / 8);
		assert_true(e.code == ERR_FINDING || e.code == ERR_CONFIG || e.code == ERR_INPUT);
		m.text.data[i / 8] = (char)(m.text.data[i / 8] ^ 1 << i % 8);
	}
	/* Cut short; without the third signature it is what two approved. */
	for (size_t len = 0; len < m.text.len; len++)
		assert_int_equal(judge(&m, span_of(m.text.data, len), NULL),
		    len + sizeof("\xe2\x80\x94 b ") + 92 == m.text.len ? 0 : -1);
	end(&m);
}

static void
test_approvals(void **state)
{
	static const struct {
		const char *claim, *signers;
		unsigned known;
		enum err_code code; /* ERR_NONE: it is approved */
	} rows[] = {
		{ "nobody", "", 3, ERR_CONFIG },
		{ "one", "a", 3, ERR_CONFIG },
		{ "two", "ab", 3, ERR_NONE },
		{ "two, the other way round", "ba", 3, ERR_NONE },
		{ "one of them twice", "aa", 3, ERR_CONFIG },
		{ "two and one of them twice", "aba", 3, ERR_CONFIG },
		{ "three", "abc", 3, ERR_NONE },
		{ "one whom nobody knows", "ac", 2, ERR_CONFIG },
		{ "two, and one whom nobody knows", "abc", 2, ERR_CONFIG },
		{ "a configuration of one", "a", 1, ERR_CONFIG },
		{ "a configuration of none", "ab", 0, ERR_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { ERR_NONE, "" };
		struct made m;

		begin(&m);
		m.config->approver_count = rows[i].known;
		for (const char *s = rows[i].signers; *s != '\0'; s++)
			sign(&m, (unsigned)(*s - 'a'));
		if (judge(&m, buf_view(&m.text), &e) != (rows[i].code == ERR_NONE ? 0 : -1) ||
		    e.code != rows[i].code)
			fail_msg("%s: %d, %s", rows[i].claim, (int)e.code, e.text);
		end(&m);
	}
}

static void
test_place_and_value(void **state)
{
	struct mask_value other;
	struct err e = { ERR_NONE, "" };
	struct key_ring *ring;
	struct made m;

	(void)state;
	begin(&m);
	assert_int_equal(app_request_check_place(&m.request, span_str(STORE), NOW_US, &e), 0);
	assert_int_equal(app_request_check_place(&m.request, span_str("x"), NOW_US, &e), -1);
	assert_int_equal(
	    app_request_check_place(&m.request, span_str(STORE), NOW_US - 1, &e), -1);
	assert_int_equal(app_request_check_place(
			     &m.request, span_str(STORE), NOW_US + 7 * DAY_US - 1, &e), 0);
	assert_int_equal(
	    app_request_check_place(&m.request, span_str(STORE), NOW_US + 7 * DAY_US, &e), -1);
	m.request.expires_us = NOW_US + 31 * DAY_US; /* whatever two signed */
	assert_int_equal(app_request_check_place(&m.request, span_str(STORE), NOW_US, &e), -1);
	m.request.expires_us = NOW_US + 7 * DAY_US;
	read_value("192.0.2.78", &other);
	assert_int_equal(app_request_check_value(&m.request, m.ring, &other, &e), -1);
	assert_int_equal(e.code, ERR_FINDING);
	/* Other keys: nobody can test a guess. */
	assert_int_equal(key_ring_ephemeral(&ring, NULL), 0);
	assert_int_equal(app_request_check_value(&m.request, ring, &m.value, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG); /* that epoch is not there */
	key_ring_free(ring);
	end(&m);
}

/* Whichever allocation fails: an error that says so, and the same request is good behind it. */
static void
test_each_allocation(void **state)
{
	unsigned n = 0;
	struct made m;
	struct err e;
	int rc;

	(void)state;
	begin(&m);
	sign(&m, 0);
	sign(&m, 1);
	do {
		e = (struct err){ ERR_NONE, "" };
		calls = 0;
		failing = ++n;
		rc = judge(&m, buf_view(&m.text), &e);
		assert_true(rc == 0 ? failing > calls : e.code == ERR_IO);
	} while (rc == -1);
	assert_true(n > 3);
	failing = 0;
	end(&m);
}

/* The commitment is of all that the request says. */
static void
test_mac_binds(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	m.request.kind = APP_REQUEST_ERASE;
	assert_int_equal(app_request_check_value(&m.request, m.ring, &m.value, NULL), -1);
	m.request.kind = APP_REQUEST_EXPORT;
	m.request.id[0] = '1';
	assert_int_equal(app_request_check_value(&m.request, m.ring, &m.value, NULL), -1);
	m.request.id[0] = '0';
	assert_int_equal(app_request_check_value(&m.request, m.ring, &m.value, NULL), 0);
	end(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_each_bit),
		cmocka_unit_test(test_approvals),
		cmocka_unit_test(test_place_and_value),
		cmocka_unit_test(test_mac_binds),
		cmocka_unit_test(test_each_allocation),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (crypto_start(NULL) == -1)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
