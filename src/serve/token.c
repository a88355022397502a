#include "serve/token.h"

#include <assert.h>

#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

#define PREFIX "crt_"
#define HASH_PREFIX "sha256:"
#define SECRET_BYTES 32
#define RANDOM_MAX 48

void
serve_random_text(char *out, size_t n)
{
	unsigned char bytes[RANDOM_MAX];
	char text[RANDOM_MAX / 3 * 4 + 4];
	size_t len;

	assert(n <= sizeof(bytes));
	crypto_random(bytes, n);
	len = text_base64(text, bytes, n);
	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
	out[len] = '\0';
	crypto_wipe(bytes, sizeof(bytes));
	crypto_wipe(text, sizeof(text));
}

void
serve_token_make(char token[static SERVE_TOKEN_TEXT_BYTES])
{
	memcpy(token, PREFIX, sizeof(PREFIX));
	serve_random_text(token + sizeof(PREFIX) - 1, SECRET_BYTES);
}

void
serve_token_hash(struct span token, unsigned char hash[static 32])
{
	static const char label[] = "cretula token v1\n";
	struct crypto_sha256 h;

	crypto_sha256_init(&h);
	crypto_sha256_add(&h, label, sizeof(label) - 1);
	crypto_sha256_add(&h, token.ptr, token.len);
	crypto_sha256_end(&h, hash);
}

void
serve_hash_print(const unsigned char hash[static 32], char text[static SERVE_HASH_TEXT_BYTES])
{
	size_t len = sizeof(HASH_PREFIX) - 1;

	memcpy(text, HASH_PREFIX, len);
	len += text_hex(text + len, hash, 32);
	text[len] = '\0';
}

int
serve_hash_read(struct span text, unsigned char hash[static 32])
{
	static const struct span prefix = SPAN(HASH_PREFIX);
	size_t len;

	if (!span_starts(text, prefix) ||
	    text_unhex(span_from(text, prefix.len), hash, 32, &len) == -1 || len != 32)
		return (-1);
	return (0);
}
