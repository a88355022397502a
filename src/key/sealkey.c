#include "key/sealkey.h"

#include <string.h>

#include "base/text.h"
#include "crypto/sealed.h"
#include "key/file.h"

#define BASE64_BYTES 44 /* of 32 */
#define NAME "cretula-seal"
#define NAME_BYTES (sizeof(NAME) - 1)

static const struct span head = SPAN("cretula seal v1\n");

void
key_seal_print(const unsigned char public_key[static 32], char out[static KEY_SEAL_TEXT_BYTES])
{
	_Static_assert(KEY_PUBLIC_BYTES(NAME_BYTES) == KEY_SEAL_TEXT_BYTES, "size");
	(void)key_public_print(span_str(NAME), public_key, out);
}

int
key_seal_parse(struct span text, unsigned char public_key[static 32])
{
	char again[KEY_SEAL_TEXT_BYTES];
	struct crypto_sealer sealer;
	unsigned char made[32];
	size_t got;

	if (text.len != KEY_SEAL_TEXT_BYTES - 1 ||
	    text_unbase64(span_from(text, text.len - BASE64_BYTES), made, 32, &got) == -1 ||
	    got != 32)
		return (-1);
	key_seal_print(made, again);
	if (!span_is(text, again) || crypto_sealer_start(&sealer, made) == -1)
		return (-1);
	crypto_sealer_end(&sealer);
	memcpy(public_key, made, 32);
	return (0);
}

int
key_seal_create(const char *path, unsigned char secret[static 32], struct err *e)
{
	return (key_file_make(path, head, secret, e));
}

int
key_seal_read(const char *path, unsigned char secret[static 32], struct err *e)
{
	return (key_file_secret(path, head, "the secret of a seal key", secret, e));
}
