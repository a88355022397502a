/*
 * Statements of keys on keys, and cosignatures.  All keys and signatures are
 * those of an independent Python program (seeds: 32 bytes 1, 2, 3, 4, 5).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/text.h"
#include "crypto/random.h"
#include "seal/note.h"
#include "seal/statement.h"

#define OLD "cretula/00c0ffee5eed0001/shop+7e212313+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
#define NEW "cretula/00c0ffee5eed0001/shop+0e3fe285+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"
#define RECOVERY "cretula/00c0ffee5eed0001/shop/recovery+2a827506+Ae1JKMYo0cLG6ukDOJBZlWEpWSc6XGP5NjbBRhSshzfR"
#define WITNESS "witness.example/w1+141f260a+BMqTrBcFGHBx1nuDx/8O/oEI6OxFMFdddyaHkzPb2r58"
#define WITNESS2 "witness.example/w2+924325b6+BG56HN0psLeP0Tr0xVmP7/TvKpcWbjym8uT7/M2AUFvx"
#define AS_LOG "witness.example/w1+34c406a6+AcqTrBcFGHBx1nuDx/8O/oEI6OxFMFdddyaHkzPb2r58"
#define REKEY_PROOF "sw6mktvAs0lLlkRfdO930LRWQ88PzhmPOR90m7AXVDnVa8gbSekCkDYV7QniJ0fOnU9p8J/RspJcW5Yu+JsvAg=="
#define REKEY_RECOVERY "PcEc+LPAgONCHtYej2HXYQhTWTbEvKG8ByRff+Z4/bFx0a+bjk21D/HjJG2yawAHgZB8aQAZ66ZBL+QOnAEtCA=="
#define REVOKE_SIG "pv0gRjoJqMnnwLjYbFdUTkvGFYcnwGghR0ZH6W4X3Cp3uglB7yKr/wlcVSWiOwRfZeUVyH5RNT7VrdksiT2YDA=="
#define LOGSIG "fiEjExy+5SF5JfE/zp0Zn82o9vKJPQCmqCat7XvhfIHAvXkmRV/Vw+/NlAmXDLZ27oLtOHPmlDVoFaitQvWNPUMn0AI="
#define COSIG \
	"FB8mCgAAAABpJSnApC44+pOaUw8wTbna22kTHK/zEDcHDVhcAsS7STXGLt3v1MZUSNGxfZa8HQ549R2mcXDkZI7tLZ4pObbjhBGSDw=="
#define COSIG_LATER \
	"FB8mCgAAAABpJTfQN4ugZRRTgcGR/4bzUpVTvtByyYsWVVTP0fBJ78vH++/fMnhfPwAU5qimd+c8TCdNWnetjZU+QDKm0e5zbSwUDQ=="
#define COSIG_PLAIN "FB8mCjpdN2LRbtlLCSNgXJobSuV631gB6Z2woOtZuZPGRMnCeXsFw9TMCoNZUUnj4Z+PwihwExTC/L0EBROw4/JXXgo="
#define COSIG_FAR \
	"FB8mCoAAAAAAAAAAhjBdOBQnwQrXlFJDbKHMOequCMSxabhTXhZwpQVQJTtxqj4a/pAiV9sd0raWkIVbHdfdVbKsBuzBIEnYD+WQAw=="

#define ORIGIN "cretula/00c0ffee5eed0001/shop"
#define BODY ORIGIN "\n58\nfiWddNuRzrN+BrxTWXRuQO9dUFiF/NagZDomc1VvrwM=\n\n\xe2\x80\x94 " ORIGIN " " LOGSIG "\n"
#define BY(name, signature) "\xe2\x80\x94 " name " " signature "\n"

static const struct span origin = SPAN(ORIGIN);

static void
signature_of(const char *base64, unsigned char out[static 64])
{
	size_t len;

	assert_int_equal(text_unbase64(span_str(base64), out, 64, &len), 0);
	assert_int_equal(len, 64);
}

static struct seal_rekey
rekey_of(void)
{
	struct seal_rekey rekey = { .key = SPAN("log"), .old = SPAN(OLD), .new = SPAN(NEW), .has_recovery = true };

	signature_of(REKEY_PROOF, rekey.proof);
	signature_of(REKEY_RECOVERY, rekey.recovery);
	return (rekey);
}

static void
test_rekey(void **state)
{
	static const struct span recovery = SPAN(RECOVERY), none = { NULL, 0 };
	struct seal_rekey good = rekey_of(), bad;
	struct err e = { 0 };

	if (seal_rekey_check(origin, &good, recovery, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(seal_recovery_check(origin, good.old, good.new, good.recovery, recovery, &e), 0);
	assert_int_equal(seal_recovery_check(origin, good.old, good.new, good.proof, recovery, &e), -1);
	assert_int_equal(seal_rekey_check(origin, &good, none, &e), -1);
	assert_string_equal(e.text, "rekey: no recovery key");
	assert_int_equal(seal_rekey_check(span_str("cretula/00c0ffee5eed0002/shop"), &good, recovery, &e), -1);
	assert_string_equal(e.text, "rekey: bad signature by the new key");
	assert_int_equal(e.code, ERR_FINDING);
	for (size_t bit = 0; bit < 64 * 8; bit++) {
		bad = good;
		bad.proof[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(seal_rekey_check(origin, &bad, recovery, &e), -1);
		bad = good;
		bad.recovery[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(seal_rekey_check(origin, &bad, recovery, &e), -1);
		assert_string_equal(e.text, "rekey: bad signature by the recovery key");
	}
	bad = good;
	bad.has_recovery = false;
	assert_int_equal(seal_rekey_check(origin, &bad, none, &e), 0);
	bad.key = span_str("recovery");
	assert_int_equal(seal_rekey_check(origin, &bad, recovery, &e), -1);
	assert_string_equal(e.text, "rekey: without the recovery key's signature");
	bad.key = good.key;
	bad.old = good.new;
	bad.new = good.old;
	assert_int_equal(seal_rekey_check(origin, &bad, none, &e), -1);
	bad.old = good.old;
	assert_int_equal(seal_rekey_check(origin, &bad, none, &e), -1);
	assert_string_equal(e.text, "rekey: the new key is the old one");
	bad.new = recovery;
	assert_int_equal(seal_rekey_check(origin, &bad, none, &e), -1);
	assert_string_equal(e.text, "rekey: the new key has another name");
	bad.new = span_str("x");
	assert_int_equal(seal_rekey_check(origin, &bad, none, &e), -1);
}

static void
test_revoke(void **state)
{
	static const struct span recovery = SPAN(RECOVERY);
	struct seal_revoke good = { .vkey = SPAN(OLD), .from = 58 }, bad;
	struct err e = { 0 };

	signature_of(REVOKE_SIG, good.signature);
	if (seal_revoke_check(origin, &good, recovery, &e) == -1)
		fail_msg("%s", e.text);
	bad = good;
	bad.from = 59;
	assert_int_equal(seal_revoke_check(origin, &bad, recovery, &e), -1);
	assert_string_equal(e.text, "revoke: bad signature by the recovery key");
	bad = good;
	bad.vkey = span_str(NEW);
	assert_int_equal(seal_revoke_check(origin, &bad, recovery, &e), -1);
	assert_int_equal(seal_revoke_check(origin, &good, span_str(OLD), &e), -1);
	assert_int_equal(seal_revoke_check(span_str("o"), &good, recovery, &e), -1);
	assert_int_equal(seal_revoke_check(origin, &good, span_of(NULL, 0), &e), -1);
}

static void
test_cosignatures(void **state)
{
	static const struct {
		const char *claim, *note, *witness;
		const char *text; /* NULL: good */
		uint64_t time_s;
	} rows[] = {
		{ "cosigned", BODY BY("witness.example/w1", COSIG), WITNESS, NULL, 1764043200 },
		{ "twice, the newest counts", BODY BY("witness.example/w1", COSIG_LATER) BY("witness.example/w1", COSIG),
		    WITNESS, NULL, 1764046800 },
		{ "not cosigned", BODY, WITNESS, "no cosignature by witness.example/w1", 0 },
		{ "by another", BODY BY("witness.example/w1", COSIG), WITNESS2, "no cosignature by witness.example/w2", 0 },
		{ "under another name", BODY BY("witness.example/w2", COSIG), WITNESS2, "no cosignature by witness.example/w2", 0 },
		{ "a signature without time", BODY BY("witness.example/w1", COSIG_PLAIN), WITNESS,
		    "bad cosignature by witness.example/w1", 0 },
		{ "a time of 2^63", BODY BY("witness.example/w1", COSIG_FAR), WITNESS, "bad cosignature by witness.example/w1", 0 },
		{ "one good and one bad", BODY BY("witness.example/w1", COSIG) BY("witness.example/w1", COSIG_PLAIN), WITNESS,
		    "bad cosignature by witness.example/w1", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct seal_note note;
		struct seal_vkey witness, log;
		uint64_t time_s = 0;
		struct err e = { 0 };
		int rc;

		if (seal_note_read(span_str(rows[i].note), &note, &e) == -1 ||
		    seal_witness_read(span_str(rows[i].witness), &witness, &e) == -1 ||
		    seal_vkey_read(span_str(OLD), &log, &e) == -1 || seal_note_check(&note, &log, &e) == -1)
			fail_msg("%s: %s", rows[i].claim, e.text);
		rc = seal_cosignature_check(&note, &witness, &time_s, &e);
		if (rc != (rows[i].text == NULL ? 0 : -1) || (rc == -1 && strcmp(e.text, rows[i].text) != 0))
			fail_msg("%s: %d %s", rows[i].claim, rc, e.text);
		assert_int_equal(time_s, rows[i].time_s);
	}
}

static void
test_cosignature_notices_every_bit(void **state)
{
	static const char text[] = BODY BY("witness.example/w1", COSIG);
	static struct seal_note note;
	struct seal_vkey witness;
	uint64_t time_s;

	assert_int_equal(seal_witness_read(span_str(WITNESS), &witness, NULL), 0);
	for (size_t bit = 0; bit < 72 * 8; bit++) {
		struct seal_signature *s = &note.signatures[1];

		assert_int_equal(seal_note_read(span_str(text), &note, NULL), 0);
		if (bit < 64)
			s->time_s ^= UINT64_C(1) << bit;
		else
			s->bytes[bit / 8 - 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(seal_cosignature_check(&note, &witness, &time_s, NULL), -1);
	}
}

static void
test_kinds_of_keys_stay_apart(void **state)
{
	struct seal_vkey key;

	assert_int_equal(seal_witness_read(span_str(AS_LOG), &key, NULL), -1);
	assert_int_equal(seal_vkey_read(span_str(WITNESS), &key, NULL), -1);
	assert_int_equal(seal_vkey_read(span_str(AS_LOG), &key, NULL), 0);
}

static int
start(void **state)
{
	return (crypto_start(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_revoke),
		cmocka_unit_test(test_cosignatures),
		cmocka_unit_test(test_cosignature_notices_every_bit),
		cmocka_unit_test(test_kinds_of_keys_stay_apart),
	};

	return (cmocka_run_group_tests(tests, start, NULL));
}
