/* What a witness and a time stamping authority answer, whose keys the test has. */
#include <assert.h>
#include <string.h>

#include "answers.h"
#include "audit/anchors/der.h"
#include "crypto/sha256.h"
#include "crypto/sign.h"

/* ---- a witness ---- */

const char *answer_witness_name = "witness.example";
unsigned char answer_witness_seed[32] = { 42 };

/* id | time | signature, as a line. */
void
answer_cosign(struct span body, uint64_t time_s, bool spoil, struct buf *out)
{
	unsigned char bytes[4 + 8 + 64], public_key[32], hash[32];
	struct buf said = { 0 };

	crypto_sign_public(answer_witness_seed, public_key);
	buf_fmt(&said, "%s\n\x04", answer_witness_name);
	buf_add(&said, public_key, 32);
	crypto_sha256(said.data, said.len, hash);
	memcpy(bytes, hash, 4);
	for (unsigned i = 0; i < 8; i++)
		bytes[4 + i] = (unsigned char)(time_s >> (56 - 8 * i));
	buf_free(&said);
	buf_fmt(&said, "cosignature/v1\ntime %ju\n", (uintmax_t)time_s);
	buf_span(&said, body);
	crypto_sign_message(answer_witness_seed, buf_view(&said), bytes + 12);
	bytes[20] ^= spoil;
	buf_fmt(out, "\xe2\x80\x94 %s ", answer_witness_name);
	buf_base64(out, bytes, sizeof(bytes));
	buf_char(out, '\n');
	buf_free(&said);
}

void
answer_witness(struct buf *out)
{
	unsigned char key[33] = { 4 }, hash[32];
	struct buf said = { 0 };

	crypto_sign_public(answer_witness_seed, key + 1);
	buf_fmt(&said, "%s\n", answer_witness_name);
	buf_add(&said, key, sizeof(key));
	crypto_sha256(said.data, said.len, hash);
	buf_fmt(out, "%s+", answer_witness_name);
	buf_hex(out, hash, 4);
	buf_char(out, '+');
	buf_base64(out, key, sizeof(key));
	buf_free(&said);
}

/* ---- making DER ---- */

/* A value: its tag, the shortest length, and what is in it. */
static void
put(struct buf *out, unsigned tag, struct span content)
{
	buf_char(out, (char)tag);
	if (content.len >= 0x100) {
		buf_char(out, (char)0x82);
		buf_char(out, (char)(content.len >> 8));
	} else if (content.len >= 0x80)
		buf_char(out, (char)0x81);
	buf_char(out, (char)content.len);
	buf_span(out, content);
}

/* Put all that is in out into one value. */
static void
wrap(struct buf *out, unsigned tag)
{
	struct buf inner = *out;

	*out = (struct buf){ 0 };
	put(out, tag, buf_view(&inner));
	buf_free(&inner);
}

const struct answer_stamp answer_stamp_good = {
	.status = "\x02\x01\x00",
	.type = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
	.inner_type = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04",
	.version = "\x01",
	.digest = "\x60\x86\x48\x01\x65\x03\x04\x02\x01",
	.time = "20261125030000.5Z",
	.name = "Stamps",
	.hash_len = 32,
};
static void
make_info(const struct answer_stamp *r, struct span body, struct buf *out)
{
	struct buf part = { 0 };
	unsigned char hash[32];

	put(out, DER_INTEGER, span_of(r->version, 1));
	put(out, DER_OID, span_str("\x2a\x03\x04"));
	put(&part, DER_OID, span_str(r->digest));
	put(&part, DER_NULL, span_of("", 0));
	wrap(&part, DER_SEQUENCE);
	crypto_sha256(body.ptr, body.len, hash);
	put(&part, DER_OCTETS, span_of((const char *)hash, r->hash_len));
	wrap(&part, DER_SEQUENCE);
	buf_span(out, buf_view(&part));
	buf_free(&part);
	put(out, DER_INTEGER, span_str("\x07"));
	put(out, DER_TIME, span_str(r->time));
	put(out, DER_BOOLEAN, span_str("\xff"));
	put(&part, DER_OID, span_str("\x55\x04\x03"));
	put(&part, DER_UTF8, span_str(r->name));
	wrap(&part, DER_SEQUENCE);
	wrap(&part, DER_SET);
	wrap(&part, DER_SEQUENCE);
	wrap(&part, DER_CONTEXT | 4);
	wrap(&part, DER_CONTEXT);
	buf_span(out, buf_view(&part));
	buf_free(&part);
	if (r->behind != NULL)
		buf_str(out, r->behind);
	wrap(out, DER_SEQUENCE);
}

void
answer_stamp(const struct answer_stamp *r, struct span body, struct buf *out)
{
	struct buf info = { 0 }, data = { 0 };

	make_info(r, body, &info);
	wrap(&info, DER_OCTETS);
	wrap(&info, DER_CONTEXT);
	put(&data, DER_OID, span_str(r->inner_type));
	buf_span(&data, buf_view(&info));
	wrap(&data, DER_SEQUENCE);
	buf_free(&info);
	put(&info, DER_INTEGER, span_str("\x03"));
	put(&info, DER_SET, span_of("", 0));
	buf_span(&info, buf_view(&data));
	put(&info, DER_SET, span_of("", 0));
	wrap(&info, DER_SEQUENCE);
	wrap(&info, DER_CONTEXT);
	buf_free(&data);
	put(&data, DER_OID, span_str(r->type));
	buf_span(&data, buf_view(&info));
	wrap(&data, DER_SEQUENCE);
	buf_free(&info);
	buf_add(out, r->status, 3);
	if (r->status_more != NULL)
		buf_str(out, r->status_more);
	wrap(out, DER_SEQUENCE);
	buf_span(out, buf_view(&data));
	wrap(out, DER_SEQUENCE);
	buf_free(&data);
	assert(buf_ok(out));
}
