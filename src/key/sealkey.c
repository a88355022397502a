#include "key/sealkey.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/err.h"
#include "base/io.h"
#include "base/text.h"
#include "crypto/random.h"
#include "crypto/sealed.h"
#include "crypto/sha256.h"
#include "key/file.h"
#include "key/recovery.h"

#define BASE64_BYTES 44 /* of 32 */
#define NAME "cretula-seal"
#define NAME_BYTES (sizeof(NAME) - 1)

static const struct span head = SPAN("cretula seal v1\n");

void
key_seal_print(const unsigned char public_key[static 32], char out[static KEY_SEAL_TEXT_BYTES])
{
	unsigned char hash[32], text[NAME_BYTES + 1 + 32] = NAME "\n";

	_Static_assert(NAME_BYTES + 1 + 8 + 1 + BASE64_BYTES + 1 == KEY_SEAL_TEXT_BYTES, "size");
	memcpy(text + NAME_BYTES + 1, public_key, 32);
	crypto_sha256(text, sizeof(text), hash);
	memcpy(out, NAME "+", NAME_BYTES + 1);
	out += NAME_BYTES + 1;
	out += text_hex(out, hash, 4);
	*out++ = '+';
	out[text_base64(out, public_key, 32)] = '\0';
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
	struct buf text = { 0 };
	int rc = -1;

	if (key_outside(path, e) == -1)
		return (-1);
	crypto_random(secret, 32);
	buf_span(&text, head);
	buf_base64(&text, secret, 32);
	buf_char(&text, '\n');
	if (!buf_ok(&text))
		(void)err_set(e, ERR_IO, "%s: out of memory", path);
	else if ((rc = io_replace(AT_FDCWD, path, buf_view(&text), 0600, true, e)) == -1 &&
	    errno == EEXIST)
		(void)err_set(e, ERR_CONFIG, "%s: exists already", path);
	buf_wipe(&text);
	return (rc);
}

int
key_seal_read(const char *path, unsigned char secret[static 32], struct err *e)
{
	char text[128];
	ssize_t len = key_file_read(AT_FDCWD, path, text, sizeof(text), e);
	size_t got = 0;
	int rc = -1;

	if (len == -1)
		return (-1);
	if ((size_t)len == head.len + BASE64_BYTES + 1 && text[len - 1] == '\n' &&
	    span_starts(span_of(text, (size_t)len), head))
		rc = text_unbase64(span_of(text + head.len, BASE64_BYTES), secret, 32, &got);
	crypto_wipe(text, sizeof(text));
	if (rc == -1 || got != 32)
		return (err_set(e, ERR_CONFIG, "%s: not the secret of a seal key", path));
	return (0);
}
