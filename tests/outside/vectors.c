/*
 * vectors [--portable]: a desk calculator over the primitives, so that a
 * script can hold them against what others published.
 *
 * Each line of standard input is a command and its arguments, parted by one
 * blank; bytes are hex, "-" stands for none, numbers are decimal.  Each line
 * gets one line of answer: hex, "yes" or "no", or "?" if it makes no sense.
 *
 *	sha256 MESSAGE                  monte SEED ROUNDS
 *	hmac KEY MESSAGE                extract SALT IKM
 *	expand PRK INFO LENGTH          public SEED
 *	sign SEED MESSAGE               check PUBLIC MESSAGE SIGNATURE
 *	root ENTRY...                   included INDEX SIZE LEAF ROOT HASH...
 *	consistent OLD ROOT NEW ROOT HASH...
 *	vkey TEXT                       note VKEY NOTE
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "crypto/check.h"
#include "crypto/hmac.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "crypto/sign.h"
#include "seal/note.h"
#include "seal/proof.h"
#include "seal/tree.h"

#define WORDS_MAX 80
#define MONTE_HASHES 1000 /* of a round, as FIPS 180's test says */

/* A command: its words, decoded from hex. */
struct line {
	size_t count;
	struct span words[WORDS_MAX];
	struct buf bytes[WORDS_MAX];
};

static bool
is_hash(const struct line *line, size_t at)
{
	return (at < line->count && line->bytes[at].len == 32);
}

static const unsigned char *
bytes_at(const struct line *line, size_t at)
{
	return ((const unsigned char *)line->bytes[at].data);
}

static bool
number_at(const struct line *line, size_t at, uint64_t *n)
{
	return (at < line->count && num_u64(line->words[at], n) == 0);
}

static bool
do_sha256(const struct line *line, struct buf *out)
{
	unsigned char hash[32];

	if (line->count != 2)
		return (false);
	crypto_sha256(line->bytes[1].data, line->bytes[1].len, hash);
	buf_hex(out, hash, sizeof(hash));
	return (true);
}

/* Each round: 1,000 times the hash of the last three hashes; it seeds the next. */
static bool
do_monte(const struct line *line, struct buf *out)
{
	unsigned char last[3][32];
	uint64_t rounds;

	if (!is_hash(line, 1) || !number_at(line, 2, &rounds) || rounds > 1000)
		return (false);
	memcpy(last[2], bytes_at(line, 1), 32);
	for (uint64_t k = 0; k < rounds; k++) {
		memcpy(last[0], last[2], 32);
		memcpy(last[1], last[2], 32);
		for (int i = 0; i < MONTE_HASHES; i++) {
			unsigned char next[32];

			crypto_sha256(last, sizeof(last), next);
			memmove(last[0], last[1], sizeof(last) - 32);
			memcpy(last[2], next, 32);
		}
		buf_hex(out, last[2], 32);
		if (k + 1 < rounds)
			buf_char(out, ' ');
	}
	return (true);
}

static bool
do_hmac(const struct line *line, struct buf *out)
{
	struct crypto_hmac_key key;
	unsigned char tag[32], again[32];
	struct span halves[2];

	if (line->count != 3)
		return (false);
	crypto_hmac_key_init(&key, line->bytes[1].data, line->bytes[1].len);
	crypto_hmac(&key, line->bytes[2].data, line->bytes[2].len, tag);
	halves[0] = span_of(line->bytes[2].data, line->bytes[2].len / 2);
	halves[1] = span_from(buf_view(&line->bytes[2]), line->bytes[2].len / 2);
	crypto_hmac_parts(&key, halves, 2, again);
	if (memcmp(tag, again, sizeof(tag)) != 0)
		return (false);
	buf_hex(out, tag, sizeof(tag));
	return (true);
}

static bool
do_extract(const struct line *line, struct buf *out)
{
	unsigned char prk[32];

	if (line->count != 3)
		return (false);
	crypto_hkdf_extract(
	    line->bytes[1].data, line->bytes[1].len, line->bytes[2].data, line->bytes[2].len, prk);
	buf_hex(out, prk, sizeof(prk));
	return (true);
}

static bool
do_expand(const struct line *line, struct buf *out)
{
	unsigned char okm[255 * 32];
	uint64_t len;

	if (!is_hash(line, 1) || !number_at(line, 3, &len) || len > sizeof(okm))
		return (false);
	crypto_hkdf_expand(bytes_at(line, 1), buf_view(&line->bytes[2]), okm, (size_t)len);
	buf_hex(out, okm, (size_t)len);
	return (true);
}

static bool
do_public(const struct line *line, struct buf *out)
{
	unsigned char key[32];

	if (!is_hash(line, 1))
		return (false);
	crypto_sign_public(bytes_at(line, 1), key);
	buf_hex(out, key, sizeof(key));
	return (true);
}

static bool
do_sign(const struct line *line, struct buf *out)
{
	unsigned char signature[64];

	if (!is_hash(line, 1) || line->count != 3)
		return (false);
	crypto_sign_message(bytes_at(line, 1), buf_view(&line->bytes[2]), signature);
	buf_hex(out, signature, sizeof(signature));
	return (true);
}

static bool
answer(struct buf *out, bool yes)
{
	buf_str(out, yes ? "yes" : "no");
	return (true);
}

static bool
do_check(const struct line *line, struct buf *out)
{
	if (!is_hash(line, 1) || line->count != 4 || line->bytes[3].len != 64)
		return (false);
	return (answer(
	    out, crypto_check(bytes_at(line, 1), buf_view(&line->bytes[2]), bytes_at(line, 3))));
}

/* The chain's root over entries, and the tree's over the same leaves at once. */
static bool
do_root(const struct line *line, struct buf *out)
{
	unsigned char leaves[WORDS_MAX][32], root[32], again[32];
	struct seal_tree one, many;

	seal_tree_init(&one);
	seal_tree_init(&many);
	for (size_t i = 1; i < line->count; i++) {
		seal_entry_leaf(line->bytes[i].data, line->bytes[i].len, leaves[i]);
		(void)seal_tree_add(&one, (const unsigned char(*)[32]) & leaves[i], 1, NULL);
	}
	(void)seal_tree_add(&many, (const unsigned char(*)[32]) & leaves[1], line->count - 1, NULL);
	seal_tree_root(&one, root);
	seal_tree_root(&many, again);
	if (memcmp(root, again, sizeof(root)) != 0)
		return (false);
	buf_hex(out, root, sizeof(root));
	return (true);
}

/* The hashes from word `from` on. */
static bool
read_proof(const struct line *line, size_t from, struct seal_proof *proof)
{
	proof->count = 0;
	for (size_t i = from; i < line->count; i++) {
		if (!is_hash(line, i) || proof->count == SEAL_PROOF_HASHES_MAX)
			return (false);
		memcpy(proof->hashes[proof->count++], bytes_at(line, i), 32);
	}
	return (true);
}

static bool
do_included(const struct line *line, struct buf *out)
{
	struct seal_proof proof;
	uint64_t index, size;

	if (!number_at(line, 1, &index) || !number_at(line, 2, &size) || !is_hash(line, 3) ||
	    !is_hash(line, 4) || !read_proof(line, 5, &proof))
		return (false);
	return (answer(
	    out, seal_proof_included(&proof, bytes_at(line, 3), index, size, bytes_at(line, 4))));
}

static bool
do_consistent(const struct line *line, struct buf *out)
{
	struct seal_proof proof;
	uint64_t old, new;

	if (!number_at(line, 1, &old) || !is_hash(line, 2) || !number_at(line, 3, &new) ||
	    !is_hash(line, 4) || !read_proof(line, 5, &proof))
		return (false);
	return (answer(
	    out, seal_proof_consistent(&proof, old, bytes_at(line, 2), new, bytes_at(line, 4))));
}

/* The public key of a vkey, and that printing it gives the same text. */
static bool
do_vkey(const struct line *line, struct buf *out)
{
	struct seal_vkey key;
	struct buf text = { 0 };
	struct err e;
	bool same;

	if (line->count != 2)
		return (false);
	if (seal_vkey_read(line->words[1], &key, &e) == -1)
		return (answer(out, false));
	seal_vkey_print(key.name, key.public_key, &text);
	same = span_equal(buf_view(&text), line->words[1]);
	buf_free(&text);
	buf_hex(out, key.public_key, sizeof(key.public_key));
	return (same);
}

static bool
do_note(const struct line *line, struct buf *out)
{
	static struct seal_note note;
	struct seal_vkey key;
	struct err e;

	if (line->count != 3 || seal_vkey_read(line->words[1], &key, &e) == -1)
		return (false);
	return (answer(out,
	    seal_note_read(buf_view(&line->bytes[2]), &note, &e) == 0 &&
		seal_note_check(&note, &key, &e) == 0));
}

static const struct {
	const char *name;
	bool (*run)(const struct line *line, struct buf *out);
} commands[] = {
	{ "check", do_check },
	{ "consistent", do_consistent },
	{ "expand", do_expand },
	{ "extract", do_extract },
	{ "hmac", do_hmac },
	{ "included", do_included },
	{ "monte", do_monte },
	{ "note", do_note },
	{ "public", do_public },
	{ "root", do_root },
	{ "sha256", do_sha256 },
	{ "sign", do_sign },
	{ "vkey", do_vkey },
};

/* Cut text at its blanks; words that are hex have bytes too. */
static bool
read_line(struct span text, struct line *line)
{
	for (line->count = 0; text.len > 0; line->count++) {
		struct span word = span_of(text.ptr, span_find(text, ' '));
		struct buf *bytes;
		size_t len;

		if (line->count == WORDS_MAX)
			return (false);
		line->words[line->count] = word;
		bytes = &line->bytes[line->count];
		buf_clear(bytes);
		if (buf_reserve(bytes, word.len / 2 + 1) == -1)
			return (false);
		if (!span_is(word, "-") &&
		    text_unhex(word, (unsigned char *)bytes->data, word.len / 2, &len) == 0)
			bytes->len = len;
		text = span_from(text, word.len + 1);
	}
	return (line->count > 0);
}

static void
run(const struct line *line, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (span_is(line->words[0], commands[i].name) && commands[i].run(line, out)) {
			buf_char(out, '\n');
			return;
		}
	}
	buf_clear(out);
	buf_str(out, "?\n");
}

int
main(int argc, char **argv)
{
	static struct line line;
	struct buf out = { 0 };
	struct err e;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;

	if (crypto_start(&e) == -1)
		return (1);
	(void)crypto_sha256_force(
	    argc > 1 && strcmp(argv[1], "--portable") == 0 ? "portable" : NULL);
	while ((len = getline(&text, &size, stdin)) > 0) {
		if (!read_line(span_of(text, (size_t)len - (text[len - 1] == '\n')), &line))
			line.words[0] = span_of("", 0); /* no command */
		run(&line, &out);
		(void)fwrite(out.data, 1, out.len, stdout);
	}
	for (size_t i = 0; i < WORDS_MAX; i++)
		buf_free(&line.bytes[i]);
	buf_free(&out);
	free(text);
	return (fflush(stdout) == 0 ? 0 : 1);
}
