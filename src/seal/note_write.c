#include "seal/note.h"

#include "crypto/sha256.h"
#include "crypto/sign.h"

#define ALGORITHM 0x01 /* Ed25519, in C2SP signed-note */

/* First 4 bytes of SHA-256(name | LF | algorithm | key). */
static void
key_id(struct span name, const unsigned char public_key[static 32], unsigned char id[static 4])
{
	static const unsigned char middle[2] = { '\n', ALGORITHM };
	unsigned char digest[32];
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, name.ptr, name.len);
	crypto_sha256_add(&h, middle, sizeof(middle));
	crypto_sha256_add(&h, public_key, 32);
	crypto_sha256_end(&h, digest);
	memcpy(id, digest, 4);
}

void
seal_vkey_print(struct span name, const unsigned char public_key[static 32], struct buf *out)
{
	unsigned char id[4], bytes[33] = { ALGORITHM };

	key_id(name, public_key, id);
	memcpy(bytes + 1, public_key, 32);
	buf_span(out, name);
	buf_char(out, '+');
	buf_hex(out, id, sizeof(id));
	buf_char(out, '+');
	buf_base64(out, bytes, sizeof(bytes));
}

void
seal_signature_add(const struct seal_signer *signer, struct span body, struct buf *out)
{
	unsigned char public_key[32], bytes[4 + 64];

	crypto_sign_public(signer->seed, public_key);
	key_id(signer->name, public_key, bytes);
	crypto_sign_message(signer->seed, body, bytes + 4);
	buf_str(out, "\xe2\x80\x94 ");
	buf_span(out, signer->name);
	buf_char(out, ' ');
	buf_base64(out, bytes, sizeof(bytes));
	buf_char(out, '\n');
}

void
seal_note_write(struct span origin, uint64_t size, const unsigned char root[static 32],
    const struct seal_signer *signers, size_t signer_count, struct buf *out)
{
	struct buf body = { 0 };

	buf_span(&body, origin);
	buf_char(&body, '\n');
	buf_u64(&body, size);
	buf_char(&body, '\n');
	buf_base64(&body, root, 32);
	buf_char(&body, '\n');
	if (!buf_ok(&body)) {
		out->broken = true;
		buf_free(&body);
		return;
	}
	buf_span(out, buf_view(&body));
	buf_char(out, '\n');
	for (size_t i = 0; i < signer_count; i++)
		seal_signature_add(&signers[i], buf_view(&body), out);
	buf_free(&body);
}
