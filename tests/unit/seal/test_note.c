/* vkeys and notes: what is accepted, what is refused, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "seal/note.h"

#define DASH "\xe2\x80\x94 "
#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define SIG DASH "o AAAAAAE=\n"

/* The peer's example of a verifier key: golang.org/x/mod/sumdb/note. */
#define PEER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

static void
test_vkeys(void **state)
{
	static const struct {
		const char *claim, *text;
		int rc;
	} rows[] = {
		{ "a peer's key", PEER, 0 },
		{ "base64 may hold a plus",
		    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", 0 },
		{ "no parts", "PeterNeumann", -1 },
		{ "two parts", "PeterNeumann+c74f20a3", -1 },
		{ "empty name", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", -1 },
		{ "another name", "PeterNeumanN+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", -1 },
		{ "a blank in the name", "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", -1 },
		{ "another id", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", -1 },
		{ "id in capitals", "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", -1 },
		{ "short id", "PeterNeumann+74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", -1 },
		{ "other algorithm", "PeterNeumann+c74f20a3+AhJc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", -1 },
		{ "short key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T=", -1 },
		{ "trailing blank", PEER " ", -1 },
		{ "trailing LF", PEER "\n", -1 },
		{ "nothing", "", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_vkey key;
		struct buf again = { 0 };
		struct err e = { 0 };
		int rc = seal_vkey_read(span_str(rows[i].text), &key, &e);

		if (rc != rows[i].rc)
			print_error("%s: %d %s\n", rows[i].claim, rc, e.text);
		assert_int_equal(rc, rows[i].rc);
		if (rc == -1) {
			assert_int_equal(e.code, ERR_FINDING);
			continue;
		}
		seal_vkey_print(key.name, key.public_key, &again);
		assert_string_equal(again.data, rows[i].text);
		buf_free(&again);
	}
}

static void
test_note_syntax(void **state)
{
	static const struct {
		const char *claim, *text;
		int rc;
	} rows[] = {
		{ "a note", "o\n1\n" ROOT "\n" SIG, 0 },
		{ "size 0", "o\n0\n" ROOT "\n" SIG, -1 },
		{ "the largest size", "o\n18446744073709551615\n" ROOT "\n" SIG, 0 },
		{ "a size too large", "o\n18446744073709551616\n" ROOT "\n" SIG, -1 },
		{ "a leading zero", "o\n01\n" ROOT "\n" SIG, -1 },
		{ "a sign", "o\n+1\n" ROOT "\n" SIG, -1 },
		{ "no size", "o\n\n" ROOT "\n" SIG, -1 },
		{ "CRLF", "o\r\n1\r\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n" SIG, -1 },
		{ "CR in a signature line", "o\n1\n" ROOT "\n" DASH "o AAAAAAE=\r\n", -1 },
		{ "a control character", "o\x01\n1\n" ROOT "\n" SIG, -1 },
		{ "a tab", "o\to\n1\n" ROOT "\n" SIG, -1 },
		{ "a blank in the origin", "o o\n1\n" ROOT "\n" SIG, -1 },
		{ "a wide blank in the origin", "o\xe2\x80\x83o\n1\n" ROOT "\n" SIG, -1 },
		{ "bad UTF-8", "o\xff\n1\n" ROOT "\n" SIG, -1 },
		{ "an extension line", "o\n1\n" ROOT "x\n\n" SIG, -1 },
		{ "no empty line", "o\n1\n" ROOT SIG, -1 },
		{ "no signature", "o\n1\n" ROOT "\n", -1 },
		{ "no LF at the end", "o\n1\n" ROOT "\n" DASH "o AAAAAAE=", -1 },
		{ "an empty line at the end", "o\n1\n" ROOT "\n" SIG "\n", -1 },
		{ "a hyphen for a dash", "o\n1\n" ROOT "\n- o AAAAAAE=\n", -1 },
		{ "a signature of 4 bytes", "o\n1\n" ROOT "\n" DASH "o AAAAAA==\n", -1 },
		{ "loose bits in base64", "o\n1\n" ROOT "\n" DASH "o AAAAAAF=\n", -1 },
		{ "three fields", "o\n1\n" ROOT "\n" DASH "o AAAAAAE= AAAA\n", -1 },
		{ "a short root", "o\n1\nAAAA\n\n" SIG, -1 },
		{ "no origin", "\n1\n" ROOT "\n" SIG, -1 },
		{ "nothing", "", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seal_note note;
		struct err e = { 0 };
		int rc = seal_note_read(span_str(rows[i].text), &note, &e);

		if (rc != rows[i].rc)
			print_error("%s: %d %s\n", rows[i].claim, rc, e.text);
		assert_int_equal(rc, rows[i].rc);
		assert_int_equal(e.code, rc == 0 ? ERR_NONE : ERR_FINDING);
	}
	for (size_t nul = 0; nul < 8; nul++) {
		char text[] = "o\n1\n" ROOT "\n" SIG;
		struct seal_note note;

		text[nul * 9] = '\0';
		assert_int_equal(seal_note_read(span_of(text, sizeof(text) - 1), &note, NULL), -1);
	}
}

static void
test_a_hundred_signatures(void **state)
{
	struct buf text = { 0 };
	struct seal_note note;

	buf_str(&text, "o\n1\n" ROOT "\n");
	for (int i = 0; i < 100; i++)
		buf_str(&text, SIG);
	assert_int_equal(seal_note_read(buf_view(&text), &note, NULL), 0);
	assert_int_equal(note.signature_count, 100);
	buf_str(&text, SIG);
	assert_int_equal(seal_note_read(buf_view(&text), &note, NULL), -1);
	buf_free(&text);
}

/* A post-quantum signature has thousands of bytes: kept as of another kind. */
static void
test_long_signatures(void **state)
{
	static const int padded[] = { 0, 1, 2 };

	for (size_t i = 0; i < 3; i++) {
		unsigned char bytes[2424] = { 0 };
		struct buf text = { 0 };
		struct seal_note note;

		buf_str(&text, "o\n1\n" ROOT "\n" DASH "o ");
		buf_base64(&text, bytes, sizeof(bytes) - (size_t)padded[i]);
		buf_char(&text, '\n');
		assert_int_equal(seal_note_read(buf_view(&text), &note, NULL), 0);
		assert_false(note.signatures[0].is_ed25519);
		text.data[700] = '=';
		assert_int_equal(seal_note_read(buf_view(&text), &note, NULL), -1);
		buf_free(&text);
	}
}

static void
test_what_is_written_checks(void **state)
{
	static const unsigned char log_seed[32] = { 1 }, epoch_seed[32] = { 2 }, root[32] = { 3 };
	const struct seal_signer signers[] = { { span_str("cretula/00/shop"), log_seed },
		{ span_str("cretula/00/shop/epoch/7"), epoch_seed } };
	unsigned char public_key[32];
	struct buf text = { 0 }, vkey[2] = { { 0 }, { 0 } };
	struct seal_vkey keys[2], other;
	struct seal_note note;
	struct err e;

	seal_note_write(signers[0].name, 58, root, signers, 2, &text);
	assert_int_equal(seal_note_read(buf_view(&text), &note, &e), 0);
	assert_int_equal(note.size, 58);
	assert_memory_equal(note.root, root, 32);
	assert_true(span_equal(note.origin, signers[0].name));
	assert_int_equal(note.signature_count, 2);
	for (int i = 0; i < 2; i++) {
		crypto_sign_public(signers[i].seed, public_key);
		seal_vkey_print(signers[i].name, public_key, &vkey[i]);
		assert_int_equal(seal_vkey_read(buf_view(&vkey[i]), &keys[i], &e), 0);
		assert_int_equal(seal_note_check(&note, &keys[i], &e), 0);
	}
	other = keys[0];
	other.id[0] ^= 1;
	assert_int_equal(seal_note_check(&note, &other, &e), -1);
	assert_string_equal(e.text, "no signature by cretula/00/shop");
	other = keys[0];
	other.public_key[0] ^= 1;
	assert_int_equal(seal_note_check(&note, &other, &e), -1);
	assert_string_equal(e.text, "bad signature by cretula/00/shop");

	/* Every bit of the note matters. */
	for (size_t bit = 0; bit < text.len * 8; bit++) {
		text.data[bit / 8] = (char)(text.data[bit / 8] ^ (1 << bit % 8));
		assert_true(seal_note_read(buf_view(&text), &note, &e) == -1 ||
		    seal_note_check(&note, &keys[0], &e) == -1 ||
		    seal_note_check(&note, &keys[1], &e) == -1);
		text.data[bit / 8] = (char)(text.data[bit / 8] ^ (1 << bit % 8));
	}
	buf_free(&text);
	buf_free(&vkey[0]);
	buf_free(&vkey[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vkeys),
		cmocka_unit_test(test_note_syntax),
		cmocka_unit_test(test_a_hundred_signatures),
		cmocka_unit_test(test_long_signatures),
		cmocka_unit_test(test_what_is_written_checks),
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
